"""The whole way on the samples: screen, page, decisions, and the next run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chromium import chromium, watched_page
from commands import endplate
from endplate.page.figures import parse_modic
from endplate.page.run_folder import load_run, read_worklist
from endplate.review.store import Store

SAMPLES = Path(__file__).parents[1] / "data" / "samples"


def screen(out: Path) -> None:
    done = endplate(
        "screen",
        SAMPLES / "sudirman.jsonl",
        SAMPLES / "reports.jsonl",
        "--clinical",
        SAMPLES / "clinical.csv",
        "--criteria",
        "selection",
        "--criteria",
        "fda-label",
        "--out",
        out,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "run"
    screen(folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


def test_decisions_survive_the_next_run(run):
    patient = next(iter(read_worklist(run / "worklist.csv")))
    Store.of(run).add(
        reviewer="Ana",
        patient_id=patient,
        kind="decision",
        data={"decision": "accept"},
        request=os.urandom(8).hex(),
    )
    screen(run)
    row = read_worklist(run / "worklist.csv")[patient]
    assert (row["decision"], row["decided_by"]) == ("accept", "Ana")
    assert len(Store.of(run).events()) == 1


@pytest.mark.browser
def test_every_patient_of_the_samples_can_be_looked_at(browser, run):
    done = endplate("report", run)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # every report was found again as the run had read it
    page_file = run / "report.html"
    folder = load_run(run)
    with watched_page(browser, page_file.as_uri()) as page:
        page.goto(page_file.as_uri())
        for place, patient in enumerate(folder.worklist):
            page.evaluate("place => app.go(app.rows[place])", place)
            page.wait_for_function(
                "id => document.getElementById('patient-title')?.textContent === id", arg=patient
            )
            assert page.locator(".report-card, #report-title").count() >= 1
            assert page.locator(".warn").count() == 0
            assert page.locator(".criterion").count() > 3
            drawn = set(
                page.locator(".spine .marrow[data-type]").evaluate_all(
                    "all => all.map(s => s.closest('g').dataset.level)"
                )
            )
            told = {level for level, _ in parse_modic(folder.patients[patient]["modic"])}
            assert told - {"level not said"} <= drawn, patient
            marks = page.locator("mark.f").count()
            assert marks > 0 or not folder.patients[patient]["modic"]
