"""Remarks on an input file that a person should see, without flooding the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from endplate.records import Source

#: So many remarks of one kind are said in full, on rows or on files; the rest are counted.
LIMIT: Final = 5


class FileNotes:
    """Collects the remarks on one file; never give it report text.

    Parameters
    ----------
    file : str
        Its name in messages.
    on_note : callable
        Takes the remarks.
    files : Counter, optional
        Of how many files each remark was made; shared by files that are read together.
    """

    def __init__(
        self, file: str, on_note: Callable[[str], None], files: Counter[str] | None = None
    ) -> None:
        self._file = file
        self._on_note = on_note
        self._files = Counter() if files is None else files
        self._said: set[str] = set()
        self._rows: Counter[str] = Counter()

    def once(self, message: str) -> None:
        """Say something about the file as a whole, the first time only."""
        if message in self._said:
            return
        self._said.add(message)
        self._files[message] += 1
        if self._files[message] <= LIMIT:
            self._on_note(f"{self._file}: {message}")

    def row(self, source: Source, kind: str, message: str) -> None:
        """Say something about a row; `kind` groups remarks for the count at the end."""
        self._rows[kind] += 1
        if self._rows[kind] <= LIMIT:
            self._on_note(f"{source}: {message}")

    def close(self) -> None:
        """Say how many remarks were held back."""
        for kind, count in self._rows.items():
            if count > LIMIT:
                self._on_note(f"{self._file}: {kind}: {count - LIMIT:,} more rows")


def say_rest(files: Counter[str], on_note: Callable[[str], None]) -> None:
    """Say of how many more files a remark was made."""
    for message, count in files.items():
        if count > LIMIT:
            on_note(f"{count - LIMIT:,} more files: {message}")


def shown(value: str, limit: int = 40) -> str:
    """Quote a cell or column name for a message.

    Only short ones are shown: in a badly mapped table anything may be report text.
    """
    value = "".join(c if c.isprintable() else " " for c in value).strip()
    return f"'{value}'" if len(value) <= limit else f"(a text of {len(value):,} characters)"
