"""Conditions on Modic changes and the bodies that they imply; the rules are in ``domain``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from endplate.bodies import are_adjacent, implied_bodies
from endplate.codes import BODIES, LEVELS
from endplate.criteria import domain
from endplate.criteria.asking import Ask, once_per_patient
from endplate.criteria.conditions import BodiesTest, ModicTest
from endplate.criteria.kleene import Truth, any_of
from endplate.criteria.outcome import Gap, Outcome, conjunction, unknown
from endplate.criteria.view import View, code_words, finding_evidence, place
from endplate.records import Finding


def ask_modic(test: ModicTest) -> Ask:
    """Return the function that answers a Modic condition."""
    if test.levels == "all":
        each = [_ask_modic_at(test, frozenset((level,))) for level in test.level]
        return once_per_patient(test, lambda view: conjunction([ask(view) for ask in each]))
    return once_per_patient(test, _ask_modic_at(test, frozenset(test.wanted)))


def _ask_modic_at(test: ModicTest, levels: frozenset[str]) -> Ask:
    accepted = test.described == "accepted"

    def answer_of(row: Finding, view: View) -> domain.Answer:
        answer = domain.modic_answer(row, view, test.types, levels, described=accepted)
        return _at_endplate(answer, row, test.endplate) if test.endplate else answer

    def ask(view: View) -> Outcome:
        rows = domain.endplate_rows(view)
        answers = [answer_of(row, view) for row in rows]
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


_NO_ENDPLATE: Final = Gap(
    "report", "the endplate is not said", "Look at the images: at which endplate?"
)


def _at_endplate(answer: domain.Answer, row: Finding, wanted: tuple[str, ...]) -> domain.Answer:
    """Return the answer narrowed to some endplates; both endplates are each of them."""
    if answer.truth is Truth.NOT_MET or row.endplate == "both" or row.endplate in wanted:
        return answer
    if row.endplate:
        return domain.Answer(Truth.NOT_MET)
    return domain.Answer(Truth.UNKNOWN, (*answer.gaps, _NO_ENDPLATE))


def _told(truth: Truth, rows: Sequence[Finding], gaps: tuple[Gap, ...]) -> Outcome:
    value = "; ".join(dict.fromkeys(_modic_words(row) for row in rows))
    reason = "; ".join(gap.reason for gap in gaps) or f"the report says {value}"
    evidence = tuple(dict.fromkeys(finding_evidence(row) for row in rows))
    return Outcome(truth, value, reason, evidence, gaps)


def _modic_words(row: Finding) -> str:
    kind = row.modic_type or "unspecified"
    what = f"Modic {kind}" if row.finding == "modic_change" else code_words(row.finding)
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
        return _ELSEWHERE if domain.only_other_regions(view) else _NO_MRI
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
_ELSEWHERE: Final = Outcome(
    Truth.NOT_MET, "no lumbar study", "only other parts of the body were examined"
)
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

    return once_per_patient(test, ask)


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
