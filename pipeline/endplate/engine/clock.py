"""Where the time of a run goes, stage by stage."""

from __future__ import annotations

import re
import resource
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

T = TypeVar("T")

#: What ru_maxrss counts in, bytes: kibibytes on Linux, bytes on macOS.
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024


class Clock:
    """Measures stages that may lie within each other; each is given its own time only."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Give the time of this block to a stage."""
        self._enter(name)
        try:
            yield
        finally:
            self._leave()

    def during(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Pass items on, and give the time that it takes to get them to a stage."""
        iterator = iter(items)
        while True:  # once a report: a context manager would cost more than some of the work
            self._enter(name)
            try:
                item = next(iterator)
            except StopIteration:
                return
            finally:
                self._leave()
            yield item

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by stage, in the order in which the stages were first left."""
        self._tick()
        return dict(self._seconds)

    def _enter(self, name: str) -> None:
        self._tick()
        self._open.append(name)

    def _leave(self) -> None:
        self._tick()
        self._open.pop()

    def _tick(self) -> None:
        now = perf_counter()
        if self._open:
            self._seconds[self._open[-1]] += now - self._since
        self._since = now


def worker_seconds() -> float:
    """Return the CPU seconds of all worker processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_megabytes() -> tuple[float, float]:
    """Return the peak memory of this process, and of the largest worker that has ended."""
    own, workers = (
        resource.getrusage(who).ru_maxrss * _RSS_UNIT / 1e6
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    # Linux counts for a new program what the one that started it held; its own high-water mark
    # stands elsewhere.
    with suppress(OSError):
        told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        own = int(told[1]) * 1024 / 1e6 if told else own
    return own, workers
