"""Writes tables that are safe to open and never half there.

A table is written to a temporary file in its own folder and takes its final name only when it is
complete. Files are readable by their owner alone, as they hold patient data. CSV is made for
spreadsheets: UTF-8 with BOM, CRLF, and no text cell that would run as a formula.
"""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, cast

from endplate.errors import EndplateError

Row = Sequence[object] | Mapping[str, object]

#: What a spreadsheet's cell can hold.
MAX_CELL: Final = 32_767

#: Columns of numbers in Parquet; all others are text.
INTEGER_COLUMNS: Final = frozenset({"start", "end"})

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

# A cell runs as a formula when it begins with one of these, in ASCII or full width, also after
# blanks and invisible characters (OWASP, CSV injection). Apostrophes before it get one more, so
# that taking one away always gives the text back.
_FORMULA: Final = re.compile(r"'*(?:[\s\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠]|[\t\r\n])")

_PARQUET_ROWS: Final = 10_000


def csv_cell(value: object) -> str:
    """Return a cell that no spreadsheet runs: numbers as they are, text made harmless.

    Control characters other than tabs and line ends are taken out, and a text that would be a
    formula gets an apostrophe in front. What is longer than a cell can be ends in an ellipsis.
    """
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = _CONTROL.sub("", str(value))
    if _FORMULA.match(text):
        text = f"'{text}"
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"


def csv_text(cell: str) -> str:
    """Return the text of a cell that :func:`csv_cell` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def secure_folder(path: str | Path) -> Path:
    """Make a folder that only its owner can enter, with its parents; return it."""
    folder = Path(path)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except (FileExistsError, NotADirectoryError):
        message = f"{folder} is a file; name a folder"
        raise EndplateError(message) from None
    return folder


@contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only when the block ends well.

    It is readable by its owner alone. Missing folders are made, an older file is replaced; after an
    exception nothing is left.

    Raises
    ------
    EndplateError
        `path` is a folder.
    OSError
        The disk is full, the folder is read-only ...; the error names `path`.
    """
    path = Path(path)
    if path.is_dir():
        message = f"{path} is a folder; name a file"
        raise EndplateError(message)
    temporary: Path | None = None
    try:
        if not path.parent.is_dir():
            secure_folder(path.parent)
        # mkstemp makes the file 0600
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(number, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and _concerns(error, path):
            raise type(error)(
                error.errno, error.strerror or "cannot be written", str(path)
            ) from None
        raise


def _concerns(error: OSError, path: Path) -> bool:
    """Tell errors of writing here from those of whatever else goes on in the block."""
    return error.filename is None or Path(os.fsdecode(error.filename)).parent == path.parent


def write_text(path: str | Path, content: str) -> None:
    """Write a text file as UTF-8, atomically as in :func:`atomic_file`."""
    with atomic_file(path) as handle:
        handle.write(content.encode("utf-8", "replace"))


class TableWriter(ABC):
    """Takes the rows of a table one by one; made by :func:`table_writer`."""

    def __init__(self, handle: BinaryIO, columns: Sequence[str], integers: Iterable[str]) -> None:
        self.rows = 0
        self._handle = handle
        self._columns = tuple(columns)
        self._integers = frozenset(integers)

    def write(self, row: Row) -> None:
        """Write a sequence with a value for each column, or a mapping from the columns."""
        values = [row.get(c) for c in self._columns] if isinstance(row, Mapping) else row
        if len(values) != len(self._columns):
            message = f"a row of {len(values)} values for {len(self._columns)} columns"
            raise ValueError(message)
        self._write([self._value(*pair) for pair in zip(self._columns, values, strict=True)])
        self.rows += 1

    def _value(self, column: str, value: object) -> str | int | None:
        """Return the value as text that every format can hold, or as a whole number."""
        if column in self._integers:
            return None if value is None or value == "" else int(cast(int, value))
        text = "" if value is None else str(value)
        return text if text.isascii() else _SURROGATE.sub("\ufffd", text)

    @abstractmethod
    def _write(self, values: list[str | int | None]) -> None: ...

    @abstractmethod
    def finish(self) -> None:
        """Write what is still held back."""

    def abandon(self) -> None:  # noqa: B027
        """Let go of the file after an error."""


class _CsvTable(TableWriter):
    def __init__(self, handle: BinaryIO, columns: Sequence[str], integers: Iterable[str]) -> None:
        super().__init__(handle, columns, integers)
        # Excel takes a file without BOM for Windows-1252.
        self._text = TextIOWrapper(handle, encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._text, lineterminator="\r\n")
        self._csv.writerow(map(csv_cell, columns))

    def _write(self, values: list[str | int | None]) -> None:
        self._csv.writerow(map(csv_cell, values))

    def finish(self) -> None:
        self._text.detach()


class _JsonlTable(TableWriter):
    def _write(self, values: list[str | int | None]) -> None:
        line = json.dumps(dict(zip(self._columns, values, strict=True)), ensure_ascii=False)
        self._handle.write(line.encode() + b"\n")

    def finish(self) -> None:
        pass


class _ParquetTable(TableWriter):
    def __init__(self, handle: BinaryIO, columns: Sequence[str], integers: Iterable[str]) -> None:
        super().__init__(handle, columns, integers)
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema(
            [(c, pa.int64() if c in self._integers else pa.string()) for c in self._columns]
        )
        self._parquet = pq.ParquetWriter(handle, self._schema, compression="zstd")
        self._held: list[list[str | int | None]] = []

    def _write(self, values: list[str | int | None]) -> None:
        self._held.append(values)
        if len(self._held) == _PARQUET_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        columns = [list(column) for column in zip(*self._held, strict=True)]
        arrays = [pa.array(c, t) for c, t in zip(columns, self._schema.types, strict=True)]
        self._parquet.write_batch(pa.record_batch(arrays, schema=self._schema))
        self._held.clear()

    def finish(self) -> None:
        if self._held:
            self._flush()
        self._parquet.close()

    def abandon(self) -> None:
        # Else its destructor writes to the closed file, and complains on stderr.
        with suppress(Exception):
            self._parquet.close()


_FORMATS: Final[dict[str, type[TableWriter]]] = {
    ".csv": _CsvTable,
    ".parquet": _ParquetTable,
    ".jsonl": _JsonlTable,
}


@contextmanager
def table_writer(
    path: str | Path, columns: Sequence[str], *, integers: Iterable[str] = INTEGER_COLUMNS
) -> Iterator[TableWriter]:
    """Open a table for writing row by row, atomically as in :func:`atomic_file`.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.parquet`` or ``.jsonl``; the extension decides the format.
    columns : sequence of str
        The columns in order.
    integers : iterable of str
        The columns of whole numbers. All others are text, in which None is the empty text.
    """
    check_output(path)
    with atomic_file(path) as handle:
        table = _FORMATS[Path(path).suffix.lower()](handle, columns, integers)
        try:
            yield table
            table.finish()
        except BaseException:
            table.abandon()
            raise


def write_table(
    path: str | Path,
    rows: Iterable[Row],
    columns: Sequence[str],
    *,
    integers: Iterable[str] = INTEGER_COLUMNS,
) -> int:
    """Write a whole table, as :func:`table_writer` does, and return the number of rows."""
    with table_writer(path, columns, integers=integers) as table:
        for row in rows:
            table.write(row)
    return table.rows


def check_output(path: str | Path, inputs: Iterable[str | Path] = ()) -> None:
    """Raise EndplateError when no table can have this name, or it would replace an input."""
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        message = f"{path}: unknown kind of table; name it {', '.join(_FORMATS)}"
        raise EndplateError(message)
    if path.exists() and any(Path(name).exists() and path.samefile(name) for name in inputs):
        message = f"{path} is an input; name another file for the output"
        raise EndplateError(message)
