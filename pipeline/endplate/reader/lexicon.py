"""The rule files under ``models/reader`` as one object."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from endplate.knowledge import content_hash, models_dir, read_words

FILES = ("spelling", "terms", "findings", "levels", "sections", "assertion", "regions")


@dataclass(frozen=True)
class Lexicon:
    """The content of the rule files, a mapping a file."""

    spelling: dict[str, Any]
    terms: dict[str, Any]
    findings: dict[str, Any]
    levels: dict[str, Any]
    sections: dict[str, Any]
    assertion: dict[str, Any]
    regions: dict[str, Any]
    fingerprint: str

    @cached_property
    def labels(self) -> dict[str, list[str]]:
        """Label of terms.yaml to its phrases."""
        return {
            label: phrases
            for group in ("sites", "elsewhere", "qualities", "things")
            for label, phrases in self.terms[group].items()
        }


def load_lexicon(overlay: Path | None = None) -> Lexicon:
    """Load the shipped rule files."""
    folder = models_dir() / "reader"
    loaded: dict[str, Any] = {}
    for name in FILES:
        loaded[name] = read_words(folder / f"{name}.yaml")
    return Lexicon(**loaded, fingerprint=content_hash(folder))
