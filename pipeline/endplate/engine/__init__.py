"""Reads reports in bulk: batches, worker processes, run folders that resume.

The reader itself knows one report at a time; everything about many of them is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from endplate.engine.batches import plain_batches
from endplate.engine.reading import (
    Failure,
    Outcome,
    Reader,
    ReaderFactory,
    read_batch,
    reject_of,
    shipped_reader,
)
from endplate.engine.workers import read_in_processes
from endplate.records import Reading, Reject, Report


def read_reports(
    reports: Iterable[Report],
    *,
    workers: int = 1,
    rules: Path | None = None,
    on_reject: Callable[[Reject], None],
    factory: ReaderFactory = shipped_reader,
) -> Iterator[tuple[Report, Reading]]:
    """Read reports and yield them in their order; one that cannot be read is rejected.

    Parameters
    ----------
    reports : iterable of Report
        Streamed: memory holds a few batches.
    workers : int
        With 1 this process reads; with more, so many worker processes do, and a report that kills
        its worker costs nobody else. As with every use of processes, the calling script then needs
        ``if __name__ == "__main__":``.
    rules : Path, optional
        Folder with a site's own rules.
    on_reject : callable
        Takes each report that cannot be read.
    factory : callable
        Makes the reader of a process from `rules`; importable, as it crosses into the workers.
    """
    for batch, outcomes in _outcomes(plain_batches(reports), workers, rules, factory):
        for report, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Failure):
                on_reject(reject_of(report, outcome))
            else:
                yield report, outcome


def _outcomes(
    batches: Iterable[list[Report]], workers: int, rules: Path | None, factory: ReaderFactory
) -> Iterator[tuple[list[Report], list[Outcome]]]:
    if workers > 1:
        tasks = ((batch, batch) for batch in batches)
        yield from read_in_processes(tasks, workers=workers, rules=rules, factory=factory)
        return
    reader: Reader | None = None
    for batch in batches:
        # Not before there is something to read: bad input is told at once.
        reader = reader or factory(rules)
        yield batch, read_batch(reader, batch)
