"""The main job: reports and clinical tables in, a worklist out.

Every stage is a stream: reports are read batch by batch, their studies sorted by patient on disk,
and each patient judged and written in turn. In memory are the clinical facts, one date a patient,
and the worklist.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from endplate.clinical import check_tables, code_maps, read_clinical
from endplate.criteria import Judgement, Pack, judge_all, load_packs
from endplate.engine.archive import read_archive
from endplate.engine.clock import Clock
from endplate.engine.fingerprint import digest, fingerprint
from endplate.engine.folder import RunFolder, run_folder
from endplate.engine.reading import Failure, reject_of
from endplate.engine.spool import Spool
from endplate.engine.watch import Watch
from endplate.errors import EndplateError
from endplate.records import Case, Reading, Reject, Study
from endplate.rejects import reject_file
from endplate.review import known_decisions
from endplate.run_record import RunAccount, write_run_record
from endplate.sources import ColumnMap, Counts, open_reports
from endplate.studies import index_dates, patient_order, sorted_cases, study_of, with_facts
from endplate.worklist import Tally, write_tables

#: What memory holds of the studies, in studies and findings; about 100 MB.
_HELD: Final = 200_000


@dataclass(frozen=True)
class Screening:
    """What to screen, by what, and where to.

    Attributes
    ----------
    reports, clinical : sequences
        Report files and clinical tables, as the user named them.
    criteria : sequence of str
        Packs by name or file; the first orders the worklist.
    overwrite : bool
        Write into a folder that holds other files, or a run of another reader.
    restart : bool
        Read all reports again.
    """

    reports: Sequence[str]
    out: Path
    clinical: Sequence[Path] = ()
    criteria: Sequence[str] = ()
    columns: ColumnMap = field(default_factory=ColumnMap)
    rules: Path | None = None
    workers: int = 1
    overwrite: bool = False
    restart: bool = False
    patients_csv: bool = False


@dataclass
class Account:
    """What was read. ``reused`` of the reports had been read by a former run into the folder."""

    reports: Counts = field(default_factory=Counts)
    reused: int = 0
    cancelled: int = 0
    lumbar_mri: int = 0
    modic: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    tally: Tally = field(default_factory=Tally)


def screen(job: Screening, *, say: Callable[[str], None], watch: Watch, clock: Clock) -> Account:
    """Screen an archive into a folder; what is there of an earlier run is gone on with.

    Parameters
    ----------
    job : Screening
        What to do.
    say : callable
        Takes remarks for the user, free of report text.
    watch : Watch
        Is told of every batch and patient.
    clock : Clock
        Measures the stages.

    Raises
    ------
    EndplateError
        Inputs, packs or the folder cannot be used.
    """
    created = dt.datetime.now().astimezone()
    packs = load_packs(job.criteria)
    maps = code_maps()
    check_tables(job.clinical, maps)
    _check_folder(job.out, overwrite=job.overwrite)
    made_by = fingerprint(job.rules)
    account = Account()
    with run_folder(
        job.out, made_by, restart=job.restart, replace=job.overwrite, say=say
    ) as folder:
        with (
            reject_file(job.out / "rejects.csv") as keep,
            Spool(folder.parts, patient_order, _weight, _HELD) as studies,
        ):
            batches = _read(job, folder, studies, account, keep, say, watch, clock)
            # run.json says that the folder is complete; from here on it is not.
            (job.out / "run.json").unlink(missing_ok=True)
            with clock.stage("findings table"):
                account.findings = folder.finish(batches, job.out / "findings.parquet")
            with clock.stage("patients"):
                dates = index_dates(sorted_cases(studies))
            with clock.stage("clinical tables"):
                clinical = read_clinical(
                    job.clinical,
                    dates,
                    on_reject=keep,
                    on_note=say,
                    maps=maps,
                    date_order=job.columns.date_order,
                    today=created.date(),
                )
            with clock.stage("criteria and worklist"):
                account.tally = write_tables(
                    job.out,
                    _judged(with_facts(sorted_cases(studies), clinical.facts), packs, watch),
                    packs,
                    maps.flags,
                    today=created.date(),
                    clinic=known_decisions(job.out),
                    patients_csv=job.patients_csv,
                )
        with clock.stage("run record"):
            write_run_record(
                job.out,
                RunAccount(
                    account.reports,
                    account.tally,
                    account.cancelled,
                    account.findings,
                    clinical if job.clinical else None,
                    clock.seconds,
                ),
                packs=packs,
                maps=maps,
                reports=job.reports,
                clinical=job.clinical,
                columns=job.columns._asdict(),
                reader=digest(made_by),
                created=created,
            )
    return account


def _read(
    job: Screening,
    folder: RunFolder,
    studies: Spool[Study],
    account: Account,
    keep: Callable[[Reject], None],
    say: Callable[[str], None],
    watch: Watch,
    clock: Clock,
) -> list[str]:
    """Read all reports into `folder` and `studies`; return the names of the batches in order."""
    reports = open_reports(
        job.reports, job.columns, on_reject=keep, on_note=say, counts=account.reports
    )
    reading = read_archive(
        clock.during("report files", reports), folder, workers=job.workers, rules=job.rules
    )
    names = []
    done = 0
    for batch in clock.during("reading", reading):
        with clock.stage("studies"):
            for report, outcome in zip(batch.reports, batch.outcomes, strict=True):
                if isinstance(outcome, Failure):
                    account.reports.withdraw(outcome.reason)
                    keep(reject_of(report, outcome))
                else:
                    done += 1
                    account.cancelled += report.report_status == "cancelled"
                    account.lumbar_mri += outcome.lumbar_mri is True
                    account.modic.update(_modic_types(outcome))
                    studies.add(study_of(report, outcome))
        names.append(batch.name)
        reused = len(batch.reports) - batch.read
        account.reused += reused
        watch.batch(len(batch.reports), reused)
    account.reports.check(done)
    return names


def _modic_types(reading: Reading) -> set[str]:
    """Return the types of Modic change that a lumbar MRI affirms."""
    if reading.lumbar_mri is not True:
        return set()
    return {
        finding.modic_type
        for finding in reading.findings
        if finding.finding == "modic_change" and finding.status == "present"
    }


def _judged(
    cases: Iterable[Case], packs: Sequence[Pack], watch: Watch
) -> Iterator[tuple[Case, tuple[Judgement, ...]]]:
    for case in cases:
        yield case, judge_all(case, packs)
        watch.patient()


def _weight(study: Study) -> int:
    return 1 + len(study.findings)


def _check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder in which something would be lost."""
    if overwrite or not folder.is_dir():
        return
    if any(folder.iterdir()) and not (folder / "parts").is_dir():
        message = (
            f"{folder} holds other files; name a new folder, or --overwrite to write among them"
        )
        raise EndplateError(message)
