"""``endplate screen``: reports and clinical tables in, a worklist out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from endplate.cli import options
from endplate.cli.messages import by_reason, say

if TYPE_CHECKING:
    from rich.console import Console

    from endplate.screening import Account

#: So many patients of each verdict are shown, with these columns, long cells cut.
_ROWS: Final = 3
_CELL: Final = 110
_COLUMNS: Final = ("rank", "patient_id", "verdict", "study_date", "modic", "bodies", "next_step")

#: The files worth naming at the end.
_FILES: Final = ("worklist.csv", "patients.parquet", "findings.parquet", "criteria.parquet")


def screen(
    reports: options.Reports,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="Where worklist.csv and all else goes. The same command again goes on where a "
            "run stopped, and reads only what is new.",
            show_default=False,
        ),
    ],
    clinical: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="TABLE",
            help="Clinical table: wide (one row a patient), conditions, procedures, observations. "
            "May be repeated.",
            show_default=False,
        ),
    ] = None,
    criteria: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PACK",
            help="Criteria pack, by name or file; the first orders the worklist. May be repeated. "
            "Default: selection.",
            show_default=False,
        ),
    ] = None,
    workers: options.Workers = None,
    rules: options.Rules = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Write into FOLDER whatever it holds, and read again what was read otherwise.",
        ),
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Read all reports again, whatever was read before.")
    ] = False,
    patients_csv: Annotated[
        bool, typer.Option("--patients-csv", help="Write patients.csv beside patients.parquet.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Tell where the time went, stage by stage.")
    ] = False,
    strict: options.Strict = False,
    id_column: options.IdColumn = None,
    text_column: options.TextColumn = None,
    patient_column: options.PatientColumn = None,
    date_column: options.DateColumn = None,
    modality_column: options.ModalityColumn = None,
    procedure_column: options.ProcedureColumn = None,
    accession_column: options.AccessionColumn = None,
    status_column: options.StatusColumn = None,
    sep: options.Sep = None,
    date_order: options.DateFirst = None,
) -> None:
    """Screen an archive: who may benefit, by which criteria, on what evidence.

    All results are for review by a specialist.
    """
    from rich.console import Console

    from endplate.cli.profile import print_profile
    from endplate.cli.watching import watching
    from endplate.engine.clock import Clock
    from endplate.engine.workers import processors
    from endplate.screening import Screening
    from endplate.screening import screen as run
    from endplate.sources import ColumnMap

    job = Screening(
        reports=reports,
        out=out,
        clinical=clinical or (),
        criteria=criteria or (),
        columns=ColumnMap(
            id=id_column,
            text=text_column,
            patient=patient_column,
            date=date_column,
            modality=modality_column,
            procedure=procedure_column,
            accession=accession_column,
            status=status_column,
            sep=sep,
            date_order=date_order.value if date_order else None,
        ),
        rules=rules,
        workers=workers or processors(),
        overwrite=overwrite,
        restart=restart,
        patients_csv=patients_csv,
    )
    clock = Clock()
    with watching(reports) as watch:
        try:
            account = run(job, say=say, watch=watch, clock=clock)
        except KeyboardInterrupt:
            say("What is done is kept; the same command goes on from here.")
            raise
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)  # a pipe has no width of its own
    _print_account(console, account, out)
    _print_worklist(console, out / "worklist.csv")
    if profile:
        print_profile(clock)
    if strict and account.reports.rejected:
        raise typer.Exit(3)


def _print_account(console: Console, account: Account, out: Path) -> None:
    """Print what was read and what came of it."""
    from rich.table import Table

    reports, tally = account.reports, account.tally
    table = Table(show_header=False, box=None, pad_edge=False)
    known = f", {account.reused:,} of them known from before" if account.reused else ""
    rejected = by_reason(reports.rejected)
    table.add_row("Reports", f"{reports.read:,} read, {reports.used:,} used{known}; {rejected}")
    table.add_row("Lumbar MRI", f"{account.lumbar_mri:,} reports")
    types = [f"type {kind} {n:,}" for kind, n in sorted(account.modic.items())]
    table.add_row("Modic change", ", ".join(types) or "none")
    table.add_row("Findings", f"{account.findings:,} rows")
    for pack, verdicts in tally.verdicts.items():
        told = ", ".join(f"{name} {n:,}" for name, n in sorted(verdicts.items()))
        table.add_row(f"Patients by {pack}", f"{tally.patients:,}: {told}")
    files = [*_FILES, *(["rejects.csv"] if (out / "rejects.csv").exists() else [])]
    table.add_row("Written to", f"{out}: {', '.join(files)}")
    console.print(table, soft_wrap=True)


def _print_worklist(console: Console, worklist: Path) -> None:
    """Print the first rows of the worklist, a few of each verdict."""
    import csv
    from collections import Counter

    from rich.table import Table
    from rich.text import Text

    from endplate.cli.marked import harmless

    title = "Worklist, for review by a specialist: the first of each verdict"
    table = Table(*_COLUMNS, title=title, title_justify="left")
    shown: Counter[str] = Counter()
    with worklist.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            shown[row["verdict"]] += 1
            if shown[row["verdict"]] <= _ROWS:
                cells = [Text(harmless(row[column])) for column in _COLUMNS]
                for cell in cells:
                    cell.truncate(_CELL, overflow="ellipsis")
                table.add_row(*cells)
    console.print()
    console.print(table)
