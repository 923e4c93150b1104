"""From rows to reports: ids, versions, dates and coded words, everything accounted for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from endplate.records import Reject, Report, Source
from endplate.sources.columns import ColumnMap
from endplate.sources.counts import Counts
from endplate.sources.dates import DateOrder, parse_date
from endplate.sources.encoding import CLEANED, clean
from endplate.sources.intake import Entry, Intake
from endplate.sources.notes import shown
from endplate.sources.seen import SeenReports
from endplate.sources.table import cell_text
from endplate.sources.words import modality_words, status_words


def open_reports(
    paths: Sequence[str | Path],
    columns: ColumnMap | None = None,
    *,
    on_reject: Callable[[Reject], None],
    on_note: Callable[[str], None],
    counts: Counts | None = None,
) -> Iterator[Report]:
    """Read reports from files, folders and standard input (``-``), in flat memory.

    Parameters
    ----------
    paths : sequence of str or Path
        CSV, Parquet, JSON lines, text files, folders of them, ``-`` for JSON lines on stdin.
    columns : ColumnMap, optional
        Names that the site gives; the others are recognised.
    on_reject : callable
        Takes each row or file that cannot be used.
    on_note : callable
        Takes remarks for the user, free of report text.
    counts : Counts, optional
        Is kept up to date.

    Yields
    ------
    Report
        ``report_id`` is unique: a further text under the same id becomes ``<id>#2``, a repetition
        of id and text is rejected as duplicate. Without a patient column each id is its own
        patient.

    Raises
    ------
    EndplateError
        No input at all could be read.
    """
    columns = columns or ColumnMap()
    counts = counts if counts is not None else Counts()
    seen = SeenReports()

    def reject(source: Source, reason: str, record_id: str = "") -> None:
        counts.reject(reason)
        on_reject(Reject(source.file, source.row, "", record_id, reason))

    def fail(source: Source, reason: str) -> None:
        counts.read += 1
        reject(source, reason)

    for entry in Intake(paths, columns, on_note, fail).entries():
        counts.read += 1
        named = clean(cell_text(entry.values.get("id"))).strip()
        report_id = named or entry.name
        if problem := entry.problem or _text_problem(entry):
            reject(entry.source, problem, report_id)
            continue
        report = _report(report_id, entry, columns.date_order)
        unique = seen.unique_id(report_id, report.text, "" if named else str(entry.source))
        if not unique:
            reject(entry.source, "duplicate", report_id)
            continue
        if unique != report_id:
            _say_version(report_id, unique, entry)
        # Versions of a report are of one patient; two files of one name are not.
        patient_id = report.patient_id or named or unique
        report = report._replace(report_id=unique, patient_id=patient_id)
        counts.used += 1
        yield report
    counts.check()


def _text_problem(entry: Entry) -> str:
    if "text" not in entry.values:
        return "no text: the row has no cell for it"
    text = entry.values["text"]
    if isinstance(text, list | dict):
        return "no text: the cell holds a list or an object"
    return "" if cell_text(text).strip() else "empty report"


def _report(report_id: str, entry: Entry, order: DateOrder | None) -> Report:
    cells = {
        role: clean(cell_text(value)).strip()
        for role, value in entry.values.items()
        if role not in ("id", "text")
    }
    raw = cell_text(entry.values["text"])
    text = clean(raw)
    if text != raw:
        entry.notes.once(CLEANED)
    return Report(
        report_id=report_id,
        text=text,
        patient_id=cells.get("patient", ""),
        study_date=_date(cells.get("date", ""), order, entry),
        modality=_modality(cells.get("modality", "")),
        procedure=cells.get("procedure", ""),
        accession=cells.get("accession", ""),
        report_status=_status(cells.get("status", ""), entry),
        source=entry.source,
    )


def _say_version(report_id: str, unique: str, entry: Entry) -> None:
    message = f"id {shown(report_id)} stands for another report too; this one is {shown(unique)}"
    entry.notes.row(entry.source, "further reports under one id", message)


def _date(cell: str, order: DateOrder | None, entry: Entry) -> dt.date | None:
    try:
        return parse_date(cell, order)
    except ValueError as error:
        column = shown(entry.columns["date"][0])
        message = f"study date {shown(cell)} in column {column} is not used: {error}"
        entry.notes.row(entry.source, "unreadable study dates", message)
        return None


def _status(cell: str, entry: Entry) -> str:
    status = status_words().get(cell.lower(), "")
    if cell and not status:
        column = shown(entry.columns["status"][0])
        message = f"report status {shown(cell)} in column {column} is not known and not used"
        entry.notes.row(entry.source, "unknown report status", message)
    return status


def _modality(cell: str) -> str:
    return modality_words().get(cell.lower(), cell.upper())
