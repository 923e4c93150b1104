"""Reads one batch of reports in one process; the same function serves every way of running."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from endplate.records import Reading, Reject, Report

#: No report takes so long, in seconds, and for its length as well; one that does has met a fault.
REPORT_SECONDS: Final = 20.0
CHARACTERS_PER_SECOND: Final = 40_000


class Reader(Protocol):
    """What the engine asks of a reader: one report in, plain rows out."""

    def read(self, report: Report) -> Reading:
        """Read one report."""
        ...


#: Makes the reader of one process; the argument is the folder of a site's own rules.
ReaderFactory = Callable[[Path | None], Reader]


class Failure(NamedTuple):
    """A report that could not be read, and why (without a word of it)."""

    report_id: str
    reason: str


#: What becomes of one report.
Outcome = Reading | Failure


def shipped_reader(rules: Path | None) -> Reader:
    """Load the reader of this package, with a site's own rules on top."""
    from endplate.reader import load

    return load(rules)


def read_batch(
    reader: Reader, reports: Sequence[Report], *, seconds: float = REPORT_SECONDS
) -> list[Outcome]:
    """Read reports one by one; what goes wrong with one is the outcome of that one only.

    Parameters
    ----------
    reader : Reader
        The reader of this process.
    reports : sequence of Report
        The batch.
    seconds : float
        The time that one report may take, besides what its length costs.
    """
    outcomes: list[Outcome] = []
    with _alarm() as allow:
        for report in reports:
            outcome: Outcome
            try:
                allow(seconds + len(report.text) / CHARACTERS_PER_SECOND)
                outcome = reader.read(report)
                allow(0)
            except Exception as error:
                allow(0)
                # The class only: a message could quote the report.
                reason = f"the reader failed: {type(error).__name__}"
                outcome = Failure(report.report_id, reason)
            outcomes.append(outcome)
    return outcomes


def reject_of(report: Report, failure: Failure) -> Reject:
    """Return the line of ``rejects.csv`` for a report that could not be read."""
    return Reject(report.source.file, report.source.row, "", report.report_id, failure.reason)


class ReportTimeoutError(Exception):
    """A report took longer than any report should."""


@contextmanager
def _alarm() -> Iterator[Callable[[float], None]]:
    """Yield a function that makes this thread raise after so many seconds; 0 calls it off.

    Python's regular expressions look for signals while they work, so even a pattern that runs
    away is stopped. Only the main thread of a process can be woken, and only on Unix; elsewhere
    the time-out of the batch remains.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield lambda seconds: None
        return

    def ring(number: int, frame: object) -> None:
        raise ReportTimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
