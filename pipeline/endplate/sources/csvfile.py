"""CSV as it comes: any separator, ragged rows, quotes that never close, reports of megabytes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from endplate.sources.table import Row, SourceError, Table, distinct

#: The longest cell, in characters. It bounds the memory that an unclosed quote can take.
MAX_CELL: Final = 64 * 1024 * 1024

SEPARATORS: Final = (",", ";", "\t", "|")


def open_csv(lines: Iterator[str], sep: str | None = None) -> Table:
    """Read the header; without `sep` the separator is the one that finds most columns."""
    csv.field_size_limit(MAX_CELL)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        message = "the file is empty"
        raise SourceError(message)
    sep = _separator(sep) if sep else max(SEPARATORS, key=first.count)
    records = _records(chain([first], lines), sep)
    header, problem = next(records)
    if problem:
        message = f"the header cannot be read ({problem}); is this a CSV file?"
        raise SourceError(message)
    names = distinct(header)

    def rows(columns: Sequence[str]) -> Iterator[Row]:
        for number, (cells, problem) in enumerate(records, start=1):
            yield _row(number, names, cells, problem)

    return Table(names, rows)


def _separator(sep: str) -> str:
    sep = {"tab": "\t", "\\t": "\t"}.get(sep.lower(), sep)
    if len(sep) != 1 or sep in '\r\n"':
        message = "the separator (--sep) must be one character, or 'tab'"
        raise SourceError(message)
    return sep


def _row(number: int, names: tuple[str, ...], cells: list[str], problem: str) -> Row:
    if not problem and any(cells[len(names) :]):
        # Cutting it would cut a report at its first comma.
        problem = f"ragged row: {len(cells)} cells under {len(names)} columns; a quote is missing"
    # Spreadsheets leave out empty cells at the end of a row.
    return Row(number, dict(zip(names, cells, strict=False)), problem)


def _records(lines: Iterator[str], sep: str) -> Iterator[tuple[list[str], str]]:
    """Yield cells and what is wrong with them; blank lines are no records."""
    ended = False

    def watched() -> Iterator[str]:
        nonlocal ended
        yield from lines
        ended = True

    reader = csv.reader(watched(), delimiter=sep)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield [], f"unreadable row: {error}"
            continue
        if ended:
            # The reader asked for one more line: only an open quote makes it do so.
            yield cells, "unclosed quote: the rest of the file was read as one cell"
        elif cells:
            yield cells, ""
