"""What decides the findings besides the reports: if none of it has changed, no finding has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import endplate
from endplate.knowledge import content_hash, models_dir


def fingerprint(rules: Path | None = None) -> dict[str, str]:
    """Return the versions and hashes of the program, its libraries and its rules, by name.

    Nothing is loaded for it but the site's own rules in the folder `rules`: they are checked, so
    that a fault in them ends a run before it begins.

    Raises
    ------
    KnowledgeError
        Every fault in the rules.
    """
    package = Path(endplate.__file__).parent
    return {
        "program": endplate.__version__,
        "reader": content_hash(package / "reader")[:16],
        "rules": content_hash(models_dir() / "reader")[:16],
        "site rules": _checked_hash(rules) if rules else "none",
        "spacy": version("spacy"),
        "medspacy": version("medspacy"),
    }


def _checked_hash(rules: Path) -> str:
    from endplate.reader.lexicon import load_lexicon  # brings spaCy, which else only workers need

    return load_lexicon(rules).overlay_hash[:16]


def digest(made_by: Mapping[str, str]) -> str:
    """Return one hash for a fingerprint."""
    return sha256(json.dumps(dict(made_by), sort_keys=True).encode()).hexdigest()
