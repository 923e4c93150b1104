"""Read a site's gold: JSON lines with findings, or a spreadsheet with Modic changes only.

Every problem of every file is told at once, with its line and what is allowed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from endplate.codes import FINDINGS, LEVELS, MODIC_TYPES, STATUSES
from endplate.errors import EndplateError, KnowledgeError, Problem
from endplate.evaluate.faults import shown, unknown
from endplate.evaluate.rows import DETAILS, GoldReport, GoldRow, Key
from endplate.evaluate.spreadsheet import from_spreadsheet


class GoldFile(NamedTuple):
    """The annotated reports of one file. ``name`` heads its tables; ``sha256`` tells its state."""

    name: str
    sha256: str
    reports: tuple[GoldReport, ...]


def load_gold(paths: Sequence[str | Path], *, need_text: bool = False) -> list[GoldFile]:
    """Read gold files.

    Parameters
    ----------
    paths : sequence of path
        ``.jsonl`` or ``.ndjson``: one object a line with ``id``, ``text`` and ``findings``.
        ``.csv`` or ``.tsv``: a row for each Modic change with ``report_id``, ``level``,
        ``modic_type``, ``status``; a row with only the id is a report without any.
    need_text : bool
        Whether a report without its text is a problem, as the reader has to read it.

    Raises
    ------
    KnowledgeError
        With every problem of every file.
    EndplateError
        When a file cannot be read at all.
    """
    problems: list[Problem] = []
    files = []
    for path, name in zip(map(Path, paths), _names(paths), strict=True):
        content = _content(path)
        text = _decoded(path, content, problems)
        reports = (
            from_spreadsheet(path.name, text, problems)
            if path.suffix.lower() in (".csv", ".tsv")
            else _from_json_lines(path.name, text, problems)
        )
        if need_text:
            problems += _without_text(path.name, reports)
        files.append(GoldFile(name, hashlib.sha256(content).hexdigest(), tuple(reports)))
        if not reports and not problems:
            problems.append(Problem(path.name, "", "holds no report"))
    if problems:
        title = f"The gold cannot be used, {len(problems)} problem(s):"
        raise KnowledgeError(title, problems)
    return files


def with_texts(gold: Sequence[GoldFile], texts: Mapping[str, str]) -> list[GoldFile]:
    """Return the gold with the texts of `texts` (by id) where it has none of its own.

    Raises
    ------
    KnowledgeError
        With every report that still has no text.
    """
    filled = []
    problems: list[Problem] = []
    for file in gold:
        reports = tuple(
            report._replace(text=report.text or texts.get(report.report_id, ""))
            for report in file.reports
        )
        problems += _without_text(file.name, reports)
        filled.append(file._replace(reports=reports))
    if problems:
        title = "The gold cannot be used, texts are missing:"
        raise KnowledgeError(title, problems)
    return filled


def _without_text(file: str, reports: Iterable[GoldReport]) -> list[Problem]:
    message = "has no text; give texts with --reports or findings with --findings"
    return [
        Problem(file, f"line {report.line}", f"report {shown(report.report_id)} {message}")
        for report in reports
        if not report.text.strip()
    ]


def _names(paths: Sequence[str | Path]) -> list[str]:
    stems = [Path(path).stem for path in paths]
    return [
        stem if stems.count(stem) == 1 else f"{Path(path).resolve().parent.name}/{stem}"
        for path, stem in zip(paths, stems, strict=True)
    ]


def _content(path: Path) -> bytes:
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        message = f"{path}: a workbook cannot be read; save the sheet as CSV UTF-8"
        raise EndplateError(message)
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        message = f"{path}: no such file"
        raise EndplateError(message) from error
    except IsADirectoryError as error:
        message = f"{path}: is a folder; name the gold files in it"
        raise EndplateError(message) from error


def _decoded(path: Path, content: bytes, problems: list[Problem]) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path.name, f"line {line}", "is not UTF-8; save it as UTF-8"))
        return ""


def _from_json_lines(file: str, text: str, problems: list[Problem]) -> list[GoldReport]:
    reports = []
    first_line: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        wrong = [Problem(file, f"line {number}", message) for message in _faults(line)]
        if wrong:
            problems.extend(wrong)
            continue
        report = _report_of(json.loads(line), number)
        if report.report_id in first_line:
            message = f"id {shown(report.report_id)} is on line {first_line[report.report_id]} too"
            problems.append(Problem(file, f"line {number}", message))
        first_line.setdefault(report.report_id, number)
        reports.append(report)
    return reports


def _faults(line: str) -> Iterator[str]:
    """Yield what is wrong with one line of JSON."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        column = f" (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        yield f"is not JSON{column}; one object a line: id, text, findings"
        return
    if not isinstance(record, dict):
        yield "is not an object; one object a line: id, text, findings"
        return
    if not str(record.get("id") or "").strip() or isinstance(record["id"], (dict, list, bool)):
        yield "has no id; give each report its own id as text"
    if not isinstance(record.get("text", ""), str):
        yield "text must be the report as text"
    findings = record.get("findings")
    if not isinstance(findings, list):
        yield "has no list of findings; write [] for a report without any"
        return
    for index, row in enumerate(findings):
        for message in _row_faults(row):
            yield f"findings[{index}]: {message}"


def _row_faults(row: Any) -> Iterator[str]:
    if not isinstance(row, dict):
        yield "must be an object with finding, level, modic_type, status"
        return
    columns = [("finding", FINDINGS), ("status", STATUSES)]
    if row.get("level"):
        columns.append(("level", LEVELS))
    if row.get("finding") == "modic_change":
        columns.append(("modic_type", MODIC_TYPES))
    for column, codes in columns:
        if row.get(column) not in codes:
            yield unknown(column, row.get(column), codes)
    if not isinstance(row.get("optional"), (bool, type(None))):
        yield f"optional {shown(row['optional'])} must be true or false"


def _report_of(record: Mapping[str, Any], line: int) -> GoldReport:
    rows = []
    for row in record["findings"]:
        modic = row.get("modic_type") or "" if row["finding"] == "modic_change" else ""
        key = Key(row["finding"], row.get("level") or "", modic, row["status"])
        details = {name: str(row[name] or "") for name in DETAILS if name in row}
        rows.append(GoldRow(key, bool(row.get("optional")), details))
    return GoldReport(str(record["id"]), record.get("text", ""), tuple(rows), line=line)
