"""Worker processes: order, poison, hanging, kill -9 at random."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from endplate.engine import read_reports
from endplate.engine.reading import Failure, read_batch
from endplate.engine.workers import read_in_processes
from endplate.errors import EndplateError
from endplate.records import Reading, Reject, Report
from engine_readers import dying_reader, no_reader, slow_reader, word_reader


def reports(count: int, **texts: str) -> list[Report]:
    """Some reports; `texts` (r7="...") replaces the text of single ones."""
    return [Report(f"r{i}", texts.get(f"r{i}", f"modic change {i}")) for i in range(count)]


def read(
    given: list[Report], workers: int, factory=word_reader
) -> tuple[list[Reading], list[Reject]]:
    rejects: list[Reject] = []
    pairs = list(read_reports(given, workers=workers, on_reject=rejects.append, factory=factory))
    assert all(report.report_id == reading.report_id for report, reading in pairs)
    return [reading for _, reading in pairs], rejects


@pytest.mark.parametrize("workers", [1, 2])
def test_order_is_kept_and_a_failing_report_is_rejected_without_its_text(workers: int) -> None:
    readings, rejects = read(reports(700, r300="RAISE secret words"), workers)
    assert [reading.report_id for reading in readings] == [f"r{i}" for i in range(700) if i != 300]
    assert [(r.record_id, r.reason) for r in rejects] == [("r300", "the reader failed: ValueError")]


def test_processes_read_as_one_process_does() -> None:
    given = reports(600)
    assert read(given, 2) == read(given, 1)


def test_a_report_that_kills_its_worker_costs_nobody_else() -> None:
    readings, rejects = read(reports(300, r130="DIE"), 2)
    assert [reading.report_id for reading in readings] == [f"r{i}" for i in range(300) if i != 130]
    assert [(r.record_id, r.reason) for r in rejects] == [("r130", "its worker died: exit code 9")]


@pytest.mark.parametrize("word", ["SLEEP", "BACKTRACK"])
def test_a_report_that_never_ends_is_stopped(word: str) -> None:
    from engine_readers import WordReader

    outcomes = read_batch(WordReader(), reports(5, r2=word), seconds=1)
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [False] * 2 + [True] + [
        False
    ] * 2
    assert outcomes[2] == Failure("r2", "the reader failed: ReportTimeoutError")


def test_a_worker_that_hears_no_signal_is_killed_and_its_report_found() -> None:
    given = reports(8, r5="UNWAKEABLE")
    results = list(
        read_in_processes([("", given)], workers=1, rules=None, factory=word_reader, seconds=0.5)
    )
    outcomes = results[0][1]
    assert outcomes[5] == Failure("r5", "its worker hung: no answer in 1 seconds")
    assert [o for o in outcomes if isinstance(o, Failure)] == [outcomes[5]]


def test_workers_killed_at_random_lose_nothing() -> None:
    given = reports(600)
    chance = random.Random(5)
    killed = []
    done = threading.Event()

    def kill() -> None:
        while not done.wait(chance.uniform(0.05, 0.4)):
            if alive := multiprocessing.active_children():
                os.kill(victim := chance.choice(alive).pid or 0, signal.SIGKILL)
                killed.append(victim)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        readings, rejects = read(given, 2, slow_reader)
    finally:
        done.set()
        thread.join()
    assert len(killed) > 3
    assert not rejects
    assert [reading.report_id for reading in readings] == [r.report_id for r in given]


def test_memory_holds_a_few_batches_only() -> None:
    taken = 0

    def endless() -> Iterator[Report]:
        nonlocal taken
        while True:
            taken += 1
            yield Report(f"r{taken}", "modic")

    stream = read_reports(endless(), workers=2, on_reject=print, factory=word_reader)
    next(stream)
    time.sleep(0.5)
    assert taken < 3000
    stream.close()
    assert not [p for p in multiprocessing.active_children() if p.name == "endplate-worker"]


@pytest.mark.parametrize(
    ("factory", "message"),
    [(no_reader, "site rules are at fault"), (dying_reader, "no worker process can be started")],
)
def test_a_reader_that_cannot_be_made_is_said(factory, message: str) -> None:
    with pytest.raises(EndplateError, match=message):
        read(reports(3), 2, factory)
