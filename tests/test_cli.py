"""The command line as a user meets it: real processes, real files."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commands import ENDPLATE, endplate
from endplate.cli import COMMANDS
from endplate.cli.marked import findings_table, harmless, marked_text
from endplate.knowledge import models_dir
from endplate.records import FINDING_COLUMNS, Finding, Report

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
REPORT = "MRI LUMBAR SPINE\nFINDINGS:\nL4-L5: Modic type 2 endplate changes.\nL5-S1: Disc bulge.\n"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    path = tmp_path / "reports.jsonl"
    rows = [{"id": "007", "text": REPORT}, {"id": "8", "text": "No Modic changes."}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_an_interruption_that_falls_into_a_destructor_is_heeded() -> None:
    code = """
import os, signal, time
from endplate.cli import _heed_signals

class Pipe:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        raise ValueError("Modic type 1")  # of a report; never reached

_heed_signals()
Pipe()
try:
    time.sleep(30)
except KeyboardInterrupt:
    raise SystemExit(130)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (130, "")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle))


# --- help


HELP = """
import sys
sys.argv = ["endplate", "--help"]
from endplate.cli import main
try:
    main()
except SystemExit as done:
    assert done.code == 0, done.code
heavy = {"spacy", "medspacy", "pandas", "pyarrow", "starlette", "numpy", "pydantic"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    for command in ("extract", "show", "version"):
        assert command in done.stdout


def test_help_comes_at_once() -> None:
    """By the processor's time: other tests may hold the machine."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert endplate("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.4


def test_every_command_explains_itself() -> None:
    listed = re.findall(r"^│ (\w[\w-]*) +\w", endplate("--help").stdout, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)
    for command in COMMANDS:
        done = endplate(command, "--help")
        assert done.returncode == 0, done.stderr
        assert f"Usage: endplate {command}" in done.stdout


@pytest.mark.parametrize("args", [["nonsense"], ["extract"], ["extract", "a.csv", "--nonsense"]])
def test_unusable_options_exit_with_2(args: list[str]) -> None:
    done = endplate(*args)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


# --- extract


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_extract_writes_every_format(tmp_path: Path, reports: Path, suffix: str) -> None:
    out = tmp_path / f"findings{suffix}"
    done = endplate("extract", reports, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    if suffix == ".csv":
        rows = [{**row, "start": int(row["start"]), "end": int(row["end"])} for row in rows_of(out)]
    elif suffix == ".jsonl":
        rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    else:
        rows = pq.read_table(out).to_pylist()
    assert list(rows[0]) == list(FINDING_COLUMNS)
    assert ("007", "modic_change", "L4-L5", "2", "present") in {
        (r["report_id"], r["finding"], r["level"], r["modic_type"], r["status"]) for r in rows
    }
    assert ("8", "modic_change", "absent") in {
        (r["report_id"], r["finding"], r["status"]) for r in rows
    }
    for row in rows:
        if row["report_id"] == "007":
            assert REPORT[row["start"] : row["end"]] == row["text"]
    assert "2 read, 2 used, 0 rejected" in done.stderr
    assert f"{len(rows)} rows" in done.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    assert not out.with_suffix(".rejects.csv").exists()


def test_extract_reads_standard_input(tmp_path: Path, reports: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    assert endplate("extract", reports, "--out", one).returncode == 0
    assert endplate("extract", "-", "--out", two, stdin=reports.read_bytes()).returncode == 0
    assert one.read_bytes() == two.read_bytes()


def test_extract_of_several_inputs_goes_on_past_bad_ones(tmp_path: Path, reports: Path) -> None:
    table = tmp_path / "more.csv"
    table.write_text("key,befund\n9,Modic 1 at L5-S1\n10,\n9,Modic 1 at L5-S1\n")
    out = tmp_path / "out.csv"
    args = ["--out", out, "--id-column", "key", "--text-column", "befund"]
    done = endplate("extract", "gone.csv", table, *args)
    assert done.returncode == 0
    assert {row["report_id"] for row in rows_of(out)} == {"9"}
    assert "4 read, 1 used, 3 rejected" in done.stderr
    rejects = rows_of(tmp_path / "out.rejects.csv")
    assert [(r["file"], r["row"], r["record_id"], r["reason"]) for r in rejects] == [
        ("gone.csv", "0", "", "no such file or folder"),
        (str(table), "2", "10", "empty report"),
        (str(table), "3", "9", "duplicate"),
    ]
    assert endplate("extract", "gone.csv", table, *args, "--strict").returncode == 3


def test_extract_takes_a_folder_of_samples(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    done = endplate("extract", SAMPLES / "sudirman.jsonl", "--out", out, "--workers", "2")
    assert done.returncode == 0, done.stderr
    texts = {
        row["id"]: row["text"]
        for row in map(json.loads, (SAMPLES / "sudirman.jsonl").open(encoding="utf-8"))
    }
    rows = pq.read_table(out).to_pylist()
    assert len(rows) > len(texts)
    for row in rows:
        assert texts[row["report_id"]][row["start"] : row["end"]] == row["text"]
        assert row["sentence"] in texts[row["report_id"]]
    assert oct(out.stat().st_mode & 0o777) == "0o600"


def test_extract_refuses_to_replace_its_input(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("id,text\n1,Modic\n")
    before = table.read_bytes()
    done = endplate("extract", table, "--out", tmp_path / "." / "a.csv")
    assert done.returncode == 2
    assert "is an input" in done.stderr
    assert table.read_bytes() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_extract_leaves_no_table(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [ENDPLATE, "extract", "-", "--out", tmp_path / "a.csv"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    for row in range(200):  # past the look-ahead, so that reading is under way
        process.stdin.write(json.dumps({"id": row, "text": REPORT}).encode() + b"\n")
    process.stdin.flush()
    assert b"id from 'id'" in process.stderr.readline()
    process.send_signal(number)
    process.stdin.close()
    assert process.wait(60) == 130
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert list(tmp_path.iterdir()) == []


# --- show


def test_show_marks_findings_in_words(reports: Path) -> None:
    done = endplate("show", reports, "--id", "007")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert re.search(r"«Modic type 2.*?» ‹[\d,]+ modic_change 2 L4-L5 present›", text)
    assert re.search(r"«Disc bulge» ‹\d+ disc_bulge L5-S1 present›", text)
    assert "§ findings FINDINGS:" in text
    assert "│ modic_change" in done.stdout
    assert "\x1b" not in done.stdout


def test_show_takes_text_from_standard_input_and_any_text_file(tmp_path: Path) -> None:
    file = tmp_path / "report.rpt"
    file.write_text(REPORT)
    for place, stdin in (("-", REPORT), (file, "")):
        done = endplate("show", place, stdin=stdin.encode())
        assert done.returncode == 0, done.stderr
        assert "modic_change 2 L4-L5 present" in done.stdout


def test_show_says_which_of_many_it_shows(reports: Path) -> None:
    done = endplate("show", reports)
    assert "first report" in done.stderr
    assert done.stdout.startswith("007")
    done = endplate("show", reports, "--id", "9")
    assert done.returncode == 2
    assert "no report with the id '9'" in done.stderr


def test_a_report_cannot_steer_the_terminal() -> None:
    text = "Modic \x1b[31mtype 1\x1b]0;title\x07 [bold]at[/bold] [link=x]L4-L5\x9b2J \u202eabc\t."
    done = endplate("show", "-", stdin=text.encode())
    assert done.returncode == 0, done.stderr
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.stdout)
    assert "[bold]" in done.stdout
    assert "[/bold]" in done.stdout
    assert "[link=x]" in done.stdout
    assert "␛[31m" in done.stdout


def test_marks_of_overlapping_findings_and_sections() -> None:
    report = Report("1", "Findings: disc bulge with [x] stenosis")
    wide = Finding("1", "disc_bulge", "L4-L5", start=10, end=20, text="disc bulge")
    inner = wide._replace(finding="disc_degeneration", level="", start=10, end=14, text="disc")
    again = wide._replace(level="L5-S1")
    last = wide._replace(finding="spinal_stenosis", grade="mild", start=30, end=38, status="absent")
    marked = marked_text(report, [wide, inner, again, last], {0: "findings", 12: "odd"})
    assert marked.plain == (
        "§ findings Findings: «di§ odd sc ‹2 disc_degeneration no level present› bulge»"
        " ‹1,3 disc_bulge L4-L5,L5-S1 present› with [x] «stenosis»"
        " ‹4 spinal_stenosis L4-L5 mild absent›"
    )
    assert findings_table([wide, inner]).row_count == 2
    assert len(harmless("\x1b\x7f\x85\t\r\n\u202e\ud800é")) == 9


# --- version


def test_version_lists_every_rule_file_with_its_hash() -> None:
    found = json.loads(endplate("version", "--json").stdout)
    assert set(found) == {"endplate", "python", "spacy", "medspacy", "models"}
    files = {
        path.relative_to(models_dir()).as_posix(): path
        for path in models_dir().rglob("*")
        if path.is_file()
    }
    assert found["models"].keys() == files.keys()
    for name, path in files.items():
        content = path.read_bytes().replace(b"\r\n", b"\n")
        expected = hashlib.sha256(path.name.encode() + b"\0" + content + b"\0").hexdigest()
        assert found["models"][name] == expected
    plain = endplate("version").stdout
    assert f"spacy      {found['spacy']}" in plain
    assert all(digest in plain for digest in found["models"].values())
