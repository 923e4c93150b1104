"""Reads reports in bulk: batches, worker processes, run folders that resume.

The reader itself knows one report at a time; everything about many of them is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from endplate.records import Reading, Reject, Report


class Reader(Protocol):
    """What the engine asks of a reader: one report in, plain rows out."""

    def read(self, report: Report) -> Reading:
        """Read one report."""
        ...


ReaderFactory = Callable[[Path | None], Reader]


def default_reader(rules: Path | None) -> Reader:
    """Load the shipped reader, with a site's own rules on top."""
    from endplate.reader import load

    return load(rules)


def read_reports(
    reports: Iterable[Report],
    *,
    workers: int = 1,
    rules: Path | None = None,
    on_reject: Callable[[Reject], None],
    factory: ReaderFactory = default_reader,
) -> Iterator[tuple[Report, Reading]]:
    """Read reports in their order; one that cannot be read is rejected and the rest goes on."""
    reader = factory(rules)
    for report in reports:
        try:
            reading = reader.read(report)
        except Exception as error:
            # The class only: a message could quote the report.
            reason = f"the reader failed ({type(error).__name__})"
            on_reject(Reject(report.source.file, report.source.row, "", report.report_id, reason))
            continue
        yield report, reading
