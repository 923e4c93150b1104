"""Bad input: one clear line each, the run goes on where it can, and nothing gets lost."""

from __future__ import annotations

import csv
import gzip
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import endplate, last_line
from endplate.codes import BODIES, FINDINGS, LEVELS, MODIC_TYPES, SECTIONS, STATUSES
from endplate.errors import EndplateError
from endplate.records import Reject, Report
from endplate.sources import ColumnMap, Counts, open_reports
from endplate.sources.encoding import clean

if TYPE_CHECKING:
    from endplate.reader import Reader

GOOD = "id,text\n1,Modic 1 at L4-L5\n2,Disc bulge at L5-S1\n"


class Read:
    """All that comes of reading: reports, rejects and notes; asserts that the counts add up."""

    def __init__(self, *paths: Path, columns: ColumnMap | None = None) -> None:
        self.rejects: list[Reject] = []
        self.notes: list[str] = []
        self.reports: list[Report] = []
        self.error = ""
        counts = Counts()
        try:
            for report in open_reports(
                paths,
                columns,
                on_reject=self.rejects.append,
                on_note=self.notes.append,
                counts=counts,
            ):
                self.reports.append(report)
        except EndplateError as error:
            self.error = str(error)
        counts.check(len(self.reports))
        assert counts.rejected.total() == len(self.rejects)

    @property
    def texts(self) -> dict[str, str]:
        return {report.report_id: report.text for report in self.reports}

    @property
    def reasons(self) -> list[str]:
        return [reject.reason for reject in self.rejects]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- files that cannot be read


UNREADABLE = {
    "empty.csv": (b"", "the file is empty"),
    "blank.csv": (b"\r\n\r\n", "the file is empty"),
    "empty.jsonl": (b"", "the file is empty"),
    "empty.txt": (b" \n", "the file is empty"),
    "empty.parquet": (b"", "not a Parquet file"),
    "rubbish.parquet": (b"\x00\x01PAR1 rubbish", "not a Parquet file"),
    "rubbish.csv.gz": (b"not gzip", "the compressed data are damaged"),
    "array.json": (b'[\n{"id": 1, "text": "x"}\n]', "a JSON array"),
    "array.jsonl": (b'[{"id": 1, "text": "x"}]', "a JSON array"),
    "rubbish.jsonl": (b"\xff\xfe\xfd\x00\n" * 3, "no line holds a JSON object"),
    "notes.docx": (b"PK", "unknown kind of file"),
    "no-text.csv": (b"id,befund\n1,x\n", "--text-column"),
    "no-text.jsonl": (b'{"id": 1, "befund": "x"}\n', "--text-column"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_is_one_clear_error(tmp_path: Path, name: str) -> None:
    content, message = UNREADABLE[name]
    path = write(tmp_path / name, content)
    found = Read(path)
    assert found.reports == []
    assert message in found.error
    assert str(path) in found.error
    assert "\n" not in found.error


def test_an_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = [write(tmp_path / name, content) for name, (content, _) in UNREADABLE.items()]
    good = write(tmp_path / "good.csv", GOOD)
    found = Read(*bad, tmp_path / "gone.csv", good)
    assert set(found.texts) == {"1", "2"}
    assert found.error == ""
    assert {reject.file for reject in found.rejects} >= {str(path) for path in bad}


def test_a_folder_without_reports(tmp_path: Path) -> None:
    write(tmp_path / "readme.md", "x")
    assert "no reports in this folder" in Read(tmp_path).error


def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    rows = "".join(f"{n},{os.urandom(600).hex()}\n" for n in range(2000))
    packed = gzip.compress(f"id,text\n{rows}".encode())
    found = Read(write(tmp_path / "a.csv.gz", packed[: len(packed) // 2]))
    assert 500 < len(found.reports) < 1500
    assert found.error == ""
    assert found.reasons == ["cannot be read: the compressed data are damaged or end too early"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["gone.csv"], "gone.csv: no such file or folder"),
        (["gone.csv", "away.csv"], "away.csv: no such file or folder"),
        (["empty.csv"], "empty.csv: the file is empty"),
        (["a.csv", "--sep", "ab"], "the separator (--sep) must be one character"),
        (["a.csv", "--text-column", "befund"], "no text column: there is no 'befund'"),
    ],
)
def test_nothing_readable_exits_with_2(tmp_path: Path, args: list[str], message: str) -> None:
    write(tmp_path / "empty.csv", "")
    write(tmp_path / "a.csv", GOOD)
    done = endplate("extract", *args, "--out", "out.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert message in last_line(done)
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*out*"))


# --- characters


def test_cp1252_is_read_with_a_warning_that_names_the_file(tmp_path: Path) -> None:
    lines = ["id,text", "1,Größe 5 µm", "2,naïve – “quoted”"]
    content = b"\n".join([*(line.encode("cp1252") for line in lines), "3,später".encode()])
    path = write(tmp_path / "a.csv", content)
    found = Read(path)
    assert found.texts == {"1": "Größe 5 µm", "2": "naïve – “quoted”", "3": "später"}
    warning = f"{path}: not UTF-8; what is not was read as Windows-1252 (cp1252)"
    assert found.notes.count(warning) == 1
    text = write(tmp_path / "a.txt", "Größe".encode("cp1252"))
    assert Read(text).texts == {"a": "Größe"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", rb'{"id": "1", "text": "Modic\ud800 1\u0000at L4-L5"}'),
        ("a.jsonl", b'{"id": "1", "text": "Modic\xed\xa0\x80 1\\u0000at L4-L5"}'),
        ("a.csv", b"id,text\n1,Modic\xed\xa0\x80 1\0at L4-L5\n"),
        ("1.txt", b"Modic\xed\xa0\x80 1\0at L4-L5"),
    ],
)
def test_surrogates_and_nuls_are_replaced_one_by_one(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = write(tmp_path / name, content)
    found = Read(path)
    assert found.texts == {"1": "Modic\ufffd 1 at L4-L5"}
    assert [note.startswith(f"{path}: holds") for note in found.notes if "NUL" in note] == [True]


def test_a_utf8_pair_of_surrogates_in_json_is_one_character(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", rb'{"id": "1", "text": "\ud83d\ude00 Modic"}')
    assert Read(path).texts == {"1": "😀 Modic"}


# --- rows


def test_ragged_rows(tmp_path: Path) -> None:
    rows = [
        "id,text,status",
        "1,whole,final",
        "2,short",  # a spreadsheet leaves out empty cells at the end
        "3",
        "4,a comma, unquoted,final",
        "5,trailing commas,final,,",
        "",
        '6,"with ""quotes"" inside",final',
    ]
    found = Read(write(tmp_path / "a.csv", "\n".join(rows)))
    assert found.texts == {
        "1": "whole",
        "2": "short",
        "5": "trailing commas",
        "6": 'with "quotes" inside',
    }
    assert [(r.row, r.record_id, r.reason) for r in found.rejects] == [
        (3, "3", "no text: the row has no cell for it"),
        (4, "4", "ragged row: 4 cells under 3 columns; a quote is missing"),
    ]


def test_a_quote_that_never_closes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,fine\n2,"open\n3,lost\n4,lost\n')
    found = Read(path)
    assert found.texts == {"1": "fine"}
    assert [(r.row, r.record_id) for r in found.rejects] == [(2, "2")]
    assert found.reasons[0].startswith("unclosed quote")


def test_json_lines_that_are_none(tmp_path: Path) -> None:
    lines = [
        '{"id": "1", "text": "fine"}',
        '{"id": "2", "text": ',
        '["id", "text"]',
        '{"id": "3", "text": ["a", "list"]}',
        '{"id": "4", "text": null}',
        '{"id": "5"}',
        '{"id": "6", "text": "  \\n "}',
        "[" * 100_000,
        '{"id": ' + "9" * 10_000 + ', "text": "x"}',
        '{"id": "7", "text": 12}',
        '{"id": {"$oid": "8"}, "text": "nested id"}',
    ]
    found = Read(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert found.texts == {"1": "fine", "7": "12", '{"$oid": "8"}': "nested id"}
    assert [(reject.row, reject.reason.split(":")[0]) for reject in found.rejects] == [
        (2, "not JSON"),
        (3, "not a JSON object"),
        (4, "no text"),
        (5, "empty report"),
        (6, "no text"),
        (7, "empty report"),
        (8, "not JSON"),
        (9, "not JSON"),
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "1.txt"])
def test_a_report_of_five_megabytes_is_read_whole(tmp_path: Path, name: str) -> None:
    text = "Modic type 1 at L4-L5, it says.\n" * 160_000
    content = {
        "a.csv": f'id,text\n1,"{text}"\n',
        "a.jsonl": json.dumps({"id": "1", "text": text}),
        "1.txt": text,
    }[name]
    assert Read(write(tmp_path / name, content)).texts == {"1": text}


@given(st.binary(max_size=300) | st.text(st.sampled_from('a1,;"\n\r{}[]:\t\0é')).map(str.encode))
def test_any_bytes_end_well(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("soup")
    for name, head in (("a.csv", b"id,text\n"), ("a.jsonl", b'{"text":"x"}\n'), ("a.txt", b"x")):
        path = write(folder / name, head + content)
        Read(path)  # asserts that read = used + rejected
        (folder / name).unlink()


# --- the command line


def test_rejects_are_listed_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "id,text\n1,Modic 1 at L4-L5\n1,Modic 1 at L4-L5\n1,other\n2,\n")
    done = endplate("extract", "a.csv", "--out", "out.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert "4 read, 2 used, 2 rejected (duplicate 1, empty report 1)" in done.stderr
    assert "'1#2'" in done.stderr
    with (tmp_path / "out.rejects.csv").open(newline="", encoding="utf-8-sig") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["row"], row["reason"]) for row in rows] == [
        ("2", "duplicate"),
        ("4", "empty report"),
    ]
    assert (tmp_path / "out.rejects.csv").stat().st_mode & 0o777 == 0o600


def test_column_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,\x1b[31mred\n1,x\n")
    done = endplate("extract", path, "--out", tmp_path / "out.csv")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr


def test_a_report_of_five_megabytes_is_extracted(tmp_path: Path) -> None:
    filler = "The kidneys are of normal size and the bladder is well filled today.\n"
    text = filler * 75_000 + "L4-L5: Modic type 2 endplate changes.\n"
    write(tmp_path / "big.txt", text)
    write(tmp_path / "small.txt", "L5-S1: Modic type 1 endplate changes.\n")
    done = endplate("extract", tmp_path, "--out", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert "2 read, 2 used" in done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf-8")]
    assert "small" in {row["report_id"] for row in rows}
    for row in rows:
        if row["report_id"] == "big":
            assert text[row["start"] : row["end"]] == row["text"]


# --- outputs


def unprivileged() -> tuple[str, ...]:
    """Return a wrapper under which file modes count, also for root."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override")


@pytest.mark.skipif(sys.platform != "linux", reason="file modes are tested on Linux")
def test_a_read_only_folder_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD)
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    done = endplate("extract", path, "--out", folder / "out.csv", before=unprivileged())
    assert done.returncode == 1
    assert last_line(done) == f"Error: {folder / 'out.csv'}: Permission denied"
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    rows = "".join(
        json.dumps({"id": os.urandom(20).hex(), "text": f"L4-L5: Modic type 1. {n}"}) + "\n"
        for n in range(3000)
    )
    source = write(tmp_path / "a.jsonl", rows)
    folder = tmp_path / "full"
    folder.mkdir()
    # The limit on the size of a file stands for the full disk.
    limited = ("sh", "-c", 'ulimit -f 32; exec "$0" "$@"')
    done = endplate("extract", source, "--out", folder / "out.csv", before=limited)
    assert done.returncode == 1
    assert last_line(done) == f"Error: {folder / 'out.csv'}: File too large"
    assert list(folder.iterdir()) == []


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", GOOD)
    (tmp_path / "folder.csv").mkdir()
    for out, message in (
        ("folder.csv", "is a folder"),
        ("a.xlsx", "unknown kind of table; name it .csv, .parquet, .jsonl"),
        ("a.csv/out.csv", "is a file; name a folder"),
    ):
        done = endplate("extract", source, "--out", tmp_path / out)
        assert done.returncode == 2
        assert message in last_line(done)


# --- the reader on odd text

PIECES = st.sampled_from(
    [
        *(
            "Modic type 1",
            "Modic changes",
            "type II",
            "endplate edema",
            "Schmorl's node",
            "disc bulge",
        ),
        *("L4-L5", "L5–S1", "L3/4", "D12", "at ", ": ", "no ", "without ", "mild", "?", "5 mm"),
        *(
            "FINDINGS:",
            "IMPRESSION",
            "1. ",
            "- ",
            "\r\n",
            "\n",
            "\n\n",
            "  ",
            "\t",
            ". ",
            ", ",
            " and ",
        ),
        *(
            "é",
            "ß",
            "İ",
            "ﬁ",
            "😀",
            "\u200b",
            "\u00a0",
            "\u2028",
            "\x0c",
            "<b>",
            "|",
            "=1+1",
            "中文",
        ),
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=40))
def test_offsets_hold_on_any_text(reader: Reader, pieces: list[str]) -> None:
    text = clean("".join(pieces))
    for row in reader.read(Report("1", text)).findings:
        assert text[row.start : row.end] == row.text
        assert row.text
        assert row.sentence in text
        assert row.text in row.sentence
        assert row.finding in FINDINGS
        assert row.status in STATUSES
        assert row.section in SECTIONS
        assert row.level in ("", *LEVELS)
        assert row.vertebra in ("", *BODIES)
        assert row.modic_type in ("", *MODIC_TYPES)
        assert (row.finding == "modic_change") == bool(row.modic_type) == bool(row.basis)
