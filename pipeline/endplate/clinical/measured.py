"""The long table of observations: questionnaires and measurements."""

from __future__ import annotations

from typing import Final, NamedTuple

from endplate.clinical.cells import CellError
from endplate.clinical.codemaps import plain_name
from endplate.clinical.desk import DateCells, Desk, Sheet
from endplate.clinical.layout import LongLayout
from endplate.clinical.schema import Measure
from endplate.facts import FACTS
from endplate.records import Fact
from endplate.sources.table import Row, Table, cell_text

_MAX_CELL: Final = 200

#: The rank of a value that cannot be used: any other stands above it.
_LOWEST: Final = (-10_000_000,)


class _Item(NamedTuple):
    """What an observation's name stands for."""

    fact: str
    measure: Measure
    unit: str


class _Reading(NamedTuple):
    """A value cell; `wrong` says why it is none."""

    value: float | None
    wrong: str = ""


class MeasureTable:
    """Reads one table of observations into the desk's derived facts."""

    def __init__(self, layout: LongLayout, desk: Desk, sheet: Sheet) -> None:
        self._layout, self._desk, self._sheet = layout, desk, sheet
        self._items = {
            plain_name(name): _Item(fact, measure, measure.named_units.get(name, ""))
            for fact, measure in desk.maps.measures.items()
            for name in measure.names
        }
        self._by_cell: dict[str, _Item | None] = {}
        self._readings: dict[tuple[str, str, str], _Reading] = {}
        self._dates = DateCells(desk, sheet)

    def read(self, table: Table) -> None:
        """Read all rows."""
        account, layout = self._sheet.account, self._layout
        for row in table.rows(layout.needed):
            patient = self._desk.patient_of(row, layout.patient, self._sheet)
            if patient is None:
                continue
            item = self._item(cell_text(row.cells.get(layout.code)))
            reading = self._reading(item, row, patient) if item else None
            if item is None or reading is None or reading == _Reading(None):
                account.irrelevant += 1
            elif self._keep(item, reading, row, patient):
                account.used += 1
            else:
                account.outside_window += 1

    def _item(self, cell: str) -> _Item | None:
        if cell not in self._by_cell:
            self._by_cell[cell] = self._items.get(plain_name(cell[:_MAX_CELL]))
        return self._by_cell[cell]

    def _reading(self, item: _Item, row: Row, patient: str) -> _Reading:
        """Return the value in the fact's unit; an impossible one is set aside."""
        text = cell_text(row.cells.get(self._layout.value))
        unit = cell_text(row.cells.get(self._layout.unit)).strip() if self._layout.unit else ""
        key = (item.fact, text, unit or item.unit)
        reading = self._readings.get(key)
        if reading is None:
            try:
                reading = _Reading(self._number(item, text, unit or item.unit))
            except CellError as error:
                reading = _Reading(None, str(error))
            self._readings[key] = reading
        if reading.wrong:
            shown = f"{text} {unit}".strip()
            column = self._layout.value
            self._desk.set_aside(self._sheet, row.number, column, patient, shown, reading.wrong)
        return reading

    def _number(self, item: _Item, text: str, unit: str) -> float | None:
        if self._desk.cells.is_empty(text):
            return None
        if self._desk.cells.is_empty(unit):
            unit = ""
        if not unit and "" not in item.measure.units and text.strip()[-1:].isdigit():
            message = f"has no unit; known units: {', '.join(item.measure.units)}"
            raise CellError(message)
        return self._desk.cells.number(item.fact, text[:_MAX_CELL], unit)

    def _keep(self, item: _Item, reading: _Reading, row: Row, patient: str) -> bool:
        """Keep a value that is nearer to the index study; return whether it is in the window.

        A value that was set aside is kept too until a usable one comes: it is not silence.
        """
        index = self._desk.index_dates[patient]
        day = self._dates.read(row, patient, self._layout.date)
        if index is None or day is None:
            return False
        days = (day - index).days
        if not item.measure.window.holds(days):
            return False
        rank = _LOWEST if reading.wrong else (-abs(days), -days, row.number)
        found = self._desk.derived.setdefault(patient, {})
        known = found.get(item.fact)
        if known is None or rank > known[0]:
            unit = "" if reading.wrong else FACTS[item.fact].unit
            where = (self._sheet.name, row.number, self._layout.value)
            fact = Fact(item.fact, reading.value, unit, day, *where, reading.wrong)
            found[item.fact] = (rank, fact)
        return True
