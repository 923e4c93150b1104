"""One patient as the criteria look at him: the index study's findings by code, and the facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from endplate.criteria.outcome import Evidence
from endplate.records import Case, Fact, Finding, Study

_MATURE_AT: Final = 18


class View:
    """A case, indexed once and shared by all packs."""

    __slots__ = ("_by_code", "_evidence", "_older", "case", "facts", "index", "memo")

    def __init__(self, case: Case) -> None:
        self.case = case
        self.facts = _with_maturity(case.facts)
        self.index: Study | None = case.index
        self._by_code: dict[str, list[Finding]] = {}
        self._older: dict[str, list[Finding]] | None = None
        self._evidence: dict[str, tuple[Evidence, ...]] = {}
        #: What imaging conditions have already found, so that packs that ask alike ask once.
        self.memo: dict[Any, Any] = {}
        if case.index is not None:
            for row in case.index.findings:
                self._by_code.setdefault(row.finding, []).append(row)

    def findings(self, *codes: str) -> list[Finding]:
        """Return the findings of the index study with one of some codes."""
        return _pick(self._by_code, codes)

    def evidence(self, fact: Fact) -> tuple[Evidence, ...]:
        """Return where a fact stands; worked out once per patient."""
        known = self._evidence.get(fact.name)
        if known is None:
            known = self._evidence[fact.name] = (fact_evidence(fact),)
        return known

    def older_findings(self, *codes: str) -> list[Finding]:
        """Return the findings of all other studies with one of some codes."""
        if self._older is None:
            self._older = {}
            for study in self.case.studies:
                if study is not self.index and study.report_status != "cancelled":
                    for row in study.findings:
                        self._older.setdefault(row.finding, []).append(row)
        return _pick(self._older, codes)


def _pick(by_code: Mapping[str, list[Finding]], codes: Iterable[str]) -> list[Finding]:
    found: list[Finding] = []
    for code in codes:
        if code in by_code:
            found += by_code[code]
    return found


def _with_maturity(facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    """Let 18 and over count as skeletally mature where nothing is said of it."""
    age = facts.get("age")
    if age is None or "skeletally_mature" in facts:
        return facts
    if not isinstance(age.value, (int, float)) or not age.value >= _MATURE_AT:
        return facts
    note = f"{_MATURE_AT} and over counts as mature"
    return {**facts, "skeletally_mature": age._replace(value=True, unit="", note=note)}


def finding_evidence(row: Finding) -> Evidence:
    """Return where a finding stands: report, offsets of the mention, and its sentence."""
    return Evidence("finding", f"{row.report_id}:{row.start}-{row.end}", row.sentence or row.text)


def fact_evidence(fact: Fact) -> Evidence:
    """Return where a fact stands (table, row, column), and its value with any note."""
    where = (fact.table, f"row {fact.row}" if fact.row else "", fact.column or fact.name)
    dated = f" on {fact.date.isoformat()}" if fact.date else ""
    note = f" ({fact.note})" if fact.note else ""
    return Evidence("fact", ", ".join(filter(None, where)), spell_value(fact.value) + dated + note)


def spell_value(value: object) -> str:
    """Return a fact's value as a clinician writes it."""
    if value is None:
        return "unusable value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:g}" if abs(value) < 1e6 else str(value)
    if isinstance(value, frozenset):
        return ", ".join(sorted(str(word) for word in value)).replace("_", " ")
    return str(value).replace("_", " ")


def place(row: Finding) -> str:
    """Return where in the spine a finding is: ``L4-L5``, ``L4 inferior endplate``, ``L4``."""
    plate = f" {row.endplate} endplate" if row.endplate in ("superior", "inferior") else ""
    if row.vertebra and plate:
        inside = f" ({row.level})" if row.level else ""
        return f"{row.vertebra}{plate}{inside}"
    return row.level or row.vertebra or "level not said"


@cache
def code_words(code: str) -> str:
    """Return a finding code in words: ``prior BVN ablation``."""
    return code.replace("_", " ").replace("schmorl", "Schmorl").replace("bvn", "BVN")
