"""Worker processes that may die: a lost one is replaced, and its work is done again.

Each worker has a pipe of its own, and a thread here that waits for it. Workers share nothing, so
one can be killed at any moment, in the middle of a message too, without harm to the others. (Pools
whose workers share a pipe and its lock do not survive that: the standard library's breaks with the
first death, and pebble's when a worker dies idle or while it hands in its result.)
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple, TypeVar

from endplate.errors import EndplateError
from endplate.garbage import collect_rarely

#: Spawned, not forked: the fork of a process with threads may start its life in a deadlock.
_SPAWN: Final = multiprocessing.get_context("spawn")

#: Batches under way per worker: one at work, the others so that a slow batch holds up nobody.
_AHEAD: Final = 4

#: So long may a worker take to get ready, and so often may it die of it.
_START_SECONDS: Final = 180.0
_STARTS: Final = 5

Work = Callable[[Sequence[Any]], list[Any]]

C = TypeVar("C")


class WorkerLostError(Exception):
    """A worker died or hung."""


class Job(NamedTuple):
    """What the workers do; `prepare` crosses into their processes by pickle.

    Attributes
    ----------
    prepare : callable
        Called once in each worker; returns the function that turns a batch into a list with one
        result an item.
    seconds : callable
        The time that a batch may take; a worker that takes longer is killed.
    lost : callable
        Returns, from an item that no worker survives and the reason, the result that it gets.
    """

    prepare: Callable[[], Work]
    seconds: Callable[[Sequence[Any]], float]
    lost: Callable[[Any, str], Any]


def map_batches(
    batches: Iterable[tuple[C, Sequence[Any]]], job: Job, *, workers: int
) -> Iterator[tuple[C, list[Any]]]:
    """Yield what came with each batch and its results, in order; memory holds a few a worker.

    A batch that its worker does not survive is tried once more, then halved until the one item
    that kills is found; all others are done.

    Parameters
    ----------
    batches : iterable of pairs
        The work, taken from as it gets done: anything, and the items to be done (maybe none).
    job : Job
        What to do with a batch.
    workers : int
        Processes. No more are started than there are batches.

    Raises
    ------
    EndplateError
        The workers cannot be started.
    """
    crew = _Crew(job)
    threads = ThreadPoolExecutor(workers, thread_name_prefix="endplate-worker")
    waiting: deque[tuple[C, Future[list[Any]]]] = deque()
    try:
        for context, batch in batches:
            waiting.append((context, threads.submit(crew.settle, batch)))
            if len(waiting) >= _AHEAD * workers:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())
    finally:
        crew.kill()
        threads.shutdown(wait=True, cancel_futures=True)
        crew.bury()


def _finished(context: C, future: Future[list[Any]]) -> tuple[C, list[Any]]:
    return context, future.result()


class _Crew:
    """The workers, one for each thread that asks."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._own = threading.local()
        self._lock = threading.Lock()
        self._workers: set[_Worker] = set()
        self._dismissed = False

    def settle(self, batch: Sequence[Any]) -> list[Any]:
        """Return one result an item, whatever happens to the workers."""
        if not batch:
            return []
        try:
            return self._call(batch)
        except WorkerLostError:
            return self._halve(batch)  # which begins with the whole batch once more

    def _halve(self, batch: Sequence[Any]) -> list[Any]:
        try:
            return self._call(batch)
        except WorkerLostError:
            if len(batch) == 1:
                return self._alone(batch)
        middle = len(batch) // 2
        return [*self._halve(batch[:middle]), *self._halve(batch[middle:])]

    def _alone(self, item: Sequence[Any]) -> list[Any]:
        """Try an item for the last time: what kills workers at random hits hardly twice."""
        try:
            return self._call(item)
        except WorkerLostError as error:
            return [self._job.lost(item[0], str(error))]

    def _call(self, batch: Sequence[Any]) -> list[Any]:
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            worker = self._own.worker = self._hire()
        try:
            return worker.call(batch, self._job.seconds(batch))
        except WorkerLostError:
            self._own.worker = None
            self._workers.discard(worker)
            raise

    def _hire(self) -> _Worker:
        for _ in range(_STARTS):
            with self._lock:
                if self._dismissed:
                    message = "the workers are dismissed"
                    raise EndplateError(message)
                worker = _Worker(self._job.prepare)
                self._workers.add(worker)
            try:
                worker.get_ready()
            except WorkerLostError as error:
                self._workers.discard(worker)
                reason = str(error)
                continue
            return worker
        message = f"no worker process can be started: {reason}; try --workers 1"
        raise EndplateError(message)

    def kill(self) -> None:
        """End all workers at once, and hire no more; what they have not handed in is lost."""
        with self._lock:
            self._dismissed = True
            for worker in self._workers:
                worker.kill()

    def bury(self) -> None:
        """Wait until all workers are gone."""
        for worker in self._workers:
            worker.join()


class _Worker:
    """A process and the only pipe to it."""

    def __init__(self, prepare: Callable[[], Work]) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_worker, args=(prepare, theirs), name="endplate-worker", daemon=True
        )
        self._process.start()
        theirs.close()  # so that the death of the process ends every wait on the pipe

    def get_ready(self) -> None:
        """Wait until the worker is prepared; raise what its preparation raised."""
        error = self._receive(_START_SECONDS)
        if error is not None:
            raise error

    def call(self, batch: Sequence[Any], seconds: float) -> list[Any]:
        """Have a batch done; raise WorkerLostError when the worker dies or takes too long."""
        try:
            self._pipe.send(batch)
        except OSError:
            raise self._lost() from None
        return self._receive(seconds)

    def kill(self) -> None:
        """End the process whatever it does."""
        self._process.kill()

    def join(self) -> None:
        """Wait for the end of the process."""
        self._process.join()

    def _receive(self, seconds: float) -> Any:
        try:
            if self._pipe.poll(seconds):
                return self._pipe.recv()
        except (OSError, EOFError):
            raise self._lost() from None
        self.kill()
        message = f"its worker hung: no answer in {seconds:.0f} seconds"
        raise self._lost(message)

    def _lost(self, message: str = "") -> WorkerLostError:
        self._process.join()
        self._pipe.close()
        code = self._process.exitcode or 0
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return WorkerLostError(message or f"its worker died: {how}")


def _worker(prepare: Callable[[], Work], pipe: Any) -> None:
    """Live as a worker: get ready, then answer each batch with its results."""
    # Ctrl-C goes to every process of a terminal; the parent decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A process each is all the parallel work there is; more threads would only get in the way.
    os.environ["OMP_NUM_THREADS"] = "1"
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work = prepare()
    except Exception as error:
        pipe.send(error)
        return
    collect_rarely()
    pipe.send(None)
    try:
        while True:
            pipe.send(work(pipe.recv()))
    except (EOFError, OSError):
        pass  # the parent has gone
    except BaseException:
        os._exit(70)  # no traceback: it might quote a report


def _end_with_parent() -> None:
    """End this process as soon as its parent has, even in the middle of a report."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)
