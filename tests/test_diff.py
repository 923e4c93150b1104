"""Two runs compared: who joined, left, moved, and the fact, finding, study, rule or pack why."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from endplate.cli import _app
from endplate.clinical import code_maps
from endplate.criteria import Pack, judge_all, load_packs
from endplate.diff import Change, RunDiff, compare_runs
from endplate.errors import EndplateError
from endplate.records import Case, Fact, Finding, Source, Study
from endplate.run_record import RunAccount, write_run_record
from endplate.sources import Counts
from endplate.studies import index_study
from endplate.worklist import write_tables

TODAY = dt.date(2026, 11, 22)
GOOD = {
    "back_pain_months": 24.0,
    "pain_pattern": "axial",
    "conservative_care_months": 9.0,
}


def patient(name: str, report: str = "", kind: str = "1", **facts: Any) -> Case:
    row = Finding(
        "r", "modic_change", level="L4-L5", modic_type=kind, basis="stated", section="findings"
    )
    study = Study(
        report or f"R-{name}",
        name,
        dt.date(2026, 1, 1),
        True,
        "MR",
        "",
        "",
        "final",
        (row,) if kind else (),
        Source("r.csv", 1),
    )
    made = {
        n: Fact(n, value, "", None, "c.csv", 7, n)
        for n, value in {**GOOD, **facts}.items()
        if value is not None
    }
    return Case(name, (study,), index_study((study,)), made)


def run(
    folder: Path,
    cases: Sequence[Case],
    packs: Sequence[Pack] | None = None,
    reader: str = "one",
    reports: Sequence[Path] = (),
) -> Path:
    packs = packs or load_packs(["selection", "fda-label"])
    judged = ((case, judge_all(case, packs)) for case in cases)
    tally = write_tables(folder, judged, packs, code_maps().flags, today=TODAY)
    write_run_record(
        folder,
        RunAccount(Counts(read=len(cases), used=len(cases)), tally),
        packs=packs,
        maps=code_maps(),
        reports=reports,
        clinical=[],
        columns={},
        reader=reader,
        created=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
    )
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return run(tmp_path / "old", [patient("a"), patient("b"), patient("c", back_pain_months=2.0)])


def causes(change: Change) -> list[tuple[str, str]]:
    return [(cause.kind, cause.text) for cause in change.causes]


def compare(old: Path, new: Path) -> RunDiff:
    difference = compare_runs(old, new)
    back = compare_runs(new, old)
    assert [c.patient_id for c in difference.joined] == [c.patient_id for c in back.left]
    assert [c.patient_id for c in difference.left] == [c.patient_id for c in back.joined]
    assert [c.patient_id for c in difference.moved] == [c.patient_id for c in back.moved]
    kept = difference.unchanged + len(difference.moved)
    assert difference.listed_now == kept + len(difference.joined)
    assert difference.listed_before == kept + len(difference.left)
    return difference


def test_a_run_compared_with_itself_shows_nothing(old: Path) -> None:
    difference = compare(old, old)
    assert difference.made_of == ()
    assert (difference.joined, difference.left, difference.moved) == ((), (), ())
    assert difference.unchanged == 2


def test_a_fact_that_changed(old: Path, tmp_path: Path) -> None:
    new = run(
        tmp_path / "new",
        [patient("a", pain_pattern="radicular"), patient("b", pain_pattern=None), patient("c")],
    )
    difference = compare(old, new)
    (left,), (moved,), (joined,) = difference.left, difference.moved, difference.joined
    assert left[:3] == ("a", "candidate", "not_candidate")
    assert causes(left) == [
        ("fact", "axial_pain: met (axial) → not met (radicular); c.csv, row 7, pain_pattern")
    ]
    assert moved[:3] == ("b", "candidate", "needs_information")
    assert causes(moved)[0][1].startswith("axial_pain: met (axial) → unknown (not recorded)")
    assert joined[:3] == ("c", "not_candidate", "candidate")
    assert causes(joined)[0][1].startswith("chronic_back_pain: not met (2 months) → met (24 mo")


def test_a_finding_that_changed_and_who_changed_it(old: Path, tmp_path: Path) -> None:
    cases = [patient("a", kind="3"), patient("b"), patient("c", back_pain_months=2.0)]
    new = run(tmp_path / "new", cases, reader="two")
    difference = compare(old, new)
    assert difference.made_of == ("reader or its rules",)
    (left,) = difference.left
    kinds = dict(causes(left))
    assert set(kinds) == {"finding"}
    assert ("finding", "modic: L4-L5:1 → L4-L5:3 (report read anew)") in causes(left)
    assert any(text.startswith("modic_1_or_2: met") for _, text in causes(left))


def test_another_index_study(old: Path, tmp_path: Path) -> None:
    cases = [patient("a", report="R-later", kind="3"), patient("b"), patient("c")]
    difference = compare(old, run(tmp_path / "new", cases, reader="two"))
    (left,) = difference.left
    assert causes(left)[0] == (
        "study",
        "index study: R-a (2026-01-01) → R-later (2026-01-01)",
    )
    assert "read anew" not in str(causes(left))


def test_patients_new_to_the_archive_and_gone_from_it(old: Path, tmp_path: Path) -> None:
    difference = compare(old, run(tmp_path / "new", [patient("a"), patient("z")]))
    assert [c[:3] for c in difference.joined] == [("z", "", "candidate")]
    assert [c[:3] for c in difference.left] == [("b", "candidate", "")]
    assert causes(difference.joined[0]) == [("study", "new in the archive")]
    assert causes(difference.left[0]) == [("study", "not in the archive any more")]


def site_pack(folder: Path, more: str, version: str = "2.0") -> list[Pack]:
    file = folder / "selection-site.yaml"
    file.write_text(
        f'id: selection\nversion: "{version}"\ntitle: Selection at our site\nextends: selection\n'
        "source: {title: Our site, date: 2026-11-22, retrieved: 2026-11-22}\n"
        "verification: {status: draft, by: nobody}\n" + more
    )
    return [*load_packs([str(file)]), *load_packs(["fda-label"])]


def test_a_rule_that_changed(old: Path, tmp_path: Path) -> None:
    packs = site_pack(
        tmp_path,
        "criteria:\n  - id: chronic_back_pain\n"
        "    statement: Chronic low back pain for 3 years or more\n    when:\n"
        "      number: {fact: back_pain_months, at_least: 36, unit: months}\n",
    )
    cases = [patient("a"), patient("b", back_pain_months=48.0), patient("c", back_pain_months=2.0)]
    difference = compare(old, run(tmp_path / "new", cases, packs))
    assert difference.made_of == ("pack selection 1.0 → 2.0",)
    (left,) = difference.left
    ((kind, text),) = causes(left)
    assert kind == "rule"
    assert "chronic_back_pain: met (24 months) → not met (24 months); asked for" in text
    assert "36 months" in text


def test_a_criterion_that_was_taken_out(old: Path, tmp_path: Path) -> None:
    packs = site_pack(tmp_path, "remove: [chronic_back_pain]\n")
    cases = [patient("a"), patient("b"), patient("c", back_pain_months=2.0)]
    difference = compare(old, run(tmp_path / "new", cases, packs))
    (joined,) = difference.joined
    assert causes(joined) == [("pack", "criterion chronic_back_pain: taken out")]


def test_inputs_that_changed_are_named_without_their_folder(old: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports.csv"
    reports.write_text("1")
    first = run(tmp_path / "first", [patient("a")], reports=[reports])
    reports.write_text("2")
    second = run(tmp_path / "second", [patient("a")], reports=[reports])
    assert compare(first, second).made_of == ("input reports.csv has changed",)
    assert compare_runs(old, first).made_of == ("input reports.csv is new",)
    assert compare_runs(first, old).made_of == ("input reports.csv is not there any more",)


def test_runs_are_compared_by_a_pack_that_both_have(old: Path, tmp_path: Path) -> None:
    swapped = run(tmp_path / "swapped", [patient("a")], load_packs(["fda-label", "selection"]))
    assert compare_runs(old, swapped).pack == "fda-label"
    other = run(tmp_path / "other", [patient("a")], load_packs(["smart"]))
    with pytest.raises(EndplateError, match="was judged by selection, fda-label, not by smart"):
        compare_runs(old, other)


@pytest.mark.parametrize("name", ["run.json", "patients.parquet", "criteria.parquet"])
def test_an_unfinished_run_is_refused(name: str, old: Path) -> None:
    (old / name).unlink()
    with pytest.raises(EndplateError, match=f"no {name} here"):
        compare_runs(old, old)


def test_a_damaged_run_is_refused(old: Path) -> None:
    (old / "patients.parquet").write_bytes(b"x")
    with pytest.raises(EndplateError, match="damaged"):
        compare_runs(old, old)


def test_the_command_tells_it_in_lines_and_as_json(old: Path, tmp_path: Path) -> None:
    cases = [patient(name, pain_pattern="radicular") for name in "ab"]
    new = run(tmp_path / "new", cases)
    shown = CliRunner().invoke(_app(), ["diff", str(old), str(new), "--limit", "1"])
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert lines[0] == "Changed between the runs: nothing: the same inputs, reader and packs"
    assert lines[1].startswith("Worklist by selection: 2 patients before, 0 now; 0 new, 2 left")
    assert lines[3:6] == [
        "Left the list:",
        "  a: candidate → not candidate",
        "      fact: axial_pain: met (axial) → not met (radicular); c.csv, row 7, pain_pattern",
    ]
    assert lines[6] == "  ... and 1 more; --limit 0 shows all"
    told = CliRunner().invoke(_app(), ["diff", str(old), str(new), "--json"])
    record = json.loads(told.output)
    assert [change["patient_id"] for change in record["left"]] == ["a", "b"]
    assert record["left"][0]["causes"][0]["kind"] == "fact"
