"""Reads all clinical tables of a run into facts by patient, with an account of every row."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from endplate.clinical.account import TableAccount
from endplate.clinical.cells import CellReader
from endplate.clinical.coded import CodeTable
from endplate.clinical.codemaps import CodeMaps, code_maps
from endplate.clinical.combine import combine
from endplate.clinical.desk import Desk, Sheet
from endplate.clinical.layout import LongLayout, WideLayout, recognise
from endplate.clinical.measured import MeasureTable
from endplate.clinical.wide import read_wide
from endplate.errors import EndplateError
from endplate.records import Fact, Reject
from endplate.sources.dates import DateOrder
from endplate.sources.inputs import Input, kind_of
from endplate.sources.intake import opened
from endplate.sources.notes import FileNotes
from endplate.sources.table import SourceError, Table


class ClinicalRecord(NamedTuple):
    """The facts of all known patients, and what became of the tables' rows.

    ``strangers`` are patients of the tables without a report, ``without_rows`` known patients of
    whom no table says anything.
    """

    facts: dict[str, dict[str, Fact]]
    accounts: tuple[TableAccount, ...]
    strangers: int
    without_rows: int


def load_facts(
    paths: Sequence[Path],
    index_dates: Mapping[str, dt.date | None],
    *,
    on_reject: Callable[[Reject], None],
    on_note: Callable[[str], None],
) -> dict[str, dict[str, Fact]]:
    """Return patient → name → fact; see :func:`read_clinical`."""
    return read_clinical(paths, index_dates, on_reject=on_reject, on_note=on_note).facts


def read_clinical(
    paths: Sequence[Path],
    index_dates: Mapping[str, dt.date | None],
    *,
    on_reject: Callable[[Reject], None],
    on_note: Callable[[str], None],
    maps: CodeMaps | None = None,
    date_order: DateOrder | None = None,
    today: dt.date | None = None,
) -> ClinicalRecord:
    """Read wide and long tables (CSV, Parquet, JSON lines) into facts.

    Parameters
    ----------
    paths : sequence of Path
        The tables in any order; what each is, its columns and name tell.
    index_dates : mapping
        Every known patient with the date of the index study, around which windows are counted.
    on_reject : callable
        Takes rows that cannot be used, and values that were set aside (their rows stay in).
    on_note : callable
        Takes what was recognised and counted.
    maps : CodeMaps, optional
        Another site's code maps.
    date_order : {'dmy', 'mdy'}, optional
        Decides dates such as 04/05/2023.
    today : date, optional
        The day of the run. Dates after it, and after every index study (archives whose dates were
        shifted), are in the future.

    Raises
    ------
    EndplateError
        A file is missing or can be no clinical table.
    """
    maps = maps or code_maps()
    dates = [day for day in index_dates.values() if day is not None]
    latest = max([today or dt.date.today(), *dates])
    desk = Desk(maps, CellReader(maps, latest, date_order), index_dates, on_reject)
    accounts = tuple(_read_table(Path(path), desk, on_note) for path in paths)

    def on_contradiction(patient: str, fact: Fact, reason: str) -> None:
        on_reject(Reject(fact.table, fact.row, fact.column, patient, f"set aside: {reason}"))

    facts = combine(desk, on_contradiction)
    strangers = len(desk.strangers)
    without_rows = len(index_dates) - len(facts) if paths else 0
    if strangers:
        on_note(f"{strangers:,} patients of the clinical tables have no report")
    if without_rows:
        on_note(f"{without_rows:,} patients with reports have no clinical row")
    return ClinicalRecord(facts, accounts, strangers, without_rows)


def check_tables(paths: Sequence[Path], maps: CodeMaps | None = None) -> None:
    """Raise EndplateError when a file can be no clinical table; only its head is read.

    Nobody wants to learn of it after an archive has been read for hours.
    """
    for path in map(Path, paths):
        with _opened(path, FileNotes(str(path), lambda _: None)) as table:
            recognise(path, table.columns, maps or code_maps())


@contextmanager
def _opened(path: Path, notes: FileNotes) -> Iterator[Table]:
    """Open a table; what goes wrong while it is read names the file."""
    if not path.is_file():
        message = f"{path}: no such file; name clinical tables in CSV, Parquet or JSON lines"
        raise EndplateError(message)
    kind = kind_of(path)
    if kind not in ("csv", "parquet", "jsonl"):
        message = f"{path}: unknown kind of file; clinical tables are CSV, Parquet or JSON lines"
        raise EndplateError(message)
    try:
        with opened(Input(str(path), path, kind, path.stem), None, notes) as table:
            yield table
    except SourceError as error:
        message = f"{path}: {error}"
        raise EndplateError(message) from None
    except (EOFError, zlib.error):
        message = f"{path}: the compressed data are damaged or end too early"
        raise EndplateError(message) from None


def _read_table(path: Path, desk: Desk, on_note: Callable[[str], None]) -> TableAccount:
    notes = FileNotes(str(path), on_note)
    with _opened(path, notes) as table:
        layout = recognise(path, table.columns, desk.maps)
        notes.once(str(layout))
        account = TableAccount(str(path), _kind(layout))
        sheet = Sheet(path.name, account, notes)
        if isinstance(layout, WideLayout):
            read_wide(table, layout, desk, sheet)
        elif layout.kind == "observations":
            MeasureTable(layout, desk, sheet).read(table)
        else:
            CodeTable(layout, desk, sheet).read(table)
    notes.close()
    account.check()
    _say_counts(account, notes)
    return account


def _kind(layout: WideLayout | LongLayout) -> str:
    return "wide" if isinstance(layout, WideLayout) else layout.kind


def _say_counts(account: TableAccount, notes: FileNotes) -> None:
    told = [
        (account.unknown_patient, "of patients without a report"),
        (account.irrelevant, "that no rule knows"),
        (account.outside_window, "outside the time in which they count"),
        (account.rejected, "rejected"),
    ]
    rest = "".join(f", {count:,} {what}" for count, what in told if count)
    notes.once(f"{account.rows:,} rows: {account.used:,} used{rest}")
    if account.values_set_aside:
        notes.once(f"{account.values_set_aside:,} values set aside as unknown; see rejects.csv")
