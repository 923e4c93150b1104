"""What testing a condition on a patient yields: its truth, what was seen, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

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


class Outcome(NamedTuple):
    """The truth of a condition for one patient, with what it rests on."""

    truth: Truth
    value: str = ""
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether it is unknown for no other reason than that nothing is recorded."""
        return self.truth is Truth.UNKNOWN and all(gap.silent for gap in self.gaps)


def unknown(
    *gaps: Gap, value: str = "not recorded", evidence: tuple[Evidence, ...] = ()
) -> Outcome:
    """Return an open outcome with its gaps."""
    reason = "; ".join(dict.fromkeys(gap.reason for gap in gaps))
    return Outcome(Truth.UNKNOWN, value, reason, evidence, gaps)


def negation(outcome: Outcome) -> Outcome:
    """Return the outcome of the opposite condition; what was seen is the same."""
    return outcome._replace(truth=~outcome.truth)


def conjunction(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a condition all of whose parts must be met."""
    return _join(all_of(part.truth for part in outcomes), outcomes)


def disjunction(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a condition one of whose parts must be met."""
    return _join(any_of(part.truth for part in outcomes), outcomes, raises=False)


def counted(count: int, outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a condition `count` of whose parts must be met."""
    return _join(at_least(count, (part.truth for part in outcomes)), outcomes)


def _join(truth: Truth, outcomes: Sequence[Outcome], *, raises: bool = True) -> Outcome:
    """Return the joint outcome, told by the parts that decide it.

    Where one part is met and another is not recorded, the met part has raised the question (the
    MRI shows a stenosis: is there claudication?): that gap is no mere silence any more.
    """
    deciding = [part for part in outcomes if part.truth is truth]
    if truth is not Truth.UNKNOWN:
        return Outcome(truth, *_told(deciding))
    gaps = [gap for part in deciding for gap in part.gaps]
    met = [part for part in outcomes if part.truth is Truth.MET]
    if raises and met:
        gaps = [gap._replace(silent=False) for gap in gaps]
        deciding = met + deciding
    value, reason, evidence = _told(deciding)
    return Outcome(truth, value, reason, evidence, tuple(dict.fromkeys(gaps)))


def _told(outcomes: Iterable[Outcome]) -> tuple[str, str, tuple[Evidence, ...]]:
    """Return the values, reasons and evidence of several outcomes, each said once.

    Parts without any record are left out where another part has one.
    """
    parts = tuple(outcomes)
    spoken = [part for part in parts if not part.silent] or parts
    return (
        "; ".join(dict.fromkeys(part.value for part in spoken if part.value)),
        "; ".join(dict.fromkeys(part.reason for part in spoken if part.reason)),
        tuple(dict.fromkeys(item for part in parts for item in part.evidence)),
    )
