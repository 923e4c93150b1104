"""What every table format is read into: columns, and rows one after another."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from endplate.errors import EndplateError


class SourceError(EndplateError):
    """A file that cannot be read, or not further; the message does not name the file."""


class Row(NamedTuple):
    """One row: its number (1-based, the header not counted) and its cells, or what is wrong."""

    number: int
    cells: Mapping[str, object]
    problem: str = ""


class Table(NamedTuple):
    """An opened table.

    ``rows(columns)`` starts reading; formats that can, read the named columns only. The columns of
    JSON lines are those of the first lines; later lines may bring more.
    """

    columns: tuple[str, ...]
    rows: Callable[[Sequence[str]], Iterator[Row]]


def cell_text(value: object) -> str:
    """Return a cell as text: dates in ISO form, whole numbers without a point, None as empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # pandas turns an id column with one empty cell into floats
        return "" if value != value else str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.date):  # datetimes too
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Name the nameless columns and tell namesakes apart, so that no cell is lost."""
    found: list[str] = []
    for position, raw in enumerate(names, start=1):
        name = raw.strip() or f"column {position}"
        copy = 2
        unique = name
        while unique in found:
            unique = f"{name} ({copy})"
            copy += 1
        found.append(unique)
    return tuple(found)
