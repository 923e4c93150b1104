"""The sample data and the gold files keep what their data dictionary and the guideline promise."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from endplate import codes

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"
GOLD = ROOT / "tests" / "gold"
GOLD_FILES = ("full", "heldout", "samples", "snippets", "sudirman")
LONG_TABLES = {
    "conditions.csv": ["patient_id", "code", "code_system", "date", "end_date"],
    "procedures.csv": ["patient_id", "code", "code_system", "date"],
    "observations.csv": ["patient_id", "name", "value", "unit", "date"],
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rows(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("name", GOLD_FILES)
def test_gold_uses_only_the_closed_lists(name: str) -> None:
    reports = lines(GOLD / f"{name}.jsonl")
    assert len({report["id"] for report in reports}) == len(reports)
    for report in reports:
        assert report["text"].strip()
        for row in report["findings"]:
            where = (report["id"], row)
            assert row["finding"] in codes.FINDINGS, where
            assert row["level"] is None or row["level"] in codes.LEVELS, where
            assert row["status"] in codes.STATUSES, where
            assert row.get("section", "other") in codes.SECTIONS, where
            assert row.get("endplate", "both") in codes.ENDPLATES, where
            if row["finding"] == "modic_change":
                assert row["modic_type"] in codes.MODIC_TYPES, where
                assert row["basis"] in codes.BASES, where
            else:
                assert "modic_type" not in row, where
                assert "basis" not in row, where


def test_heldout_gold_covers_every_code_and_status() -> None:
    found = [row for report in lines(GOLD / "heldout.jsonl") for row in report["findings"]]
    assert {row["finding"] for row in found} == set(codes.FINDINGS)
    assert {row["status"] for row in found} == set(codes.STATUSES)


@pytest.mark.parametrize(
    ("samples", "gold", "key"),
    [("reports.jsonl", "samples.jsonl", "report_id"), ("sudirman.jsonl", "sudirman.jsonl", "id")],
)
def test_sample_texts_are_those_of_the_gold(samples: str, gold: str, key: str) -> None:
    annotated = {report["id"]: report["text"] for report in lines(GOLD / gold)}
    for report in lines(SAMPLES / samples):
        assert report["text"] == annotated[report[key]], report[key]


def test_every_real_note_with_a_modic_or_endplate_finding_is_a_sample() -> None:
    chosen = {report["id"] for report in lines(SAMPLES / "sudirman.jsonl")}
    for report in lines(GOLD / "sudirman.jsonl"):
        if any(row["finding"].startswith(("modic", "endplate")) for row in report["findings"]):
            assert report["id"] in chosen


def test_written_reports_are_many_and_long() -> None:
    reports = lines(SAMPLES / "reports.jsonl")
    assert len(reports) >= 44
    assert all(200 <= len(report["text"].split()) <= 500 for report in reports)
    assert {"preliminary", "final", "amended", "corrected", "cancelled", ""} == {
        report["report_status"] for report in reports
    }


def test_clinical_rows_are_one_a_patient_and_known_but_for_two() -> None:
    patients = [row["patient_id"] for row in rows("clinical.csv")]
    assert len(set(patients)) == len(patients) >= 70
    read = {
        report["patient_id"]
        for name in ("reports.jsonl", "sudirman.jsonl")
        for report in lines(SAMPLES / name)
    }
    assert set(patients) - read == {"P990", "P991"}


@pytest.mark.parametrize("name", sorted(LONG_TABLES))
def test_long_tables_have_their_columns_and_iso_dates(name: str) -> None:
    table = rows(name)
    assert table
    for row in table:
        assert list(row) == LONG_TABLES[name]
        date.fromisoformat(row["date"])


def test_sample_files_stay_small() -> None:
    for path in [*SAMPLES.iterdir(), *GOLD.iterdir()]:
        assert path.stat().st_size < 400_000, path.name
