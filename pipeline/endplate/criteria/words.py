"""Conditions in words: what the ``threshold`` of a criterion says."""

from __future__ import annotations

from collections.abc import Sequence

from endplate.codes import LEVELS
from endplate.criteria.conditions import (
    BodiesTest,
    Condition,
    ContainsTest,
    DateTest,
    FindingTest,
    ModicTest,
    NumberTest,
)
from endplate.facts import FACTS


def say_condition(condition: Condition, *, inside: bool = False) -> str:
    """Return a condition in words, bracketed when it is a group inside another one."""
    test = condition.test
    match condition.kind:
        case "all":
            words = " and ".join(say_condition(part, inside=True) for part in test)
        case "any":
            words = " or ".join(say_condition(part, inside=True) for part in test)
        case "at_least":
            parts = ", ".join(say_condition(part, inside=True) for part in test.of)
            words = f"at least {test.n} of: {parts}"
        case "not_":
            return f"not {say_condition(test, inside=True)}"
        case "number":
            return _say_number(test)
        case "choice":
            return f"{FACTS[test.fact].label}: {_or(test.is_)}"
        case "contains":
            return _say_contains(test)
        case "answered_yes":
            return f"{FACTS[test].label}: yes"
        case "answered_no":
            return f"{FACTS[test].label}: no"
        case "coded":
            return f"{test.replace('_', ' ')} coded"
        case "date":
            return _say_date(test)
        case "finding":
            return _say_finding(test)
        case "modic":
            return _say_modic(test)
        case "bodies":
            return _say_bodies(test)
        case _:
            return str(test.question)
    return f"({words})" if inside and len(condition.parts) > 1 else words


def _or(words: Sequence[str]) -> str:
    return " or ".join(word.replace("_", " ") for word in words)


def _say_number(test: NumberTest) -> str:
    grey = f" (open: {test.grey.said(test.unit)}, {test.grey.why})" if test.grey else ""
    return f"{FACTS[test.fact].label} {test.said(test.unit)}{grey}"


def _say_contains(test: ContainsTest) -> str:
    listed = ", ".join(word.replace("_", " ") for word in test.of)
    if test.at_least is None or test.at_least == len(test.of):
        amount = "" if len(test.of) == 1 else "all of "
    else:
        amount = f"at least {test.at_least} of "
    return f"{FACTS[test.fact].label}: {amount}{listed}"


def _say_date(test: DateTest) -> str:
    limits = test.said(test.unit) if test.limited else "any time"
    return f"{FACTS[test.fact].label} {limits} {test.side} the index study"


def _say_finding(test: FindingTest) -> str:
    words = _or(test.code)
    if test.acuity:
        words = f"{_or(test.acuity)} {words}"
    if test.grade:
        words += f", {_or(test.grade)}"
    if test.size_mm:
        words += f" {test.size_mm.said('mm')}"
    if test.vertebra:
        words += f" of {_or(test.vertebra)}"
    if test.endplate:
        words += f", {_or(test.endplate)} endplate"
    if test.level:
        words += f" at {_levels(test.level, test.levels)}"
    if test.basis:
        words += f", {_or(test.basis)}"
    if test.status:
        words += f", {_or(test.status)}"
    if test.section:
        words += f" in the {_or(test.section)}"
    if test.past:
        words += ", now or in the past"
    if test.studies == "any":
        words += ", on any study"
    if test.review:
        words += " (for review)"
    return words


def _levels(levels: Sequence[str], which: str) -> str:
    return (" and " if which == "all" else ", ").join(levels)


def _say_modic(test: ModicTest) -> str:
    where = (
        f"at {_levels(test.level, test.levels)}"
        if test.level
        else f"outside {', '.join(test.outside)}"
    )
    if test.endplate:
        where += f", {_or(test.endplate)} endplate"
    also = ", described or named" if test.described == "accepted" else ""
    return f"Modic type {' or '.join(test.types)} {where}{also}"


def _say_bodies(test: BodiesTest) -> str:
    where = f" at {', '.join(test.level)}" if test.level and test.level != LEVELS else ""
    kind = f"Modic type {' or '.join(test.types)}{where}"
    if test.adjacent is not None:
        return f"bodies with {kind} {'adjacent' if test.adjacent else 'not adjacent'}"
    return f"bodies with {kind}: {test.said()}"
