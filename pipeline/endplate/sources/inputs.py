"""From what the user names to files of a known kind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from endplate.sources.table import SourceError

STDIN: Final = "-"

KINDS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".txt": "text",
}

_EXPECTED: Final = (
    ".csv, .tsv, .jsonl or .ndjson (these also as .gz), .parquet, .txt, or a folder of such files"
)


class Input(NamedTuple):
    """One file to read.

    ``file`` is its name in messages, ``name`` the report id of a text file.
    """

    file: str
    path: Path
    kind: str
    name: str


def kind_of(path: Path) -> str:
    """Return ``csv``, ``parquet``, ``jsonl`` or ``text`` by the file's extension, else empty."""
    return KINDS.get(
        path.with_suffix("").suffix.lower() if _packed(path) else path.suffix.lower(), ""
    )


def check_input(path: str | Path) -> None:
    """Raise SourceError when `path` cannot be an input, before anything is read."""
    if str(path) == STDIN:
        return
    path = Path(path)
    if not path.exists():
        message = "no such file or folder"
        raise SourceError(message)
    if not path.is_dir() and not kind_of(path):
        message = f"unknown kind of file; expected {_EXPECTED}"
        raise SourceError(message)


def files_of(path: str | Path, on_note: Callable[[str], None]) -> Iterator[Input]:
    """Yield the file, or the files below a folder in the order of their names.

    Hidden files, and those that Spark names ``_SUCCESS`` and the like, are passed over; files of
    an unknown kind are counted in a note.
    """
    if str(path) == STDIN:
        yield Input("stdin", Path(STDIN), "stdin", "stdin")
        return
    path = Path(path)
    if not path.is_dir():
        yield Input(str(path), path, kind_of(path), _name(path, path.parent))
        return
    unknown: Counter[str] = Counter()
    found = False
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(files):
            file = Path(folder, name)
            if name.startswith((".", "_")):
                continue
            if kind := kind_of(file):
                found = True
                yield Input(str(file), file, kind, _name(file, path))
            else:
                unknown[file.suffix.lower() or "without extension"] += 1
    if unknown:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in unknown.most_common(5))
        on_note(f"{path}: left out {unknown.total():,} files of an unknown kind ({kinds})")
    if not found:
        message = f"no reports in this folder; expected {_EXPECTED}"
        raise SourceError(message)


def _packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _name(file: Path, folder: Path) -> str:
    relative = file.relative_to(folder)
    return (relative.with_suffix("") if _packed(file) else relative).with_suffix("").as_posix()
