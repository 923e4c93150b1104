"""Where the knowledge files (``models/``) are, in a checkout and in an installed wheel alike."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_PACKAGE = Path(__file__).resolve().parent


@cache
def models_dir() -> Path:
    """Return the folder with lexicons, rules, code maps and criteria packs.

    A wheel carries it inside the package; a checkout has it beside ``pipeline/``.
    """
    inside = _PACKAGE / "models"
    return inside if inside.is_dir() else _PACKAGE.parents[1] / "models"


def content_hash(*paths: Path) -> str:
    """Return the SHA-256 of files, or of all files below folders, names included.

    The order of `paths` and the operating system's line ends make no difference.
    """
    digest = hashlib.sha256()
    for root in sorted(paths):
        files = sorted(p for p in root.rglob("*") if p.is_file()) if root.is_dir() else [root]
        for file in files:
            if any(part.startswith((".", "__")) for part in file.relative_to(root.parent).parts):
                continue
            digest.update(file.relative_to(root.parent).as_posix().encode() + b"\0")
            digest.update(file.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with plain words: ``no``, ``on``, ``off`` and ``yes`` are words, not truth values."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def read_words(path: Path) -> Any:
    """Read a YAML file of words, in which only ``true`` and ``false`` are truth values."""
    with path.open(encoding="utf-8") as handle:
        return yaml.load(handle, Loader=_Loader)  # noqa: S506 (a safe loader)
