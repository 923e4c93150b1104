"""Sorting what memory does not hold."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from endplate.engine.clock import Clock
from endplate.engine.spool import Spool

ITEMS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=60)


@given(items=ITEMS, limit=st.integers(0, 30))
def test_a_spool_sorts_and_keeps_the_order_of_equals(
    tmp_path_factory, items: list[tuple[str, int]], limit: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("spool")
    with Spool(folder, itemgetter(0), lambda item: 1, limit) as spool:
        for item in items:
            spool.add(item)
        assert not list(folder.iterdir()), "its files have no name"
        for _ in range(2):
            assert list(spool) == sorted(items, key=itemgetter(0))


def test_a_stage_is_given_its_own_time_only(monkeypatch) -> None:
    now = 0.0
    monkeypatch.setattr("endplate.engine.clock.perf_counter", lambda: now)
    clock = Clock()

    def inner():
        nonlocal now
        for number in range(3):
            now += 1
            yield number

    with clock.stage("outer"):
        now += 10
        for _ in clock.during("inner", inner()):
            now += 5
    assert clock.seconds == {"outer": 25.0, "inner": 3.0}
