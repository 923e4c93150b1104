"""Conditions on any other finding of a report: code, place, size, grade, status, age."""

from __future__ import annotations

from collections.abc import Callable

from endplate.criteria import domain
from endplate.criteria.asking import Ask, once_per_patient
from endplate.criteria.conditions import FindingTest
from endplate.criteria.fields import Bounds
from endplate.criteria.kleene import Truth, all_of
from endplate.criteria.outcome import Evidence, Gap, Outcome, conjunction, disjunction, unknown
from endplate.criteria.view import View, code_words, finding_evidence, place
from endplate.records import Finding


def ask_finding(test: FindingTest) -> Ask:
    """Return the function that looks for a finding."""
    what = " or ".join(code_words(code) for code in test.code)
    silence = unknown(
        Gap(
            "report",
            f"the report does not mention {what}",
            f"Look at the images for {what}.",
            silent=True,
        ),
        value="not mentioned",
    )
    if test.levels == "all":
        each = [_ask_finding_at(test, (level,), silence, what) for level in test.level]
        return once_per_patient(test, lambda view: conjunction([ask(view) for ask in each]))
    return once_per_patient(test, _ask_finding_at(test, test.level, silence, what))


def _ask_finding_at(test: FindingTest, levels: tuple[str, ...], silence: Outcome, what: str) -> Ask:
    codes = test.code
    counted = test.status or ("present", "uncertain")
    if test.past:
        counted = (*counted, "historical")
    checks = _checks(test, levels)

    def ask(view: View) -> Outcome:
        rows = view.findings(*codes)
        if test.studies == "any":
            rows += view.older_findings(*codes)
        if not rows:
            return silence
        outcomes = [
            _judge_row(row, all_of([check(row, view) for check in checks]), test)
            for row in rows
            if row.status in counted
        ]
        if outcomes:
            return disjunction(outcomes)
        denials = [row for row in rows if row.status == "absent"]
        if any(not row.level or row.level in levels for row in denials):
            evidence = tuple(finding_evidence(row) for row in denials)
            return Outcome(Truth.NOT_MET, "denied", f"the report denies {what}", evidence)
        return silence

    return ask


_Check = Callable[[Finding, View], Truth]


def _checks(test: FindingTest, levels: tuple[str, ...]) -> list[_Check]:
    """Return one check for each attribute that a condition asks for."""
    checks: list[_Check] = []
    if levels:
        checks.append(lambda row, view: _fits_level(row, levels, view))
    if test.vertebra:
        checks.append(lambda row, _: _fits(row.vertebra, test.vertebra))
    if test.endplate:
        checks.append(lambda row, _: _fits(row.endplate, test.endplate))
    if test.grade:
        checks.append(lambda row, _: _fits(row.grade if _size(row) is None else "", test.grade))
    if test.size_mm is not None:
        limits = test.size_mm
        checks.append(lambda row, _: _fits_size(row, limits))
    if test.acuity:
        checks.append(lambda row, _: Truth.of((row.acuity or "undated") in test.acuity))
    if test.basis:
        checks.append(lambda row, _: _fits(row.basis, test.basis))
    if test.section:
        checks.append(lambda row, _: Truth.of(row.section in test.section))
    return checks


def _judge_row(row: Finding, truth: Truth, test: FindingTest) -> Outcome:
    """Return what one affirmed or hedged finding comes to whose attributes fit as `truth` says."""
    words = _finding_words(row)
    evidence: tuple[Evidence, ...] = (finding_evidence(row),)
    if truth is Truth.NOT_MET:
        return Outcome(truth, words, f"the report says {words}", evidence)
    gaps = []
    if truth is Truth.UNKNOWN:
        gaps.append(_gap(f"{words}: what is asked for is not said", "Look at the images"))
    if row.status == "uncertain" and not test.status:
        gaps.append(_gap(f"{words}: the report is not certain", "Look at the images"))
    if row.conflict == "yes":
        reason = f"{words}: findings and impression contradict each other"
        gaps.append(_gap(reason, "Read the whole report"))
    if test.review:
        gaps.append(_gap(f"{words}: {test.review}", "Have a specialist look"))
    if gaps:
        return unknown(*gaps, value=words, evidence=evidence)
    return Outcome(Truth.MET, words, f"the report says {words}", evidence)


def _gap(reason: str, action: str) -> Gap:
    return Gap("report", reason, f"{action}: {reason}.")


def _fits(value: str, wanted: tuple[str, ...]) -> Truth:
    """Return whether a value is one of those wanted; unknown where the report leaves it out."""
    if not wanted:
        return Truth.MET
    return Truth.of(value in wanted) if value else Truth.UNKNOWN


def _fits_level(row: Finding, levels: tuple[str, ...], view: View) -> Truth:
    truth = _fits(row.level, levels)
    if truth is Truth.MET and domain.transitional_rows(view):
        return Truth.UNKNOWN
    return truth


def _fits_size(row: Finding, limits: Bounds) -> Truth:
    size = _size(row)
    return Truth.of(limits.hold(size)) if size is not None else Truth.UNKNOWN


def _size(row: Finding) -> float | None:
    """Return the millimetres in a grade; None where it is a word, a degree or empty."""
    if not row.grade.endswith("mm"):
        return None
    try:
        return float(row.grade.removesuffix("mm"))
    except ValueError:
        return None


def _finding_words(row: Finding) -> str:
    size = f" {row.grade}" if row.grade else ""
    age = f"{row.acuity} " if row.acuity else ""
    where = f" at {place(row)}" if row.level or row.vertebra else ""
    return f"{age}{code_words(row.finding)}{size}{where}"
