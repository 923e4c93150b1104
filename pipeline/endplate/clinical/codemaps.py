"""The code maps under ``models/codes``: what codes, names, units and column names stand for.

All files are validated together; every fault is listed at once. A map names facts of
:mod:`endplate.facts`, or flags, which are shown to the reader and decide nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from endplate.clinical.schema import CodeFile, CodeRule, ColumnFile, Flag, MeasureFile, TableFile
from endplate.errors import KnowledgeError, Problem
from endplate.facts import FACTS
from endplate.knowledge import content_hash, models_dir

CodeSystem = Literal["icd10cm", "cpt"]
_M = TypeVar("_M", bound=BaseModel)


class CodeMaps:
    """All maps of one folder, ready for look-up.

    Parameters
    ----------
    folder : Path
        Holds ``columns.yaml``, ``tables.yaml``, ``conditions.yaml``, ``procedures.yaml``,
        ``observations.yaml`` and the checked list ``icd10cm.csv``.

    Raises
    ------
    KnowledgeError
        Lists every fault of every file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        problems: list[Problem] = []
        columns = _load(folder / "columns.yaml", ColumnFile, problems)
        tables = _load(folder / "tables.yaml", TableFile, problems)
        conditions = _load(folder / "conditions.yaml", CodeFile, problems)
        procedures = _load(folder / "procedures.yaml", CodeFile, problems)
        measures = _load(folder / "observations.yaml", MeasureFile, problems)
        checked = _checked_codes(folder / "icd10cm.csv", problems)
        if columns:
            problems += _column_faults(columns)
        if measures:
            problems += _measure_faults(measures)
        if columns and measures:
            problems += _unit_faults(columns, measures)
        for name, file in (("conditions.yaml", conditions), ("procedures.yaml", procedures)):
            problems += _rule_faults(name, file) if file else ()
        if conditions:
            problems += _unchecked_codes(conditions, checked)
        if problems or not (columns and tables and conditions and procedures and measures):
            title = "The code maps cannot be used:"
            raise KnowledgeError(title, problems)
        self.columns, self.tables, self.measures = columns, tables, measures.facts
        self.flags: Mapping[str, Flag] = {**conditions.flags, **procedures.flags}
        self._rules = {"icd10cm": conditions.rules, "cpt": procedures.rules}
        self.versions = {
            "columns": columns.version,
            "tables": tables.version,
            "conditions": conditions.version,
            "procedures": procedures.version,
            "observations": measures.version,
        }

    @cached_property
    def hash(self) -> str:
        """The SHA-256 of the folder."""
        return content_hash(self.folder)

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each rule in its file: of rules that set one choice the first wins."""
        return {
            rule.id: place for rules in self._rules.values() for place, rule in enumerate(rules)
        }

    @cached_property
    def _exact(self) -> dict[str, dict[str, list[CodeRule]]]:
        found: dict[str, dict[str, list[CodeRule]]] = {}
        for system, rules in self._rules.items():
            table = found.setdefault(system, {})
            for rule in rules:
                for code in {plain_code(code) for code in (*rule.codes, *rule.parents)}:
                    table.setdefault(code, []).append(rule)
        return found

    @cached_property
    def _prefixes(self) -> list[tuple[str, CodeRule]]:
        rules = self._rules["icd10cm"]
        return [(plain_code(prefix), rule) for rule in rules for prefix in rule.prefixes]

    def rules_of(self, system: CodeSystem, code: str) -> tuple[CodeRule, ...]:
        """Return the rules that a plain code (no dots, upper case) falls under."""
        found = list(self._exact[system].get(code, ()))
        if system == "icd10cm":
            found += [
                rule
                for prefix, rule in self._prefixes
                if code.startswith(prefix) and rule not in found
            ]
        return tuple(found)

    def parent_codes(self) -> frozenset[str]:
        """Return the plain codes that are no billable leaf any more."""
        rules = self._rules["icd10cm"]
        return frozenset(plain_code(code) for rule in rules for code in rule.parents)


@cache
def code_maps(folder: Path | None = None) -> CodeMaps:
    """Return the shipped code maps, or those of another folder."""
    return CodeMaps(folder or models_dir() / "codes")


def plain_code(code: str) -> str:
    """Return a code without dots and blanks, in upper case."""
    return re.sub(r"[.\s]", "", code).upper()


def plain_name(name: str) -> str:
    """Return a name without case, blanks and punctuation other than signs that tell names apart."""
    return re.sub(r"[^\w%/+]|_", "", name.casefold())


def _load(path: Path, model: type[_M], problems: list[Problem]) -> _M | None:
    import yaml

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return model.model_validate(data)
    except ValidationError as error:
        problems += [
            Problem(path.name, ".".join(map(str, fault["loc"])), fault["msg"])
            for fault in error.errors()
        ]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(Problem(path.name, "", " ".join(str(error).split())))
    return None


def _checked_codes(path: Path, problems: list[Problem]) -> frozenset[str]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return frozenset(plain_code(row["code"]) for row in csv.DictReader(handle))
    except (OSError, KeyError) as error:
        problems.append(Problem(path.name, "", f"cannot be read: {error}"))
        return frozenset()


def _column_faults(columns: ColumnFile) -> Iterator[Problem]:
    file = "columns.yaml"
    for fact in FACTS.keys() - columns.names.keys():
        yield Problem(file, "names", f"{fact} is missing")
    for fact in columns.names.keys() - FACTS.keys():
        yield Problem(file, f"names.{fact}", f"no such fact; known are {_list(FACTS)}")
    for fact, words in columns.words.items():
        allowed = FACTS[fact].values if fact in FACTS else ()
        for word in words.keys() - set(allowed):
            yield Problem(file, f"words.{fact}.{word}", f"allowed are {_list(allowed)}")
    for answer in columns.answers.keys() ^ {"yes", "no"}:
        yield Problem(file, f"answers.{answer}", "there must be yes and no, and nothing else")
    owner: dict[str, str] = {}
    for fact, names in columns.names.items():
        for name in map(plain_name, (fact, *names)):
            if owner.setdefault(name, fact) != fact:
                yield Problem(file, f"names.{fact}", f"{name!r} also stands for {owner[name]}")


def _unit_faults(columns: ColumnFile, measures: MeasureFile) -> Iterator[Problem]:
    for name, other in columns.in_other_units.items():
        measure = measures.facts.get(other.fact)
        if measure is None:
            message = f"{other.fact!r} has no units in observations.yaml"
        elif other.unit not in measure.units:
            message = f"unit {other.unit!r} is not one of {_list(measure.units)}"
        else:
            continue
        yield Problem("columns.yaml", f"in_other_units.{name}", message)


def _measure_faults(measures: MeasureFile) -> Iterator[Problem]:
    file = "observations.yaml"
    for fact, measure in measures.facts.items():
        if fact not in FACTS or FACTS[fact].kind != "number":
            yield Problem(file, f"facts.{fact}", "no such numeric fact")
        for name, unit in measure.named_units.items():
            if name not in measure.names or unit not in measure.units:
                where = f"facts.{fact}.named_units.{name}"
                yield Problem(file, where, "name or unit is not listed above")


def _rule_faults(name: str, file: CodeFile) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, rule in enumerate(file.rules):
        where = f"rules[{place}] ({rule.id})"
        if rule.id in seen:
            yield Problem(name, where, "this id is taken")
        seen.add(rule.id)
        if bool(rule.fact) == bool(rule.flag):
            yield Problem(name, where, "give either fact or flag")
        elif rule.flag:
            if rule.flag not in file.flags:
                flags = _list(file.flags)
                yield Problem(name, where, f"no such flag {rule.flag!r}; known are {flags}")
        else:
            yield from _fact_faults(name, where, rule)


def _fact_faults(name: str, where: str, rule: CodeRule) -> Iterator[Problem]:
    fact = FACTS.get(rule.fact)
    if fact is None:
        yield Problem(name, where, f"no such fact {rule.fact!r}; known are {_list(FACTS)}")
        return
    allowed = ("yes", "no") if fact.kind == "answer" else fact.values
    if rule.value not in allowed:
        yield Problem(name, where, f"value {rule.value!r} of {rule.fact} is not {_list(allowed)}")
    if rule.date_fact and (rule.date_fact not in FACTS or FACTS[rule.date_fact].kind != "date"):
        yield Problem(name, where, f"date_fact {rule.date_fact!r} is no date")


def _unchecked_codes(file: CodeFile, checked: frozenset[str]) -> Iterator[Problem]:
    for place, rule in enumerate(file.rules):
        where = f"rules[{place}] ({rule.id})"
        for code in rule.codes:
            if plain_code(code) not in checked:
                yield Problem("conditions.yaml", where, f"{code} is not in icd10cm.csv")
        for prefix in (*rule.prefixes, *rule.parents):
            if not any(code.startswith(plain_code(prefix)) for code in checked):
                message = f"no code of icd10cm.csv begins with {prefix}"
                yield Problem("conditions.yaml", where, message)


def _list(words: Iterable[str]) -> str:
    return ", ".join(repr(word) for word in words)
