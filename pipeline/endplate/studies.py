"""A patient's imaging history: which reports make one study, and which study is judged.

One case a patient: the studies oldest first, the newest lumbar MRI as the index study, and how the
Modic changes developed between them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final, NamedTuple

from endplate.bodies import merge_types
from endplate.codes import LEVELS, TRANSITIONAL_SEGMENTS
from endplate.examinations import age_order, input_order, merge_reports
from endplate.records import Case, Fact, Reading, Report, Study

_LEVEL_ORDER: Final = {level: place for place, level in enumerate(LEVELS)}


def study_of(report: Report, reading: Reading) -> Study:
    """Return what the history needs of a read report; the text stays behind.

    ``patient_id`` may be empty: :func:`build_cases` makes such a report its own patient.
    """
    return Study(
        report_id=report.report_id,
        patient_id=report.patient_id,
        study_date=report.study_date,
        lumbar_mri=reading.lumbar_mri,
        modality=reading.modality,
        procedure=report.procedure,
        accession=report.accession,
        report_status=report.report_status,
        findings=reading.findings,
        source=report.source,
        lumbar=reading.lumbar,
    )


def build_cases(
    studies: Iterable[Study], facts: Mapping[str, Mapping[str, Fact]]
) -> Iterator[Case]:
    """Yield one case per patient; the order of `studies` is no matter.

    Cancelled reports count for nothing: a patient with no other report still has a case, without
    studies. `facts` maps patient ids to the facts by name.
    """
    ordered = sorted(studies, key=lambda study: (patient_order(study), input_order(study)))
    return with_facts(sorted_cases(ordered), facts)


def patient_order(study: Study) -> tuple[bool, str]:
    """Return the key by which studies are sorted for :func:`sorted_cases`."""
    return not study.patient_id, study.patient_id or study.report_id


def sorted_cases(studies: Iterable[Study]) -> Iterator[Case]:
    """Yield the cases, still without facts, of studies sorted by :func:`patient_order`.

    One patient is in memory at a time. A report without a patient is its own, under its own id;
    should that be a patient's id already, it is told apart by a number.
    """
    taken: set[str] = set()
    for (alone, name), group in groupby(studies, key=patient_order):
        for reports in ([report] for report in group) if alone else (list(group),):
            own, copy = name, 1
            while own in taken:
                copy += 1
                own = f"{name} ({copy})"
            taken.add(own)
            history = merge_reports(own, reports)
            yield Case(own, history, index_study(history), {})


def with_facts(cases: Iterable[Case], facts: Mapping[str, Mapping[str, Fact]]) -> Iterator[Case]:
    """Yield the cases with the facts of their patients (whose dates the facts depended on)."""
    for case in cases:
        yield case._replace(facts=facts.get(case.patient_id, {}))


def index_dates(cases: Iterable[Case]) -> dict[str, dt.date | None]:
    """Return the date of each patient's index study; None without a study or without a date."""
    return {case.patient_id: case.index.study_date if case.index else None for case in cases}


def index_study(studies: Iterable[Study]) -> Study | None:
    """Return the newest lumbar MRI; failing one, the newest study that may be one; else None.

    An undated study is taken only when no dated one is there. Of two on one day the one with the
    greater accession, then report id, is taken, so that every run takes the same.
    """
    studies = tuple(studies)
    for wanted in (True, None):
        eligible = [study for study in studies if study.lumbar_mri is wanted]
        if eligible:
            return max(eligible, key=age_order)
    return None


class LevelChange(NamedTuple):
    """How the Modic change of one level stands between an earlier study and the index study.

    ``kind`` is ``new`` (not reported before), ``converted``, ``stable``, ``resolved`` (denied
    now) or ``not mentioned`` (reported before, neither affirmed nor denied now). Types are empty
    where there is none. ``before`` is None when the earlier state is told by the index report.
    """

    level: str
    kind: str
    type_before: str
    type_now: str
    before: Study | None
    now: Study


def modic_evolution(case: Case) -> tuple[LevelChange, ...]:
    """Return how Modic changes developed, level by level from the top, against the last report.

    Each level is compared with the newest earlier lumbar MRI that speaks of it; "type 1 has
    converted to type 2" within the index report counts as well. Empty without an index study.
    """
    now = case.index
    if now is None:
        return ()
    earlier = [
        study
        for study in case.studies
        if study is not now and study.lumbar_mri and age_order(study) < age_order(now)
    ]
    present, told = _modic_types(now, "present"), _modic_types(now, "historical")
    denied = {f.level for f in now.findings if f.finding == "modic_change" and f.status == "absent"}
    past = {study.report_id: _modic_types(study, "present") for study in earlier}
    levels = {*present, *told, *(level for types in past.values() for level in types)}
    changes = []
    for level in sorted(levels, key=lambda name: _LEVEL_ORDER.get(name, -1)):
        before = next((s for s in reversed(earlier) if level in past[s.report_id]), None)
        type_before = past[before.report_id][level] if before else told.get(level, "")
        type_now = present.get(level, "")
        if not type_before and not earlier:
            continue  # a first study shows no development
        kind = _kind_of_change(type_before, type_now, denied=level in denied or "" in denied)
        changes.append(LevelChange(level, kind, type_before, type_now, before, now))
    return tuple(changes)


def numbering_drift(case: Case) -> str:
    """Return why the levels of a patient's studies may not mean the same discs; empty if they do.

    Transitional anatomy that one lumbar MRI names and another passes over moves every count by
    one between the two.
    """
    lumbar = [study for study in case.studies if study.lumbar_mri]
    naming = [study for study in lumbar if _names_transition(study)]
    silent = [study for study in lumbar if not _names_transition(study)]
    if not naming or not silent:
        return ""
    return (
        f"transitional anatomy is named in {_listing(naming)} but not in {_listing(silent)}: "
        "the levels may be counted differently"
    )


def mri_age_days(case: Case, today: dt.date) -> int | None:
    """Return the days from the index study to `today`; None when the date is not known."""
    if case.index is None or case.index.study_date is None:
        return None
    return (today - case.index.study_date).days


def conflicting_levels(study: Study) -> tuple[str, ...]:
    """Return the levels where findings and impression contradict each other on Modic change.

    An empty string stands for a contradiction that names no level.
    """
    levels = {f.level for f in study.findings if f.conflict and f.finding == "modic_change"}
    return tuple(sorted(levels, key=lambda level: _LEVEL_ORDER.get(level, -1)))


def _modic_types(study: Study, status: str) -> dict[str, str]:
    """Return the Modic type of each level that a study names with a status."""
    types: dict[str, list[str]] = defaultdict(list)
    for f in study.findings:
        if f.finding == "modic_change" and f.status == status and f.level:
            types[f.level].append(f.modic_type or "unspecified")
    return {level: merge_types(said) for level, said in types.items()}


def _kind_of_change(before: str, now: str, *, denied: bool) -> str:
    """Return the word for a change of Modic type; empty types mean none reported."""
    if not before:
        return "new"
    if not now:
        return "resolved" if denied else "not mentioned"
    return "stable" if before == now else "converted"


def _names_transition(study: Study) -> bool:
    """Return whether a study speaks of transitional anatomy or of a level only it has."""
    return any(
        (f.finding == "transitional_vertebra" and f.status in ("present", "uncertain"))
        or f.level in TRANSITIONAL_SEGMENTS
        for f in study.findings
    )


def _listing(studies: Iterable[Study]) -> str:
    """Return report ids with their dates, as a reader would look them up."""
    return ", ".join(f"{s.report_id} ({s.study_date or 'undated'})" for s in studies)
