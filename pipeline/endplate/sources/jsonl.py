"""JSON lines (NDJSON): one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

from endplate.sources.table import Row, SourceError, Table

#: So many lines are looked at to learn the columns.
LOOK_AHEAD: Final = 100


def open_jsonl(lines: Iterator[str]) -> Table:
    """Look at the first lines for their keys; refuse a file in which none is an object."""
    first = list(islice(lines, LOOK_AHEAD))
    if next((line for line in first if line.strip()), "").lstrip().startswith("["):
        message = "a JSON array; write one object a line (JSON lines)"
        raise SourceError(message)
    rows = _rows(chain(first, lines))
    head = list(islice(rows, LOOK_AHEAD))
    if not head:
        message = "the file is empty"
        raise SourceError(message)
    if all(row.problem for row in head):
        message = "no line holds a JSON object; write one object a line (JSON lines)"
        raise SourceError(message)
    columns = dict.fromkeys(name for row in head for name in row.cells)

    def read(columns: Sequence[str]) -> Iterator[Row]:
        return chain(head, rows)

    return Table(tuple(columns), read)


def _rows(lines: Iterator[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            # json's own message quotes nothing, but says no more either.
            yield Row(number, {}, "not JSON: one object a line is expected")
            continue
        if isinstance(value, dict):
            yield Row(number, value)
        else:
            yield Row(number, {}, "not a JSON object: one object a line is expected")
