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


class Census(NamedTuple):
    """Everybody of a run, counted: by verdict, and by what the ``modic`` cell holds."""

    patients: int
    verdicts: dict[str, int]
    modic: dict[str, int]


class RunFolder(NamedTuple):
    """A run, as read: ``run`` is run.json; rows are plain dicts.

    ``worklist`` holds the patient ids in the order of the list, ``clinic`` what the clinic wrote
    into its columns. ``patients``, ``studies`` and ``criteria`` are those of the worklist and of
    whom else was asked for, by patient; an archive holds many more, who are in the `census`.
    """

    path: Path
    run: Row
    census: Census
    patients: dict[str, Row]
    worklist: tuple[str, ...]
    clinic: dict[str, dict[str, str]]
    studies: dict[str, list[Row]]
    criteria: dict[str, list[Row]]


def check_run(folder: Path) -> None:
    """Raise EndplateError when a folder is not a complete run of ``endplate screen``."""
    for name in ("run.json", "patients.parquet", "worklist.csv"):
        if not (folder / name).is_file():
            message = (
                f"{folder}: no {name} here. Give the folder that `endplate screen --out` wrote."
            )
            raise EndplateError(message)


def load_run(folder: Path, also: Iterable[str] = ()) -> RunFolder:
    """Read a run folder without its findings and texts.

    Parameters
    ----------
    also : iterable of str
        Patients to read who are not on the worklist; those the run does not know are left out.

    Raises
    ------
    EndplateError
        When this is no run folder, or one of its files cannot be read.
    """
    check_run(folder)
    try:
        run = json.loads((folder / "run.json").read_text("utf-8"))
    except ValueError as error:
        message = f"{folder / 'run.json'}: not readable as JSON. Run `endplate screen` again."
        raise EndplateError(message) from error
    clinic = read_worklist(folder / "worklist.csv")
    wanted = [*clinic, *also]
    rows = _parquet(folder / "patients.parquet", "patient_id", wanted)
    patients: dict[str, Row] = {row["patient_id"]: row for row in rows}
    return RunFolder(
        path=folder,
        run=run,
        census=_census(folder),
        patients=patients,
        worklist=tuple(patient for patient in clinic if patient in patients),
        clinic=clinic,
        studies=_grouped(_parquet(folder / "studies.parquet", "patient_id", wanted)),
        criteria=_grouped(_parquet(folder / "criteria.parquet", "patient_id", wanted)),
    )


def unlisted(folder: Path) -> list[Row]:
    """Return id, Modic and endplate cells and index report of those who are not on the list."""
    columns = ["patient_id", "modic", "endplate", "report_id"]
    return list(_parquet(folder / "patients.parquet", "verdict", ["not_candidate"], columns))


def _census(folder: Path) -> Census:
    table = _table(folder / "patients.parquet", columns=["verdict", "modic"])

    def counts(name: str) -> dict[str, int]:
        pairs = table.column(name).value_counts().to_pylist()
        return {str(pair["values"] or ""): pair["counts"] for pair in pairs}

    return Census(table.num_rows, counts("verdict"), counts("modic"))


def read_worklist(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a worklist by patient id, in their order."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [
            {k: csv_text(v or "") for k, v in row.items() if k} for row in csv.DictReader(lines)
        ]
    return {row["patient_id"]: row for row in rows}


def load_findings(folder: Path, report_ids: Iterable[str]) -> dict[str, list[Row]]:
    """Return the findings of some reports, each report's in the order of its text."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _parquet(folder / "findings.parquet", "report_id", report_ids):
        place = {"start": int(row["start"]), "end": int(row["end"])}
        told = {name: row.get(name) or "" for name in FINDING_COLUMNS} | place
        found[row["report_id"]].append(told)
    return {
        report: sorted(rows, key=lambda row: (row["start"], row["end"]))
        for report, rows in found.items()
    }


def _parquet(
    path: Path, column: str, wanted: Iterable[str], columns: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file with `wanted` in `column`; none if it is absent."""
    values = sorted(set(wanted))
    if not path.exists() or not values:
        return []
    rows: list[dict[str, Any]] = _table(path, columns, [(column, "in", values)]).to_pylist()
    return rows


def _table(path: Path, columns: list[str] | None = None, filters: Any = None) -> Any:
    """Return a Parquet file as an Arrow table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=columns, filters=filters)
    except (pa.ArrowException, OSError) as error:
        message = f"{path}: not readable as Parquet. Run `endplate screen` again."
        raise EndplateError(message) from error


def _grouped(rows: list[dict[str, Any]]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["patient_id"]].append(row)
    return dict(groups)
