"""Run folders: resume, new reports, changed rules, kill -9, a full disk, two runs at once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from endplate.engine.batches import content_batches, report_key
from endplate.engine.fingerprint import digest, fingerprint
from endplate.engine.folder import run_folder
from endplate.engine.reading import Failure
from endplate.errors import EndplateError
from endplate.records import FINDING_COLUMNS, Report
from engine_run import MADE_BY, archive, outcomes, results, run

COUNT = 600


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    run(folder, archive(COUNT))
    return results(folder)


def start(folder: Path, *options: str, reader: str = "slow_reader") -> subprocess.Popen:
    script = Path(__file__).parent / "engine_run.py"
    command = [sys.executable, str(script), str(folder), str(COUNT), reader, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "parts").glob("*.parquet"))


def wait_for_parts(folder: Path, count: int) -> None:
    end = time.monotonic() + 180
    while len(parts(folder)) < count:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_every_report_has_one_outcome_and_every_finding_its_row(tmp_path: Path) -> None:
    reports = archive(COUNT)
    done = run(tmp_path, reports, workers=2)
    assert [r.report_id for batch in done for r in batch.reports] == [r.report_id for r in reports]
    failed = {o.report_id: o.reason for o in outcomes(done) if isinstance(o, Failure)}
    assert failed == {
        "r7": "the reader failed: ValueError",
        "r11": "its worker died: exit code 9",
    }
    table = pq.read_table(tmp_path / "findings.parquet")
    assert tuple(table.column_names) == FINDING_COLUMNS
    texts = {report.report_id: report.text for report in reports}
    rows = table.to_pylist()
    assert len(rows) == sum(t.count("modic") for i, t in texts.items() if i not in failed)
    assert all(texts[row["report_id"]][row["start"] : row["end"]] == row["text"] for row in rows)


def test_the_same_command_again_reads_nothing(tmp_path: Path, whole: dict[str, bytes]) -> None:
    first = run(tmp_path, archive(COUNT))
    again = run(tmp_path, archive(COUNT), reader="no_reader")
    assert sum(batch.read for batch in first) == COUNT
    assert sum(batch.read for batch in again) == 0
    assert list(outcomes(again)) == list(outcomes(first))
    assert results(tmp_path) == whole


def test_new_reports_cost_only_themselves(tmp_path: Path, whole: dict[str, bytes]) -> None:
    # As in an export that is sorted by patient, the new ones stand between the old ones.
    everything = archive(COUNT)
    new = everything[25::50]
    run(tmp_path, [report for report in everything if report not in new])
    done = run(tmp_path, everything)
    assert 12 == len(new) <= sum(batch.read for batch in done) <= 16
    assert results(tmp_path) == whole


def test_an_archive_in_another_order_is_read_anyway(tmp_path: Path) -> None:
    everything = archive(COUNT)
    first = run(tmp_path, everything)
    shuffled = random.Random(1).sample(everything, COUNT)
    again = run(tmp_path, shuffled)
    assert sorted(map(str, outcomes(again))) == sorted(map(str, outcomes(first)))


def test_reports_that_are_gone_leave_no_finding(tmp_path: Path) -> None:
    run(tmp_path / "shrunk", archive(COUNT))
    run(tmp_path / "shrunk", archive(COUNT)[50:400])
    run(tmp_path / "fresh", archive(COUNT)[50:400])
    assert results(tmp_path / "shrunk") == results(tmp_path / "fresh")


def test_findings_made_otherwise_are_never_mixed_in(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    other = MADE_BY | {"rules": "b"}
    run(tmp_path, archive(COUNT)[:100], made_by=other)
    with pytest.raises(EndplateError, match=r"\(rules changed since\).*--restart"):
        run(tmp_path, archive(COUNT))
    done = run(tmp_path, archive(COUNT), restart=True)
    assert sum(batch.read for batch in done) == COUNT
    assert results(tmp_path) == whole


def test_a_damaged_part_is_read_again(tmp_path: Path, whole: dict[str, bytes]) -> None:
    run(tmp_path, archive(COUNT))
    parts(tmp_path)[3].write_bytes(b"PAR1 not quite")
    done = run(tmp_path, archive(COUNT))
    assert 0 < sum(batch.read for batch in done) <= 64
    assert results(tmp_path) == whole


def test_a_folder_belongs_to_one_run_at_a_time(tmp_path: Path) -> None:
    with run_folder(tmp_path, MADE_BY):
        second = start(tmp_path)
        error = second.communicate(timeout=180)[1].decode()
    assert second.returncode == 1
    assert "another run is using" in error.splitlines()[-1]
    with run_folder(tmp_path, MADE_BY):
        pass


@pytest.mark.parametrize("seed", range(2))
def test_kill_9_of_the_run_at_random_moments(
    tmp_path: Path, whole: dict[str, bytes], seed: int
) -> None:
    chance = random.Random(seed)
    killed = 0
    while True:
        process = start(tmp_path)
        wait_for_parts(tmp_path, len(parts(tmp_path)) + chance.randint(1, 6))
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == 0 or killed == 3:
            break
        killed += 1
    assert killed > 1
    run(tmp_path, archive(COUNT), workers=2)
    assert results(tmp_path) == whole


def test_a_disk_that_fills_up_leaves_whole_parts_only(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    process = start(tmp_path, "small-files", reader="word_reader")
    error = process.communicate(timeout=180)[1].decode()
    assert process.returncode == 1
    assert error.splitlines()[-1].startswith("OSError: [Errno 27]")  # a file grew too large
    names = set(results(tmp_path))
    assert names < set(whole), "no temporary file and no half table is left"
    run(tmp_path, archive(COUNT))
    assert results(tmp_path) == whole


def test_a_new_report_moves_no_cut_but_those_around_it() -> None:
    reports = [Report(f"r{i}", f"text {i}") for i in range(5000)]
    before = {batch.name for batch in content_batches(reports, mean=32)}
    reports.insert(2500, Report("new", "text"))
    after = {batch.name for batch in content_batches(reports, mean=32)}
    assert len(before) > 100
    assert len(after - before) <= 3


def test_a_batch_is_bounded_in_reports_and_characters() -> None:
    same = [Report("r", "x" * 10_000)] * 1000
    sizes = [len(batch.reports) for batch in content_batches(same)]
    assert max(sizes) == 200
    assert sum(sizes) == 1000
    huge = Report("huge", "x" * 5_000_000)
    assert [len(b.reports) for b in content_batches([huge, huge])] == [1, 1]


def test_the_key_knows_every_field_but_the_place() -> None:
    import datetime as dt

    report = Report("r1", "text", "p1", dt.date(2024, 1, 2), "MR", "L-SPINE", "A1", "final")
    assert report_key(report._replace(source=("other.csv", 9))) == report_key(report)
    others = [
        report._replace(**{name: value})
        for name, value in report._asdict().items()
        if name != "source"
        for value in [dt.date(2024, 1, 3) if name == "study_date" else value + "x"]
    ]
    moved = report._replace(report_id="r", text="1text")
    keys = {report_key(r) for r in [report, *others, moved]}
    assert len(keys) == len(others) + 2


def test_the_fingerprint_tells_what_changed(tmp_path: Path) -> None:
    rules = tmp_path / "terms.yaml"
    rules.write_text("version: 1\nthings:\n  modic: [modicoid]\n")
    before = fingerprint(tmp_path)
    rules.write_text("version: 1\nthings:\n  modic: [modicoid, modicish]\n")
    after = fingerprint(tmp_path)
    assert {name for name in before if before[name] != after[name]} == {"site rules"}
    assert fingerprint()["site rules"] == "none"
    assert digest(before) != digest(after)
