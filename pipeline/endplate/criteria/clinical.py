"""Conditions on clinical facts, turned into functions of a :class:`View`.

Most patients share a few values, so the judgement of a value is remembered; only where the value
stands differs from patient to patient.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from endplate.criteria.asking import Ask
from endplate.criteria.conditions import ChoiceTest, ContainsTest, DateTest, NumberTest
from endplate.criteria.kleene import Truth, at_least
from endplate.criteria.outcome import Evidence, Gap, Outcome, unknown
from endplate.criteria.view import View, spell_value
from endplate.facts import FACTS

_REMEMBERED_VALUES: Final = 4096


def _ask_fact(name: str, judge_value: Callable[..., Outcome]) -> Ask:
    """Return the function that judges one fact by its value."""
    remembered = lru_cache(_REMEMBERED_VALUES, typed=True)(judge_value)
    silence = unknown(_silent_gap(name))
    label = FACTS[name].label

    def ask(view: View) -> Outcome:
        fact = view.facts.get(name)
        if fact is None:
            return silence
        if fact.value is None:
            return _unusable(view.evidence(fact), label)
        told = remembered(fact.value)
        return Outcome(told.truth, told.value, told.reason, view.evidence(fact), told.gaps)

    return ask


def _silent_gap(name: str) -> Gap:
    label = FACTS[name].label
    return Gap("clinical", f"{label}: not recorded", f"Ask or look up: {label}.", silent=True)


def _unusable(evidence: tuple[Evidence, ...], label: str) -> Outcome:
    """Return the outcome for a value that was set aside as impossible."""
    reason = f"{label}: the recorded value cannot be used"
    gap = Gap("clinical", reason, f"Correct the record: {label}.")
    return unknown(gap, value="unusable value", evidence=evidence)


def _wrong_kind(label: str, value: object) -> Outcome:
    reason = f"{label}: the recorded value is of the wrong kind"
    gap = Gap("clinical", reason, f"Correct the record: {label}.")
    return unknown(gap, value=spell_value(value))


def ask_number(test: NumberTest) -> Ask:
    """Return the function that compares a number; NaN and the impossible are unknown."""
    declared = FACTS[test.fact]
    factor = test.factor
    whole = test.fact == "age"  # "25 to 70 years" speaks of completed years

    def judge_value(value: object) -> Outcome:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return _wrong_kind(declared.label, value)
        seen = f"{value:g} {declared.unit}"
        if math.isnan(value) or not declared.lowest <= value <= declared.highest:
            gap = Gap(
                "clinical",
                f"{declared.label}: {seen} is impossible",
                f"Correct the record: {declared.label}.",
            )
            return unknown(gap, value=seen)
        number = (math.floor(value) if whole else value) / factor
        if test.grey is not None and test.grey.hold(number):
            reason = f"{declared.label} is {seen}: {test.grey.why}"
            settle = f"Decide on {declared.label} of {seen}; asked for is {test.said(test.unit)}."
            return unknown(Gap("clinical", reason, settle), value=seen)
        return Outcome(Truth.of(test.hold(number)), seen, f"{declared.label} is {seen}")

    return _ask_fact(test.fact, judge_value)


def ask_choice(test: ChoiceTest) -> Ask:
    """Return the function that looks whether a word is one of those wanted."""
    declared = FACTS[test.fact]

    def judge_value(value: object) -> Outcome:
        if value not in declared.values:
            return _wrong_kind(declared.label, value)
        seen = spell_value(value)
        return Outcome(Truth.of(value in test.is_), seen, f"{declared.label} is {seen}")

    return _ask_fact(test.fact, judge_value)


def ask_answer(name: str, *, wanted: bool) -> Ask:
    """Return the function that looks whether a yes/no fact is the one wanted."""
    label = FACTS[name].label

    def judge_value(value: object) -> Outcome:
        if not isinstance(value, bool):
            return _wrong_kind(label, value)
        seen = spell_value(value)
        return Outcome(Truth.of(value is wanted), seen, f"{label}: {seen}")

    return _ask_fact(name, judge_value)


def ask_coded(name: str) -> Ask:
    """Return the function that looks whether a flag of the code maps is raised."""
    label = name.replace("_", " ")
    gap = Gap("clinical", f"{label}: not coded", f"Ask or look up: {label}.", silent=True)
    silence = unknown(gap, value="not coded")

    def ask(view: View) -> Outcome:
        fact = view.facts.get(f"flag_{name}")
        if fact is None:
            return silence
        return Outcome(Truth.MET, f"{label} coded", f"{label} is coded", view.evidence(fact))

    return ask


def ask_contains(test: ContainsTest) -> Ask:
    """Return the function that looks how many of some words a set holds."""
    declared = FACTS[test.fact]
    unlisted = Truth.UNKNOWN if test.unlisted == "unknown" else Truth.NOT_MET
    count = test.at_least or len(test.of)

    def judge_value(value: object) -> Outcome:
        if not isinstance(value, frozenset):
            return _wrong_kind(declared.label, value)
        seen = spell_value(value) or "none"
        truth = at_least(count, (Truth.MET if w in value else unlisted for w in test.of))
        reason = f"{declared.label}: {seen}"
        if truth is not Truth.UNKNOWN:
            return Outcome(truth, seen, reason)
        missing = ", ".join(word.replace("_", " ") for word in test.of if word not in value)
        gap = Gap("clinical", f"{reason}; not listed: {missing}", f"Ask or look up: {missing}.")
        return unknown(gap, value=seen)

    return _ask_fact(test.fact, judge_value)


def ask_date(test: DateTest) -> Ask:
    """Return the function that looks how long before or after the index study a date lies."""
    label = FACTS[test.fact].label
    silence = unknown(_silent_gap(test.fact))
    undated = Gap(
        "report", "the date of the study is not known", "Look up the date of the lumbar MRI."
    )

    def ask(view: View) -> Outcome:
        fact = view.facts.get(test.fact)
        if fact is None:
            return silence
        evidence = view.evidence(fact)
        if not isinstance(fact.value, dt.date):
            return _unusable(view.evidence(fact), label)
        index = view.index.study_date if view.index else None
        if index is None:
            return unknown(undated, value=spell_value(fact.value), evidence=evidence)
        earlier, later = (fact.value, index) if test.side == "before" else (index, fact.value)
        truth = Truth.of(_in_window(test, earlier, later))
        days = abs((index - fact.value).days)
        side = "before" if fact.value <= index else "after"
        seen = f"{fact.value.isoformat()} ({days} days {side} the index study)"
        return Outcome(truth, seen, f"{label}: {seen}", evidence)

    return ask


def _in_window(test: DateTest, earlier: dt.date, later: dt.date) -> bool:
    """Return whether `later` lies so long after `earlier`; False when the order is reversed."""
    if later < earlier:
        return False

    def after(limit: float) -> dt.date:
        if test.unit == "months":
            return add_months(earlier, int(limit))
        return earlier + dt.timedelta(days=limit)

    return (
        (test.at_least is None or later >= after(test.at_least))
        and (test.above is None or later > after(test.above))
        and (test.at_most is None or later <= after(test.at_most))
        and (test.below is None or later < after(test.below))
    )


def add_months(date: dt.date, months: int) -> dt.date:
    """Return the same day so many calendar months later, or that month's last day."""
    years, month = divmod(date.month - 1 + months, 12)
    year = date.year + years
    if year > dt.MAXYEAR:
        return dt.date.max
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(date.day, last))
