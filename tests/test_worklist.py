"""The outputs of a run: worklist, tables, flow and record, and that their counts add up."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endplate.clinical import code_maps
from endplate.criteria import VERDICTS, Judgement, Pack, judge_all, load_packs
from endplate.flow import FlowStep, check_flow, flow_of, flow_svg
from endplate.next_step import decisive_reason, next_step
from endplate.records import Case, Fact, Finding, Source, Study
from endplate.run_record import RunAccount, write_run_record
from endplate.sources import Counts
from endplate.studies import build_cases, index_study
from endplate.summary import MAX_SENTENCES, imaging_cells
from endplate.worklist import RANKING, Tally, worklist_columns, write_tables

TODAY = dt.date(2026, 11, 22)
FLAGS = code_maps().flags

CONTRACT_HEADER = """
    rank patient_id verdict pack pack_version report_id study_date mri_age_days modic modic_basis
    bodies endplate red_flags other_findings criteria_met criteria_unknown criteria_not_met
    next_step evidence verdict_fda-label decision decided_by decided_on notes
"""
CONTRACT_COLUMNS = CONTRACT_HEADER.split()


@pytest.fixture(scope="module")
def packs() -> list[Pack]:
    return load_packs(["selection", "fda-label"])


def finding(code: str, level: str = "", **more: Any) -> Finding:
    sentence = more.pop("sentence", f"{code} at {level}.")
    return Finding("r", code, level=level, section="findings", sentence=sentence, **more)


def modic(level: str, kind: str = "1", **more: Any) -> Finding:
    return finding("modic_change", level, modic_type=kind, **{"basis": "stated", **more})


GOOD = {
    "back_pain_months": 24.0,
    "pain_pattern": "axial",
    "conservative_care_months": 9.0,
    "age": 50.0,
    "skeletally_mature": True,
}


def case(
    patient: str,
    *findings: Finding,
    facts: dict[str, Any] | None = None,
    age_days: int = 100,
    lumbar_mri: bool | None = True,
    report: str = "",
) -> Case:
    study = Study(
        report or f"R-{patient}",
        patient,
        TODAY - dt.timedelta(age_days),
        lumbar_mri,
        "MR" if lumbar_mri else "",
        "MR LUMBAR",
        "",
        "final",
        findings,
        Source("r.csv", 1),
    )
    made = {
        name: value if isinstance(value, Fact) else Fact(name, value, "", None, "c.csv", 1, name)
        for name, value in (GOOD if facts is None else facts).items()
    }
    return Case(patient, (study,), index_study((study,)), made)


def judged(
    cases: Iterable[Case], packs: Sequence[Pack]
) -> Iterator[tuple[Case, tuple[Judgement, ...]]]:
    return ((case, judge_all(case, packs)) for case in cases)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in names}


RED = finding("spinal_infection", "L4-L5", status="uncertain", sentence="Infection is possible.")

COHORT = [
    case("review", modic("L4-L5", "unspecified")),
    case("candidate-old", modic("L4-L5"), age_days=900),
    case("candidate-new", modic("L4-L5"), age_days=3),
    case("ask-two", modic("L4-L5"), facts=without("pain_pattern", "back_pain_months")),
    case("ask-one", modic("L4-L5"), facts=without("pain_pattern")),
    case("urgent", modic("L4-L5"), RED),
    case("no", modic("L4-L5", "3")),
    case("no-history", modic("L4-L5"), facts={**GOOD, "prior_bvn_ablation": True}),
    case("=cmd()", modic("L4-L5"), age_days=50),
]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_columns_are_the_contract_s_in_its_order(packs: list[Pack], tmp_path: Path) -> None:
    assert list(worklist_columns(packs)) == CONTRACT_COLUMNS
    write_tables(tmp_path, judged(COHORT, packs), packs, FLAGS, today=TODAY)
    raw = (tmp_path / "worklist.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.split(b"\r\n")[0].decode("utf-8-sig").split(",") == CONTRACT_COLUMNS


def test_the_list_is_ranked_best_first_with_urgent_ones_apart_at_the_top(
    packs: list[Pack], tmp_path: Path
) -> None:
    for number, order in enumerate((COHORT, COHORT[::-1])):
        folder = tmp_path / str(number)
        write_tables(folder, judged(order, packs), packs, FLAGS, today=TODAY)
        rows = rows_of(folder / "worklist.csv")
        assert [row["patient_id"] for row in rows] == [
            "urgent",
            "candidate-new",
            "'=cmd()",
            "candidate-old",
            "ask-one",
            "ask-two",
            "review",
        ]
        assert [row["rank"] for row in rows] == [str(n) for n in range(1, 8)]
        assert all(row[c] == "" for row in rows for c in CONTRACT_COLUMNS[-4:])


def test_every_patient_has_a_row_with_reasons(packs: list[Pack], tmp_path: Path) -> None:
    tally = write_tables(
        tmp_path, judged(COHORT, packs), packs, FLAGS, today=TODAY, patients_csv=True
    )
    rows = pq.read_table(tmp_path / "patients.parquet").to_pylist()
    assert len(rows) == tally.patients == len(COHORT)
    by_id = {row["patient_id"]: row for row in rows}
    assert by_id["no"]["reasons"].startswith("not met: Modic type 1 or 2")
    assert "ablated before" in by_id["no-history"]["reasons"]
    assert by_id["candidate-new"]["reasons"] == ""
    assert by_id["candidate-new"]["mri_age_days"] == 3
    assert by_id["candidate-new"]["next_step"] != ""
    assert by_id["no"]["next_step"] == ""
    assert len(rows_of(tmp_path / "patients.csv")) == len(COHORT)
    assert tally.verdicts["selection"] == Counter(row["verdict"] for row in rows)
    assert tally.obstacles.total() == 2


def test_criteria_have_a_row_each(packs: list[Pack], tmp_path: Path) -> None:
    write_tables(tmp_path, judged(COHORT, packs), packs, FLAGS, today=TODAY)
    rows = pq.read_table(tmp_path / "criteria.parquet").to_pylist()
    expected = {
        (case.patient_id, j.pack_id, result.criterion_id): (j, result)
        for case in COHORT
        for j in judge_all(case, packs)
        for result in j.results
    }
    assert len(rows) == len(expected)
    for row in rows:
        judgement, result = expected[row["patient_id"], row["pack"], row["criterion"]]
        assert row["pack_version"] == judgement.pack_version
        assert row["truth"] == result.truth.name.lower()
        assert row["standing"] == result.standing
        for column in ("statement", "value", "threshold", "reason", "settle", "kind", "about"):
            assert row[column] == getattr(result, column)
        evidence = json.loads(row["evidence"]) if row["evidence"] else []
        assert evidence == [item._asdict() for item in result.evidence]


def test_studies_are_listed_with_the_index(packs: list[Pack], tmp_path: Path) -> None:
    index = case("p", modic("L4-L5")).studies[0]
    older = index._replace(report_id="old", study_date=dt.date(2020, 1, 1))
    cases = list(build_cases([index, older], {}))
    write_tables(tmp_path, judged(cases, packs), packs, FLAGS, today=TODAY)
    rows = pq.read_table(tmp_path / "studies.parquet").to_pylist()
    assert [(row["report_id"], row["is_index"]) for row in rows] == [("old", 0), ("R-p", 1)]
    (patient,) = pq.read_table(tmp_path / "patients.parquet").to_pylist()
    assert patient["history"] == "L4-L5: stable (type 1) since 2020-01-01"


def test_files_are_for_their_owner_only(packs: list[Pack], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_tables(folder, judged(COHORT, packs), packs, FLAGS, today=TODAY)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_run_that_breaks_off_leaves_nothing(packs: list[Pack], tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[Case, tuple[Judgement, ...]]]:
        yield from judged(COHORT[:3], packs)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tables(tmp_path, broken(), packs, FLAGS, today=TODAY)
    assert list(tmp_path.iterdir()) == []


def test_a_draft_pack_says_so(tmp_path: Path) -> None:
    (pack,) = load_packs(["highmark-wy"])
    assert pack.draft
    write_tables(tmp_path, judged(COHORT, [pack]), [pack], FLAGS, today=TODAY)
    rows = rows_of(tmp_path / "worklist.csv")
    assert rows
    for row in rows:
        assert row["pack_version"].endswith("(draft)")
        assert row["next_step"].startswith("By draft criteria.")


def test_ranking_knows_every_verdict_on_the_list() -> None:
    assert set(RANKING) == set(VERDICTS) - {"not_candidate"}


# Cells


@pytest.mark.parametrize(
    ("findings", "column", "cell"),
    [
        ([modic("L5-S1"), modic("L4-L5", "2")], "modic", "L4-L5:2; L5-S1:1"),
        ([modic("L4-L5", "1"), modic("L4-L5", "2")], "modic", "L4-L5:1/2"),
        ([modic("L4-L5", "1", status="uncertain")], "modic", "L4-L5:1?"),
        ([modic("L4-L5", "2"), modic("L4-L5", "1", status="uncertain")], "modic", "L4-L5:2"),
        ([modic("L4-L5", "1", status="absent")], "modic", ""),
        ([modic("L4-L5", "1", status="historical")], "modic", ""),
        ([modic("", "2")], "modic", "level not said:2"),
        ([modic("", "2", vertebra="L4")], "modic", "L4:2"),
        ([modic("L4-L5", "1/2"), modic("", "2")], "modic", "L4-L5:1/2"),
        ([modic("L4-L5", "2"), modic("", "unspecified")], "modic", "L4-L5:2"),
        ([modic("L4-L5", "2"), modic("", "1")], "modic", "L4-L5:2; level not said:1"),
        ([modic("L4-L5", "1"), modic("", "1", vertebra="L5")], "modic", "L4-L5:1"),
        ([modic("L4-L5", "1"), modic("", "1", vertebra="L1")], "modic", "L4-L5:1; L1:1"),
        (
            [modic("L4-L5", "1", status="uncertain"), modic("", "1")],
            "modic",
            "L4-L5:1?; level not said:1",
        ),
        (
            [modic("L4-L5", "1", status="uncertain"), modic("", "1", status="uncertain")],
            "modic",
            "L4-L5:1?",
        ),
        ([modic("L4-L5"), modic("L5-S1")], "modic_basis", "stated"),
        (
            [modic("L4-L5"), modic("L5-S1", basis="described")],
            "modic_basis",
            "L4-L5:stated; L5-S1:described",
        ),
        ([modic("L4-L5", basis="described"), modic("L4-L5")], "modic_basis", "stated"),
        ([modic("L4-L5"), modic("L5-S1", "2")], "bodies", "L4 L5 S1"),
        ([modic("L4-L5", vertebra="L4", endplate="inferior")], "bodies", "L4"),
        ([modic("L2-L3", vertebra="L3", endplate="superior")], "bodies", ""),
        ([modic("L4-L5", "3")], "bodies", ""),
        ([modic("L4-L5", status="uncertain")], "bodies", ""),
        (
            [finding("schmorl_node", "L5-S1"), finding("endplate_edema", "L4-L5")],
            "endplate",
            "L4-L5:endplate_edema; L5-S1:schmorl_node",
        ),
        ([finding("vertebral_fracture", vertebra="L1")], "red_flags", "vertebral_fracture L1"),
        ([finding("vertebral_fracture", vertebra="L1", acuity="chronic")], "red_flags", ""),
        (
            [finding("vertebral_fracture", vertebra="L1", acuity="chronic")],
            "other_findings",
            "vertebral_fracture L1",
        ),
        ([RED], "red_flags", "spinal_infection? L4-L5"),
        (
            [
                finding("spinal_stenosis", "L4-L5", grade="severe"),
                finding("spinal_stenosis", "L3-L4"),
            ],
            "other_findings",
            "spinal_stenosis L3-L4, L4-L5 (severe)",
        ),
    ],
)
def test_imaging_cells(findings: list[Finding], column: str, cell: str) -> None:
    assert getattr(imaging_cells(case("p", *findings)), column) == cell


def test_evidence_is_one_line_with_the_level_in_front() -> None:
    same = "- =2+5 Modic 1\nat L4-5\tand L5-S1."
    cells = imaging_cells(case("p", modic("L5-S1", sentence=same), modic("L4-L5", sentence=same)))
    assert cells.evidence == "[L4-L5, L5-S1] - =2+5 Modic 1 at L4-5 and L5-S1."


def test_evidence_begins_with_dangers_and_counts_what_it_leaves_out() -> None:
    many = [modic("L4-L5", sentence=f"Sentence {n}.") for n in range(MAX_SENTENCES + 3)]
    evidence = imaging_cells(case("p", *many, RED)).evidence
    assert evidence.startswith("[L4-L5] Infection is possible. | ")
    assert evidence.endswith("(4 more sentences)")


def test_an_old_fracture_is_no_danger_in_the_evidence() -> None:
    old = finding("vertebral_fracture", vertebra="T11", acuity="chronic", sentence="Old fracture.")
    assert (
        imaging_cells(case("p", modic("L4-L5"), old)).evidence == "[L4-L5] modic_change at L4-L5."
    )


def test_without_an_index_study_the_cells_are_empty() -> None:
    assert set(imaging_cells(Case("p", (), None, {}))) == {""}


# Next step


def step(a_case: Case, packs: Sequence[Pack]) -> str:
    (judgement,) = judge_all(a_case, packs[:1])
    return next_step(a_case, judgement, FLAGS, draft=False)


def test_what_is_asked(packs: list[Pack]) -> None:
    said = step(case("p", modic("L4-L5"), facts=without("pain_pattern", "back_pain_months")), packs)
    assert "Ask or look up: duration of back pain; pattern of the pain." in said


def test_exclusions_that_nobody_recorded_are_to_be_confirmed(packs: list[Pack]) -> None:
    silent = step(case("p", modic("L4-L5")), packs)
    assert silent.startswith("For review by a specialist. Confirm in the clinic that none")
    assert "bleeding disorder" in silent
    said = step(case("p", modic("L4-L5"), facts={**GOOD, "bleeding_disorder": False}), packs)
    assert "bleeding disorder" not in said


def test_dangers_come_first(packs: list[Pack]) -> None:
    said = step(case("p", modic("L4-L5"), RED), packs)
    assert said.startswith("Urgent: have report and images read first for spinal infection L4-L5.")


def test_safety_flags_are_named_in_every_pack() -> None:
    facts = {
        **GOOD,
        "flag_osteoporosis": Fact(
            "flag_osteoporosis", True, "", None, "dx.csv", 7, "code", "code M81.0"
        ),
        "flag_antithrombotic": Fact(
            "flag_antithrombotic", True, "", None, "dx.csv", 8, "code", "code Z79.01"
        ),
    }
    a_case = case("p", modic("L4-L5"), facts=facts)
    for pack in load_packs(["selection", "fda-label", "smart", "intracept", "highmark-wy"]):
        (judgement,) = judge_all(a_case, [pack])
        if judgement.verdict != "not_candidate":
            said = next_step(a_case, judgement, FLAGS)
            assert "osteoporosis" in said.lower()
            assert "Safety: anticoagulant or antiplatelet drug (dx.csv, row 8, code Z79.01)" in said
        shown = [r.criterion_id for r in judgement.results if r.standing == "flag"]
        assert "osteoporosis" in shown


def test_disagreements_of_the_record_are_to_be_cleared_up(packs: list[Pack]) -> None:
    odi = Fact("odi", 40.0, "", None, "c.csv", 1, "odi", "obs.csv, row 3 says 60")
    said = step(case("p", modic("L4-L5"), facts={**GOOD, "odi": odi}), packs)
    assert "Clear up where the record disagrees: Oswestry Disability Index (obs.csv, row 3" in said


def test_nothing_is_recommended(packs: list[Pack]) -> None:
    for a_case in COHORT:
        assert "recommend" not in step(a_case, packs).lower()


def test_reasons_name_what_is_open(packs: list[Pack]) -> None:
    (judgement,) = judge_all(case("p", modic("L4-L5", "unspecified")), packs[:1])
    assert judgement.verdict == "needs_review"
    assert decisive_reason(judgement).startswith("Modic type 1 or 2")


# Flow and record


def tally_of(cases: Sequence[Case], packs: Sequence[Pack], folder: Path) -> Tally:
    return write_tables(folder, judged(cases, packs), packs, FLAGS, today=TODAY)


def test_the_flow_adds_up(packs: list[Pack], tmp_path: Path) -> None:
    tally = tally_of(COHORT, packs, tmp_path)
    reports = Counts(read=15, used=12, rejected=Counter(duplicate=2, empty=1))
    steps = flow_of(reports, 1, tally)
    assert [(step.label, step.n) for step in steps] == [
        ("reports read", 15),
        ("reports used", 12),
        ("examinations", 9),
        ("patients", 9),
        ("on the worklist (selection)", 7),
    ]
    assert steps[1].excluded == {"cancelled": 1, "addendum or correction of another report": 2}


@pytest.mark.parametrize(
    ("reports", "cancelled"),
    [
        (Counts(read=14, used=12, rejected=Counter(duplicate=3)), 1),
        (Counts(read=12, used=12), 5),
        (Counts(read=8, used=8), 0),
    ],
)
def test_a_flow_that_does_not_add_up_stops_the_run(
    reports: Counts, cancelled: int, packs: list[Pack], tmp_path: Path
) -> None:
    tally = tally_of(COHORT, packs, tmp_path)
    with pytest.raises(RuntimeError):
        flow_of(reports, cancelled, tally)


def test_a_lost_patient_stops_the_run(packs: list[Pack], tmp_path: Path) -> None:
    tally = tally_of(COHORT, packs, tmp_path)
    for wrong in (
        replace(tally, patients=tally.patients + 1),
        replace(tally, listed=tally.listed - 1),
        replace(tally, obstacles=Counter()),
    ):
        with pytest.raises(RuntimeError):
            wrong.check()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.integers(0, 20))
def test_any_flow_that_adds_up_is_drawn(losses: list[int], rest: int) -> None:
    steps, left = [], rest + sum(losses)
    for loss in losses:
        steps.append(FlowStep("people", left, {"left <early> & late": loss}))
        left -= loss
    steps.append(FlowStep("stayed", left, parts={"a": left, "b": 0}))
    check_flow(steps)
    figure = ElementTree.fromstring(flow_svg(steps, "A <title> & more"))
    words = " ".join(text for text in figure.itertext())
    assert f"{rest:,} stayed" in words
    assert "A <title> & more" in words
    with pytest.raises(RuntimeError):
        check_flow([steps[0]._replace(n=steps[0].n + 1), *steps[1:]])


def test_the_record_tells_what_the_run_was_made_of(packs: list[Pack], tmp_path: Path) -> None:
    reports, clinical = tmp_path / "reports.csv", tmp_path / "texts"
    reports.write_text("id,text\n")
    clinical.mkdir()
    (clinical / "a.txt").write_text("x")
    folder = tmp_path / "run"
    account = RunAccount(
        Counts(read=9, used=9), tally_of(COHORT, packs, folder), seconds={"read": 1.234}
    )
    record = write_run_record(
        folder,
        account,
        packs=packs,
        maps=code_maps(),
        reports=[reports, "-"],
        clinical=[clinical],
        columns={"text": "text", "id": None},
        reader="abc",
        created=dt.datetime(2026, 11, 22, 18, tzinfo=dt.UTC),
    )
    assert record == json.loads((folder / "run.json").read_text("utf-8"))
    assert record["created"] == "2026-11-22T18:00:00+00:00"
    assert [pack["id"] for pack in record["packs"]] == ["selection", "fda-label"]
    assert record["packs"][0]["sha256"] == packs[0].digest
    first, stdin, texts = record["inputs"]
    assert first["sha256"] == hashlib.sha256(reports.read_bytes()).hexdigest()
    assert first["kind"] == "reports"
    assert stdin == {"path": "-", "kind": "reports"}
    assert texts["files"] == 1
    assert record["columns"] == {"text": "text"}
    assert record["counts"]["worklist"] == 7
    assert record["counts"]["verdicts"]["selection"]["candidate"] == 3
    assert record["seconds"] == {"read": 1.23}
    assert [step["n"] for step in record["flow"]] == [9, 9, 9, 9, 7]
    assert "for review by a specialist" in record["notice"]
    assert stat.S_IMODE((folder / "flow.svg").stat().st_mode) == 0o600
