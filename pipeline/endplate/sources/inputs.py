"""From what the user names to files of a known kind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote

from endplate.sources.delta import LOG, active_files
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
#: What stands in a folder's name for an empty cell.
_NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"


class Input(NamedTuple):
    """One file to read.

    ``file`` is its name in messages, ``name`` the report id of a text file. ``partition`` are the
    cells that all its rows share, from the names of its folders (``modality=MR/``).
    """

    file: str
    path: Path
    kind: str
    name: str
    partition: Mapping[str, str] = {}


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
    an unknown kind are counted in a note. Of a Delta table only the files of its latest version
    are read.
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
        if LOG in folders:
            folders.clear()
            for file in active_files(Path(folder)):
                found = True
                yield _input(file, path, "parquet")
            continue
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(files):
            file = Path(folder, name)
            if name.startswith((".", "_")):
                continue
            if kind := kind_of(file):
                found = True
                yield _input(file, path, kind)
            else:
                unknown[file.suffix.lower() or "without extension"] += 1
    if unknown:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in unknown.most_common(5))
        on_note(f"{path}: left out {unknown.total():,} files of an unknown kind ({kinds})")
    if not found:
        message = f"no reports in this folder; expected {_EXPECTED}"
        raise SourceError(message)


def _input(file: Path, folder: Path, kind: str) -> Input:
    """Return a file below a folder, with the cells that the names of the folders between tell."""
    cells = [part.partition("=") for part in file.relative_to(folder).parts[:-1] if "=" in part]
    partition = {
        unquote(name): "" if value == _NO_VALUE else unquote(value) for name, _, value in cells
    }
    return Input(str(file), file, kind, _name(file, folder), partition)


def _packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _name(file: Path, folder: Path) -> str:
    relative = file.relative_to(folder)
    return (relative.with_suffix("") if _packed(file) else relative).with_suffix("").as_posix()
