"""Each shipped pack against its table of cases (``tests/criteria``) and its own examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from endplate.criteria import Truth, judge, load_pack, pack_names
from endplate.criteria.examples import build_cases, check_example, check_examples
from endplate.criteria.schema import Example
from endplate.strict_yaml import read_document

TABLES = sorted((Path(__file__).parent / "criteria").glob("*.yaml"))


def read_table(path):
    table = read_document(path, path.name).data
    return table["pack"], [Example.model_validate(case) for case in table["cases"]]


def all_cases():
    for path in TABLES:
        pack, examples = read_table(path)
        for example, case in build_cases(examples):
            yield pytest.param(pack, example, case, id=f"{pack}: {example.name}")


@pytest.fixture(scope="module")
def packs():
    return {name: load_pack(name) for name in pack_names()}


@pytest.mark.parametrize(("pack", "example", "case"), list(all_cases()))
def test_case_has_the_verdict_that_the_source_gives(packs, pack, example, case):
    assert example.verdict is not None
    assert check_example(example, case, packs[pack]).differences == ()


@pytest.mark.parametrize("name", pack_names())
def test_own_examples_hold(packs, name):
    checks = check_examples(packs[name])
    assert len(checks) >= 3
    assert [check for check in checks if check.differences] == []


def test_every_shipped_pack_has_a_table_with_every_verdict():
    tables = dict(read_table(path) for path in TABLES)
    assert set(tables) == set(pack_names())
    for name, examples in tables.items():
        assert len(examples) >= 25, name
        assert len({example.name for example in examples}) == len(examples), name
        assert {example.verdict for example in examples} == {
            "urgent_review",
            "not_candidate",
            "needs_review",
            "needs_information",
            "candidate",
        }, name


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_criterion_is_decided_both_ways_by_some_case(packs, path):
    """No criterion is dead: some case meets it and some case does not.

    One that leaves its answer to a person (``ask``, ``review``, a list that may be incomplete) is
    open in some case instead of the other.
    """
    name, examples = read_table(path)
    pack = packs[name]
    seen: dict[str, set[Truth]] = {criterion.id: set() for criterion in pack.criteria}
    for _, case in build_cases(examples):
        for result in judge(case, pack).results:
            seen[result.criterion_id].add(result.truth)
    for criterion in pack.criteria:
        leaves = [part for _, part in criterion.when.walk() if not part.parts]
        if criterion.kind == "flag" or all(leaf.kind == "ask" for leaf in leaves):
            continue
        by_person = any(
            leaf.kind in ("ask", "contains") or getattr(leaf.test, "review", None)
            for leaf in leaves
        )
        assert len(seen[criterion.id]) >= 2, (name, criterion.id)
        if not by_person:
            assert {Truth.MET, Truth.NOT_MET} <= seen[criterion.id], (name, criterion.id)
