"""Every marked-up passage gives exactly its rows, at the marked words."""

from __future__ import annotations

from collections import Counter

import pytest

from casebook import Case, compare, describe, load_cases, load_known_failures
from endplate.records import Report

CASES = load_cases()


def _parameter(case: Case):
    # strict: a known failure that is mended must lose its mark
    known = [pytest.mark.xfail(reason=case.known_failure, strict=True)]
    return pytest.param(case, id=case.id, marks=known if case.known_failure else [])


@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_case(case, reader):
    comparison = compare(case, reader.read(Report(case.id, case.text)).findings)
    if not comparison.exact or comparison.faults:
        pytest.fail(describe(case, comparison), pytrace=False)


def test_case_ids_are_unique():
    twice = [name for name, count in Counter(case.id for case in CASES).items() if count > 1]
    assert not twice


def test_known_failures_are_cases():
    assert load_known_failures().keys() <= {case.id for case in CASES}


def test_no_passage_stands_twice():
    """A held-out passage that also stands in the open would not be held out."""
    texts = Counter(" ".join(case.text.split()).casefold() for case in CASES)
    assert [text for text, count in texts.items() if count > 1] == []
