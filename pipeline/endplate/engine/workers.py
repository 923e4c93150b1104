"""Reads batches of reports in worker processes, one reader each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from endplate.engine.pool import Job, Work, map_batches
from endplate.engine.reading import (
    CHARACTERS_PER_SECOND,
    Failure,
    Outcome,
    ReaderFactory,
    read_batch,
)
from endplate.records import Report

C = TypeVar("C")

#: A batch has failed when it takes a hundred times as long as batches do.
_SECONDS: Final = 60.0


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_in_processes(
    batches: Iterable[tuple[C, list[Report]]],
    *,
    workers: int,
    rules: Path | None,
    factory: ReaderFactory,
    seconds: float = _SECONDS,
) -> Iterator[tuple[C, list[Outcome]]]:
    """Yield what came with each batch, and an outcome for each of its reports, in order.

    Parameters
    ----------
    batches : iterable of pairs
        Anything, and the reports to be read (maybe none).
    workers : int
        Processes.
    rules : Path or None
        Folder with a site's own rules.
    factory : callable
        Makes the reader of a process.
    seconds : float
        What a batch may take beside the time that its length allows it.
    """

    def limit(batch: Sequence[Report]) -> float:
        return seconds + sum(len(report.text) for report in batch) / CHARACTERS_PER_SECOND

    def lost(report: Report, reason: str) -> Failure:
        return Failure(report.report_id, reason)

    job = Job(partial(_prepare, factory, rules), limit, lost)
    return map_batches(batches, job, workers=workers)


def _prepare(factory: ReaderFactory, rules: Path | None) -> Work:
    return partial(read_batch, factory(rules))
