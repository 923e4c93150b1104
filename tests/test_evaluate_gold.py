"""Reading gold and findings tables: every format, and every fault told with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from endplate.errors import EndplateError, KnowledgeError
from endplate.evaluate import GoldRow, Key, load_gold, read_findings, with_texts
from endplate.records import FINDING_COLUMNS, Finding
from endplate.tables import write_table

MODIC = {"finding": "modic_change", "level": "L4-L5", "modic_type": "1", "status": "present"}


def gold_line(name: str = "a", text: str = "Modic 1 at L4-5.", **row: object) -> str:
    return json.dumps({"id": name, "text": text, "findings": [MODIC | row]})


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problems_of(path: Path, **options: bool) -> list[str]:
    with pytest.raises(KnowledgeError) as caught:
        load_gold([path], **options)
    return [str(problem) for problem in caught.value.problems]


# --- JSON lines ----------------------------------------------------------------------------------


def test_a_line_of_json_becomes_a_report(tmp_path):
    path = written(tmp_path, "g.jsonl", f"\ufeff{gold_line(optional=True, grade='5mm')}\r\n\r\n")
    (file,) = load_gold([path])
    (report,) = file.reports
    assert (file.name, report.report_id, report.text) == ("g", "a", "Modic 1 at L4-5.")
    key = Key("modic_change", "L4-L5", "1", "present")
    assert report.rows == (GoldRow(key, optional=True, details={"grade": "5mm"}),)


def test_a_missing_level_is_none_in_every_spelling(tmp_path):
    row = {"finding": "scoliosis", "status": "present"}
    rows = [row, row | {"level": None}, row | {"level": ""}, row | {"modic_type": None}]
    path = written(tmp_path, "g.jsonl", json.dumps({"id": "a", "text": "", "findings": rows}))
    (file,) = load_gold([path])
    assert {row.key for row in file.reports[0].rows} == {Key("scoliosis", "", "", "present")}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "is not JSON (column 2)"),
        ("[1]", "is not an object"),
        ('{"text": "", "findings": []}', "has no id"),
        ('{"id": "", "text": "", "findings": []}', "has no id"),
        ('{"id": ["x"], "text": "", "findings": []}', "has no id"),
        ('{"id": "a", "text": ""}', "write [] for a report without any"),
        ('{"id": "a", "text": 5, "findings": []}', "text must be"),
        ('{"id": "a", "text": "", "findings": ["x"]}', "findings[0]: must be an object"),
        (gold_line(finding="disc_buldge"), "did you mean disc_bulge? allowed: modic_change, "),
        (gold_line(level="L4/5"), "findings[0]: level 'L4/5' is unknown; "),
        (
            gold_line(status="negated"),
            "allowed: present, absent, uncertain, historical, indication",
        ),
        (gold_line(modic_type=None), "modic_type 'None' is unknown; "),
        (gold_line(modic_type="II"), "allowed: 1, 2, 3, 1/2, 2/3, 1/3, unspecified"),
        (gold_line(optional="yes"), "optional 'yes' must be true or false"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_is_allowed(tmp_path, line, told):
    path = written(tmp_path, "g.jsonl", f"\n{line}\n")
    (problem,) = problems_of(path)
    assert problem.startswith("g.jsonl: line 2: ")
    assert told in problem


def test_all_faults_of_all_files_are_told_at_once(tmp_path):
    one = written(tmp_path, "one.jsonl", f"{gold_line(level='X', status='Y')}\n{{\n")
    two = written(tmp_path, "two.csv", "report_id,level,modic_type,status\n,L4-L5,9,present\n")
    with pytest.raises(KnowledgeError) as caught:
        load_gold([one, two])
    places = [(problem.file, problem.where) for problem in caught.value.problems]
    assert (
        places
        == [("one.jsonl", "line 1")] * 2 + [("one.jsonl", "line 2")] + [("two.csv", "line 2")] * 2
    )


def test_an_id_twice_is_a_fault(tmp_path):
    (problem,) = problems_of(written(tmp_path, "g.jsonl", f"{gold_line()}\n{gold_line()}\n"))
    assert problem == "g.jsonl: line 2: id 'a' is on line 1 too"


def test_no_message_holds_report_text(tmp_path):
    secret = "Mrs Miller has severe back pain"
    lines = [gold_line(status=secret), f'{{"id": "a", "text": "{secret}', gold_line(name=secret)]
    problems = problems_of(written(tmp_path, "g.jsonl", "\n".join([*lines, lines[2]])))
    assert len(problems) == 3
    assert "Miller" not in " ".join(problems)


def test_a_report_without_text_is_a_fault_only_when_it_must_be_read(tmp_path):
    path = written(tmp_path, "g.jsonl", gold_line(text=""))
    assert load_gold([path])[0].reports[0].text == ""
    (problem,) = problems_of(path, need_text=True)
    assert "line 1: report 'a' has no text; give texts with --reports" in problem


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("g.xlsx", b"PK", "save the sheet as CSV UTF-8"),
        ("g.jsonl", gold_line().encode() + b"\n\xff", "line 2: is not UTF-8"),
        ("g.jsonl", b"\n", "holds no report"),
    ],
)
def test_a_file_that_is_no_gold_is_refused(tmp_path, name, content, told):
    with pytest.raises(EndplateError, match=told):
        load_gold([written(tmp_path, name, content)])


def test_a_missing_file_is_told_by_its_name(tmp_path):
    with pytest.raises(EndplateError, match=r"none\.jsonl: no such file"):
        load_gold([tmp_path / "none.jsonl"])


def test_files_of_one_name_are_told_apart_by_their_folder(tmp_path):
    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        written(tmp_path, f"{folder}/gold.jsonl", gold_line())
    files = load_gold([tmp_path / "north/gold.jsonl", tmp_path / "south/gold.jsonl"])
    assert [file.name for file in files] == ["north/gold", "south/gold"]


# --- spreadsheets --------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_gives_modic_rows_and_reports_without_any(tmp_path, delimiter):
    lines = [
        "Report_ID,Level,Modic_Type,Status,remark",
        "a,L4-L5,1,present,seen twice",
        "a,L5/S1,II,absent,",
        "b,,,,",
        ",,,,",
        "c,,,Absent,",
    ]
    content = "\r\n".join(lines).replace(",", delimiter)
    (file,) = load_gold([written(tmp_path, "g.csv", content)])
    assert [(one.report_id, [row.key for row in one.rows]) for one in file.reports] == [
        (
            "a",
            [
                Key("modic_change", "L4-L5", "1", "present"),
                Key("modic_change", "L5-S1", "2", "absent"),
            ],
        ),
        ("b", []),
        ("c", [Key("modic_change", "", "unspecified", "absent")]),
    ]
    assert all(one.modic_only for one in file.reports)


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("L4-L5", "L4-L5"),
        ("L4-5", "L4-L5"),
        ("l4/5", "L4-L5"),
        ("L4/L5", "L4-L5"),
        ("L5S1", "L5-S1"),
        ("L5-1", "L5-S1"),
        ("L5 – S1", "L5-S1"),
        ("D12-L1", "T12-L1"),
        ("T11-12", "T11-T12"),
    ],
)
def test_levels_of_a_spreadsheet(tmp_path, cell, level):
    content = f"report_id,level,modic_type,status\na,{cell},1,present\n"
    (file,) = load_gold([written(tmp_path, "g.csv", content)])
    assert file.reports[0].rows[0].key.level == level


@pytest.mark.parametrize(
    ("cell", "modic_type"),
    [("1", "1"), ("I", "1"), ("Type II", "2"), ("Modic 3", "3"), ("1+2", "1/2"), ("I/II", "1/2")],
)
def test_types_of_a_spreadsheet(tmp_path, cell, modic_type):
    content = f"report_id,level,modic_type,status\na,L4-L5,{cell},\n"
    (file,) = load_gold([written(tmp_path, "g.csv", content)])
    assert file.reports[0].rows[0].key[2:] == (modic_type, "present")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",L4-L5,1,present", "has no report_id"),
        ("a,L4,1,present", "level 'L4' is unknown"),
        ("a,L3-L5,1,present", "level 'L3-L5' is unknown"),
        ("a,L4-L5,4,present", "modic_type '4' is unknown"),
        ("a,L4-L5,2+1,present", "modic_type '2+1' is unknown"),
        ("a,L4-L5,2-Jan,present", "made a date of it; write 1+2 for 1/2"),
        ("a,L4-L5,01/02/2026,present", "made a date of it"),
        ("a,L4-L5,1,yes", "allowed: present, absent, uncertain"),
    ],
)
def test_a_faulty_cell_is_told_with_its_line(tmp_path, row, told):
    content = f"report_id,level,modic_type,status\nb,,,\n{row}\n"
    (problem,) = problems_of(written(tmp_path, "g.csv", content))
    assert problem.startswith("g.csv: line 3: ")
    assert told in problem


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("report_id,level,status", "has no column modic_type; needed: report_id, level"),
        ("report_id,finding,level,modic_type,status", "give it with --findings"),
        ("", "has no column report_id, level, modic_type, status"),
    ],
)
def test_a_spreadsheet_with_other_columns_is_refused(tmp_path, header, told):
    (problem,) = problems_of(written(tmp_path, "g.csv", f"{header}\nx\n"))
    assert told in problem


def test_texts_are_given_to_a_spreadsheet(tmp_path):
    content = "report_id,level,modic_type,status\na,,,\nb,,,\n"
    gold = load_gold([written(tmp_path, "g.csv", content)])
    (file,) = with_texts(gold, {"a": "one", "b": "two", "c": "three"})
    assert [report.text for report in file.reports] == ["one", "two"]
    with pytest.raises(KnowledgeError, match="line 3: report 'b' has no text"):
        with_texts(gold, {"a": "one"})


# --- findings tables -----------------------------------------------------------------------------

ROWS = [
    Finding(
        "-7", "modic_change", "L4-L5", modic_type="1", start=3, end=10,
        text="Modic 1", sentence="=Modic 1, at L4-5", section="findings",
    ),
    Finding("8", "scoliosis"),
    Finding("other", "scoliosis"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_a_findings_table_comes_back_as_it_was_written(tmp_path, kind):
    path = tmp_path / f"findings.{kind}"
    write_table(path, ROWS, FINDING_COLUMNS)
    assert read_findings(path, {"-7", "8"}) == ROWS[:2]


def test_a_table_with_the_five_key_columns_is_enough(tmp_path):
    content = "report_id,finding,level,modic_type,status\na,disc_bulge,L4-L5,,absent\n"
    (row,) = read_findings(written(tmp_path, "f.csv", content), {"a"})
    assert row == Finding("a", "disc_bulge", "L4-L5", status="absent", section="")


def test_unknown_codes_are_told_with_their_rows(tmp_path):
    content = "report_id,finding,level,modic_type,status\n" + "".join(
        f"a,{row}\n"
        for row in ("bulge,L4-L5,,present", "modic_change,L4,5,no", "scoliosis,,,present")
    )
    with pytest.raises(KnowledgeError) as caught:
        read_findings(written(tmp_path, "f.csv", content), {"a"})
    assert [(p.where, p.message.split()[0]) for p in caught.value.problems] == [
        ("row 1", "finding"),
        ("row 2", "status"),
        ("row 2", "level"),
        ("row 2", "modic_type"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("f.csv", "report_id,finding\na,disc_bulge\n", "row 1: needs the columns report_id"),
        ("f.csv", b"report_id,finding,level,modic_type,status\na,\xff\n", "is not CSV in UTF-8"),
        ("f.jsonl", "{\n", "is not JSON lines"),
        ("f.jsonl", "[]\n", "needs the columns"),
        ("f.parquet", "x", "is not a Parquet file"),
        ("f.txt", "x", "are read from .csv, .parquet, .jsonl"),
        (
            "f.csv",
            "report_id,finding,level,modic_type,status\nz,scoliosis,,,present\n",
            "no row has the id of a report of the gold",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, name, content, told):
    with pytest.raises(EndplateError, match=told):
        read_findings(written(tmp_path, name, content), {"a"})


def test_a_missing_table_is_told_by_its_name(tmp_path):
    with pytest.raises(EndplateError, match=r"none\.csv: no such file"):
        read_findings(tmp_path / "none.csv", {"a"})


def test_an_empty_table_finds_nothing(tmp_path):
    content = "report_id,finding,level,modic_type,status\n"
    assert read_findings(written(tmp_path, "f.csv", content), {"a"}) == []
