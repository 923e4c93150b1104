"""What decisions say about a list: the arithmetic by hand, and the command."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from endplate.page.run_folder import load_run
from endplate.review.agreement import agreement, as_json
from endplate.review.gold import gold_of
from endplate.review.sample import JUDGED, STRATA, UNREAD, draw, populations
from endplate.review.statistics import Stratum, cohens_kappa, recall
from endplate.review.store import Event, Store
from run_folders import typical, without_modic, write_run

ANSWERS = st.sampled_from(["accept", "reject", "unsure"])


def pairs(table: dict[tuple[str, str], int]) -> list[tuple[str, str]]:
    return [pair for pair, count in table.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        # the textbook example: 20 and 15 agreed, 5 and 10 not; 0.70 observed, 0.50 by chance
        ({("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}, 0.40),
        ({("a", "a"): 45, ("a", "b"): 15, ("b", "a"): 25, ("b", "b"): 15}, 0.1304),
        ({("a", "a"): 3, ("b", "b"): 4}, 1.0),
        ({("a", "b"): 5, ("b", "a"): 5}, -1.0),
        ({("a", "a"): 9}, None),
        ({}, None),
        ({("a", "b"): 9}, 0.0),
    ],
)
def test_kappa(table, kappa):
    found = cohens_kappa(pairs(table)).value
    assert found == (kappa if kappa is None else pytest.approx(kappa, abs=5e-5))


@given(st.lists(st.tuples(ANSWERS, ANSWERS)))
def test_kappa_does_not_depend_on_who_is_first_and_is_at_most_one(told):
    kappa = cohens_kappa(told)
    turned = cohens_kappa([(second, first) for first, second in told])
    assert kappa.value == pytest.approx(turned.value) if kappa.value is not None else True
    assert kappa.value is None or -1 - 1e-9 <= kappa.value <= 1 + 1e-9
    assert (kappa.value == 1) == (kappa.same == kappa.both and kappa.value is not None)


def test_recall_weighs_the_sample_by_its_fraction():
    # 80 of 100 listed are right; 1 of 50 sampled from 1,000 stands for 20 missed: 80 / 100
    found = recall([Stratum(100, 100, 80)], [Stratum(1000, 50, 1)])
    assert found is not None
    assert found.value == pytest.approx(0.8)
    assert found.missed == pytest.approx(20)
    assert 0.4 < found.low < 0.8 < found.high < 1


def test_recall_knows_what_it_does_not_know():
    nobody_missed = recall([Stratum(100, 100, 80)], [Stratum(1000, 50, 0)])
    assert nobody_missed is not None
    assert nobody_missed.value == 1
    assert nobody_missed.low < 0.95
    assert recall([Stratum(100, 100, 80)], [Stratum(1000, 0, 0)]) is None
    assert recall([Stratum(10, 10, 0)], [Stratum(10, 10, 0)]) is None
    whole = recall([Stratum(10, 10, 8)], [Stratum(90, 90, 2)])
    assert whole is not None
    assert (whole.value, whole.low, whole.high) == (0.8, 0.8, 0.8)


def test_a_larger_sample_narrows_the_interval():
    small = recall([Stratum(100, 100, 80)], [Stratum(1000, 50, 1)])
    large = recall([Stratum(100, 100, 80)], [Stratum(1000, 500, 10)])
    assert small is not None
    assert large is not None
    assert large.high - large.low < small.high - small.low


def rows(judged: int, unread: int) -> list[dict[str, str]]:
    table = {f"J{n}": {"modic": "L4-L5:3", "report_id": "r"} for n in range(judged)}
    table |= {f"U{n}": {"modic": "", "report_id": "r"} for n in range(unread)}
    table["nothing to read"] = {"modic": "", "report_id": ""}
    return [{"patient_id": name, **row} for name, row in table.items()]


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 60))
def test_the_sample_is_drawn_from_those_not_listed(judged, unread, size):
    groups = populations(rows(judged, unread))
    drawn = draw(groups, size)
    names = [patient for patient, _ in drawn]
    assert len(names) == len(set(names)) == min(size, judged + unread)
    assert all(patient in groups[name] for patient, name in drawn)
    assert [len(groups[name]) for name in STRATA] == [judged, unread]
    counts = {name: sum(one == name for _, one in drawn) for name in STRATA}
    if min(judged, unread) >= size:
        assert abs(counts[JUDGED] - counts[UNREAD]) <= 1
    assert set(names) <= {patient for patient, _ in draw(groups, size + 10)}


def fill(folder: Path) -> Store:
    """Two reviewers decide on a run of twelve listed and thirty other patients."""
    store = Store.of(folder)
    count = iter(range(10_000))

    def enter(reviewer: str, patient: str, kind: str = "decision", **data: object) -> Event:
        return store.add(
            reviewer=reviewer,
            patient_id=patient,
            kind=kind,
            data=data,
            request=f"request {next(count):04}",
        )

    for n in range(1, 9):
        enter("Ana", f"P{n:05d}", decision="accept")
    enter("Ana", "P00009", decision="reject", reason="wrong_level")
    enter("Ana", "P00010", decision="reject", reason="other_cause")
    enter("Ana", "P00011", decision="unsure")
    for n in range(1, 8):
        enter("Ben", f"P{n:05d}", decision="accept")
    enter("Ben", "P00008", decision="reject", reason="not_there")  # disputed
    enter("Ben", "P00009", decision="reject", reason="wrong_level")
    for n in range(10):
        enter("Ana", f"N{n:05d}", decision="reject", reason="not_there")
    read = {"finding": "modic_change", "level": "L4-L5", "modic_type": "1", "status": "present"}
    enter(
        "Ana",
        "P00009",
        "correction",
        report_id="P00009-2",
        was={**read, "start": 1, "end": 2},
        now={**read, "level": "L5-S1"},
        quote="",
    )
    enter("Ana", "P00009", "checked", report_id="P00009-2")
    enter("Ben", "P00009", "checked", report_id="P00009-2")
    enter(
        "Ben",
        "P00001",
        "correction",
        report_id="P00001-2",
        was=None,
        now={**read, "finding": "schmorl_node", "modic_type": ""},
        quote="",
    )
    return store


@pytest.fixture
def folder(tmp_path) -> Path:
    listed = [typical(n, "candidate" if n < 7 else "needs_information") for n in range(1, 13)]
    return write_run(tmp_path / "run", [*listed, *(without_modic(n) for n in range(30))])


def test_agreement_of_a_run(folder):
    found = agreement(load_run(folder), fill(folder).events())
    assert (found.decided, found.unsure, found.disputed) == (11, 1, 1)
    assert (found.precision.hits, found.precision.of) == (7, 9)
    assert found.precision.low == pytest.approx(0.4526, abs=1e-4)  # Wilson, 7 of 9
    assert found.precision.high == pytest.approx(0.9368, abs=1e-4)
    assert (found.reading.hits, found.reading.of) == (8, 9)
    assert {name: (r.hits, r.of) for name, r in found.by["verdict"]} == {
        "candidate": (6, 6),
        "needs_information": (1, 3),
    }
    assert {name: (r.hits, r.of) for name, r in found.by["level"]} == {"L4-L5": (7, 9)}
    (first, second, kappa) = found.kappas[0]
    assert (first, second, kappa.both, kappa.same) == ("Ana", "Ben", 9, 8)
    assert kappa.value == pytest.approx((8 / 9 - 58 / 81) / (1 - 58 / 81))
    # 6 of 6 candidates are right; 1 of 3 others stands for 2 of 6; of 30 unlisted 10 are read
    assert found.recall is not None
    assert found.recall.on_list == pytest.approx(8)
    assert found.recall.value == 1
    assert found.recall.low < 1
    assert dict(found.sampled)[UNREAD] == Stratum(30, 10, 0)
    assert found.corrections[0] == ("modic_change: level L4-L5 should be L5-S1", 1)
    assert found.traits[0].name in (
        "unknown: Chronic low back pain of 6 months or more",
        "verdict needs_information",
    )
    assert json.loads(json.dumps(as_json(found)))["precision"]["of"] == 9
    assert "P000" not in json.dumps(as_json(found))


def test_what_keeps_the_recall_unknown_is_said(folder):
    from endplate.cli import _app

    decision = {"decision": "accept"}
    Store.of(folder).add(
        reviewer="Ana", patient_id="P00001", kind="decision", data=decision, request="request 1"
    )
    result = CliRunner().invoke(_app(), ["agreement", str(folder)])
    told = " ".join(result.output.split())
    assert "nobody has decided on any of: listed, needs_information (6); no endplate" in told


def test_only_checked_reports_become_gold_and_disputes_are_optional(folder):
    texts = {"P00009-2": "text", "P00001-2": "text"}
    read = {"finding": "modic_change", "level": "L4-L5", "modic_type": "1", "status": "present"}
    gold = gold_of(fill(folder).events(), {"P00009-2": [read]}, texts)
    assert gold.unchecked == ("P00001-2",)
    (row,) = gold.rows
    assert row["id"] == "P00009-2"
    levels = {finding["level"]: finding.get("optional", False) for finding in row["findings"]}
    assert levels == {"L4-L5": True, "L5-S1": True}


def test_the_command_prints_writes_and_feeds_evaluate(folder, tmp_path):
    from endplate.cli import _app
    from endplate.evaluate import load_gold

    fill(folder)
    gold, figures = tmp_path / "gold.jsonl", tmp_path / "agreement.json"
    result = CliRunner().invoke(
        _app(), ["agreement", str(folder), "--gold", str(gold), "--json", str(figures)]
    )
    assert result.exit_code == 0, result.output
    assert "7  9" in " ".join(result.output.split("all ")[1].split("\n")[0].split()).replace(
        " ", "  "
    )
    assert "Cohen's kappa" in result.output
    assert "Recall of the list: 1.00" in result.output
    assert "1 checked reports as gold" in result.output
    assert "1 corrected reports are left out" in result.output
    assert stat.S_IMODE(gold.stat().st_mode) == 0o600
    (file,) = load_gold([gold], need_text=True)
    assert [report.report_id for report in file.reports] == ["P00009-2"]
    assert json.loads(figures.read_text())["decided"] == 11
    # the decisions have come into the worklist
    assert load_run(folder).clinic["P00001"]["decided_by"] == "Ana; Ben"


def test_without_decisions_the_command_says_what_to_do(folder):
    from endplate.cli import _app

    result = CliRunner().invoke(_app(), ["agreement", str(folder)])
    assert result.exit_code != 0
    assert "endplate review" in str(result.exception)
