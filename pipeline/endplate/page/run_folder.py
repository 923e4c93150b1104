"""Read what a page needs of the folder that a screening run wrote."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from endplate.errors import EndplateError
from endplate.records import FINDING_COLUMNS
from endplate.tables import csv_text

Row = Mapping[str, Any]

#: The columns of ``worklist.csv`` that belong to the clinic.
CLINIC_COLUMNS = ("decision", "decided_by", "decided_on", "notes")


class RunFolder(NamedTuple):
    """A run, as read: ``run`` is run.json; rows are plain dicts.

    ``worklist`` holds the patient ids in the order of the list, ``clinic`` what the clinic wrote
    into its columns. ``studies`` and ``criteria`` are by patient, oldest study first.
    """

    path: Path
    run: Row
    patients: dict[str, Row]
    worklist: tuple[str, ...]
    clinic: dict[str, dict[str, str]]
    studies: dict[str, list[Row]]
    criteria: dict[str, list[Row]]


def load_run(folder: Path) -> RunFolder:
    """Read a run folder without its findings and texts.

    Raises
    ------
    EndplateError
        When this is no run folder, or one of its files cannot be read.
    """
    for name in ("run.json", "patients.parquet", "worklist.csv"):
        if not (folder / name).is_file():
            message = (
                f"{folder}: no {name} here. Give the folder that `endplate screen --out` wrote."
            )
            raise EndplateError(message)
    try:
        run = json.loads((folder / "run.json").read_text("utf-8"))
    except ValueError as error:
        message = f"{folder / 'run.json'}: not readable as JSON. Run `endplate screen` again."
        raise EndplateError(message) from error
    patients: dict[str, Row] = {
        row["patient_id"]: row for row in _parquet(folder / "patients.parquet")
    }
    clinic = read_worklist(folder / "worklist.csv")
    return RunFolder(
        path=folder,
        run=run,
        patients=patients,
        worklist=tuple(patient for patient in clinic if patient in patients),
        clinic=clinic,
        studies=_grouped(_parquet(folder / "studies.parquet")),
        criteria=_grouped(_parquet(folder / "criteria.parquet")),
    )


def read_worklist(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a worklist by patient id, in their order."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [
            {k: csv_text(v or "") for k, v in row.items() if k} for row in csv.DictReader(lines)
        ]
    return {row["patient_id"]: row for row in rows}


def load_findings(folder: Path, report_ids: Iterable[str]) -> dict[str, list[Row]]:
    """Return the findings of some reports, each report's in the order of its text."""
    wanted = sorted(set(report_ids))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _parquet(folder / "findings.parquet", "report_id", wanted):
        place = {"start": int(row["start"]), "end": int(row["end"])}
        told = {name: row.get(name) or "" for name in FINDING_COLUMNS} | place
        found[row["report_id"]].append(told)
    return {
        report: sorted(rows, key=lambda row: (row["start"], row["end"]))
        for report, rows in found.items()
    }


def _parquet(
    path: Path, column: str | None = None, wanted: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file, those with `wanted` in `column` only; none if absent."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.exists():
        return []
    filters = [(column, "in", wanted)] if column and wanted else None
    try:
        rows: list[dict[str, Any]] = pq.read_table(path, filters=filters).to_pylist()
    except (pa.ArrowException, OSError) as error:
        message = f"{path}: not readable as Parquet. Run `endplate screen` again."
        raise EndplateError(message) from error
    return rows if column is None or wanted else []


def _grouped(rows: list[dict[str, Any]]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["patient_id"]].append(row)
    return dict(groups)
