"""What decides the findings besides the reports: if none of it has changed, no finding has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import endplate
from endplate.knowledge import content_hash
from endplate.reader.lexicon import load_lexicon


def fingerprint(rules: Path | None = None) -> dict[str, str]:
    """Return the versions and hashes of the program, its libraries and its rules, by name.

    The reader need not be loaded for it. `rules` is the folder of a site's own rules; it is
    checked, so that a fault in it ends a run before it begins.

    Raises
    ------
    KnowledgeError
        Every fault in the rules.
    """
    package = Path(endplate.__file__).parent
    return {
        "program": endplate.__version__,
        "reader": content_hash(package / "reader")[:16],
        "rules": load_lexicon().fingerprint[:16],
        "site rules": load_lexicon(rules).overlay_hash[:16] or "none",
        "spacy": version("spacy"),
        "medspacy": version("medspacy"),
    }


def digest(made_by: Mapping[str, str]) -> str:
    """Return one hash for a fingerprint."""
    return sha256(json.dumps(dict(made_by), sort_keys=True).encode()).hexdigest()
