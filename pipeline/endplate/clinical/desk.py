"""What all clinical tables are read with: the maps, the patients, and where messages go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from endplate.clinical.account import TableAccount
from endplate.clinical.cells import CellError, CellReader
from endplate.clinical.codemaps import CodeMaps
from endplate.records import Fact, Reject
from endplate.sources.notes import FileNotes, shown
from endplate.sources.table import Row, cell_text

#: A derived fact with its rank: of several for one patient the greater rank stays.
Ranked = tuple[tuple[int, ...], Fact]


@dataclass
class Desk:
    """The state of reading clinical tables.

    ``index_dates`` holds every known patient; ``wide`` and ``derived`` collect the facts by patient
    and name, ``torn`` the wide ones that contradict each other.
    """

    maps: CodeMaps
    cells: CellReader
    index_dates: Mapping[str, dt.date | None]
    on_reject: Callable[[Reject], None]
    wide: dict[str, dict[str, Fact]] = field(default_factory=dict)
    derived: dict[str, dict[str, Ranked]] = field(default_factory=dict)
    torn: set[tuple[str, str]] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)

    def patient_of(self, row: Row, column: str, sheet: Sheet) -> str | None:
        """Count a row; return its patient, or None when the row cannot be used."""
        sheet.account.rows += 1
        if row.problem:
            self.reject(sheet, row.number, "", "", row.problem)
            return None
        patient = cell_text(row.cells.get(column)).strip()
        if not patient:
            self.reject(sheet, row.number, column, "", "no patient id")
            return None
        if patient not in self.index_dates:
            sheet.account.unknown_patient += 1
            self.strangers.add(patient)
            return None
        return patient

    def reject(self, sheet: Sheet, row: int, column: str, patient: str, reason: str) -> None:
        """Report a row that cannot be used."""
        sheet.account.rejected += 1
        self.on_reject(Reject(sheet.account.file, row, column, patient, reason))

    def set_aside(
        self, sheet: Sheet, row: int, column: str, patient: str, value: str, reason: str
    ) -> None:
        """Report a value that counts as unknown; its row stays in."""
        sheet.account.values_set_aside += 1
        reason = f"set aside: {shown(value)} {reason}"
        self.on_reject(Reject(sheet.account.file, row, column, patient, reason))


@dataclass
class Sheet:
    """One table while it is read: its short name for facts, its account and its notes."""

    name: str
    account: TableAccount
    notes: FileNotes


class DateCells:
    """Reads the date cells of a table; equal cells are parsed once."""

    def __init__(self, desk: Desk, sheet: Sheet) -> None:
        self._desk, self._sheet = desk, sheet
        self._known: dict[str, dt.date | str | None] = {}

    def read(self, row: Row, patient: str, column: str) -> dt.date | None:
        """Return the date in a column; a cell that is no date is set aside and counts as none."""
        raw = row.cells.get(column) if column else None
        if raw is None or raw == "":
            return None
        text = raw if isinstance(raw, str) else cell_text(raw)
        if text not in self._known:
            self._known[text] = self._parsed(text)
        day = self._known[text]
        if isinstance(day, str):
            self._desk.set_aside(self._sheet, row.number, column, patient, text, day)
            return None
        return day

    def _parsed(self, text: str) -> dt.date | str | None:
        """Return a date, None for an empty cell, or why it is no date."""
        if self._desk.cells.is_empty(text):
            return None
        try:
            return self._desk.cells.date(text)
        except CellError as error:
            return str(error)
