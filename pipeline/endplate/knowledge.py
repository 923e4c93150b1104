"""Where the knowledge files (``models/``) are, in a checkout and in an installed wheel alike."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

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
