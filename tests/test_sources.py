"""Reading report tables: real files of every format, good and bad."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import re
from pathlib import Path
from typing import NamedTuple

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from endplate.errors import EndplateError, KnowledgeError
from endplate.knowledge import models_dir
from endplate.records import Reject, Report
from endplate.sources import ColumnMap, Counts, open_reports, words
from endplate.sources.dates import parse_date
from endplate.sources.seen import CountTable, SeenReports
from endplate.sources.table import cell_text

GOLD = Path(__file__).parent / "gold"


class Result(NamedTuple):
    reports: list[Report]
    rejects: list[Reject]
    notes: list[str]
    counts: Counts

    @property
    def texts(self) -> dict[str, str]:
        return {report.report_id: report.text for report in self.reports}

    @property
    def reasons(self) -> list[str]:
        return [reject.reason for reject in self.rejects]


def read(*paths: str | Path, **columns: str) -> Result:
    rejects: list[Reject] = []
    notes: list[str] = []
    counts = Counts()
    stream = open_reports(
        paths,
        ColumnMap(**columns),
        on_reject=rejects.append,
        on_note=notes.append,
        counts=counts,
    )
    reports = list(stream)
    assert counts.read == counts.used + counts.rejected.total()
    assert counts.used == len(reports)
    assert counts.rejected.total() == len(rejects)
    return Result(reports, rejects, notes, counts)


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- formats


ROWS = [
    {
        "report_id": "0007",
        "patient_id": "010",
        "study_date": "2023-04-05",
        "text": "Modic 1,\nL4-5",
    },
    {"report_id": "8", "patient_id": "", "study_date": "", "text": 'said "no change"'},
]


def as_csv(rows: list[dict[str, str]], sep: str = ",") -> str:
    out = io.StringIO()
    table = csv.DictWriter(out, rows[0], delimiter=sep, lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()


def as_jsonl(rows: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", as_csv(ROWS).encode()),
        ("bom.csv", as_csv(ROWS).encode("utf-8-sig")),
        ("utf16.csv", as_csv(ROWS, "\t").encode("utf-16")),
        ("a.csv.gz", gzip.compress(as_csv(ROWS).encode())),
        ("tabs.tsv", as_csv(ROWS, "\t").encode()),
        ("semicolons.csv", as_csv(ROWS, ";").encode()),
        ("pipes.CSV", as_csv(ROWS, "|").encode()),
        ("a.jsonl", as_jsonl(ROWS).encode()),
        ("bom.jsonl", as_jsonl(ROWS).encode("utf-8-sig")),
        ("a.ndjson.gz", gzip.compress(as_jsonl(ROWS).encode())),
        ("blank-lines.json", as_jsonl(ROWS).replace("\n", "\n\n").encode()),
    ],
)
def test_every_text_format_gives_the_same_reports(
    tmp_path: Path, name: str, content: bytes
) -> None:
    result = read(write(tmp_path / name, content))
    assert result.texts == {"0007": "Modic 1,\nL4-5", "8": 'said "no change"'}
    assert [r.patient_id for r in result.reports] == ["010", "8"]
    assert [r.study_date for r in result.reports] == [dt.date(2023, 4, 5), None]
    assert result.reports[0].source.file == str(tmp_path / name)
    assert result.reports[0].source.row == 1
    assert len(result.notes) == 1
    assert "id from 'report_id'" in result.notes[0]


def test_parquet_with_typed_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table(
        {
            "note_id": pa.array([7, 8, 9], pa.int64()),
            "person_id": pa.array([1.0, None, 3.0], pa.float64()),
            "note_date": [dt.datetime(2023, 4, 5, 10, 30), dt.datetime(2024, 1, 2), None],
            "note_text": pa.array(["one", "two", None], pa.large_string()),
            "embedding": [[0.5], [0.5], [0.5]],
        }
    )
    pq.write_table(table, path, row_group_size=2)
    result = read(path)
    assert [(r.report_id, r.patient_id) for r in result.reports] == [("7", "1"), ("8", "8")]
    assert [r.study_date for r in result.reports] == [dt.date(2023, 4, 5), dt.date(2024, 1, 2)]
    assert result.rejects == [Reject(str(path), 3, "", "9", "empty report")]


def test_the_names_of_folders_are_columns(tmp_path: Path) -> None:
    for number, folder in enumerate(
        (
            "modality=CT/site=C",
            "modality=MR/site=A%2FB",
            "modality=__HIVE_DEFAULT_PARTITION__/site=D",
        )
    ):
        (tmp_path / folder).mkdir(parents=True)
        table = pa.table({"report_id": [str(number)], "text": ["Modic 1 at L4-5"]})
        pq.write_table(table, tmp_path / folder / "part.parquet")
    result = read(tmp_path, procedure="site")
    assert sorted((r.report_id, r.modality, r.procedure) for r in result.reports) == [
        ("0", "CT", "C"),
        ("1", "MR", "A/B"),
        ("2", "", "D"),
    ]


def test_folder_of_texts_in_the_order_of_names(tmp_path: Path) -> None:
    write(tmp_path / "b.txt", "second\r\nline")
    write(tmp_path / "a.txt", b"\xef\xbb\xbffirst")
    write(tmp_path / "more" / "c.TXT.gz", gzip.compress(b"third"))
    write(tmp_path / "more" / "d.jsonl", as_jsonl(ROWS))
    write(tmp_path / ".hidden.txt", "no report")
    write(tmp_path / "_SUCCESS", "")
    write(tmp_path / "scan.pdf", b"%PDF")
    result = read(tmp_path)
    assert list(result.texts) == ["a", "b", "more/c", "0007", "8"]
    assert result.texts["b"] == "second\r\nline"
    assert result.reports[0].source.row == 0
    assert result.rejects == []
    assert any("left out 1 files of an unknown kind (1 .pdf)" in note for note in result.notes)


def delta_table(folder: Path) -> Path:
    """A Delta table with a deleted and a rewritten row: older versions lie in its folder, too."""
    rows = {"report_id": ["1", "2", "3"], "text": ["a", "b", "c"], "modality": ["MR", "CT", "CT"]}
    deltalake.write_deltalake(folder, pa.table(rows), partition_by=["modality"])
    table = deltalake.DeltaTable(folder)
    table.delete("report_id = '2'")
    table.update(updates={"text": "'c2'"}, predicate="report_id = '3'")
    more = pa.table({"report_id": ["4"], "text": ["d"], "modality": ["MR"], "mrn": ["P4"]})
    deltalake.write_deltalake(folder, more, mode="append", schema_mode="merge")
    assert len(list(folder.rglob("*.parquet"))) > len(table.file_uris())
    return folder


def test_a_delta_table_is_read_as_it_is_today(tmp_path: Path) -> None:
    delta_table(tmp_path / "archive" / "reports")
    result = read(tmp_path / "archive")
    told = sorted((r.report_id, r.text, r.modality, r.patient_id) for r in result.reports)
    assert told == [("1", "a", "MR", "1"), ("3", "c2", "CT", "3"), ("4", "d", "MR", "P4")]
    assert result.rejects == []


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("{", "a Delta table whose log cannot be read"),
        (
            '{"protocol":{"minReaderVersion":3,"minWriterVersion":7,'
            '"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}',
            "a Delta table with deletionVectors, which its files alone do not show; "
            "export it as Parquet, or give Spark a Delta library",
        ),
    ],
)
def test_a_delta_table_that_its_files_do_not_tell_is_refused(
    tmp_path: Path, log: str, reason: str
) -> None:
    folder = delta_table(tmp_path / "reports")
    (folder / "_delta_log" / f"{4:020}.json").write_text(log)
    with pytest.raises(EndplateError, match=re.escape(reason)):
        read(folder)


def test_several_inputs_at_once(tmp_path: Path) -> None:
    one = write(tmp_path / "one.csv", "id,text\n1,a\n")
    two = write(tmp_path / "two.jsonl", '{"note_id": 2, "note_text": "b"}\n')
    assert read(one, two).texts == {"1": "a", "2": "b"}


@pytest.mark.parametrize("name", ["sudirman", "snippets", "full"])
def test_gold_goes_in_as_it_is(name: str) -> None:
    path = GOLD / f"{name}.jsonl"
    gold = {
        row["id"]: row["text"]
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    }
    assert read(path).texts == gold


def test_ndjson_lines_of_different_shape(tmp_path: Path) -> None:
    lines = ['{"id": "a", "text": "first"}'] * 1
    lines += [f'{{"id": "x{i}", "text": "t{i}"}}' for i in range(120)]
    lines += ['{"report_id": "b", "report_text": "other names", "mrn": "m1", "text": null}']
    result = read(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert result.texts["b"] == "other names"
    assert result.reports[-1].patient_id == "m1"


def test_remarks_on_many_files_are_counted(tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path / f"{number}.csv", f"id,text\n{number},Größe\n".encode("cp1252"))
    notes = read(tmp_path).notes
    assert len([note for note in notes if "read as Windows-1252" in note]) == 6
    assert len([note for note in notes if "id from 'id'" in note]) == 6
    assert len([note for note in notes if note.startswith("4 more files: ")]) == 2


# --- columns


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("id,text", {"id": "id", "text": "text"}),
        ("Report ID,Report Text", {"id": "Report ID", "text": "Report Text"}),
        ("note_id,id,note_text", {"id": "note_id", "text": "note_text"}),
        ("ReportText,AccessionNumber", {"id": "AccessionNumber", "text": "ReportText"}),
        (
            "MRN,Exam Date,Modality,STUDY_DESCRIPTION,narrative,Result Status,accession",
            {
                "patient": "MRN",
                "date": "Exam Date",
                "modality": "Modality",
                "procedure": "STUDY_DESCRIPTION",
                "text": "narrative",
                "status": "Result Status",
                "accession": "accession",
            },
        ),
    ],
)
def test_common_names_are_recognised(tmp_path: Path, header: str, expected: dict[str, str]) -> None:
    row = ",".join("v" for _ in header.split(","))
    result = read(write(tmp_path / "a.csv", f"{header}\n{row}\n"))
    for role, name in expected.items():
        assert f"{role} from '{name}'" in result.notes[0]


def test_a_named_column_outranks_the_recognised_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,Befund,key\n1,wrong,right,k9\n")
    assert read(path, text="befund", id="key").texts == {"k9": "right"}


def test_without_a_text_column_the_error_lists_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,befund\n1,x\n")
    with pytest.raises(EndplateError) as caught:
        read(path)
    for part in (str(path), "'id'", "'befund'", "--text-column"):
        assert part in str(caught.value)


def test_a_named_column_that_is_missing_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,x\n")
    with pytest.raises(EndplateError, match=r"no patient column: there is no 'mrn'.*'id', 'text'"):
        read(path, patient="mrn")


def test_a_file_without_header_does_not_show_its_reports(tmp_path: Path) -> None:
    sentence = "Modic type 1 change at L4-L5 with marrow oedema is seen in this patient"
    with pytest.raises(EndplateError) as caught:
        read(write(tmp_path / "a.csv", f"1,{sentence}\n2,{sentence}\n"))
    assert "Modic" not in str(caught.value)


def test_a_missing_id_becomes_the_name_of_the_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n ,one\n7,two\n")
    assert read(path).texts == {"a.csv:1": "one", "7": "two"}
    path = write(tmp_path / "b.jsonl", '\n{"text": "one"}\n')
    assert read(path).texts == {"b.jsonl:2": "one"}


def test_namesakes_and_nameless_columns_are_kept_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ",text,text\n0,first,second\n")
    assert read(path).texts == {"a.csv:1": "first"}
    assert read(path, text="text (2)", id="column 1").texts == {"0": "second"}


# --- duplicates and versions


def test_duplicates_are_dropped_and_versions_kept(tmp_path: Path) -> None:
    one = write(tmp_path / "a.csv", "id,mrn,text\nR,p,one\nR,p,one\nR,p,two\nS,p,one\n")
    two = write(tmp_path / "b.csv", "id,mrn,text\nR,p,two\nR,p,three\n")
    result = read(one, two)
    assert result.texts == {"R": "one", "R#2": "two", "S": "one", "R#3": "three"}
    assert {r.patient_id for r in result.reports} == {"p"}
    assert result.counts.rejected == {"duplicate": 2}
    assert [(r.file, r.row, r.record_id) for r in result.rejects] == [
        (str(one), 2, "R"),
        (str(two), 1, "R"),
    ]
    assert any("row 3" in note and "'R#2'" in note for note in result.notes)


def test_files_of_one_name_are_reports_of_their_own(tmp_path: Path) -> None:
    paths = [write(tmp_path / site / "1.txt", "normal study") for site in ("one", "two")]
    paths += [write(tmp_path / site / "a.csv", "text\nnormal\n") for site in ("one", "two")]
    result = read(*paths, paths[0])
    assert [(r.report_id, r.patient_id) for r in result.reports] == [
        ("1", "1"),
        ("1#2", "1#2"),
        ("a.csv:1", "a.csv:1"),
        ("a.csv:1#2", "a.csv:1#2"),
    ]
    assert result.reasons == ["duplicate"]  # the file that was named twice


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"))))
def test_seen_reports_agree_with_a_plain_set(pairs: list[tuple[str, str]]) -> None:
    seen = SeenReports()
    known: dict[str, list[str]] = {}
    for report_id, text in pairs:
        texts = known.setdefault(report_id, [])
        expected = "" if text in texts else f"{report_id}#{len(texts) + 1}" if texts else report_id
        if expected:
            texts.append(text)
        assert seen.unique_id(report_id, text) == expected


def test_an_id_that_looks_like_a_version_stays_unique() -> None:
    seen = SeenReports()
    given = [("R#2", "a"), ("R", "b"), ("R", "c"), ("R", "d"), ("R#3", "e")]
    names = [seen.unique_id(*pair) for pair in given]
    assert names[:4] == ["R#2", "R", "R#3", "R#4"]
    assert len(set(names)) == len(given)


@given(st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 4096, 8192])))
def test_count_table_counts_like_a_dict(keys: list[int]) -> None:
    table = CountTable(slots=2)
    for position, key in enumerate(keys):
        assert table.add(key) == keys[: position + 1].count(key)


# --- dates, status, modality


@pytest.mark.parametrize(
    "text",
    [
        *("2023-04-05", "20230405", "2023-04-05T10:11:12Z", "2023-04-05 10:11:12.123+02:00"),
        *("2023/04/05", "2023-4-5", "20230405101112", "20230405101112.123-0500", "05.04.2023"),
        *("5 Apr 2023", "05-APR-2023", "April 5, 2023", "Apr 5th, 2023 10:11 AM", "05APR2023"),
        *(" 2023-04-05 ", "5th April 2023", "2023-04-05 10:11 PM"),
    ],
)
def test_common_forms_of_a_date(text: str) -> None:
    assert parse_date(text) == dt.date(2023, 4, 5)


def test_slashed_dates_need_a_number_above_twelve_or_an_order() -> None:
    assert parse_date("25/12/2023") == parse_date("12/25/2023") == dt.date(2023, 12, 25)
    assert parse_date("05/05/2023") == dt.date(2023, 5, 5)
    assert parse_date("04/05/2023", "dmy") == dt.date(2023, 5, 4)
    assert parse_date("04/05/2023 08:00", "mdy") == dt.date(2023, 4, 5)
    with pytest.raises(ValueError, match="--date-order"):
        parse_date("04/05/2023")


@pytest.mark.parametrize(
    "text", ["last week", "1999", "2023-13-01", "2023-02-30", "0001-01-01", "1/2/23", "Mai 2023"]
)
def test_what_is_no_date_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|date|year") as caught:
        parse_date(text)
    assert text not in str(caught.value)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2299, 12, 31)), st.sampled_from(["dmy", "mdy"]))
def test_written_dates_are_read_back(day: dt.date, order: str) -> None:
    forms = ["%Y-%m-%d", "%Y%m%d", "%d %B %Y", "%d/%m/%Y" if order == "dmy" else "%m/%d/%Y"]
    for form in forms:
        text = day.strftime(form)
        assert parse_date(text, order) == day, form


def test_an_unreadable_date_is_noted_and_the_report_used(tmp_path: Path) -> None:
    rows = "".join(f"{n},soon,text {n}\n" for n in range(1, 10))
    result = read(write(tmp_path / "a.csv", f"id,study_date,text\n{rows}"))
    assert len(result.reports) == 9
    assert all(report.study_date is None for report in result.reports)
    first, *_, last = (note for note in result.notes if "soon" in note or "more" in note)
    assert "a.csv, row 1: study date 'soon' in column 'study_date'" in first
    assert last.endswith("unreadable study dates: 4 more rows")


def test_status_and_modality_words(tmp_path: Path) -> None:
    words = ["Final", "F", "prelim", "ADDENDUM", "C", "canceled", "entered-in-error", "", "odd"]
    rows = "".join(f"{n},{word},mri,t{n}\n" for n, word in enumerate(words))
    result = read(write(tmp_path / "a.csv", f"id,status,modality,text\n{rows}"))
    assert [report.report_status for report in result.reports] == [
        *("final", "final", "preliminary", "amended", "corrected", "cancelled", "cancelled"),
        *("", ""),
    ]
    assert {report.modality for report in result.reports} == {"MR"}
    assert [note for note in result.notes if "status 'odd' in column 'status'" in note]


def test_a_faulty_word_list_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (models_dir() / "sources" / "words.yaml").read_text(encoding="utf-8")
    write(tmp_path / "sources" / "words.yaml", f"{content}\nmodalities:\n  US: [us]\n")
    monkeypatch.setattr(words, "models_dir", lambda: tmp_path)
    for cached in (words._words, words.status_words):
        cached.cache_clear()
    with pytest.raises(KnowledgeError, match=r"words\.yaml: line \d+, modalities: Extra"):
        words.status_words()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("007", "007"),
        (7.0, "7"),
        (7.5, "7.5"),
        (float("nan"), ""),
        (True, "yes"),
        (dt.date(2023, 4, 5), "2023-04-05"),
        (b"\xc3\xa9", "é"),
        ([1, "a"], '[1, "a"]'),
    ],
)
def test_cells_as_text(value: object, text: str) -> None:
    assert cell_text(value) == text


# --- property: any table comes back as it was written


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(st.lists(texts, min_size=1, max_size=20))
def test_texts_survive_csv_and_jsonl(
    tmp_path_factory: pytest.TempPathFactory, found: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    usable = {str(n): text for n, text in enumerate(found) if text.strip()}
    rows = [{"id": str(n), "text": text} for n, text in enumerate(found)]
    write(folder / "a.csv", as_csv(rows).encode())
    write(folder / "a.jsonl", as_jsonl(rows))
    assert read(folder / "a.csv").texts == usable
    assert read(folder / "a.jsonl").texts == usable
