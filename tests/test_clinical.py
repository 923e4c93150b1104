"""Clinical tables to facts: the cases in cases_clinical, and properties that hold for any table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from endplate.clinical import (
    ClinicalRecord,
    check_tables,
    code_maps,
    is_disputed,
    load_facts,
    read_clinical,
)
from endplate.clinical.cells import CellError, CellReader
from endplate.clinical.combine import months_between
from endplate.errors import EndplateError
from endplate.facts import FACTS
from endplate.records import Fact, Reject

TODAY = dt.date(2026, 11, 22)
CASES = [
    case
    for file in sorted((Path(__file__).parent / "cases_clinical").glob("*.yaml"))
    for case in yaml.safe_load(file.read_text("utf-8"))
]


class Outcome(NamedTuple):
    record: ClinicalRecord
    rejects: list[Reject]
    notes: list[str]

    def facts(self, patient: str) -> Mapping[str, Fact]:
        return self.record.facts.get(patient, {})


def read(
    folder: Path, files: Mapping[str, str], index: Mapping[str, dt.date | None], **more: Any
) -> Outcome:
    paths = []
    for name, text in files.items():
        paths.append(folder / name)
        paths[-1].write_text(text, "utf-8")
    rejects: list[Reject] = []
    notes: list[str] = []
    record = read_clinical(
        paths, index, on_reject=rejects.append, on_note=notes.append, today=TODAY, **more
    )
    return Outcome(record, rejects, notes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    index = {str(patient): date for patient, date in case["index"].items()}
    outcome = read(tmp_path, case["files"], index, date_order=case.get("date_order"))
    for patient, expected in case.get("facts", {}).items():
        facts = outcome.facts(patient)
        seen = {name: facts[name].value if name in facts else "absent" for name in expected}
        assert seen == {
            name: frozenset(value) if isinstance(value, list) else value
            for name, value in expected.items()
        }
    for patient, names in case.get("absent", {}).items():
        assert not set(names) & set(outcome.facts(patient))
    for patient, names in case.get("disputed", {}).items():
        assert [n for n, fact in outcome.facts(patient).items() if is_disputed(fact)] == names
    for file, row, column, reason in case.get("rejects", ()):
        assert any(
            (Path(r.file).name, r.row, r.column) == (file, row, column) and reason in r.reason
            for r in outcome.rejects
        ), outcome.rejects
    for note in case.get("notes", ()):
        assert any(note in said for said in outcome.notes), outcome.notes
    for name, count in case.get("account", {}).items():
        assert sum(getattr(account, name) for account in outcome.record.accounts) == count
    for account in outcome.record.accounts:
        account.check()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_every_fact_names_its_row_and_is_of_its_kind(case: dict[str, Any], tmp_path: Path) -> None:
    index = {str(patient): date for patient, date in case["index"].items()}
    outcome = read(tmp_path, case["files"], index)
    kinds = {"number": float, "answer": bool, "choice": str, "set": frozenset, "date": dt.date}
    for facts in outcome.record.facts.values():
        for name, fact in facts.items():
            assert fact.name == name
            rows = case["files"][fact.table].splitlines()
            assert 1 <= fact.row < len(rows)
            assert fact.column in rows[0]
            if fact.value is not None and name in FACTS:
                assert type(fact.value) is kinds[FACTS[name].kind]


def test_values_set_aside_are_rejects_that_name_the_patient(tmp_path: Path) -> None:
    outcome = read(tmp_path, {"c.csv": "patient_id,odi\np,140\n"}, {"p": TODAY})
    (reject,) = outcome.rejects
    assert reject == Reject(
        str(tmp_path / "c.csv"), 1, "odi", "p", "set aside: '140' is outside 0 to 100 points"
    )


def test_parquet_and_csv_give_the_same_facts(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = {
        "patient_id": ["a", "b"],
        "odi": [42.0, None],
        "pregnant": [False, True],
        "birth_date": [dt.date(1980, 1, 1), dt.datetime(1990, 1, 1).date()],
    }
    pq.write_table(pa.table(table), tmp_path / "clinical.parquet")
    (tmp_path / "clinical.csv").write_text(
        "patient_id,odi,pregnant,birth_date\na,42,no,1980-01-01\nb,,yes,1990-01-01\n"
    )
    index = {"a": TODAY, "b": TODAY}

    def facts(name: str) -> dict[str, dict[str, object]]:
        found = load_facts(
            [tmp_path / name], index, on_reject=lambda _: None, on_note=lambda _: None
        )
        return {p: {n: fact.value for n, fact in fs.items()} for p, fs in found.items()}

    assert facts("clinical.parquet") == facts("clinical.csv")
    assert facts("clinical.csv")["a"]["age"] == 46.0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.csv", "id_of_somebody,odi\np,40\n", "no column with the patient's id"),
        ("c.csv", "patient_id,quux\np,40\n", "no known column beside 'patient_id'"),
        ("c.csv", "", "the file is empty"),
        ("c.xlsx", "x", "unknown kind of file"),
        ("c.parquet", "x", "not a Parquet file"),
    ],
)
def test_a_table_that_is_none_is_refused_in_one_line(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(EndplateError, match=message) as error:
        read(tmp_path, {name: text}, {"p": TODAY})
    with pytest.raises(EndplateError, match=message):
        check_tables([tmp_path / name])
    assert "\n" not in str(error.value)
    assert str(tmp_path / name) in str(error.value)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EndplateError, match="no such file"):
        load_facts([tmp_path / "no.csv"], {}, on_reject=lambda _: None, on_note=lambda _: None)


def test_ragged_rows_are_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    text = "patient_id,odi\np,40,spilt\nq,41\n"
    outcome = read(tmp_path, {"c.csv": text}, {"p": TODAY, "q": TODAY})
    assert outcome.facts("p") == {}
    assert outcome.facts("q")["odi"].value == 41.0
    assert "ragged" in outcome.rejects[0].reason


def test_the_order_of_tables_and_rows_makes_no_difference(tmp_path: Path) -> None:
    codes = ["p,63030,2023-01-01", "p,22612,2015-01-01", "p,97110,2024-01-01", "p,62323,2024-01-01"]
    head = "patient_id,code,date\n"
    index = {"p": dt.date(2024, 6, 15)}
    forth = read(tmp_path, {"procedures.csv": head + "\n".join(codes)}, index)
    back = read(tmp_path, {"procedures.csv": head + "\n".join(reversed(codes))}, index)

    def values(outcome: Outcome) -> dict[str, object]:
        return {name: fact.value for name, fact in outcome.facts("p").items()}

    assert values(forth) == values(back)


def cells(order: Any = None) -> CellReader:
    return CellReader(code_maps(), TODAY, order)


NUMBERS = [name for name, declared in FACTS.items() if declared.kind == "number"]


@given(st.sampled_from(sorted(FACTS)), st.text(max_size=60))
def test_any_cell_gives_a_value_of_its_kind_or_a_reason(name: str, text: str) -> None:
    declared = FACTS[name]
    try:
        value = cells().parser(name)(text)
    except CellError as error:
        assert str(error)
        return
    if isinstance(value, float):
        assert declared.lowest <= value <= declared.highest
    elif isinstance(value, str):
        assert value in declared.values
    elif isinstance(value, frozenset):
        assert value <= set(declared.values)
    elif isinstance(value, dt.date):
        assert value <= TODAY


@given(st.sampled_from(NUMBERS), st.floats(-2000, 2000))
def test_numbers_come_back_when_possible_and_are_refused_when_not(name: str, value: float) -> None:
    text = f"{value:.2f}"
    declared = FACTS[name]
    if declared.lowest <= float(text) <= declared.highest:
        assert cells().number(name, text) == float(text)
    else:
        with pytest.raises(CellError, match="is outside"):
            cells().number(name, text)


@given(st.integers(0, 50))
def test_half_scale_doubles(points: int) -> None:
    assert cells().number("odi", f"{points}/50") == 2 * points
    assert cells().number("odi", str(points), "/50") == 2 * points


@given(st.dates(dt.date(1950, 1, 1), dt.date(2020, 1, 1)), st.integers(0, 5000))
def test_months_are_completed_months(start: dt.date, days: int) -> None:
    end = start + dt.timedelta(days)
    months = months_between(start, end)
    assert months >= 0
    assert months * 28 <= days
    assert days < (months + 1) * 31 + 3
    assert months_between(start, end + dt.timedelta(1)) >= months
