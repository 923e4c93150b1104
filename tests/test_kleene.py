"""Three-valued logic against an independent engine, and the laws that judging relies on."""

from __future__ import annotations

import itertools

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endplate.criteria.kleene import Truth, all_of, any_of, at_least
from endplate.criteria.outcome import (
    Evidence,
    Gap,
    Outcome,
    conjunction,
    counted,
    disjunction,
    negation,
    unknown,
)

TO_POLARS = {Truth.MET: True, Truth.NOT_MET: False, Truth.UNKNOWN: None}
FROM_POLARS = {value: truth for truth, value in TO_POLARS.items()}

truths = st.sampled_from(list(Truth))
lists = st.lists(truths, min_size=1, max_size=6)


def polars_says(function, row):
    frame = pl.DataFrame(
        [[TO_POLARS[truth]] for truth in row],
        schema=[(f"c{n}", pl.Boolean) for n in range(len(row))],
    )
    return FROM_POLARS[frame.select(function(pl.all())).item()]


@pytest.mark.parametrize("row", list(itertools.product(Truth, repeat=2)))
def test_truth_tables_of_two_are_those_of_polars(row):
    assert all_of(row) is polars_says(pl.all_horizontal, row)
    assert any_of(row) is polars_says(pl.any_horizontal, row)


@pytest.mark.parametrize("truth", Truth)
def test_negation_is_that_of_polars(truth):
    assert ~truth is FROM_POLARS[pl.Series([TO_POLARS[truth]], dtype=pl.Boolean).not_().item()]


@given(lists)
def test_longer_rows_are_those_of_polars(row):
    assert all_of(row) is polars_says(pl.all_horizontal, row)
    assert any_of(row) is polars_says(pl.any_horizontal, row)


@given(st.integers(1, 6), lists)
def test_at_least_is_what_all_ways_to_fill_in_agree_on(count, row):
    filled = itertools.product(
        *([truth] if truth is not Truth.UNKNOWN else [Truth.MET, Truth.NOT_MET] for truth in row)
    )
    answers = {sum(truth is Truth.MET for truth in way) >= count for way in filled}
    expected = Truth.of(answers.pop()) if len(answers) == 1 else Truth.UNKNOWN
    assert at_least(count, row) is expected


def test_nothing_at_all():
    assert all_of([]) is Truth.MET
    assert any_of([]) is Truth.NOT_MET
    assert at_least(1, []) is Truth.NOT_MET


@given(lists)
def test_de_morgan(row):
    assert ~all_of(row) is any_of(~truth for truth in row)
    assert ~any_of(row) is all_of(~truth for truth in row)


@given(lists, st.randoms())
def test_order_changes_nothing(row, random):
    shuffled = random.sample(row, len(row))
    for function in (all_of, any_of, lambda truths: at_least(2, truths)):
        assert function(shuffled) is function(row)


@given(lists, st.data())
def test_filling_in_an_unknown_never_reverses_what_is_decided(row, data):
    filled = [data.draw(truths) if truth is Truth.UNKNOWN else truth for truth in row]
    for function in (all_of, any_of, lambda truths: at_least(2, truths)):
        before = function(row)
        assert before is Truth.UNKNOWN or function(filled) is before


SILENT = unknown(Gap("clinical", "not recorded", "Ask.", silent=True))
DOUBT = unknown(Gap("report", "not certain", "Look."), value="perhaps")
MET = Outcome(Truth.MET, "yes", "it is so", (Evidence("fact", "t, row 1, c", "yes"),))
FAILED = Outcome(Truth.NOT_MET, "no", "it is not so")
outcomes = st.lists(st.sampled_from([SILENT, DOUBT, MET, FAILED]), min_size=1, max_size=5)


@given(outcomes)
def test_outcomes_follow_the_truths(parts):
    row = [part.truth for part in parts]
    assert conjunction(parts).truth is all_of(row)
    assert disjunction(parts).truth is any_of(row)
    assert counted(2)(parts).truth is at_least(2, row)
    assert negation(parts[:1]).truth is ~row[0]


@given(outcomes)
def test_what_is_unknown_says_why_and_what_would_settle_it(parts):
    for outcome in (conjunction(parts), disjunction(parts), counted(2)(parts)):
        if outcome.truth is Truth.UNKNOWN:
            assert outcome.gaps
            assert all(gap.reason and gap.settle for gap in outcome.gaps)
            assert outcome.silent == all(gap.silent for gap in outcome.gaps)


def test_silence_stays_silence_until_something_raises_the_question():
    assert conjunction([SILENT, SILENT]).silent
    assert disjunction([SILENT, FAILED]).silent
    assert not conjunction([MET, SILENT]).silent  # the stenosis is there: is there claudication?
    assert not disjunction([SILENT, DOUBT]).silent
    assert conjunction([negation([FAILED]), SILENT]).silent  # "no surgery" raises no question


def test_the_joint_reason_is_told_by_the_parts_that_decide():
    assert disjunction([FAILED, MET]).evidence == MET.evidence
    assert conjunction([MET, FAILED]).reason == "it is not so"
    assert disjunction([SILENT, DOUBT]).value == "perhaps"
