"""One set of facts per patient: wide cells over derived facts, and what follows from others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from endplate.clinical.desk import Desk
from endplate.facts import FACTS
from endplate.records import Fact

#: At this age a skeleton counts as mature where nothing is recorded (the case guideline).
MATURE_AGE: Final = 18

#: Reports a contradiction: the fact that gives way, and why.
OnContradiction = Callable[[str, Fact, str], None]

_DISPUTE: Final = " says "


def is_disputed(fact: Fact) -> bool:
    """Return whether another cell or row says something else than a fact."""
    return _DISPUTE in fact.note


def combine(desk: Desk, on_contradiction: OnContradiction) -> dict[str, dict[str, Fact]]:
    """Return patient → name → fact; the desk's wide facts are taken over, not copied."""
    combined = desk.wide
    for patient, ranked in desk.derived.items():
        facts = combined.setdefault(patient, {})
        for name, (_, derived) in ranked.items():
            facts[name] = _outranking(facts.get(name), derived, (patient, name) in desk.torn)
    for patient, facts in combined.items():
        _add_consequences(patient, facts, desk.index_dates[patient], on_contradiction)
    return combined


def _outranking(wide: Fact | None, derived: Fact, torn: bool) -> Fact:
    """Return the fact that stands: a wide cell, unless it cannot be used; disagreement is noted."""
    if wide is None:
        return derived
    if derived.value is None or torn or _agree(wide.value, derived.value):
        return wide
    if wide.value is None:
        note = f"{wide.table}, row {wide.row}, column {wide.column} was set aside"
        return derived._replace(note="; ".join(filter(None, (derived.note, note))))
    return wide._replace(note=f"{_where(derived)}{_DISPUTE}{_spelt(derived.value)}")


def _agree(wide: object, derived: object) -> bool:
    """Return whether a derived value says nothing against a wide one."""
    if isinstance(wide, frozenset) and isinstance(derived, frozenset):
        return derived <= wide
    return wide == derived


def _where(fact: Fact) -> str:
    dated = f" ({fact.date.isoformat()})" if fact.date else ""
    told = f", {fact.note}" if fact.note else ""
    return f"{fact.table}, row {fact.row}{told}{dated}"


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _add_consequences(
    patient: str,
    facts: dict[str, Fact],
    index: dt.date | None,
    on_contradiction: OnContradiction,
) -> None:
    """Add age, duration and maturity, which follow from other facts and the index date."""
    _add_span(patient, facts, "birth_date", "age", index, on_contradiction)
    _add_span(patient, facts, "back_pain_onset", "back_pain_months", index, on_contradiction)
    age, mature = _number(facts, "age"), facts.get("skeletally_mature")
    if mature is None and age is not None and age >= MATURE_AGE:
        source = facts["age"]
        note = f"follows from an age of {age:g}"
        facts["skeletally_mature"] = source._replace(
            name="skeletally_mature", value=True, unit="", note=note
        )
    pregnant, sex = facts.get("pregnant"), facts.get("sex")
    if pregnant and pregnant.value is True and sex and sex.value == "male":
        reason = f"contradicts {_where(sex)}, sex male"
        on_contradiction(patient, pregnant, reason)
        facts["pregnant"] = pregnant._replace(value=None, note=reason)


def _add_span(
    patient: str,
    facts: dict[str, Fact],
    start_name: str,
    name: str,
    index: dt.date | None,
    on_contradiction: OnContradiction,
) -> None:
    """Derive a duration at the index study from its start.

    A date of birth is surer than an age that somebody wrote down; a duration that somebody wrote
    down is surer than one counted from an onset, as pain may have paused.
    """
    start = facts.get(start_name)
    if start is None or index is None or not isinstance(start.value, dt.date):
        return
    label = FACTS[start_name].label
    if start.value > index:
        reason = f"lies after the index study of {index.isoformat()}"
        on_contradiction(patient, start, reason)
        note = f"{label} {start.value.isoformat()} {reason}"
        facts.setdefault(name, start._replace(name=name, value=None, note=note))
        return
    months = months_between(start.value, index)
    counted = float(months // 12 if name == "age" else months)
    written = _number(facts, name)
    note = f"counted from {label}"
    derived = start._replace(name=name, value=counted, unit=FACTS[name].unit, note=note)
    if written is None:
        facts[name] = derived
    elif abs(written - counted) > 1:
        kept = derived if name == "age" else facts[name]
        other = facts[name] if name == "age" else derived
        note = f"{_where(other)}{_DISPUTE}{_spelt(other.value)}"
        facts[name] = kept._replace(note=note)
    elif name == "age":
        facts[name] = derived


def months_between(start: dt.date, end: dt.date) -> int:
    """Return the completed calendar months from one day to a later one."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def _number(facts: Mapping[str, Fact], name: str) -> float | None:
    fact = facts.get(name)
    return fact.value if fact is not None and isinstance(fact.value, float) else None
