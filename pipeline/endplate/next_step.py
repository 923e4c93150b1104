"""What a coordinator does next with a patient, in sentences: what to ask, look at, confirm."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from endplate.clinical import FLAG, is_disputed
from endplate.clinical.schema import Flag
from endplate.criteria import CriterionResult, Judgement, Truth
from endplate.facts import FACTS
from endplate.records import Case, Fact
from endplate.studies import numbering_drift
from endplate.summary import red_flag_rows

#: The flag that every pack carries for dangers; the urgent sentence speaks of them.
_RED_FLAG: Final = "red_flag"

_SENTENCES: Final = re.compile(r"(?<=[.?!]) (?=[A-Z])")


def next_step(
    case: Case, judgement: Judgement, flags: Mapping[str, Flag], *, draft: bool = False
) -> str:
    """Return the next step by one pack; empty for those who are no candidates.

    Parameters
    ----------
    flags : mapping
        What the code maps say of each flag.
    draft : bool
        The pack is a draft, and the sentence says so.
    """
    if judgement.verdict == "not_candidate":
        return ""
    results = judgement.results
    raised = [r for r in results if r.standing == "flag" and r.criterion_id != _RED_FLAG]
    open_results = [result for result in results if result.standing == "open"]
    parts: list[str] = ["By draft criteria."] if draft else []
    if judgement.verdict == "urgent_review":
        parts.append(f"Urgent: have report and images read first for {_dangers(case)}.")
    elif judgement.verdict == "candidate":
        parts.append("For review by a specialist.")
    parts += _settling(sorted(open_results, key=lambda result: result.about != "report"))
    parts += _to_confirm(results)
    parts += _settling(result for result in raised if result.truth is Truth.UNKNOWN)
    parts += _raised(result for result in raised if result.truth is Truth.MET)
    parts += _safety(case.facts, flags, {result.criterion_id for result in raised})
    parts += _disagreements(case.facts)
    if drift := numbering_drift(case):
        parts.append(f"Check the numbering of the levels: {drift}.")
    return " ".join(dict.fromkeys(parts))


def decisive_reason(judgement: Judgement) -> str:
    """Return why a patient is no candidate, or what is open, criterion by criterion."""
    standing = "against" if judgement.verdict == "not_candidate" else "open"
    return "; ".join(_told(result) for result in judgement.results if result.standing == standing)


def first_obstacle(judgement: Judgement) -> str:
    """Return the first criterion that speaks against a patient, as the flow figure names it."""
    return next((_named(r) for r in judgement.results if r.standing == "against"), "")


def _named(result: CriterionResult) -> str:
    return f"not met: {result.statement}" if result.kind == "include" else result.statement


def _told(result: CriterionResult) -> str:
    detail = result.reason or result.value
    return f"{_named(result) if result.standing == 'against' else result.statement}" + (
        f" ({detail})" if detail else ""
    )


def _settling(results: Iterable[CriterionResult]) -> Iterator[str]:
    """Yield what would settle some results, each once; "Ask ...: a." and "Ask ...: b." as one."""
    told: dict[str, dict[str, None]] = {}
    for result in results:
        for sentence in _SENTENCES.split(result.settle):
            lead, colon, rest = sentence.partition(": ")
            if colon and sentence.endswith("."):
                told.setdefault(lead, {})[rest.removesuffix(".")] = None
            elif sentence:
                told.setdefault(sentence, {})
    for lead, things in told.items():
        yield f"{lead}: {'; '.join(things)}." if things else lead


def _to_confirm(results: Iterable[CriterionResult]) -> Iterator[str]:
    """Yield the exclusions on which nothing is recorded: the clinic confirms them."""
    silent = [
        _lowered(result.statement)
        for result in results
        if result.silent and result.kind == "exclude" and result.truth is Truth.NOT_MET
    ]
    if silent:
        listed = "; ".join(silent)
        yield f"Confirm in the clinic that none of these applies (not recorded): {listed}."


def _dangers(case: Case) -> str:
    """Return the red flags of the index study in words."""
    rows = red_flag_rows(case)
    named = (" ".join((row.finding.replace("_", " "), row.level or row.vertebra)) for row in rows)
    return ", ".join(dict.fromkeys(name.strip() for name in named))


def _raised(results: Iterable[CriterionResult]) -> Iterator[str]:
    """Yield what flags are raised by: it decides nothing, and has to be weighed."""
    for result in results:
        detail = f" ({result.reason or result.value})" if result.reason or result.value else ""
        yield f"Mind: {_lowered(result.statement)}{detail}."


def _safety(
    facts: Mapping[str, Fact], flags: Mapping[str, Flag], told: Collection[str]
) -> Iterator[str]:
    """Yield the coded flags that bear on safety, but for those that the pack has told of."""
    for name, fact in facts.items():
        if name.startswith(FLAG) and name.removeprefix(FLAG) not in told:
            flag = flags[name.removeprefix(FLAG)]
            if flag.safety:
                where = ", ".join(filter(None, (fact.table, f"row {fact.row}", fact.note)))
                yield f"Safety: {flag.label} ({where}): {flag.ask}."
            elif flag.ask:
                yield f"{flag.label[0].upper()}{flag.label[1:]}: {flag.ask}."


def _disagreements(facts: Mapping[str, Fact]) -> Iterator[str]:
    """Yield the facts on which two tables disagree."""
    torn = [
        f"{FACTS[name].label} ({fact.note})"
        for name, fact in facts.items()
        if name in FACTS and is_disputed(fact)
    ]
    if torn:
        yield f"Clear up where the record disagrees: {'; '.join(torn)}."


def _lowered(statement: str) -> str:
    """Return a statement to stand inside a sentence; abbreviations keep their capitals."""
    return statement if statement[1:2].isupper() else statement[:1].lower() + statement[1:]
