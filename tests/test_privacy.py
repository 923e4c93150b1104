"""Report text is patient data: no word of it may reach stderr, whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import endplate

# None of these words stands in a rule, a message or a library.
WORDS = ("Quokkaberg", "zwrotnica", "Ngorongoro", "petrichoral", "Xylothek")
MARKER = " ".join(WORDS)
REPORT = (
    f"HISTORY: {MARKER}, low back pain.\nFINDINGS:\nL4-L5: Modic type 1 changes, {MARKER}. No disc"
    f" bulge.\nL5-S1: {MARKER} stenosis cannot be excluded.\nIMPRESSION: {MARKER}: Modic 1.\n"
)

# Every logger at its noisiest, and every handler on stderr.
NOISY = """
import logging, os, sys, warnings
logging.basicConfig(level=1, stream=sys.stderr)
logging.getLogger().setLevel(1)
logging.disable(logging.NOTSET)
sys.warnoptions.append("always")
warnings.simplefilter("always")
import loguru
loguru.logger.add(sys.stderr, level=0, diagnose=True, backtrace=True)
for name in list(logging.root.manager.loggerDict):
    logging.getLogger(name).setLevel(1)
{before}
sys.argv = ["endplate", *sys.argv[1:]]
from endplate.cli import main
main()
"""


def noisy(*args: str | Path, stdin: str = "", before: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", NOISY.replace("{before}", before), *map(str, args)],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "LOGURU_AUTOINIT": "True", "PYTHONWARNINGS": "always"},
        timeout=300,
        check=False,
    )


def leaked(text: str) -> list[str]:
    return [word for word in WORDS if word.lower() in text.lower()]


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    path = tmp_path / "reports.jsonl"
    rows = [{"id": str(n), "text": f"{REPORT}{n}"} for n in range(20)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("workers", ["1", "2"])
def test_extract_with_all_logs_on(tmp_path: Path, reports: Path, workers: str) -> None:
    out = tmp_path / "out.jsonl"
    done = noisy("extract", reports, "--out", out, "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert leaked(done.stderr) == []
    assert leaked(done.stdout) == []
    assert leaked(out.read_text()) == list(WORDS)  # the marker was there to be leaked


def test_show_with_all_logs_on() -> None:
    done = noisy("show", "-", stdin=REPORT)
    assert done.returncode == 0, done.stderr
    assert leaked(done.stderr) == []
    assert leaked(done.stdout) == list(WORDS)


def test_screen_and_what_follows_with_all_logs_on(tmp_path: Path) -> None:
    reports = tmp_path / "reports.jsonl"
    rows = [
        {"id": str(n), "mrn": f"P{n}", "study_date": "2026-01-05", "modality": "MR", "text": REPORT}
        for n in range(5)
    ]
    reports.write_text("".join(json.dumps(row) + "\n" for row in rows))
    clinical = tmp_path / "clinical.csv"
    clinical.write_text(f"patient_id,age,odi,note\nP1,50,{MARKER},{MARKER}\nP9,{MARKER},,\n")
    out = tmp_path / "run"
    done = noisy("screen", reports, "--clinical", clinical, "--out", out)
    assert done.returncode == 0, done.stderr
    assert leaked(done.stderr) == []
    assert leaked((out / "worklist.csv").read_text(encoding="utf-8")) == list(WORDS)
    assert leaked((out / "run.json").read_text(encoding="utf-8")) == []
    assert leaked(" ".join(path.name for path in out.rglob("*"))) == []
    assert {path.stat().st_mode & 0o077 for path in out.rglob("*")} == {0}
    for command in (
        ["explain", "P1", "--out", out],
        ["report", out, "--out", tmp_path / "page.html"],
    ):
        done = noisy(*command)
        assert done.returncode == 0, done.stderr
        assert leaked(done.stderr) == []


BAD = {
    "no-header.csv": f"1,{MARKER}\n2,{MARKER}\n",
    "ragged.csv": f"id,text\n1,{MARKER},{MARKER}\n",
    "unclosed.csv": f'id,text\n1,"{MARKER}\n',
    "broken.jsonl": f'{{"id": 1, "text": "x"}}\n{{"id": 1, "text": "{MARKER}\n',
    "dates.csv": f"id,text,study_date\n1,x,{MARKER}\n",
    "status.csv": f"id,text,status\n1,x,{MARKER}\n",
    "cp1252.csv": f"id,text\n1,{MARKER}ä\n",
}


def test_bad_input_is_not_quoted(tmp_path: Path) -> None:
    for name, content in BAD.items():
        (tmp_path / name).write_bytes(content.encode("cp1252"))
    out = tmp_path / "out.csv"
    for names, code in ((["no-header.csv"], 2), (list(BAD), 0)):
        done = noisy("extract", *(tmp_path / name for name in names), "--out", out)
        assert done.returncode == code, done.stderr
        assert all(name in done.stderr for name in names if name != "no-header.csv")
        assert leaked(done.stderr) == []
        assert leaked(done.stdout) == []
    assert leaked((tmp_path / "out.rejects.csv").read_text(encoding="utf-8")) == []


BROKEN_READER = """
import endplate.reader
class Broken:
    def read(self, report):
        raise ValueError(report.text)
endplate.reader.load = lambda rules=None: Broken()
"""

BROKEN_PROGRAM = """
import endplate.sources
def broken(*args, **options):
    text = open(sys.argv[2]).read()
    raise ValueError(text)
endplate.sources.open_reports = broken
"""


def test_an_exception_that_quotes_the_report_is_not_shown(tmp_path: Path, reports: Path) -> None:
    out = tmp_path / "out.csv"
    done = noisy("extract", reports, "--out", out, before=BROKEN_READER)
    assert done.returncode == 0
    assert "20 read, 0 used, 20 rejected" in done.stderr
    assert leaked(done.stderr) == []
    assert leaked((tmp_path / "out.rejects.csv").read_text()) == []
    done = noisy("extract", reports, "--out", out, before=BROKEN_PROGRAM)
    assert done.returncode == 1
    assert "a defect of the program (ValueError in __main__, line" in done.stderr
    assert leaked(done.stderr) == []


def test_file_names_hold_no_report_text(tmp_path: Path, reports: Path) -> None:
    """Temporary names too: the listing is taken while the program waits for input."""
    folder = tmp_path / "out"
    process = subprocess.Popen(
        [Path(sys.executable).with_name("endplate"), "extract", "-", "--out", folder / "a.csv"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    for line in reports.read_bytes().splitlines(keepends=True) * 10:
        process.stdin.write(line)
    process.stdin.flush()
    process.stderr.readline()  # the columns are recognised: the table is open
    names = [path.name for path in folder.iterdir()]
    process.stdin.close()
    errors = process.stderr.read().decode()
    assert process.wait(60) == 0
    process.stderr.close()
    assert names
    assert leaked(" ".join(names) + errors) == []


def test_outputs_are_private(tmp_path: Path, reports: Path) -> None:
    done = endplate("extract", reports, "gone.csv", "--out", tmp_path / "new" / "out.csv")
    assert done.returncode == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    assert modes == {"out.csv": 0o600, "out.rejects.csv": 0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
