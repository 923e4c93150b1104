"""``endplate extract``: reports in, findings table out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from endplate.cli import options
from endplate.cli.messages import by_reason, say

if TYPE_CHECKING:
    from endplate.records import Reject


def extract(
    reports: options.Reports,
    out: Annotated[
        Path, typer.Option(help="The findings table: .csv, .parquet or .jsonl.", show_default=False)
    ],
    workers: options.Workers = 1,
    rules: options.Rules = None,
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
    """Write every finding of every report to a table, one row a finding and level.

    What could not be used is listed beside it, in OUT.rejects.csv.
    """
    from endplate.engine import read_reports
    from endplate.records import FINDING_COLUMNS
    from endplate.rejects import reject_file
    from endplate.sources import ColumnMap, Counts, open_reports
    from endplate.tables import check_output, table_writer

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
    rejected = by_reason(counts.rejected)
    say(f"Reports: {counts.read:,} read, {counts.used:,} used, {rejected}.")
    say(
        f"Findings: {table.rows:,} rows in {out}"
        + (f"; rejects in {rejects}" * bool(counts.rejected))
    )
    if strict and counts.rejected:
        raise typer.Exit(3)
