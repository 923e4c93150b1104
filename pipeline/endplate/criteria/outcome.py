"""What testing a condition on a patient yields: its truth, what was seen, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from endplate.criteria.kleene import Truth, all_of, any_of, at_least

About = Literal["report", "clinical"]


class Evidence(NamedTuple):
    """Where something was seen.

    ``kind`` is ``finding`` or ``fact``; ``ref`` is ``report_id:start-end`` or
    ``table, row 3, column odi``; ``text`` is the sentence or the value.
    """

    kind: Literal["finding", "fact"]
    ref: str
    text: str


class Gap(NamedTuple):
    """Why something is unknown, and what would settle it.

    ``silent`` tells a gap where nothing at all is recorded from one where what is recorded leaves
    the question open: only silence may be taken as "not met".
    """

    about: About
    reason: str
    settle: str
    silent: bool = False


@dataclass(slots=True, eq=False)
class Outcome:
    """The truth of a condition for one patient, with what it rests on. Never changed once made.

    Compared by identity: one without evidence says nothing of a single patient, is made once and
    shared by all, so whatever follows from it can be remembered. ``raises`` tells whether being met
    raises the question of what is not recorded beside it; that something is *not* so raises none.
    """

    truth: Truth
    value: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    silent: bool = False
    raises: bool = True


def unknown(
    *gaps: Gap, value: str = "not recorded", evidence: tuple[Evidence, ...] = ()
) -> Outcome:
    """Return an open outcome with its gaps; it is silent when nothing at all is recorded."""
    reason = "; ".join(dict.fromkeys(gap.reason for gap in gaps))
    silent = all(gap.silent for gap in gaps)
    return Outcome(Truth.UNKNOWN, value, reason, evidence, gaps, silent)


Combine = Callable[[Sequence[Outcome]], Outcome]


def remembering(combine: Combine) -> Combine:
    """Return `combine` that remembers what outcomes without evidence come to.

    Only those are few: nearly all patients have nothing on record for most exclusions.
    """
    memo: dict[tuple[Outcome, ...], Outcome] = {}

    def remember(outcomes: Sequence[Outcome]) -> Outcome:
        for part in outcomes:
            if part.evidence:
                return combine(outcomes)
        key = tuple(outcomes)
        joint = memo.get(key)
        if joint is None:
            joint = combine(outcomes)
            if len(memo) < _REMEMBERED:
                memo[key] = joint
        return joint

    return remember


_REMEMBERED: Final = 1000


def negation(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of the opposite of one condition; what was seen is the same."""
    (part,) = outcomes
    return Outcome(
        ~part.truth, part.value, part.reason, part.evidence, part.gaps, part.silent, raises=False
    )


def conjunction(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a condition all of whose parts must be met; the first failure tells."""
    for part in outcomes:
        if part.truth is Truth.NOT_MET:
            return part
    return _join(all_of([part.truth for part in outcomes]), outcomes)


def disjunction(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a condition one of whose parts must be met."""
    return _join(any_of([part.truth for part in outcomes]), outcomes)


def counted(count: int) -> Combine:
    """Return the outcome of a condition `count` of whose parts must be met."""

    def combine(outcomes: Sequence[Outcome]) -> Outcome:
        return _join(at_least(count, [part.truth for part in outcomes]), outcomes)

    return combine


def _join(truth: Truth, outcomes: Sequence[Outcome]) -> Outcome:
    """Return the joint outcome, told by the parts that decide it.

    Where one part is met and another is not recorded, the met part has raised the question (the
    MRI shows a stenosis: is there claudication?): that gap is no mere silence any more.
    """
    deciding = [part for part in outcomes if part.truth is truth] or list(outcomes)
    if truth is not Truth.UNKNOWN:
        return Outcome(truth, *_told(deciding), raises=any(part.raises for part in deciding))
    gaps = tuple(dict.fromkeys([gap for part in deciding for gap in part.gaps]))
    met = [part for part in outcomes if part.truth is Truth.MET and part.raises]
    if met:
        gaps = tuple(dict.fromkeys([gap._replace(silent=False) for gap in gaps]))
        deciding = met + deciding
    silent = not met and all(part.silent for part in deciding)
    return Outcome(truth, *_told(deciding), gaps, silent)


def _told(parts: Sequence[Outcome]) -> tuple[str, str, tuple[Evidence, ...]]:
    """Return the values, reasons and evidence of several outcomes, each said once.

    Parts without any record are left out where another part has one.
    """
    spoken = [part for part in parts if not part.silent] or parts
    if len(spoken) == 1:
        only = spoken[0]
        return only.value, only.reason, only.evidence
    return (
        "; ".join(dict.fromkeys([part.value for part in spoken if part.value])),
        "; ".join(dict.fromkeys([part.reason for part in spoken if part.reason])),
        tuple(dict.fromkeys([item for part in spoken for item in part.evidence])),
    )
