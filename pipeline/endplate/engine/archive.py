"""Reads an archive into a run folder: what is there already is not read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from endplate.engine.batches import MEAN_REPORTS, Batch, content_batches
from endplate.engine.folder import RunFolder
from endplate.engine.reading import Outcome, ReaderFactory, shipped_reader
from endplate.engine.workers import read_in_processes
from endplate.records import Report


class Done(NamedTuple):
    """A finished batch. ``read`` of its reports were read now, the others before."""

    name: str
    reports: list[Report]
    outcomes: list[Outcome]
    read: int


def read_archive(
    reports: Iterable[Report],
    folder: RunFolder,
    *,
    workers: int = 1,
    rules: Path | None = None,
    factory: ReaderFactory = shipped_reader,
    wanted: Callable[[Batch], bool] = lambda batch: True,
    mean: int = MEAN_REPORTS,
) -> Iterator[Done]:
    """Read an archive batch by batch and yield each once it is safe on disk, in order.

    Parameters
    ----------
    reports : iterable of Report
        Streamed: memory holds a few batches.
    folder : RunFolder
        Where finished batches are kept.
    workers : int
        Processes that read; this one only hands out and writes.
    rules : Path, optional
        Folder with a site's own rules.
    factory : callable
        Makes the reader of a process.
    wanted : callable
        Is asked about every batch, in order; the others are passed over.
    mean : int
        Reports in a batch, on average.
    """

    def tasks() -> Iterator[tuple[tuple[Batch, list[Outcome | None]], list[Report]]]:
        for batch in filter(wanted, content_batches(reports, mean)):
            known = folder.outcomes(batch)
            unread = zip(batch.reports, known, strict=True)
            yield (batch, known), [report for report, outcome in unread if outcome is None]

    for (batch, known), fresh in read_in_processes(
        tasks(), workers=workers, rules=rules, factory=factory
    ):
        read = iter(fresh)
        outcomes = [next(read) if outcome is None else outcome for outcome in known]
        folder.save(batch, outcomes)
        yield Done(batch.name, batch.reports, outcomes, len(fresh))
