"""The cases of ``tests/cases``: read them, and hold what the reader found against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from endplate.records import Finding
from markup import Row, make_rows, parse

FOLDER: Final = Path(__file__).parent / "cases"
HELD_OUT: Final = FOLDER / "heldout"
#: Case id -> why it fails. Apart from the cases, so that a held-out one can be marked unread.
KNOWN_FAILURES: Final = Path(__file__).parent / "known_failures.yaml"


class Case(NamedTuple):
    """A passage, the rows that it must give, and why it fails, if that is known."""

    id: str
    phenomenon: str
    held_out: bool
    text: str
    rows: tuple[Row, ...]
    known_failure: str


class Comparison(NamedTuple):
    """What the reader got right and wrong in one case, as keys, and faults of the other columns."""

    right: frozenset[tuple[str, ...]]
    missed: frozenset[tuple[str, ...]]
    wrong: frozenset[tuple[str, ...]]
    faults: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether the set of rows is that of the gold."""
        return not self.missed and not self.wrong


def load_cases() -> list[Case]:
    """Read every case file; a case that cannot be read names itself."""
    known = load_known_failures()
    return [
        _case(entry, path, known)
        for path in sorted(FOLDER.rglob("*.yaml"))
        for entry in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["cases"]
    ]


def load_known_failures() -> dict[str, str]:
    """Read which cases are known to fail, and why."""
    return yaml.load(KNOWN_FAILURES.read_text("utf-8"), yaml.CSafeLoader) or {}


def _case(entry: Mapping, path: Path, known: Mapping[str, str]) -> Case:
    if unknown := entry.keys() - {"id", "text", "also"}:
        msg = f"{path.name}, case {entry['id']}: unknown entry {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    try:
        text, rows = parse(entry["text"])
        for row in entry.get("also", ()):
            attributes = {name: str(value) for name, value in row.items() if name != "finding"}
            rows += make_rows(row["finding"], attributes)
    except ValueError as error:
        msg = f"{path.name}, case {entry['id']}: {error}"
        raise ValueError(msg) from error
    held_out = path.parent == HELD_OUT
    return Case(entry["id"], path.stem, held_out, text, tuple(rows), known.get(entry["id"], ""))


def compare(case: Case, findings: Iterable[Finding]) -> Comparison:
    """Compare as scoring does, by sets of keys; then place and further columns of each row."""
    found: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        modic = finding.modic_type if finding.finding == "modic_change" else ""
        key = (finding.finding, finding.level, modic, finding.status)
        found.setdefault(key, []).append(finding)
    must = {row.key for row in case.rows if not row.optional}
    may = {row.key for row in case.rows if row.optional}
    faults = []
    for row in case.rows:
        candidates = found.get(row.key, [])
        if row.optional or not candidates:
            continue
        if row.start >= 0:
            candidates = [c for c in candidates if c.start < row.end and row.start < c.end]
            if not candidates:
                faults.append(f"{_line(row.key)}: not at {case.text[row.start : row.end]!r}")
                continue
        for name, value in row.checks.items():
            values = {getattr(candidate, name).casefold() for candidate in candidates}
            if ("" if value == "-" else value.casefold()) not in values:
                faults.append(f"{_line(row.key)}: {name} is {sorted(values)}, not {value!r}")
    return Comparison(
        frozenset(must & found.keys()),
        frozenset(must - found.keys()),
        frozenset(found.keys() - must - may),
        tuple(faults),
    )


def describe(case: Case, comparison: Comparison) -> str:
    """Tell what differs, for the failure message and the score's error list."""
    lines = [f"--- {case.id} ({case.phenomenon})", case.text]
    lines += [f"  missed  {_line(key)}" for key in sorted(comparison.missed)]
    lines += [f"  wrong   {_line(key)}" for key in sorted(comparison.wrong)]
    lines += [f"  fault   {fault}" for fault in comparison.faults]
    return "\n".join(lines)


def _line(key: tuple[str, ...]) -> str:
    return " ".join(part for part in key if part)
