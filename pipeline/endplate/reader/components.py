"""spaCy components of the reader."""

from __future__ import annotations

from typing import Any


def make_sections(nlp: Any, name: str) -> Any:
    raise NotImplementedError


make_terms = make_levels = make_mentions = make_assertion = make_linker = make_sections
