"""Opens what the user names and hands out its rows; a bad file does not stop the others."""

from __future__ import annotations

import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final, NamedTuple

from endplate.errors import EndplateError
from endplate.records import Source
from endplate.sources.columns import ColumnMap, Recognised
from endplate.sources.csvfile import open_csv
from endplate.sources.encoding import open_binary, text_lines
from endplate.sources.inputs import Input, check_input, files_of
from endplate.sources.jsonl import open_jsonl
from endplate.sources.notes import FileNotes, say_rest
from endplate.sources.parquet import open_parquet
from endplate.sources.table import SourceError, Table

_FAULTS: Final = (SourceError, OSError, EOFError, zlib.error)


class Entry(NamedTuple):
    """A row that is no report yet: role -> cell, or what is wrong with it.

    ``name`` is its own name, for want of an id; ``columns`` are the names of the cells by role.
    """

    source: Source
    name: str
    columns: Mapping[str, Sequence[str]]
    values: Mapping[str, object]
    problem: str
    notes: FileNotes


class Intake:
    """The rows of all inputs, in order.

    Parameters
    ----------
    paths : sequence of str or Path
        As the user named them.
    columns : ColumnMap
        How the site's tables are written.
    on_note : callable
        Takes remarks, free of report text.
    on_failure : callable
        Takes a file or folder that cannot be read, or not to its end, and the reason.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        columns: ColumnMap,
        on_note: Callable[[str], None],
        on_failure: Callable[[Source, str], None],
    ) -> None:
        self._paths = paths
        self._columns = columns
        self._on_note = on_note
        self._on_failure = on_failure
        self._failures: list[str] = []
        self._something_read = False

    def entries(self) -> Iterator[Entry]:
        """Yield the rows; raise EndplateError at the end when no input could be read."""
        remarks: Counter[str] = Counter()
        for item in self._files():
            notes = FileNotes(item.file, self._on_note, remarks)
            try:
                for entry in _entries(item, self._columns, notes):
                    self._something_read = True
                    yield entry
                self._something_read = True
            except _FAULTS as error:
                self._fail(item.file, error)
            notes.close()
        say_rest(remarks, self._on_note)
        if self._failures and not self._something_read:
            raise EndplateError("\n".join(self._failures))

    def _files(self) -> Iterator[Input]:
        usable = []
        for path in self._paths:  # all of them first: nobody waits for hours to learn of a typo
            try:
                check_input(path)
                usable.append(path)
            except SourceError as error:
                self._fail(str(path), error)
        for path in usable:
            try:
                yield from files_of(path, self._on_note)
            except SourceError as error:
                self._fail(str(path), error)

    def _fail(self, file: str, error: BaseException) -> None:
        if isinstance(error, SourceError):
            reason = str(error)
        elif isinstance(error, OSError) and error.strerror:
            reason = f"cannot be read: {error.strerror}"
        else:
            reason = "cannot be read: the compressed data are damaged or end too early"
        self._failures.append(f"{file}: {reason}")
        self._on_failure(Source(file), reason)


@contextmanager
def opened(item: Input, sep: str | None, notes: FileNotes) -> Iterator[Table]:
    """Open a file of rows of any format."""
    if item.kind == "parquet":
        yield open_parquet(item.path)
        return
    with nullcontext(sys.stdin.buffer) if item.kind == "stdin" else open_binary(item.path) as raw:
        lines = text_lines(raw, notes)
        yield open_csv(lines, sep) if item.kind == "csv" else open_jsonl(lines)


def _entries(item: Input, columns: ColumnMap, notes: FileNotes) -> Iterator[Entry]:
    if item.kind == "text":
        with open_binary(item.path) as raw:
            text = "".join(text_lines(raw, notes))
        if not text.strip():
            message = "the file is empty"
            raise SourceError(message)
        yield Entry(Source(item.file), item.name, {}, {"text": text}, "", notes)
        return
    with opened(item, columns.sep, notes) as table:
        shared = {n: cell for n, cell in item.partition.items() if n not in table.columns}
        found = Recognised(columns, (*table.columns, *shared))
        notes.once(str(found))
        file = Path(item.file).name
        for row in table.rows([name for name in found.needed if name not in shared]):
            source = Source(item.file, row.number)
            values = found.values({**row.cells, **shared} if shared else row.cells)
            yield Entry(source, f"{file}:{row.number}", found.by_role, values, row.problem, notes)
