"""The rule files under ``models/reader`` as one object."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from endplate.knowledge import content_hash, models_dir

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
            for group in ("sites", "elsewhere", "qualities", "things", "marks")
            for label, phrases in self.terms[group].items()
        }


def load_lexicon(overlay: Path | None = None) -> Lexicon:
    """Load the shipped rule files."""
    folder = models_dir() / "reader"
    loaded: dict[str, Any] = {}
    for name in FILES:
        with (folder / f"{name}.yaml").open(encoding="utf-8") as handle:
            loaded[name] = yaml.load(handle, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return Lexicon(**loaded, fingerprint=content_hash(folder))
