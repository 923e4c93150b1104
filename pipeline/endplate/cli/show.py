"""``endplate show``: what the reader makes of one report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from endplate.cli import options
from endplate.cli.messages import by_reason, say

if TYPE_CHECKING:
    from endplate.reader import Reader
    from endplate.records import Report
    from endplate.sources import ColumnMap


def show(
    report: Annotated[
        str,
        typer.Argument(
            help="A text file, - for the text of one report on standard input, or a table of "
            "reports.",
            show_default=False,
        ),
    ],
    report_id: Annotated[
        str | None,
        typer.Option("--id", help="Which report of a table; else its first.", show_default=False),
    ] = None,
    rules: options.Rules = None,
    id_column: options.IdColumn = None,
    text_column: options.TextColumn = None,
    sep: options.Sep = None,
) -> None:
    """Print one report with its findings marked in the text, and listed below it."""
    from rich.console import Console

    from endplate import reader
    from endplate.cli.marked import findings_table, headline, marked_text
    from endplate.sources import ColumnMap

    found = _report(report, report_id, ColumnMap(id=id_column, text=text_column, sep=sep))
    reads = reader.load(rules)
    reading = reads.read(found)
    console = Console()
    if not console.is_terminal:
        # a pipe has no width of its own; tables must not be folded to 80 columns
        console = Console(width=160)
    console.print(headline(found, reading), soft_wrap=True)
    console.print()
    console.print(
        marked_text(found, reading.findings, _sections(reads, found.text)), soft_wrap=True
    )
    console.print()
    if reading.findings:
        console.print(findings_table(reading.findings))
    else:
        console.print("No finding of the spine.")


def _sections(reads: Reader, text: str) -> dict[int, str]:
    """Return where sections begin, by the headings of their lines."""
    from endplate.reader.sections import SectionRules

    rules = SectionRules(reads.lexicon.sections)
    found = {}
    at = 0
    for line in text.splitlines(keepends=True):
        section, _ = rules.heading(line.strip())
        if section:
            found[at] = section
        at += len(line)
    return found


def _report(place: str, report_id: str | None, columns: ColumnMap) -> Report:
    import sys

    from endplate.sources.inputs import STDIN, kind_of

    if place == STDIN:
        return _from_text("stdin", sys.stdin.buffer)
    path = Path(place)
    if path.is_file() and not kind_of(path):  # an export without extension, or .rpt, .dat ...
        with path.open("rb") as handle:
            return _from_text(path.name, handle)
    return _from_table(place, report_id, columns)


def _from_text(name: str, handle: BinaryIO) -> Report:
    from endplate.records import Report
    from endplate.sources.encoding import clean, text_lines
    from endplate.sources.notes import FileNotes

    return Report(name, clean("".join(text_lines(handle, FileNotes(name, say)))))


def _from_table(place: str, report_id: str | None, columns: ColumnMap) -> Report:
    from endplate.errors import EndplateError
    from endplate.sources import Counts, open_reports

    counts = Counts()
    reports = open_reports(
        [place], columns, on_reject=lambda reject: None, on_note=lambda note: None, counts=counts
    )
    wanted = (one for one in reports if report_id in (None, one.report_id))
    found = next(wanted, None)
    if found is None:
        what = f"no report with the id '{report_id}'" if report_id else "no report"
        message = f"{place}: {what}; {counts.used:,} others, {by_reason(counts.rejected)}"
        raise EndplateError(message)
    if report_id is None and next(reports, None):
        say(f"This is the first report of {place}; --id names another.")
    return found
