"""A synthetic archive of any size, for trials and benchmarks: invented, and said to be so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from endplate.errors import EndplateError
from endplate.simulate.lumbar import Truth
from endplate.simulate.patients import CLINICAL_COLUMNS, Clinic
from endplate.tables import TableWriter, atomic_file, secure_folder, table_writer, write_text

REPORT_COLUMNS: Final = (
    *("report_id", "patient_id", "study_date", "modality", "procedure", "accession"),
    *("report_status", "text"),
)

_TABLES: Final = {
    "synthetic_clinical.csv": CLINICAL_COLUMNS,
    "synthetic_conditions.csv": ("patient_id", "code", "code_system", "date", "end_date"),
    "synthetic_procedures.csv": ("patient_id", "code", "code_system", "date"),
    "synthetic_observations.csv": ("patient_id", "name", "value", "unit", "date"),
}

_TRUTH_COLUMNS: Final = ("finding", "level", "modic_type", "status")

_README: Final = """\
SYNTHETIC DATA. Every report, patient, date and code in this folder was made up by
`endplate simulate {count} --seed {seed}`; none is of a real person.

synthetic_reports.{kind}
    {reports:,} reports of {patients:,} patients, {lumbar:,} of them lumbar MRI
synthetic_truth.jsonl      what the lumbar MRI reports mean, in the format of the gold files
synthetic_clinical.csv     the wide clinical table
synthetic_conditions.csv, synthetic_procedures.csv, synthetic_observations.csv    the long tables
"""


@dataclass
class Archive:
    """What was made."""

    reports: int = 0
    patients: int = 0
    lumbar: int = 0


def simulate(
    count: int,
    folder: Path,
    *,
    seed: int,
    kind: Literal["parquet", "jsonl", "csv"] = "parquet",
    on_patient: Callable[[int], None] = lambda reports: None,
) -> Archive:
    """Write a synthetic archive, streamed: memory does not grow with it.

    Parameters
    ----------
    count : int
        Reports. An archive is the beginning of every larger one of the same seed.
    folder : Path
        Where to; must be new or empty.
    seed : int
        Decides everything.
    kind : {'parquet', 'jsonl', 'csv'}
        The format of the reports.
    on_patient : callable
        Takes the number of reports of each patient, when they are written.

    Raises
    ------
    EndplateError
        The folder holds something.
    """
    if folder.is_dir() and any(folder.iterdir()):
        message = f"{folder} is not empty; name a new folder"
        raise EndplateError(message)
    secure_folder(folder)
    made = Archive()
    with ExitStack() as stack:

        def table(name: str, columns: tuple[str, ...]) -> TableWriter:
            return stack.enter_context(table_writer(folder / name, columns, integers=()))

        reports = table(f"synthetic_reports.{kind}", REPORT_COLUMNS)
        truth = stack.enter_context(atomic_file(folder / "synthetic_truth.jsonl"))
        tables = [table(name, columns) for name, columns in _TABLES.items()]
        for patient in Clinic(seed).patients():
            kept = patient.reports[: count - made.reports]
            for report in kept:
                reports.write(tuple(getattr(report, column) for column in REPORT_COLUMNS))
            for report, meaning in zip(kept, patient.truth, strict=False):
                if meaning is not None:
                    made.lumbar += 1
                    truth.write(_truth_line(report.report_id, meaning))
            for writer, rows in zip(tables, patient.tables, strict=True):
                for row in rows:
                    writer.write(row)
            made.patients += 1
            made.reports += len(kept)
            on_patient(len(kept))
            if made.reports == count:
                break
    write_text(
        folder / "SYNTHETIC.txt",
        _README.format(count=count, seed=seed, kind=kind, **vars(made)),
    )
    return made


def _truth_line(report_id: str, rows: Iterable[Truth]) -> bytes:
    """Return a report's truth as a line of a gold file."""
    findings = [
        {name: value for name, value in zip(_TRUTH_COLUMNS, row, strict=True) if value}
        for row in rows
    ]
    line = {"id": report_id, "synthetic": True, "findings": findings}
    return json.dumps(line).encode() + b"\n"
