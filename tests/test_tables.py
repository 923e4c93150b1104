"""Tables that are safe to open and never half there; faults are real ones."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from endplate.errors import EndplateError
from endplate.records import FINDING_COLUMNS, Finding, Reject
from endplate.rejects import reject_file
from endplate.tables import (
    MAX_CELL,
    atomic_file,
    check_output,
    csv_cell,
    csv_text,
    secure_folder,
    table_writer,
    write_table,
    write_text,
)

FINDING = Finding(
    report_id="007",
    finding="modic_change",
    level="L4-L5",
    modic_type="1/2",
    status="present",
    section="findings",
    start=3,
    end=9,
    text="- Modic",
    sentence='=1+1, "quoted"\r\nsecond line – é 😀',
)


# --- cells


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (12, "12"),
        (-3, "-3"),
        (2.5, "2.5"),
        ("007", "007"),
        ("L4-L5", "L4-L5"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-3", "'-3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠A1", "'＠A1"),
        ("  =1", "'  =1"),
        ("\u00a0\u200b=1", "'\u00a0\u200b=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\t=1", "'\t=1"),
        ("\tplain", "'\tplain"),
        ("\rplain", "'\rplain"),
        ("\n=1", "'\n=1"),
        ("\0=1", "'=1"),
        ("\x1b[31mred", "[31mred"),
        ("a\x07\x7f\x85b", "ab"),
        ("line\r\nline\tcell", "line\r\nline\tcell"),
        ("it's", "it's"),
        ("'quoted'", "'quoted'"),
        ("'=1", "''=1"),
        ("", ""),
        (True, "True"),
    ],
)
def test_cells(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


@given(st.text() | st.text("=+-@＝＋－＠ \t\r\n\0'\"a,;\u200b\ufeff").map(str))
@example("=" * 40_000)
@example("x" * 40_000)
@example("'" + "\n" * 40_000)
def test_no_text_runs_as_a_formula(text: str) -> None:
    cell = csv_cell(text)
    assert len(cell) <= MAX_CELL
    assert not re.match(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]", cell)
    assert not cell.startswith(("\t", "\r", "\n"))
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", cell)
    if len(text) < MAX_CELL:  # nothing is lost but control characters
        assert csv_text(cell) == re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "", text)


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_a_spreadsheet_sees_one_row_a_row(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("t") / "a.csv"
    assert write_table(path, rows, ["one", "two"]) == len(rows)
    content = path.read_bytes().decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(content, newline="")))
    plain = [[re.sub("[\ud800-\udfff]", "\ufffd", cell) for cell in row] for row in rows]
    assert found == [["one", "two"], *([csv_cell(cell) for cell in row] for row in plain)]


# --- round trips


def read_back(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as handle:
            return list(csv.DictReader(handle))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_findings_come_back_verbatim(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"findings{suffix}"
    assert write_table(path, [FINDING, FINDING._asdict()], FINDING_COLUMNS) == 2
    assert read_back(path) == [FINDING._asdict()] * 2


def test_findings_csv(tmp_path: Path) -> None:
    path = tmp_path / "findings.csv"
    write_table(path, [FINDING], FINDING_COLUMNS)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfreport_id,finding,")
    assert raw.split(b"\r\n")[0].decode("utf-8-sig").split(",") == list(FINDING_COLUMNS)
    (row,) = read_back(path)
    expected = {name: str(value) for name, value in FINDING._asdict().items()}
    expected |= {"text": "'- Modic", "sentence": f"'{FINDING.sentence}"}
    assert row == expected


def test_parquet_columns_have_fixed_types(tmp_path: Path) -> None:
    for name, rows in (("none", []), ("one", [FINDING]), ("many", [FINDING] * 25_001)):
        path = tmp_path / f"{name}.parquet"
        write_table(path, iter(rows), FINDING_COLUMNS)
        table = pq.read_table(path)
        assert table.num_rows == len(rows)
        types = {field.name: str(field.type) for field in table.schema}
        assert list(types) == list(FINDING_COLUMNS)
        assert {name for name, type_ in types.items() if type_ == "int64"} == {"start", "end"}
        assert {type_ for name, type_ in types.items() if name not in ("start", "end")} == {
            "string"
        }


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_an_empty_table_has_its_header(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    assert write_table(path, [], ["a", "b"]) == 0
    assert read_back(path) == []
    if suffix == ".csv":
        assert path.read_bytes() == b"\xef\xbb\xbfa,b\r\n"


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_lone_surrogates_do_not_stop_the_writer(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_table(path, [["x\ud800y"]], ["a"])
    assert read_back(path) == [{"a": "x\ufffdy"}]


def test_a_mapping_may_lack_columns_and_a_sequence_may_not(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write_table(path, [{"b": "x", "other": 1}], ["a", "b", "start"])
    assert read_back(path) == [{"a": "", "b": "x", "start": None}]
    with pytest.raises(ValueError, match="1 values for 2 columns"):
        write_table(path, [["x"]], ["a", "b"])


# --- all or nothing


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_files_are_private_whatever_the_umask(tmp_path: Path, suffix: str) -> None:
    old = os.umask(0)
    try:
        path = tmp_path / "new" / "deeper" / f"a{suffix}"
        write_table(path, [["x"]], ["a"])
    finally:
        os.umask(old)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700


def test_secure_folder(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    assert mode(secure_folder(loose)) == 0o700
    file = tmp_path / "file"
    file.touch()
    for path in (file, file / "below"):
        with pytest.raises(EndplateError, match="is a file"):
            secure_folder(path)


@pytest.mark.filterwarnings("error")  # of destructors
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_table(path, [["old"]], ["a"])

    def rows():
        yield from ([str(n)] for n in range(30_000))
        message = "in the middle"
        raise KeyError(message)

    with pytest.raises(KeyError):
        write_table(path, rows(), ["a"])
    assert read_back(path) == [{"a": "old"}]
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_appears_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with table_writer(path, ["a"]) as table:
        table.write(["x"])
        assert not path.exists()
    assert path.exists()


LIMITED = """
import resource, sys
from endplate.tables import write_table
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    write_table(sys.argv[1], ([str(n * 7919)] for n in range(200_000)), ["a"])
except OSError as error:
    print(error.filename, error.strerror)
"""


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    """The limit on file size stands for the full disk: a real write fails in the middle."""
    path = tmp_path / f"a{suffix}"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{path} File too large\n"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file|Permission denied|Read-only") as caught:
        write_text("/proc/endplate.txt", "x")
    assert caught.value.filename == "/proc/endplate.txt"


def test_errors_of_other_files_keep_their_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, atomic_file(tmp_path / "a.txt"):
        (tmp_path / "elsewhere" / "b.txt").read_text()
    assert caught.value.filename == str(tmp_path / "elsewhere" / "b.txt")


def test_names_that_cannot_be_outputs(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a", "a.csv.gz"):
        with pytest.raises(EndplateError, match=r"\.csv, \.parquet, \.jsonl"):
            write_table(tmp_path / name, [], ["a"])
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(EndplateError, match="is a folder"):
        write_table(tmp_path / "folder.csv", [], ["a"])
    source = tmp_path / "in.csv"
    source.touch()
    with pytest.raises(EndplateError, match="is an input"):
        check_output(tmp_path / "." / "in.csv", ["nowhere.csv", source])


# --- rejects


def test_rejects_are_written_only_if_there_are_any(tmp_path: Path) -> None:
    path = tmp_path / "a.rejects.csv"
    with reject_file(path) as keep:
        keep(Reject("a.csv", 3, "text", "=7", "empty report"))
        keep(Reject("b.csv", 0, "", "", "the file is empty"))
    assert [list(row.values()) for row in read_back(path)] == [
        ["a.csv", "3", "text", "'=7", "empty report"],
        ["b.csv", "0", "", "", "the file is empty"],
    ]
    with reject_file(path):
        pass
    assert list(tmp_path.iterdir()) == []
