"""The findings of an archive in a folder: resumed, and shared between machines if wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from endplate.engine.archive import read_archive
from endplate.engine.batches import Batch
from endplate.engine.clock import Clock
from endplate.engine.fingerprint import fingerprint
from endplate.engine.folder import run_folder
from endplate.engine.reading import Failure, reject_of
from endplate.engine.shards import Shard, write_record
from endplate.engine.watch import Watch
from endplate.rejects import reject_file
from endplate.sources import ColumnMap, Counts, open_reports


@dataclass(frozen=True)
class Extraction:
    """What to extract, and where to; with a shard only this share of it, into a folder of its own.

    ``restart`` reads all reports again.
    """

    reports: Sequence[str]
    out: Path
    columns: ColumnMap = field(default_factory=ColumnMap)
    rules: Path | None = None
    workers: int = 1
    shard: Shard | None = None
    restart: bool = False


@dataclass
class Extracted:
    """What came of it. ``done`` reports are of this share, ``reused`` of them known before."""

    counts: Counts = field(default_factory=Counts)
    done: int = 0
    reused: int = 0
    findings: int = 0
    folder: Path = Path()


def extract_archive(
    job: Extraction, *, say: Callable[[str], None], watch: Watch, clock: Clock
) -> Extracted:
    """Write the findings of an archive to a folder; what is there already is not read again.

    Parameters
    ----------
    job : Extraction
        What to do.
    say : callable
        Takes remarks for the user, free of report text.
    watch : Watch
        Is told of every batch.
    clock : Clock
        Measures the stages.
    """
    shard = job.shard or Shard(1, 1)
    out = job.out / shard.folder if job.shard else job.out
    made_by = fingerprint(job.rules)
    made = Extracted(folder=out)
    everything: list[str] = []
    others = 0

    def wanted(batch: Batch) -> bool:
        nonlocal others
        everything.append(batch.name)
        mine = shard.has(batch)
        others += 0 if mine else len(batch.reports)
        return mine

    with (
        run_folder(out, made_by, restart=job.restart, say=say) as folder,
        reject_file(out / "rejects.csv") as keep,
    ):
        reports = open_reports(
            job.reports, job.columns, on_reject=keep, on_note=say, counts=made.counts
        )
        reading = read_archive(
            clock.during("report files", reports),
            folder,
            workers=job.workers,
            rules=job.rules,
            wanted=wanted,
        )
        mine = []
        for batch in clock.during("reading", reading):
            mine.append(batch.name)
            for report, outcome in zip(batch.reports, batch.outcomes, strict=True):
                if isinstance(outcome, Failure):
                    made.counts.withdraw(outcome.reason)
                    keep(reject_of(report, outcome))
                else:
                    made.done += 1
            made.reused += len(batch.reports) - batch.read
            watch.batch(len(batch.reports), len(batch.reports) - batch.read)
        made.counts.check(made.done + others)
        with clock.stage("findings table"):
            made.findings = folder.finish(mine, out / "findings.parquet")
    if job.shard:
        write_record(out, shard, made_by, everything, made.done)
    return made
