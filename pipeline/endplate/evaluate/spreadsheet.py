"""Gold from a spreadsheet, a row for each Modic change: what sites can fill most easily."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Final

from endplate.codes import LEVELS, MODIC_TYPES, STATUSES
from endplate.errors import Problem
from endplate.evaluate.faults import shown, unknown
from endplate.evaluate.rows import GoldReport, GoldRow, Key

SPREADSHEET_COLUMNS: Final = ("report_id", "level", "modic_type", "status")

_LEVEL: Final = re.compile(r"([TDLS])\s?(\d{1,2})\s*[-–/]?\s*([TDLS]?)\s?(\d{1,2})", re.IGNORECASE)
_ROMAN: Final = {"I": "1", "II": "2", "III": "3"}
_A_DATE: Final = re.compile(
    r"\d{1,2}[-./ ]?(jan|feb|mar)|(jan|feb|mar)\w*[-./ ]?\d|\d{1,4}[-./]\d{1,2}[-./]\d|4\d{4}",
    re.IGNORECASE,
)


def from_spreadsheet(file: str, text: str, problems: list[Problem]) -> list[GoldReport]:
    """Return the reports of a spreadsheet's text; faults are added to `problems`."""
    header = text.split("\n", 1)[0]
    # spreadsheets of countries with a decimal comma write semicolons
    delimiter = max(",;\t", key=header.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = [(name or "").strip().lower() for name in table.fieldnames or ()]
    table.fieldnames = columns
    missing = [name for name in SPREADSHEET_COLUMNS if name not in columns]
    if missing or "finding" in columns:
        message = (
            "looks like a table of findings; give it with --findings"
            if "finding" in columns
            else f"has no column {', '.join(missing)}; needed: {', '.join(SPREADSHEET_COLUMNS)}"
        )
        problems.append(Problem(file, "line 1", message))
        return []
    rows: dict[str, list[GoldRow]] = {}
    lines: dict[str, int] = {}
    for cells in table:
        cells = {name: (cells.get(name) or "").strip() for name in SPREADSHEET_COLUMNS}
        if not any(cells.values()):
            continue
        wrong = [Problem(file, f"line {table.line_num}", fault) for fault in _cell_faults(cells)]
        problems.extend(wrong)
        if wrong:
            continue
        of_report = rows.setdefault(cells["report_id"], [])
        lines.setdefault(cells["report_id"], table.line_num)
        if cells["level"] or cells["modic_type"] or cells["status"]:
            level, modic = _level(cells["level"]), _modic_type(cells["modic_type"])
            status = cells["status"].lower() or "present"
            of_report.append(GoldRow(Key("modic_change", level or "", modic or "", status)))
    return [
        GoldReport(name, "", tuple(found), modic_only=True, line=lines[name])
        for name, found in rows.items()
    ]


def _cell_faults(cells: Mapping[str, str]) -> Iterable[str]:
    modic, level, status = cells["modic_type"], cells["level"], cells["status"].lower()
    if not cells["report_id"]:
        yield "has no report_id"
    if _A_DATE.match(modic):
        yield f"modic_type {shown(modic)}: the spreadsheet made a date of it; write 1+2 for 1/2"
    elif _modic_type(modic) is None:
        yield unknown("modic_type", modic, MODIC_TYPES, ", 1+2, 2+3, 1+3, I, II, III")
    if _level(level) is None:
        yield unknown("level", level, LEVELS, ", or nothing")
    if status and status not in STATUSES:
        yield unknown("status", status, STATUSES, ", or nothing (present)")


def _modic_type(cell: str) -> str | None:
    """Return the code of a cell (``1+2``, ``Type II``); None when it is no type."""
    if not cell:
        return "unspecified"
    parts = re.split(r"\s*[/+&,]\s*", re.sub(r"(?i)\b(modic|type|mixed)\b", "", cell).strip())
    code = "/".join(_ROMAN.get(part.upper(), part) for part in parts).lower()
    return code if code in MODIC_TYPES else None


def _level(cell: str) -> str | None:
    """Return the segment of a cell (``L4/5``, ``L5S1``, ``D12-L1``); None when it is no level."""
    if not cell:
        return ""
    match = _LEVEL.fullmatch(cell)
    if not match:
        return None
    region, upper, lower_region, lower = match.groups()
    lower_region = lower_region or ("S" if lower == "1" and region.upper() == "L" else region)
    level = f"{region}{int(upper)}-{lower_region}{int(lower)}".upper().replace("D", "T")
    return level if level in LEVELS else None
