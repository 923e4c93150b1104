"""From a condition as data to a function: once per pack, so that judging a patient is fast."""

from __future__ import annotations

from endplate.criteria.asking import Ask
from endplate.criteria.clinical import (
    ask_answer,
    ask_choice,
    ask_coded,
    ask_contains,
    ask_date,
    ask_number,
)
from endplate.criteria.conditions import AskTest, Condition
from endplate.criteria.findings import ask_finding
from endplate.criteria.modic import ask_bodies, ask_modic
from endplate.criteria.outcome import (
    Combine,
    Gap,
    Outcome,
    conjunction,
    counted,
    disjunction,
    negation,
    remembering,
    unknown,
)
from endplate.criteria.view import View

#: Conditions that a report answers; the others are answered by tables or in the clinic.
REPORT_KINDS = frozenset(("finding", "modic", "bodies"))


def compile_condition(condition: Condition) -> Ask:
    """Return the function that answers a condition for a patient."""
    test = condition.test
    match condition.kind:
        case "all" | "any" | "at_least" | "not_":
            return _compile_group(condition)
        case "number":
            return ask_number(test)
        case "choice":
            return ask_choice(test)
        case "contains":
            return ask_contains(test)
        case "answered_yes":
            return ask_answer(test, wanted=True)
        case "answered_no":
            return ask_answer(test, wanted=False)
        case "coded":
            return ask_coded(test)
        case "date":
            return ask_date(test)
        case "finding":
            return ask_finding(test)
        case "modic":
            return ask_modic(test)
        case "bodies":
            return ask_bodies(test)
        case _:
            return _ask_person(test)


def _compile_group(condition: Condition) -> Ask:
    parts = [compile_condition(part) for part in condition.parts]
    combine: Combine
    match condition.kind:
        case "all":
            combine = conjunction
        case "any":
            combine = disjunction
        case "not_":
            combine = negation
        case _:
            combine = counted(condition.test.n)
    join = remembering(combine)
    return lambda view: join([ask(view) for ask in parts])


def _ask_person(test: AskTest) -> Ask:
    gap = Gap(test.about, "no report and no table tells", test.question, silent=True)
    outcome = unknown(gap)

    def ask(_: View) -> Outcome:
        return outcome

    return ask
