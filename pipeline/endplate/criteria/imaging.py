"""Conditions on the index study's findings, turned into functions of a :class:`View`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Final

from endplate.bodies import are_adjacent, implied_bodies
from endplate.codes import BODIES, LEVELS
from endplate.criteria import domain
from endplate.criteria.conditions import BodiesTest, Bounds, FindingTest, ModicTest
from endplate.criteria.kleene import Truth, all_of, any_of
from endplate.criteria.outcome import Evidence, Gap, Outcome, conjunction, disjunction, unknown
from endplate.criteria.view import View, finding_evidence, place
from endplate.records import Finding

#: A condition ready to be asked of many patients.
Ask = Callable[[View], Outcome]


def ask_modic(test: ModicTest) -> Ask:
    """Return the function that answers a Modic condition."""
    if test.levels == "all":
        each = [_ask_modic_at(test, frozenset((level,))) for level in test.level]
        return _remembered(test, lambda view: conjunction([ask(view) for ask in each]))
    return _remembered(test, _ask_modic_at(test, frozenset(test.wanted)))


def _remembered(test: object, ask: Ask) -> Ask:
    """Return `ask` that looks once per patient, for all packs that ask the same."""
    key = repr(test)

    def remember(view: View) -> Outcome:
        outcome: Outcome | None = view.memo.get(key)
        if outcome is None:
            outcome = view.memo[key] = ask(view)
        return outcome

    return remember


def _ask_modic_at(test: ModicTest, levels: frozenset[str]) -> Ask:
    accepted = test.described == "accepted"

    def ask(view: View) -> Outcome:
        rows = domain.endplate_rows(view)
        answers = [
            domain.modic_answer(row, view, test.types, levels, described=accepted) for row in rows
        ]
        truth = any_of(answer.truth for answer in answers)
        if truth is not Truth.NOT_MET:
            telling = [
                (row, answer)
                for row, answer in zip(rows, answers, strict=True)
                if answer.truth is truth
            ]
            told = [row for row, _ in telling]
            gaps = tuple(dict.fromkeys(gap for _, answer in telling for gap in answer.gaps))
            return _told(truth, told, gaps)
        # Whoever names a Modic change anywhere has named them all: type 3, or L2-L3, and no more.
        named = [row for row in rows if row.finding == "modic_change"]
        if named:
            return _told(Truth.NOT_MET, named, ())
        return _when_not_named(view, test.types, levels)

    return ask


def _told(truth: Truth, rows: Sequence[Finding], gaps: tuple[Gap, ...]) -> Outcome:
    value = "; ".join(dict.fromkeys(_modic_words(row) for row in rows))
    reason = "; ".join(gap.reason for gap in gaps) or f"the report says {value}"
    evidence = tuple(dict.fromkeys(finding_evidence(row) for row in rows))
    return Outcome(truth, value, reason, evidence, gaps)


def _modic_words(row: Finding) -> str:
    kind = row.modic_type or "unspecified"
    what = f"Modic {kind}" if row.finding == "modic_change" else _words(row.finding)
    return f"{what} at {place(row)}" if row.level or row.vertebra else f"{what}, {place(row)}"


_PAST_ONLY: Final = Gap(
    "report",
    "Modic changes are only told of the past",
    "Look at the images: are the changes still there?",
)
_DENIED_IN_PART: Final = Gap(
    "report",
    "Modic changes are denied, but not for every type and level asked for",
    "Look at the images for Modic changes of the other types and levels.",
    silent=True,
)


def _when_not_named(view: View, types: Collection[str], levels: Collection[str]) -> Outcome:
    """Return what it means that no Modic change is affirmed: denied, past, or not mentioned."""
    if view.index is None:
        return _NO_MRI
    rows = view.findings("modic_change", *domain.UNTYPED)
    denials = [row for row in rows if row.status == "absent"]
    evidence = tuple(finding_evidence(row) for row in denials)
    if denials and view.index.lumbar_mri is True and domain.is_denied(view, types, levels):
        return Outcome(Truth.NOT_MET, "denied", "the report denies Modic changes", evidence)
    past = [row for row in rows if row.status == "historical"]
    if past:
        told = tuple(finding_evidence(row) for row in past)
        return unknown(_PAST_ONLY, value="only in the past", evidence=told)
    if denials:
        return unknown(_DENIED_IN_PART, value="denied in part", evidence=evidence)
    return _NOT_MENTIONED


_NO_MRI: Final = unknown(domain.NO_MRI, value="no lumbar MRI")
_NOT_MENTIONED: Final = unknown(domain.NOT_MENTIONED, value="not mentioned")


def ask_bodies(test: BodiesTest) -> Ask:
    """Return the function that counts the bodies that Modic changes imply."""
    accepted = test.described == "accepted"
    levels = frozenset(test.level or LEVELS)

    def ask(view: View) -> Outcome:
        if not domain.endplate_rows(view):
            return _NOTHING_TO_COUNT
        sure: list[Finding] = []
        open_rows: list[Finding] = []
        gaps: list[Gap] = []
        for row in domain.endplate_rows(view):
            answer = domain.modic_answer(row, view, test.types, levels, described=accepted)
            if answer.truth is Truth.MET:
                sure.append(row)
            elif answer.truth is Truth.UNKNOWN:
                open_rows.append(row)
                gaps.extend(answer.gaps)
        if not sure and not open_rows:
            return _NOTHING_TO_COUNT
        rows = sure + open_rows
        bodies = implied_bodies(sure)
        possible = implied_bodies(rows)
        unplaced = any(not (row.level or row.vertebra) for row in open_rows)
        most = len(BODIES) if unplaced else len(possible)
        truth = _bodies_truth(test, bodies, len(bodies), most)
        value = f"{len(possible)} ({' '.join(possible)})" if possible else "level not said"
        evidence = tuple(dict.fromkeys(finding_evidence(row) for row in rows))
        if truth is Truth.UNKNOWN:
            return unknown(*dict.fromkeys(gaps), value=value, evidence=evidence)
        return Outcome(truth, value, f"bodies implied: {value}", evidence)

    return _remembered(test, ask)


def _bodies_truth(test: BodiesTest, bodies: Sequence[str], least: int, most: int) -> Truth:
    """Return the truth for a number of bodies that lies between `least` and `most`."""
    if test.adjacent is not None:
        settled = least == most
        return Truth.of(are_adjacent(bodies) == test.adjacent) if settled else Truth.UNKNOWN
    answers = {test.hold(count) for count in range(least, most + 1)}
    return Truth.of(answers.pop()) if len(answers) == 1 else Truth.UNKNOWN


_NOTHING_TO_COUNT: Final = unknown(
    domain.NOT_MENTIONED._replace(reason="no Modic change of these types to count"),
    value="none to count",
)


def ask_finding(test: FindingTest) -> Ask:
    """Return the function that looks for a finding."""
    what = " or ".join(_words(code) for code in test.code)
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
        return _remembered(test, lambda view: conjunction([ask(view) for ask in each]))
    return _remembered(test, _ask_finding_at(test, test.level, silence, what))


def _ask_finding_at(test: FindingTest, levels: tuple[str, ...], silence: Outcome, what: str) -> Ask:
    codes = test.code
    counted = ("present", "uncertain", "historical") if test.past else ("present", "uncertain")
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
    if row.status == "uncertain":
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
    return f"{age}{_words(row.finding)}{size}{where}"


@cache
def _words(code: str) -> str:
    return code.replace("_", " ").replace("schmorl", "Schmorl").replace("bvn", "BVN")
