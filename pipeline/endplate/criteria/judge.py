"""One patient judged by one pack: every criterion with its reason, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from endplate.criteria.domain import needs_urgent_review
from endplate.criteria.inherit import Criterion
from endplate.criteria.kleene import Truth
from endplate.criteria.outcome import Evidence, Gap, Outcome
from endplate.criteria.pack import Pack
from endplate.criteria.view import View
from endplate.records import Case

_NOT_RECORDED: Final = "not recorded"
_REMEMBERED: Final = 1000


class CriterionResult(NamedTuple):
    """What one criterion came to for one patient.

    Attributes
    ----------
    kind : str
        ``include``, ``exclude`` or ``flag`` (shown, never decides).
    clazz : str
        ``label_indication``, ``trial_enrolment`` ... (``domain_rule``: holds for every pack).
    truth : Truth
        Of the condition itself: an exclusion that is met speaks against the patient.
    value, threshold, reason : str
        What was seen, what was asked for, and why the truth is what it is.
    settle : str
        What would settle it: for an unknown one, and for one that silence was taken to decide.
    about : str
        ``report`` or ``clinical``: what decides it, or where the answer is missing.
    silent : bool
        Nothing is recorded, and the pack takes that as "not met": to be confirmed in the clinic.
    verification : str
        ``verified`` or ``draft``: whether the source itself was read.
    """

    criterion_id: str
    statement: str
    kind: str
    clazz: str
    truth: Truth
    value: str
    threshold: str
    reason: str
    evidence: tuple[Evidence, ...]
    settle: str
    source: str
    about: str
    silent: bool = False
    verification: str = "verified"

    @property
    def standing(self) -> str:
        """How it bears on the patient: ``for``, ``against``, ``open``; ``flag`` or empty for flags.

        A flag is ``flag`` when it is raised or cannot be ruled out.
        """
        return _STANDING[self.kind, self.truth]


_STANDING: Final = {
    ("include", Truth.MET): "for",
    ("include", Truth.NOT_MET): "against",
    ("include", Truth.UNKNOWN): "open",
    ("exclude", Truth.MET): "against",
    ("exclude", Truth.NOT_MET): "for",
    ("exclude", Truth.UNKNOWN): "open",
    ("flag", Truth.MET): "flag",
    ("flag", Truth.NOT_MET): "",
    ("flag", Truth.UNKNOWN): "flag",
}


class Judgement(NamedTuple):
    """A patient's verdict by a pack, with the result of every criterion in the pack's order."""

    patient_id: str
    pack_id: str
    pack_version: str
    verdict: str
    results: tuple[CriterionResult, ...]


def judge(case: Case, pack: Pack) -> Judgement:
    """Return the verdict on a patient by one pack. Pure: the same case gives the same judgement."""
    return judge_all(case, (pack,))[0]


def judge_all(case: Case, packs: Sequence[Pack]) -> tuple[Judgement, ...]:
    """Return the verdicts on a patient by several packs; faster than one at a time."""
    view = View(case)
    urgent = needs_urgent_review(view)
    common: dict[int, list[CriterionResult]] = {}
    judgements = []
    for pack in packs:
        shared = common.get(id(pack.common))
        if shared is None:
            shared = common[id(pack.common)] = [_result(each, view) for each in pack.common]
        results = (*[_result(each, view) for each in pack.own], *shared)
        verdict = verdict_of(results, urgent=urgent)
        judgements.append(Judgement(case.patient_id, pack.id, pack.version, verdict, results))
    return tuple(judgements)


def verdict_of(results: Iterable[CriterionResult], *, urgent: bool = False) -> str:
    """Return the first verdict that applies, in the order of the case guideline."""
    if urgent:
        return "urgent_review"
    verdict = "candidate"
    for result in results:
        if result.kind == "flag":
            continue
        if result.truth is Truth.UNKNOWN:
            if result.about == "report":
                verdict = "needs_review"
            elif verdict == "candidate":
                verdict = "needs_information"
        elif (result.truth is Truth.MET) == (result.kind == "exclude"):
            return "not_candidate"
    return verdict


def _result(criterion: Criterion, view: View) -> CriterionResult:
    """Return the result of one criterion; for outcomes that name no evidence it is made once."""
    outcome = criterion.ask(view)
    if outcome.evidence:
        return _make_result(criterion, outcome)
    result: CriterionResult | None = criterion.made.get(outcome)
    if result is None:
        result = _make_result(criterion, outcome)
        if len(criterion.made) < _REMEMBERED:
            criterion.made[outcome] = result
    return result


def _make_result(criterion: Criterion, outcome: Outcome) -> CriterionResult:
    truth, value = outcome.truth, outcome.value
    about: str = criterion.about
    settle = ""
    silent = False
    if truth is Truth.UNKNOWN:
        if criterion.silence == "not_met" and outcome.silent:
            truth, silent, value = Truth.NOT_MET, True, _NOT_RECORDED
            gaps = _to_ask(outcome)
        else:
            gaps = _pressing(outcome)
            about = "report" if any(gap.about == "report" for gap in gaps) else "clinical"
        settle = criterion.settle or " ".join(dict.fromkeys([gap.settle for gap in gaps]))
    return CriterionResult(
        criterion.id,
        criterion.statement,
        criterion.kind,
        criterion.clazz,
        truth,
        value,
        criterion.threshold,
        outcome.reason,
        outcome.evidence,
        settle,
        criterion.source.title,
        about,
        silent,
        criterion.verification.status,
    )


def _pressing(outcome: Outcome) -> Sequence[Gap]:
    """Return the gaps that what is recorded leaves open; all of them where nothing is recorded."""
    return [gap for gap in outcome.gaps if not gap.silent] or outcome.gaps


def _to_ask(outcome: Outcome) -> Sequence[Gap]:
    """Return what to ask where nothing is recorded; the images only where asking cannot do."""
    return [gap for gap in outcome.gaps if gap.about == "clinical"] or outcome.gaps
