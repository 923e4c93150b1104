"""Read a findings table, as Endplate or another extractor wrote it, for the reports of the gold."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from endplate.codes import FINDINGS, LEVELS, MODIC_TYPES, STATUSES
from endplate.errors import EndplateError, KnowledgeError, Problem
from endplate.evaluate.faults import unknown
from endplate.records import Finding
from endplate.tables import csv_text

_NEEDED: Final = ("report_id", "finding", "level", "modic_type", "status")
_NUMBERS: Final = ("start", "end")


def read_findings(path: str | Path, wanted: Collection[str]) -> list[Finding]:
    """Return the rows of a findings table that belong to `wanted` reports.

    Parameters
    ----------
    path : path
        ``.csv``, ``.parquet``, ``.jsonl`` or ``.ndjson`` with the columns of the findings table;
        all but report_id, finding, level, modic_type and status may be missing.
    wanted : collection of str
        Ids of the reports; the table may be that of a whole archive.

    Raises
    ------
    KnowledgeError
        With every row that holds an unknown code.
    EndplateError
        When the table cannot be read, or knows none of the reports.
    """
    path = Path(path)
    problems: list[Problem] = []
    findings = []
    rows = 0
    for number, row in _rows(path):
        rows += 1
        if not isinstance(row, Mapping) or any(name not in row for name in _NEEDED):
            message = f"{path.name}, row {number}: needs the columns {', '.join(_NEEDED)}"
            raise EndplateError(message)
        if str(row["report_id"]) in wanted:
            problems += [Problem(path.name, f"row {number}", fault) for fault in _faults(row)]
            findings.append(row)
    if problems:
        title = "The findings table cannot be used:"
        raise KnowledgeError(title, problems)
    if rows and wanted and not findings:
        message = f"{path.name}: no row has the id of a report of the gold; are they the same ids?"
        raise EndplateError(message)
    return [_finding(row) for row in findings]


def _rows(path: Path) -> Iterator[tuple[int, Any]]:
    suffix = path.suffix.lower()
    if not path.is_file():
        message = f"{path}: no such file"
        raise EndplateError(message)
    try:
        if suffix == ".parquet":
            rows = _parquet_rows(path)
        elif suffix == ".csv":
            rows = _csv_rows(path)
        elif suffix in (".jsonl", ".ndjson"):
            rows = _json_rows(path)
        else:
            message = f"{path}: findings are read from .csv, .parquet, .jsonl or .ndjson"
            raise EndplateError(message)
        yield from enumerate(rows, start=1)
    except (UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        kind = {".csv": "CSV in UTF-8"}.get(suffix, "JSON lines in UTF-8")
        message = f"{path}: is not {kind}"
        raise EndplateError(message) from error


def _csv_rows(path: Path) -> Iterator[Mapping[str, str]]:
    # a sentence may be as long as its report
    csv.field_size_limit(2**31 - 1)
    with path.open(newline="", encoding="utf-8-sig") as handle:
        for row in csv.DictReader(handle):
            yield {name: csv_text(cell) for name, cell in row.items() if isinstance(cell, str)}


def _json_rows(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8-sig") as handle:
        for line in handle:
            if line.strip():
                yield json.loads(line)


def _parquet_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches():
                yield from batch.to_pylist()
    except pa.ArrowInvalid as error:
        message = f"{path}: is not a Parquet file"
        raise EndplateError(message) from error


def _faults(row: Mapping[str, Any]) -> Iterator[str]:
    checks = [("finding", FINDINGS), ("status", STATUSES)]
    if row["level"]:
        checks.append(("level", LEVELS))
    if row["finding"] == "modic_change":
        checks.append(("modic_type", MODIC_TYPES))
    for column, codes in checks:
        if row[column] not in codes:
            yield unknown(column, row[column], codes)


def _finding(row: Mapping[str, Any]) -> Finding:
    cells: dict[str, Any] = {}
    for name in Finding._fields:
        cell = "" if row.get(name) is None else str(row[name])
        cells[name] = (int(cell) if cell.isdecimal() else 0) if name in _NUMBERS else cell
    return Finding(**cells)
