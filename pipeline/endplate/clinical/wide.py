"""The wide table: one row a patient, one column a fact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from endplate.clinical.cells import CellError, Value
from endplate.clinical.desk import Desk, Sheet
from endplate.clinical.layout import FactColumn, WideLayout, nearest_column
from endplate.facts import FACTS
from endplate.records import Fact
from endplate.sources.notes import shown
from endplate.sources.table import Row, Table, cell_text

#: So many unknown columns are named.
_SHOWN_COLUMNS: Final = 10


class _Bad(NamedTuple):
    """A cell that cannot be what its column says, and why."""

    reason: str


class _Column:
    """A column with its parser; equal cells are parsed once."""

    def __init__(self, column: FactColumn, parse: Callable[[str], Value | None]) -> None:
        self.name, self.fact = column.name, column.fact
        self.unit = FACTS[column.fact].unit
        self._parse = parse
        self._known: dict[str, Value | _Bad | None] = {}

    def value(self, text: str) -> Value | _Bad | None:
        if text not in self._known:
            try:
                self._known[text] = self._parse(text)
            except CellError as error:
                self._known[text] = _Bad(str(error))
        return self._known[text]


def read_wide(table: Table, layout: WideLayout, desk: Desk, sheet: Sheet) -> None:
    """Read a wide table into the desk's wide facts.

    A second row of a patient fills what the first left empty. Cells that contradict each other are
    set aside together: nobody knows which is right.
    """
    _say_unknown(layout, desk, sheet)
    columns = [_Column(c, desk.cells.parser(c.fact, c.unit)) for c in layout.columns]
    first_rows: dict[str, int] = {}
    for row in table.rows([layout.patient, *(column.name for column in layout.columns)]):
        patient = desk.patient_of(row, layout.patient, sheet)
        if patient is None:
            continue
        first = first_rows.setdefault(patient, row.number)
        news = _read_row(row, patient, columns, desk, sheet)
        if first == row.number or news:
            sheet.account.used += 1
        else:
            reason = f"repeats row {first} of the same patient"
            desk.reject(sheet, row.number, layout.patient, patient, reason)
        if first != row.number:
            sheet.notes.once("some patients have more than one row; their rows were read together")


def _say_unknown(layout: WideLayout, desk: Desk, sheet: Sheet) -> None:
    """Name the columns that are not read, those that may be a slip first."""
    near = {name: nearest_column(name, desk.maps) for name in layout.unknown}
    slips = [name for name in layout.unknown if near[name]][:_SHOWN_COLUMNS]
    for name in slips:
        message = f"column {shown(name)} is not known and was not read; did you mean {near[name]}?"
        sheet.notes.once(message)
    others = [shown(name) for name in layout.unknown if name not in slips]
    if others:
        more = len(others) - _SHOWN_COLUMNS
        listed = ", ".join(others[:_SHOWN_COLUMNS]) + (f" and {more} more" if more > 0 else "")
        sheet.notes.once(f"columns that are not known and were not read: {listed}")


def _read_row(row: Row, patient: str, columns: list[_Column], desk: Desk, sheet: Sheet) -> bool:
    """Read the cells of a row; return whether any says what was not known yet."""
    facts = desk.wide.setdefault(patient, {})
    news = False
    cells = row.cells
    for column in columns:
        raw = cells.get(column.name)
        if raw is None or raw == "":
            continue
        text = raw if isinstance(raw, str) else cell_text(raw)
        value = column.value(text)
        if value is None:
            continue
        known = facts.get(column.fact)
        if isinstance(value, _Bad):
            news = True
            desk.set_aside(sheet, row.number, column.name, patient, text, value.reason)
            if known is None:
                facts[column.fact] = Fact(
                    column.fact, None, "", None, sheet.name, row.number, column.name, value.reason
                )
        elif known is None or (known.value is None and (patient, column.fact) not in desk.torn):
            news = True
            facts[column.fact] = Fact(
                column.fact, value, column.unit, None, sheet.name, row.number, column.name
            )
        elif known.value != value:
            news = True
            _tear(known, patient, row, column, text, desk, sheet)
    return news


def _tear(
    known: Fact, patient: str, row: Row, column: _Column, text: str, desk: Desk, sheet: Sheet
) -> None:
    """Set a fact aside whose cells contradict each other."""
    where = f"{known.table}, row {known.row}, column {known.column}"
    desk.set_aside(sheet, row.number, column.name, patient, text, f"contradicts {where}")
    note = f"contradicted by {sheet.name}, row {row.number}, column {column.name}"
    desk.wide[patient][column.fact] = known._replace(value=None, unit="", note=note)
    desk.torn.add((patient, column.fact))
