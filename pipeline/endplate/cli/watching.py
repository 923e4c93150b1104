"""How a long run is told of: a bar on a terminal, else one JSON line a minute."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from endplate.sources.inputs import Input

#: Seconds between two lines where there is no terminal.
_EVERY: Final = 60.0


class Lines:
    """Writes a JSON line a minute to stderr: what is done, at what rate."""

    def __init__(self) -> None:
        self._start = self._said = monotonic()
        self._counts = {"reports": 0, "reused": 0, "patients": 0}

    def batch(self, reports: int, reused: int) -> None:
        """Count reports."""
        self._counts["reports"] += reports
        self._counts["reused"] += reused
        self._say()

    def patient(self) -> None:
        """Count a patient."""
        self._counts["patients"] += 1
        self._say()

    def _say(self) -> None:
        now = monotonic()
        if now - self._said < _EVERY:
            return
        self._said = now
        seconds = now - self._start
        rate = round(self._counts["reports"] / seconds)
        line = {"seconds": round(seconds), **self._counts, "reports_per_second": rate}
        print(json.dumps(line), file=sys.stderr, flush=True)  # noqa: T201


class Bars:
    """Shows reports and patients as bars, with rate and time left."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self._progress = progress
        self._reports = progress.add_task("reports", total=total)
        self._patients: TaskID | None = None

    def batch(self, reports: int, reused: int) -> None:
        """Count reports."""
        self._progress.advance(self._reports, reports)

    def patient(self) -> None:
        """Count a patient."""
        if self._patients is None:
            self._patients = self._progress.add_task("patients", total=None)
        self._progress.advance(self._patients)


@contextmanager
def watching(inputs: Sequence[str] = (), total: int | None = None) -> Iterator[Lines | Bars]:
    """Watch a run that reads these inputs, or makes `total` reports."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:,.0f}/s")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress, total or expected_reports(inputs))


def expected_reports(inputs: Sequence[str]) -> int | None:
    """Return about how many reports there will be; None where only reading them would tell.

    It is for the time left only: rows in Parquet, lines in JSON lines, and files of text count.
    """
    from endplate.sources.inputs import files_of
    from endplate.sources.table import SourceError

    try:
        counts = [_rows(item) for name in inputs for item in files_of(name, lambda note: None)]
    except (SourceError, OSError):
        return None  # the run itself will say so
    return None if None in counts else sum(count or 0 for count in counts)


def _rows(item: Input) -> int | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if item.kind == "text":
        return 1
    if item.kind == "parquet":
        try:
            return int(pq.read_metadata(item.path).num_rows)
        except pa.ArrowException:
            return None
    if item.kind == "jsonl" and item.path.suffix != ".gz":
        with item.path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return None
