"""The long tables of codes: conditions and procedures."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import Final, NamedTuple

from endplate.clinical.codemaps import CodeSystem, plain_code, plain_name
from endplate.clinical.desk import DateCells, Desk, Ranked, Sheet
from endplate.clinical.layout import LongLayout
from endplate.clinical.schema import CodeRule
from endplate.facts import FACTS
from endplate.records import Fact
from endplate.sources.notes import shown
from endplate.sources.table import Row, Table, cell_text

#: Codes in one cell, and what may stand before a code ("ICD-10-CM|M54.5").
_BETWEEN_CODES: Final = re.compile(r"[;,|:^]")
#: A CPT code with modifiers or as a number with a point ("64628-50", "64628.0").
_CPT: Final = re.compile(r"([0-9A-Z]{5})(?:\.0+|[- ].{0,20})?")
_MAX_CELL: Final = 200


class _Meaning(NamedTuple):
    """What a code cell stands for: its rules, each with the code that it was read from."""

    rules: tuple[tuple[CodeRule, str], ...]
    known_system: bool = True


class CodeTable:
    """Reads one table of codes into the desk's derived facts."""

    def __init__(self, layout: LongLayout, desk: Desk, sheet: Sheet) -> None:
        self._layout, self._desk, self._sheet = layout, desk, sheet
        self._default: CodeSystem = "icd10cm" if layout.kind == "conditions" else "cpt"
        self._systems: dict[str, CodeSystem] = {
            plain_name(name): "icd10cm" if system == "icd10cm" else "cpt"
            for system, names in desk.maps.tables.systems.items()
            for name in names
        }
        self._parents = desk.maps.parent_codes()
        self._meanings: dict[tuple[str, str], _Meaning] = {}
        self._dates = DateCells(desk, sheet)
        self._other_systems: Counter[str] = Counter()

    def read(self, table: Table) -> None:
        """Read all rows."""
        account, layout = self._sheet.account, self._layout
        for row in table.rows(layout.needed):
            patient = self._desk.patient_of(row, layout.patient, self._sheet)
            if patient is None:
                continue
            meaning = self._meaning(row)
            if not meaning.rules:
                account.irrelevant += 1
                continue
            index = self._desk.index_dates[patient]
            day = self._dates.read(row, patient, layout.date)
            applied = [
                self._apply(rule, code, row, patient, day, index) for rule, code in meaning.rules
            ]
            if any(applied):
                account.used += 1
            else:
                account.outside_window += 1
        if self._other_systems:
            systems = ", ".join(shown(name) for name, _ in self._other_systems.most_common(5))
            rows = self._other_systems.total()
            message = f"{rows:,} rows in code systems that are not read ({systems}); "
            self._sheet.notes.once(message + "read are ICD-10-CM and CPT/HCPCS")

    def _meaning(self, row: Row) -> _Meaning:
        code = cell_text(row.cells.get(self._layout.code))
        system = cell_text(row.cells.get(self._layout.system)) if self._layout.system else ""
        key = (system, code)
        meaning = self._meanings.get(key)
        if meaning is None:
            meaning = self._meanings[key] = self._look_up(system.strip(), code[:_MAX_CELL])
        if not meaning.known_system:
            self._other_systems[system] += 1
        return meaning

    def _look_up(self, system_name: str, cell: str) -> _Meaning:
        system = self._systems.get(plain_name(system_name)) if system_name else self._default
        if system is None:
            return _Meaning((), known_system=False)
        rules: dict[str, tuple[CodeRule, str]] = {}
        for part in _BETWEEN_CODES.split(cell):
            code = part.strip().upper()
            if system == "cpt":
                match = _CPT.fullmatch(code)
                plain = match[1] if match else ""
            else:
                plain = plain_code(code)
            for rule in self._desk.maps.rules_of(system, plain):
                rules.setdefault(rule.id, (rule, code))
            if system == "icd10cm" and plain in self._parents:
                message = f"{code} is no longer a billable code; read as the group above its leaves"
                self._sheet.notes.once(message)
        return _Meaning(tuple(rules.values()))

    def _apply(
        self,
        rule: CodeRule,
        code: str,
        row: Row,
        patient: str,
        day: dt.date | None,
        index: dt.date | None,
    ) -> bool:
        """Let a row count for a rule, if it lies in the rule's window; return whether it does."""
        if not self._counts(rule, row, patient, day, index):
            return False
        name = rule.sets
        rank = (-self._desk.maps.rank[rule.id] if rule.date_fact else 0, _ordinal(day), -row.number)
        found = self._desk.derived.setdefault(patient, {})
        known = found.get(name)
        kind = FACTS[rule.fact].kind if rule.fact else "answer"
        if kind == "set":
            found[name] = self._added(known, rank, rule, code, row, day)
        elif known is None or rank > known[0]:
            value = True if rule.flag or rule.value == "yes" else rule.value
            value = False if rule.value == "no" else value
            found[name] = (rank, self._fact(name, value, rule, code, row, day))
            if rule.date_fact:
                if day is None:
                    found.pop(rule.date_fact, None)
                else:
                    dated = self._fact(rule.date_fact, day, rule, code, row, day)
                    found[rule.date_fact] = (rank, dated)
        return True

    def _counts(
        self,
        rule: CodeRule,
        row: Row,
        patient: str,
        day: dt.date | None,
        index: dt.date | None,
    ) -> bool:
        end = None
        if rule.active:
            end = self._dates.read(row, patient, self._layout.end_date)
            # A visit ends on its day; that is no end of the condition.
            if end is not None and day is not None and end <= day:
                end = None
        if index is None or day is None:
            return rule.unlimited and end is None
        if end is not None:
            return day <= index <= end or (rule.after_days is None and day > index)
        return rule.holds((day - index).days)

    def _added(
        self,
        known: Ranked | None,
        rank: tuple[int, ...],
        rule: CodeRule,
        code: str,
        row: Row,
        day: dt.date | None,
    ) -> Ranked:
        """Return a set with one more word; the newest row stands for it."""
        words = frozenset((rule.value,))
        if known is not None and isinstance(known[1].value, frozenset):
            words |= known[1].value
            if known[0] >= rank:
                return known[0], known[1]._replace(value=words)
        return rank, self._fact(rule.fact, words, rule, code, row, day)

    def _fact(
        self, name: str, value: object, rule: CodeRule, code: str, row: Row, day: dt.date | None
    ) -> Fact:
        note = f"code {code}" if rule.checked else f"code {code}, from a list not checked"
        return Fact(name, value, "", day, self._sheet.name, row.number, self._layout.code, note)


def _ordinal(day: dt.date | None) -> int:
    return day.toordinal() if day else 0
