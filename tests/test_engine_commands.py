"""screen, extract into folders, shards and merge, simulate: as a user runs them."""

from __future__ import annotations

import csv
import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commands import ENDPLATE, endplate, last_line

#: What a run writes; run.json and flow.svg apart, which tell when it was.
TABLES = (
    "worklist.csv",
    "patients.parquet",
    "studies.parquet",
    "criteria.parquet",
    "findings.parquet",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated archive in JSON lines."""
    folder = tmp_path_factory.mktemp("archives") / "archive"
    done = endplate("simulate", "1500", "--seed", "7", "--format", "jsonl", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def screen(archive: Path, out: Path, *options: str) -> list[str]:
    return [
        "screen",
        str(archive / "synthetic_reports.jsonl"),
        *("--clinical", str(archive / "synthetic_clinical.csv")),
        *("--clinical", str(archive / "synthetic_conditions.csv")),
        *("--out", str(out), *options),
    ]


def tables(folder: Path) -> dict[str, object]:
    """The content of the final tables (the bytes of a Parquet file may differ with the same)."""
    return {
        name: pq.read_table(folder / name).to_pydict()
        if name.endswith("parquet")
        else (folder / name).read_bytes()
        for name in TABLES
    }


@pytest.fixture(scope="module")
def run(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished screening run of the archive."""
    out = tmp_path_factory.mktemp("runs") / "run"
    done = endplate(*screen(archive, out, "--workers", "2"))
    assert done.returncode == 0, done.stderr
    assert "1,500 read, 1,500 used; 0 rejected" in done.stdout
    assert "Worklist, for review by a specialist" in done.stdout
    return out


def test_every_report_is_accounted_for(archive: Path, run: Path) -> None:
    counts = json.loads((run / "run.json").read_text())["counts"]
    assert counts["reports"] == {"read": 1500, "used": 1500, "rejected": {}, "cancelled": 0}
    assert counts["findings"] == pq.read_metadata(run / "findings.parquet").num_rows > 2000
    texts = {
        report["report_id"]: report["text"]
        for report in map(json.loads, (archive / "synthetic_reports.jsonl").open())
    }
    for row in pq.read_table(run / "findings.parquet").to_pylist():
        assert texts[row["report_id"]][row["start"] : row["end"]] == row["text"]


def test_the_same_command_again_reads_nothing_and_changes_nothing(archive: Path, run: Path) -> None:
    before = tables(run)
    done = endplate(*screen(archive, run))
    assert done.returncode == 0, done.stderr
    assert "1,500 of them known from before" in done.stdout
    assert tables(run) == before


def test_workers_and_restart_change_no_table(archive: Path, run: Path) -> None:
    before = tables(run)
    done = endplate(*screen(archive, run, "--workers", "1", "--restart", "--profile"))
    assert done.returncode == 0, done.stderr
    assert "all reports are read again" in done.stderr
    assert "known from before" not in done.stdout
    assert "Where the time went" in done.stdout
    assert "Peak memory" in done.stdout
    assert tables(run) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on_to_the_same_tables(
    archive: Path, run: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "run"
    chance = random.Random(int(number))
    process = subprocess.Popen(
        [str(ENDPLATE), *screen(archive, out)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    end = time.monotonic() + 180
    while not list(out.glob("parts/*.parquet")) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.05))
    process.send_signal(number)
    error = process.communicate(timeout=180)[1].decode()
    if number is signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130, error
        assert "the same command goes on from here" in error
    assert not (out / "run.json").exists()
    assert not (out / "worklist.csv").exists()
    done = endplate(*screen(archive, out))
    assert done.returncode == 0, done.stderr
    assert "known from before" in done.stdout
    assert tables(out) == tables(run)
    assert not [path for path in out.rglob("*") if path.suffix == ".tmp"]


def test_new_reports_are_added_to_a_run(archive: Path, run: Path, tmp_path: Path) -> None:
    lines = (archive / "synthetic_reports.jsonl").read_text().splitlines(keepends=True)
    part = tmp_path / "archive"
    part.mkdir()
    for name in ("synthetic_clinical.csv", "synthetic_conditions.csv"):
        (part / name).write_bytes((archive / name).read_bytes())
    reports = part / "synthetic_reports.jsonl"
    reports.write_text("".join(lines[:1400]))
    out = tmp_path / "run"
    assert endplate(*screen(part, out)).returncode == 0
    reports.write_text("".join(lines))
    done = endplate(*screen(part, out))
    assert done.returncode == 0, done.stderr
    assert "1,400 of them known from before" in done.stdout
    assert tables(out) == tables(run)


def test_a_second_run_on_the_folder_is_refused(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = subprocess.Popen(
        [str(ENDPLATE), *screen(archive, out)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not (out / "parts" / "manifest.json").exists():
            time.sleep(0.005)
        second = endplate(*screen(archive, out))
        assert second.returncode == 2
        assert "another run is using" in last_line(second)
    finally:
        assert first.wait(timeout=120) == 0


def test_a_folder_of_something_else_is_not_written_to(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = endplate(*screen(archive, tmp_path))
    assert done.returncode == 2
    assert "holds other files" in last_line(done)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_disk_that_is_full_ends_the_run_in_one_line(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    limit = ("prlimit", "--fsize=40000", "--")
    done = endplate(*screen(archive, out), before=limit)
    assert done.returncode == 1
    assert "File too large" in last_line(done)
    assert "Traceback" not in done.stderr
    assert not (out / "run.json").exists()
    again = endplate(*screen(archive, out))
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--criteria", "selektion"), "selection"),
        (("--clinical", "nowhere.csv"), "nowhere.csv: no such file"),
    ],
)
def test_a_typo_is_told_before_anything_is_read(
    archive: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    done = endplate(*screen(archive, tmp_path / "run", *options))
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "run").exists()


def test_shards_merge_into_what_one_machine_makes(archive: Path, run: Path, tmp_path: Path) -> None:
    reports, shards, merged = archive / "synthetic_reports.jsonl", tmp_path / "s", tmp_path / "m"
    for number in (1, 3):
        done = endplate("extract", reports, "--shard", f"{number}/3", "--out", shards)
        assert done.returncode == 0, done.stderr
    early = endplate("merge", shards, "--out", merged)
    assert early.returncode == 2
    assert "not finished yet: 2/3" in last_line(early)
    assert endplate("extract", reports, "--shard", "2/3", "--out", shards).returncode == 0
    done = endplate("merge", shards, "--out", merged)
    assert done.returncode == 0, done.stderr
    assert (merged / "findings.parquet").read_bytes() == (run / "findings.parquet").read_bytes()
    finished = endplate(*screen(archive, merged))
    assert finished.returncode == 0, finished.stderr
    assert "1,500 of them known from before" in finished.stdout
    assert tables(merged) == tables(run)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "a/b"])
def test_shards_that_cannot_be(archive: Path, tmp_path: Path, shard: str) -> None:
    reports = archive / "synthetic_reports.jsonl"
    done = endplate("extract", reports, "--shard", shard, "--out", tmp_path / "s")
    assert done.returncode == 2
    assert "name it i/n" in last_line(done)


def test_a_folder_holds_private_files_only(run: Path) -> None:
    for path in [run, *run.rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        if path.name != ".lock":  # it holds nothing
            assert path.stat().st_mode & 0o777 == wanted, path


def test_simulate_says_synthetic_everywhere_and_keeps_its_seed(
    archive: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    assert (
        endplate("simulate", "1500", "--seed", "7", "--format", "jsonl", "--out", again).returncode
        == 0
    )
    files = {path.name: path.read_bytes() for path in archive.iterdir()}
    assert {path.name: path.read_bytes() for path in again.iterdir()} == files
    assert all("synthetic" in name.lower() for name in files)
    reports = [json.loads(line) for line in files["synthetic_reports.jsonl"].splitlines()]
    assert len(reports) == 1500
    assert all(r["text"].startswith("SYNTHETIC") for r in reports)
    assert all(r["patient_id"].startswith("SYN") for r in reports)
    refused = endplate("simulate", "5", "--out", again)
    assert refused.returncode == 2
    assert "is not empty" in last_line(refused)


def test_a_simulated_archive_looks_like_one(archive: Path) -> None:
    reports = list(map(json.loads, (archive / "synthetic_reports.jsonl").open()))
    truth = {row["id"]: row for row in map(json.loads, (archive / "synthetic_truth.jsonl").open())}
    assert 0.10 <= len(truth) / len(reports) <= 0.15
    studies = len(reports) / len({r["patient_id"] for r in reports})
    assert 2 < studies < 5
    lumbar = [r["text"] for r in reports if r["report_id"] in truth]
    assert 250 < sum(len(text.split()) for text in lumbar) / len(lumbar) < 350
    assert len(set(lumbar)) == len(lumbar)
    with (archive / "synthetic_clinical.csv").open(encoding="utf-8-sig") as lines:
        patients = {row["patient_id"] for row in csv.DictReader(lines)}
    assert patients < {r["patient_id"] for r in reports}


def test_an_archive_is_the_beginning_of_a_larger_one(archive: Path, tmp_path: Path) -> None:
    endplate("simulate", "400", "--seed", "7", "--format", "jsonl", "--out", tmp_path / "small")
    whole = (archive / "synthetic_reports.jsonl").read_text().splitlines()
    small = (tmp_path / "small" / "synthetic_reports.jsonl").read_text().splitlines()
    assert small == whole[:400]
