"""Sorts more items than memory holds: sorted runs on disk, merged while they are read."""

from __future__ import annotations

import heapq
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Generic, Self, TypeVar

T = TypeVar("T")

#: Items that are written, and held in memory when read, together.
_CHUNK: Final = 200


class Spool(Generic[T]):
    """Takes items in any order and gives them back sorted, as often as wanted.

    What does not fit into memory goes to files without a name, which end with the process however
    it ends: nothing of a patient stays on the disk.

    Parameters
    ----------
    folder : Path
        Where the files are; as big as the items are together.
    key : callable
        What the items are sorted by. Items of equal key stay in their order.
    weight : callable
        How much of `limit` an item takes.
    limit : int
        What memory may hold.
    """

    def __init__(
        self, folder: Path, key: Callable[[T], Any], weight: Callable[[T], int], limit: int
    ) -> None:
        self._folder, self._key, self._weight, self._limit = folder, key, weight, limit
        self._files = ExitStack()
        self._runs: list[IO[bytes]] = []
        self._held: list[T] = []
        self._load = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._files.close()

    def add(self, item: T) -> None:
        """Take an item."""
        self._held.append(item)
        self._load += self._weight(item)
        if self._load > self._limit:
            self._spill()

    def __iter__(self) -> Iterator[T]:
        """Yield all items, sorted; one iteration at a time."""
        self._held.sort(key=self._key)
        return heapq.merge(*map(_read, self._runs), iter(self._held), key=self._key)

    def _spill(self) -> None:
        """Write what is held as one more sorted run."""
        self._held.sort(key=self._key)
        run = self._files.enter_context(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
        for start in range(0, len(self._held), _CHUNK):
            pickle.dump(self._held[start : start + _CHUNK], run, pickle.HIGHEST_PROTOCOL)
        self._runs.append(run)
        self._held = []
        self._load = 0


def _read(run: IO[bytes]) -> Iterator[Any]:
    run.seek(0)
    while True:
        try:
            # Written by this very process into a file that no other can open.
            yield from pickle.load(run)  # noqa: S301
        except EOFError:
            return
