"""Which reports make one examination, and what an examination says in the end.

Addenda, corrections and the preliminary report belong to their study; a cancelled report counts
for nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, TypeAlias

from endplate.records import Finding, Study

#: How final a report is; a higher one stands over a lower one.
_STANDING: Final = {"preliminary": 0, "final": 1, "": 1, "amended": 2, "corrected": 3}

#: An examination without an accession: its date and the folded name of its procedure.
_Day: TypeAlias = tuple[dt.date | None, str]


def merge_reports(patient_id: str, reports: list[Study]) -> tuple[Study, ...]:
    """Return a patient's studies, oldest first, undated ones before all others."""
    live = [report for report in reports if report.report_status != "cancelled"]
    if len(live) > 1:
        live = [_one_study(group) for group in _examinations(live)]
    studies = (study._replace(patient_id=patient_id) for study in live)
    return tuple(sorted(studies, key=age_order))


def _examinations(reports: list[Study]) -> Iterator[list[Study]]:
    """Yield the reports of one examination together.

    One accession is one examination; without an accession, reports of one day with the same
    procedure are. A report that says neither modality nor region (a bare addendum) goes with the
    lumbar MRI of its group; a lumbar MRI and another kind of examination never become one.
    """
    by_accession: dict[str, list[Study]] = defaultdict(list)
    by_day: dict[_Day, list[Study]] = defaultdict(list)
    accessions: dict[_Day, set[str]] = defaultdict(set)
    for report in reports:
        day = (report.study_date, report.procedure.strip().casefold())
        if report.accession:
            by_accession[report.accession].append(report)
            accessions[day].add(report.accession)
        elif report.study_date is not None:
            by_day[day].append(report)
        else:
            yield [report]
    for day, group in by_day.items():
        if len(accessions[day]) == 1:  # its addendum came without the accession
            by_accession[next(iter(accessions[day]))].extend(group)
        else:
            yield from _split_by_kind(group, together=False)
    for group in by_accession.values():
        yield from _split_by_kind(group, together=True)


def _split_by_kind(reports: list[Study], *, together: bool) -> Iterator[list[Study]]:
    """Split a group into lumbar MRI and other examinations; unknown ones join the lumbar MRI.

    `together` says that the group shares an accession: then unknown ones may also join another
    kind of examination, being its addenda.
    """
    lumbar = [report for report in reports if report.lumbar_mri is True]
    other = [report for report in reports if report.lumbar_mri is False]
    unknown = [report for report in reports if report.lumbar_mri is None]
    if lumbar:
        lumbar, unknown = lumbar + unknown, []
    elif other and together:
        other, unknown = other + unknown, []
    yield from (group for group in (lumbar, other, unknown) if group)


def _one_study(reports: list[Study]) -> Study:
    """Merge the reports of one examination into one study, which keeps the main report's id.

    A whole report replaces those of lower standing (a corrected one the final, a final one the
    preliminary). A report of addenda only replaces what it says anew and adds the rest.
    """
    if len(reports) == 1:
        return reports[0]
    ordered = sorted(reports, key=lambda report: (_standing(report), input_order(report)))
    if any(_standing(report) and not _only_addenda(report) for report in ordered):
        ordered = [report for report in ordered if _standing(report)]
    whole = [r for r in ordered if r.findings and not _only_addenda(r)] or ordered[:1]
    main = [report for report in whole if _standing(report) == _standing(whole[-1])]
    findings = _marking_contradictions(main)
    for addendum in ordered:
        if addendum is main[0] or not _only_addenda(addendum):
            continue
        replaced = {_place(finding) for finding in addendum.findings}
        findings = [f for f in findings if _place(f) not in replaced] + list(addendum.findings)
    dates = [report.study_date for report in ordered if report.study_date is not None]
    kinds = {report.lumbar_mri for report in ordered}
    regions = {report.lumbar for report in ordered}
    return main[-1]._replace(
        study_date=main[-1].study_date or (min(dates) if dates else None),
        lumbar_mri=True if True in kinds else (False if False in kinds else None),
        modality=next((r.modality for r in ordered if r.modality), ""),
        procedure=next((r.procedure for r in ordered if r.procedure), ""),
        accession=next((r.accession for r in ordered if r.accession), ""),
        report_status=ordered[-1].report_status,
        findings=tuple(findings),
        lumbar=True if True in regions else (None if None in regions else False),
    )


def _standing(report: Study) -> int:
    """Return how final a report is, from 0 (preliminary) upwards."""
    return _STANDING.get(report.report_status, _STANDING["final"])


def _only_addenda(report: Study) -> bool:
    """Return whether all that a report finds stands in an addendum."""
    return bool(report.findings) and all(f.section == "addendum" for f in report.findings)


def _place(finding: Finding) -> tuple[str, str, str]:
    """Return what a later statement must share with an earlier one to replace it."""
    return finding.finding, finding.level, finding.vertebra


def _marking_contradictions(reports: list[Study]) -> list[Finding]:
    """Return the findings of reports of equal standing, marked where they contradict on Modic."""
    findings = [finding for report in reports for finding in report.findings]
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for report in reports:
        for f in report.findings:
            if f.finding == "modic_change" and f.status in ("present", "absent"):
                said[report.report_id, f.level].add(f.status)
    levels = {level for _, level in said}
    torn = {
        level
        for level in levels
        if {frozenset(states) for (_, at), states in said.items() if at == level}
        >= {frozenset(("present",)), frozenset(("absent",))}
    }
    return [
        f._replace(conflict="yes") if f.finding == "modic_change" and f.level in torn else f
        for f in findings
    ]


def age_order(study: Study) -> tuple[dt.date, str, str]:
    """Sort key from the oldest study to the newest, undated ones first."""
    return study.study_date or dt.date.min, study.accession, study.report_id


def input_order(study: Study) -> tuple[str, int, str]:
    """Sort key by where a report stands in the input."""
    return study.source.file, study.source.row, study.report_id
