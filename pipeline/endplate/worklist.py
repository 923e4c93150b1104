"""The tables of a screening run: worklist, patients, studies, criteria.

Everything is streamed but the worklist itself, which has to be ranked.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from endplate.clinical.schema import Flag
from endplate.criteria import CriterionResult, Judgement, Pack, Truth
from endplate.criteria_table import criteria_table
from endplate.next_step import decisive_reason, first_obstacle, next_step
from endplate.records import Case, Study
from endplate.studies import mri_age_days
from endplate.summary import imaging_cells
from endplate.tables import TableWriter, secure_folder, table_writer, write_table

#: Verdicts on the worklist, best first; urgent ones stand apart at the top.
RANKING: Final = ("urgent_review", "candidate", "needs_information", "needs_review")

#: What a patient's row holds before the verdicts of further packs.
PATIENT_COLUMNS: Final = (
    "patient_id",
    "verdict",
    "pack",
    "pack_version",
    "report_id",
    "study_date",
    "mri_age_days",
    "modic",
    "modic_basis",
    "bodies",
    "endplate",
    "red_flags",
    "other_findings",
    "criteria_met",
    "criteria_unknown",
    "criteria_not_met",
    "next_step",
    "evidence",
)

#: Empty columns for the clinic.
CLINIC_COLUMNS: Final = ("decision", "decided_by", "decided_on", "notes")

#: What patients.parquet has beyond the worklist.
MORE_PATIENT_COLUMNS: Final = ("reasons", "history", "studies", "clinical_facts")

STUDY_COLUMNS: Final = (
    "patient_id",
    "report_id",
    "study_date",
    "modality",
    "procedure",
    "accession",
    "report_status",
    "lumbar_mri",
    "is_index",
    "reports",
)

_INTEGERS: Final = ("rank", "mri_age_days", "is_index", "studies", "clinical_facts")

_LUMBAR_MRI: Final = {True: "yes", False: "no", None: "unknown"}


@dataclass
class Tally:
    """The patients of a run, counted.

    Attributes
    ----------
    index_mri : Counter
        Patients by what they are judged by.
    modic_types : Counter
        Patients by Modic type on the index study; one may count under several.
    verdicts : dict
        Pack to patients by verdict.
    obstacles : Counter
        Who is no candidate by the first pack, by the first criterion that speaks against.
    """

    patients: int = 0
    studies: int = 0
    index_mri: Counter[str] = field(default_factory=Counter)
    modic_types: Counter[str] = field(default_factory=Counter)
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    obstacles: Counter[str] = field(default_factory=Counter)
    listed: int = 0

    def check(self) -> None:
        """Assert that every patient has one verdict by each pack, and that the list is complete."""
        for pack, verdicts in self.verdicts.items():
            if verdicts.total() != self.patients:
                message = f"{self.patients} patients but {verdicts.total()} verdicts by {pack}"
                raise RuntimeError(message)
        first = next(iter(self.verdicts.values()), Counter[str]())
        if self.listed != self.patients - first["not_candidate"]:
            message = f"{self.listed} patients on the list of {self.patients}"
            raise RuntimeError(message)
        if self.obstacles.total() != first["not_candidate"]:
            message = "patients who are no candidates do not add up with the reasons"
            raise RuntimeError(message)


def worklist_columns(packs: Sequence[Pack]) -> tuple[str, ...]:
    """Return the columns of worklist.csv in their order."""
    return ("rank", *PATIENT_COLUMNS, *_further_columns(packs), *CLINIC_COLUMNS)


def write_tables(
    folder: Path,
    judged: Iterable[tuple[Case, Sequence[Judgement]]],
    packs: Sequence[Pack],
    flags: Mapping[str, Flag],
    *,
    today: dt.date,
    clinic: Mapping[str, Mapping[str, str]] | None = None,
    patients_csv: bool = False,
) -> Tally:
    """Write worklist.csv, patients.parquet, studies.parquet and criteria.parquet.

    Parameters
    ----------
    judged : iterable
        Each patient with the judgements by `packs`, in their order; the first pack ranks the list.
    flags : mapping
        What the code maps say of each flag.
    today : date
        The day from which the age of an MRI counts.
    clinic : mapping, optional
        What the clinic has decided so far: patient to its cells of the worklist.
    patients_csv : bool
        Write patients.csv as well.
    """
    secure_folder(folder)
    tally = Tally(verdicts={pack.id: Counter() for pack in packs})
    further = _further_columns(packs)
    patient_columns = (*PATIENT_COLUMNS, *further, *MORE_PATIENT_COLUMNS)
    listed: list[tuple[Any, ...]] = []
    with ExitStack() as stack:

        def table(name: str, columns: Sequence[str]) -> TableWriter:
            return stack.enter_context(table_writer(folder / name, columns, integers=_INTEGERS))

        patients = [table("patients.parquet", patient_columns)]
        if patients_csv:
            patients.append(table("patients.csv", patient_columns))
        studies = table("studies.parquet", STUDY_COLUMNS)
        criteria = stack.enter_context(criteria_table(folder / "criteria.parquet"))
        for case, judgements in judged:
            row = _patient_row(case, judgements, packs[0], flags, today)
            for writer in patients:
                writer.write(row)
            _write_studies(studies, case)
            criteria.write(judgements)
            _count(tally, case, judgements)
            if judgements[0].verdict != "not_candidate":
                listed.append(row[: len(PATIENT_COLUMNS) + len(further)])
    listed.sort(key=_rank)
    known = clinic or {}
    ranked = (
        (rank, *row, *(known.get(row[0], {}).get(name, "") for name in CLINIC_COLUMNS))
        for rank, row in enumerate(listed, 1)
    )
    tally.listed = write_table(
        folder / "worklist.csv", ranked, worklist_columns(packs), integers=_INTEGERS
    )
    tally.check()
    return tally


def _further_columns(packs: Sequence[Pack]) -> tuple[str, ...]:
    return tuple(f"verdict_{pack.id}" for pack in packs[1:])


def _rank(row: Sequence[Any]) -> tuple[int, int, int, str]:
    """Sort key: by verdict, those missing least first, the newest MRI first, then the id."""
    cells = dict(zip(PATIENT_COLUMNS, row, strict=False))
    unknown = len(cells["criteria_unknown"].split("; ")) if cells["criteria_unknown"] else 0
    age = cells["mri_age_days"]
    return (
        RANKING.index(cells["verdict"]),
        unknown if cells["verdict"] == "needs_information" else 0,
        age if age is not None else 1_000_000,
        cells["patient_id"],
    )


def _patient_row(
    case: Case,
    judgements: Sequence[Judgement],
    pack: Pack,
    flags: Mapping[str, Flag],
    today: dt.date,
) -> tuple[Any, ...]:
    """Return a patient's cells in the order of patients.parquet."""
    main, index, imaging = judgements[0], case.index, imaging_cells(case)
    counted = [result for result in main.results if result.kind != "flag"]
    return (
        case.patient_id,
        main.verdict,
        main.pack_id,
        f"{main.pack_version} (draft)" if pack.draft else main.pack_version,
        index.report_id if index else "",
        index.study_date.isoformat() if index and index.study_date else "",
        mri_age_days(case, today),
        imaging.modic,
        imaging.modic_basis,
        imaging.bodies,
        imaging.endplate,
        imaging.red_flags,
        imaging.other_findings,
        _ids(counted, Truth.MET),
        _ids(counted, Truth.UNKNOWN),
        _ids(counted, Truth.NOT_MET),
        next_step(case, main, flags, draft=pack.draft),
        imaging.evidence,
        *(judgement.verdict for judgement in judgements[1:]),
        decisive_reason(main),
        imaging.history,
        len(case.studies),
        len(case.facts),
    )


def _ids(results: Iterable[CriterionResult], truth: Truth) -> str:
    """Return the criteria of one truth; what only silence decided says so."""
    return "; ".join(
        f"{result.criterion_id} (not recorded)" if result.silent else result.criterion_id
        for result in results
        if result.truth is truth
    )


def _write_studies(table: TableWriter, case: Case) -> None:
    for study in case.studies:
        table.write(
            (
                case.patient_id,
                study.report_id,
                study.study_date.isoformat() if study.study_date else "",
                study.modality,
                study.procedure,
                study.accession,
                study.report_status,
                _LUMBAR_MRI[study.lumbar_mri],
                int(study is case.index),
                "; ".join(_report_ids(study)),
            )
        )


def _report_ids(study: Study) -> tuple[str, ...]:
    """Return the reports that a study's findings come from, the main one first, then addenda."""
    return tuple(dict.fromkeys([study.report_id, *(row.report_id for row in study.findings)]))


def _count(tally: Tally, case: Case, judgements: Sequence[Judgement]) -> None:
    tally.patients += 1
    tally.studies += len(case.studies)
    tally.index_mri[_index_kind(case)] += 1
    types = {
        row.modic_type or "unspecified"
        for row in (case.index.findings if case.index else ())
        if row.finding == "modic_change" and row.status == "present"
    }
    tally.modic_types.update(types or ("none",))
    for judgement in judgements:
        tally.verdicts[judgement.pack_id][judgement.verdict] += 1
    if judgements[0].verdict == "not_candidate":
        tally.obstacles[first_obstacle(judgements[0])] += 1


def _index_kind(case: Case) -> str:
    """Return what the patient is judged by, in the words of the account."""
    if case.index is not None:
        return "lumbar MRI" if case.index.lumbar_mri else "study not known to be a lumbar MRI"
    return "no lumbar MRI" if case.studies else "cancelled reports only"
