"""``endplate extract``: reports in, findings table out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from endplate.cli import options
from endplate.cli.messages import by_reason, say
from endplate.errors import EndplateError

if TYPE_CHECKING:
    from endplate.records import Reject
    from endplate.sources import ColumnMap, Counts

_MACHINES: Final = "Large archives"

#: What `--out` must end in to be a table; anything else is a folder.
_TABLES: Final = (".csv", ".parquet", ".jsonl")


class Engine(StrEnum):
    """What reads."""

    LOCAL = "local"
    SPARK = "spark"


def extract(
    reports: options.Reports,
    out: Annotated[
        Path,
        typer.Option(
            metavar="TABLE|FOLDER",
            help="The findings table (.csv, .parquet, .jsonl), or a folder: there the same command "
            "again goes on where a run stopped, and reads only what is new.",
            show_default=False,
        ),
    ],
    workers: options.Workers = None,
    rules: options.Rules = None,
    strict: options.Strict = False,
    restart: Annotated[
        bool,
        typer.Option("--restart", help="Read all reports again.", rich_help_panel=_MACHINES),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="i/n",
            help="Read only this share, into a folder of its own below --out; `endplate merge` "
            "puts the shares together.",
            rich_help_panel=_MACHINES,
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(help="spark: endplate[spark], Java.", rich_help_panel=_MACHINES),
    ] = Engine.LOCAL,
    master: Annotated[
        str, typer.Option(help="Spark's master URL.", rich_help_panel=_MACHINES)
    ] = "local[*]",
    delta: Annotated[
        bool,
        typer.Option(
            "--delta", help="Spark: write Delta tables, not Parquet.", rich_help_panel=_MACHINES
        ),
    ] = False,
    table: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Spark: also write NAME_findings and NAME_reports to the catalogue.",
            rich_help_panel=_MACHINES,
            show_default=False,
        ),
    ] = "",
    profile: Annotated[
        bool,
        typer.Option(
            "--profile", help="Tell where the time went (folder).", rich_help_panel=_MACHINES
        ),
    ] = False,
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
    """Write every finding of every report to a table, one row a finding and level.

    What could not be used is listed beside it, in OUT.rejects.csv or OUT/rejects.csv.
    """
    from endplate.engine.workers import processors
    from endplate.sources import ColumnMap

    columns = ColumnMap(
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
    )
    if engine is Engine.SPARK:
        from endplate.engine.spark import Output, extract_with_spark

        target = Output(out, delta, table)
        counts = extract_with_spark(reports, target, columns, master=master, rules=rules, say=say)
    elif delta or table:
        message = "--delta and --table are for --engine spark"
        raise EndplateError(message)
    elif shard is None and not restart and out.suffix.lower() in _TABLES:
        counts = _to_table(reports, out, columns, workers or 1, rules)
    else:
        processes = workers or processors()
        counts = _to_folder(reports, out, columns, processes, rules, shard, restart, profile)
    if strict and counts.rejected:
        raise typer.Exit(3)


def _to_table(
    reports: list[str], out: Path, columns: ColumnMap, workers: int, rules: Path | None
) -> Counts:
    """Write one table."""
    from endplate.engine import read_reports
    from endplate.records import FINDING_COLUMNS
    from endplate.rejects import reject_file
    from endplate.sources import Counts, open_reports
    from endplate.tables import check_output, table_writer

    rejects = out.with_suffix(".rejects.csv")
    check_output(out, reports)
    counts = Counts()
    done = 0
    with table_writer(out, FINDING_COLUMNS) as table, reject_file(rejects) as keep:

        def unreadable(reject: Reject) -> None:
            counts.withdraw(reject.reason)
            keep(reject)

        source = open_reports(reports, columns, on_reject=keep, on_note=say, counts=counts)
        for _, reading in read_reports(source, workers=workers, rules=rules, on_reject=unreadable):
            done += 1
            for finding in reading.findings:
                table.write(finding)
        counts.check(done)
    _say_counts(counts, table.rows, out, rejects)
    return counts


def _to_folder(
    reports: list[str],
    out: Path,
    columns: ColumnMap,
    workers: int,
    rules: Path | None,
    shard: str | None,
    restart: bool,
    profile: bool,
) -> Counts:
    """Write a folder that a later run goes on with."""
    from endplate.cli.profile import print_profile
    from endplate.cli.watching import watching
    from endplate.engine.clock import Clock
    from endplate.engine.shards import Shard
    from endplate.extraction import Extraction, extract_archive
    from endplate.tables import check_output

    if out.suffix.lower() in _TABLES:
        message = f"--out {out}: --shard and --restart are for a folder; name one"
        raise EndplateError(message)
    if out.suffix[1:].isalpha() and not out.is_dir():
        check_output(out)  # findings.xlsx is meant as a table, and there is none of that kind
    share = Shard.parse(shard) if shard else None
    job = Extraction(reports, out, columns, rules, workers, share, restart)
    clock = Clock()
    with watching(reports) as watch:
        try:
            made = extract_archive(job, say=say, watch=watch, clock=clock)
        except KeyboardInterrupt:
            say("What is done is kept; the same command goes on from here.")
            raise
    if share or made.reused:
        say(f"Share: {made.done:,} reports, {made.reused:,} of them known from before.")
    folder = made.folder
    _say_counts(made.counts, made.findings, folder / "findings.parquet", folder / "rejects.csv")
    if profile:
        print_profile(clock)
    return made.counts


def _say_counts(counts: Counts, rows: int, table: Path, rejects: Path) -> None:
    rejected = by_reason(counts.rejected)
    say(f"Reports: {counts.read:,} read, {counts.used:,} used, {rejected}.")
    say(f"Findings: {rows:,} rows in {table}" + f"; rejects in {rejects}" * bool(counts.rejected))
