"""Patient histories: index study, addenda and corrections, evolution, numbering, bodies, units."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endplate.bodies import (
    LABEL_LEVELS,
    are_adjacent,
    bodies_of_finding,
    bodies_of_level,
    cpt_units,
    has_type_1_or_2,
    implied_bodies,
    merge_types,
)
from endplate.codes import BODIES, LEVELS, MODIC_TYPES
from endplate.records import Case, Finding, Reading, Report, Source, Study
from endplate.studies import (
    build_cases,
    conflicting_levels,
    index_dates,
    modic_evolution,
    mri_age_days,
    numbering_drift,
    study_of,
)


def day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def modic(level: str, kind: str = "1", status: str = "present", **more: str) -> Finding:
    return Finding(
        report_id=more.pop("report_id", "r"),
        finding="modic_change",
        level=level,
        modic_type=kind,
        basis="stated",
        status=status,
        section=more.pop("section", "findings"),
        **more,
    )


def study(
    report_id: str,
    date: str = "2024-01-01",
    *findings: Finding,
    patient: str = "p",
    lumbar_mri: bool | None = True,
    row: int = 1,
    **more: str,
) -> Study:
    return Study(
        report_id=report_id,
        patient_id=patient,
        study_date=day(date),
        lumbar_mri=lumbar_mri,
        modality=more.get("modality", "MR" if lumbar_mri else ""),
        procedure=more.get("procedure", ""),
        accession=more.get("accession", ""),
        report_status=more.get("status", "final"),
        findings=tuple(f._replace(report_id=report_id) for f in findings),
        source=Source("reports.csv", row),
    )


def one_case(*studies: Study) -> Case:
    cases = list(build_cases(studies, {}))
    assert len(cases) == 1
    return cases[0]


def test_a_read_report_keeps_all_but_its_text() -> None:
    report = Report("r1", "text", "p1", dt.date(2024, 5, 1), "MR", "MRI L-SPINE", "A1", "final")
    reading = Reading("r1", "MR", lumbar=True, findings=(modic("L4-L5"),))
    made = study_of(report, reading)
    assert made.lumbar_mri is True
    assert made.findings == reading.findings
    assert "text" not in made


def test_the_newest_lumbar_mri_is_the_index_study() -> None:
    case = one_case(
        study("new", "2024-03-01"), study("old", "2021-03-01"), study("mid", "2022-03-01")
    )
    assert [s.report_id for s in case.studies] == ["old", "mid", "new"]
    assert case.index is not None
    assert case.index.report_id == "new"


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"a": ("2020-01-01", True), "b": ("2024-01-01", False)}, "a"),  # a newer CT is passed over
        ({"a": ("2020-01-01", True), "b": ("2024-01-01", None)}, "a"),  # known beats unknown
        ({"a": ("2020-01-01", False), "b": ("2019-01-01", None)}, "b"),  # unknown beats none
        ({"a": ("2020-01-01", False)}, None),  # a CT never establishes Modic
        ({"a": ("", True), "b": ("2019-01-01", True)}, "b"),  # dated beats undated
        ({"a": ("", True)}, "a"),
        ({"a": ("2020-01-01", True), "b": ("2020-01-01", True)}, "b"),  # a tie, always the same way
    ],
)
def test_choice_of_the_index_study(
    kinds: dict[str, tuple[str, bool | None]], expected: str | None
) -> None:
    studies = [
        study(name, date, lumbar_mri=lumbar, procedure=name)
        for name, (date, lumbar) in kinds.items()
    ]
    for order in (studies, studies[::-1]):
        case = one_case(*order)
        assert (case.index.report_id if case.index else None) == expected


def test_cancelled_reports_count_for_nothing_but_the_patient_stays() -> None:
    case = one_case(study("x", "2024-01-01", modic("L4-L5"), status="cancelled"))
    assert case.studies == ()
    assert case.index is None


def test_a_report_without_patient_is_its_own_and_never_somebody_elses() -> None:
    cases = list(
        build_cases(
            [
                study("p", patient=""),  # its id happens to be a real patient's
                study("r1", patient="p"),
                study("lone", patient=""),
            ],
            {},
        )
    )
    assert [(c.patient_id, [s.report_id for s in c.studies]) for c in cases] == [
        ("p", ["r1"]),
        ("lone", ["lone"]),
        ("p (2)", ["p"]),
    ]
    assert all(s.patient_id == c.patient_id for c in cases for s in c.studies)


class TestReportsOfOneExamination:
    def types(self, case: Case) -> set[tuple[str, str, str]]:
        assert case.index is not None
        return {(f.level, f.modic_type, f.status) for f in case.index.findings}

    def test_same_accession(self) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L4-L5"), accession="X"),
            study("b", "2024-01-09", modic("L5-S1", section="addendum"), accession="X"),
        )
        assert len(case.studies) == 1
        assert case.index is not None
        assert case.index.report_id == "a"
        assert self.types(case) == {("L4-L5", "1", "present"), ("L5-S1", "1", "present")}

    def test_same_day_and_procedure(self) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L4-L5"), procedure="MR L-Spine"),
            study("b", "2024-01-01", modic("L5-S1"), procedure="mr l-spine "),
        )
        assert len(case.studies) == 1

    def test_an_addendum_without_accession_joins_the_day_s_examination(self) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L4-L5"), accession="X"),
            study("b", "2024-01-01", modic("L4-L5", "2", section="addendum"), lumbar_mri=None),
        )
        assert self.types(case) == {("L4-L5", "2", "present")}

    @pytest.mark.parametrize(
        "second",
        [
            study("b", "2024-01-02"),
            study("b", procedure="MR L-spine with contrast"),
            study("b", lumbar_mri=False, modality="CT"),
        ],
    )
    def test_another_day_procedure_or_modality_is_another_examination(self, second: Study) -> None:
        assert len(one_case(study("a"), second).studies) == 2

    def test_two_accessions_on_one_day_are_two_examinations(self) -> None:
        assert len(one_case(study("a", accession="X"), study("b", accession="Y")).studies) == 2

    def test_two_undated_reports_are_two_examinations(self) -> None:
        assert len(one_case(study("a", ""), study("b", "")).studies) == 2

    def test_an_unknown_report_never_hides_behind_a_ct_of_the_same_day(self) -> None:
        case = one_case(study("ct", lumbar_mri=False, modality="CT"), study("x", lumbar_mri=None))
        assert case.index is not None
        assert case.index.report_id == "x"

    @pytest.mark.parametrize("later", ["final", "corrected", "amended"])
    def test_a_later_whole_report_replaces_the_preliminary(self, later: str) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L3-L4", "2"), status="preliminary"),
            study("b", "2024-01-01", modic("L4-L5"), status=later),
        )
        assert self.types(case) == {("L4-L5", "1", "present")}
        assert case.index is not None
        assert case.index.report_id == "b"

    def test_a_final_report_that_finds_nothing_replaces_the_preliminary_too(self) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L3-L4"), status="preliminary"), study("b", "2024-01-01")
        )
        assert self.types(case) == set()

    def test_a_corrected_report_replaces_the_final(self) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L3-L4")),
            study("b", "2024-01-01", modic("L4-L5"), status="corrected"),
        )
        assert self.types(case) == {("L4-L5", "1", "present")}

    def test_an_addendum_replaces_only_what_it_says_anew(self) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L3-L4"), modic("L4-L5")),
            study("b", "2024-01-01", modic("L4-L5", "2", section="addendum"), status="corrected"),
        )
        assert self.types(case) == {("L3-L4", "1", "present"), ("L4-L5", "2", "present")}

    def test_two_final_reports_that_contradict_each_other_are_marked(self) -> None:
        case = one_case(
            study("a", "2024-01-01", modic("L4-L5"), modic("L5-S1")),
            study("b", "2024-01-01", modic("L4-L5", status="absent"), modic("L5-S1")),
        )
        assert case.index is not None
        assert conflicting_levels(case.index) == ("L4-L5",)

    def test_conflict_of_the_reader_is_exposed(self) -> None:
        s = study("a", "2024-01-01", modic("L5-S1", conflict="yes"), modic("L4-L5"))
        assert conflicting_levels(s) == ("L5-S1",)


class TestEvolution:
    def kinds(self, *studies: Study) -> dict[str, tuple[str, str, str]]:
        return {
            c.level: (c.kind, c.type_before, c.type_now)
            for c in modic_evolution(one_case(*studies))
        }

    def test_new_converted_resolved_stable_and_not_mentioned(self) -> None:
        old = study(
            "old", "2021-01-01", modic("L2-L3"), modic("L3-L4"), modic("L4-L5"), modic("L5-S1", "2")
        )
        new = study(
            "new",
            "2024-01-01",
            modic("L1-L2"),
            modic("L3-L4", status="absent"),
            modic("L4-L5", "2"),
            modic("L5-S1", "2"),
        )
        assert self.kinds(old, new) == {
            "L1-L2": ("new", "", "1"),
            "L2-L3": ("not mentioned", "1", ""),
            "L3-L4": ("resolved", "1", ""),
            "L4-L5": ("converted", "1", "2"),
            "L5-S1": ("stable", "2", "2"),
        }

    def test_a_general_denial_resolves_every_level(self) -> None:
        old, new = (
            study("old", "2021-01-01", modic("L4-L5")),
            study("new", "2024-01-01", modic("", "", "absent")),
        )
        assert self.kinds(old, new)["L4-L5"] == ("resolved", "1", "")

    def test_the_newest_earlier_study_that_speaks_of_the_level_counts(self) -> None:
        studies = (
            study("a", "2019-01-01", modic("L4-L5", "1")),
            study("b", "2021-01-01", modic("L4-L5", "2")),
            study("c", "2022-01-01"),
            study("d", "2024-01-01", modic("L4-L5", "2")),
        )
        assert self.kinds(*studies)["L4-L5"] == ("stable", "2", "2")

    def test_history_told_within_one_report(self) -> None:
        only = study(
            "a",
            "2024-01-01",
            modic("L4-L5", "1", "historical"),
            modic("L4-L5", "2"),
            modic("L5-S1"),
        )
        assert self.kinds(only) == {"L4-L5": ("converted", "1", "2")}

    def test_a_single_study_shows_no_development(self) -> None:
        assert self.kinds(study("a", "2024-01-01", modic("L4-L5"))) == {}

    def test_a_ct_is_no_earlier_state(self) -> None:
        ct = study("ct", "2020-01-01", modic("L4-L5"), lumbar_mri=False, modality="CT")
        assert self.kinds(ct, study("a", "2024-01-01", modic("L4-L5"))) == {}


def test_numbering_drift() -> None:
    lstv = Finding("r", "transitional_vertebra", status="present")
    with_lstv, without = study("a", "2021-01-01", lstv), study("b", "2024-01-01")
    assert "a (2021-01-01) but not in b (2024-01-01)" in numbering_drift(
        one_case(with_lstv, without)
    )
    assert numbering_drift(one_case(study("c", "2021-01-01"), without)) == ""
    assert numbering_drift(one_case(with_lstv, study("d", "2024-01-01", lstv))) == ""
    assert numbering_drift(one_case(study("e", "2020-01-01", modic("L5-L6")), without)) != ""
    denied = study("f", "2021-01-01", lstv._replace(status="absent"))
    assert numbering_drift(one_case(denied, without)) == ""


def test_mri_age_and_index_dates() -> None:
    case, undated = one_case(study("a", "2024-01-01")), one_case(study("b", "", patient="q"))
    assert mri_age_days(case, dt.date(2024, 1, 31)) == 30
    assert mri_age_days(undated, dt.date(2024, 1, 31)) is None
    assert index_dates([case, undated]) == {"p": dt.date(2024, 1, 1), "q": None}


@given(st.randoms(use_true_random=False))
def test_the_order_of_reports_makes_no_difference(rng: random.Random) -> None:
    studies = [
        study("a", "2024-01-01", modic("L4-L5"), status="preliminary", row=1),
        study("b", "2024-01-01", modic("L4-L5", "2"), row=2),
        study("c", "2024-01-01", modic("L5-S1", section="addendum"), row=3),
        study("d", "2021-01-01", modic("L4-L5"), accession="X", row=4),
        study("e", "", modic("L4-L5"), row=5),
        study("f", "2024-01-01", patient="q", row=6),
        study("g", patient="", row=7),
        study("g", patient="", row=8),
    ]
    expected = list(build_cases(studies, {}))
    shuffled = list(studies)
    rng.shuffle(shuffled)
    assert list(build_cases(shuffled, {})) == expected


# Bodies and units: the table of the case guideline and its evidence.


@pytest.mark.parametrize(
    ("levels", "bodies", "units"),
    [
        ("L5-S1", "L5 S1", {"64628": 1}),
        ("L4-L5", "L4 L5", {"64628": 1}),
        ("L3-L4", "L3 L4", {"64628": 1}),
        ("L4-L5 L5-S1", "L4 L5 S1", {"64628": 1, "64629": 1}),
        ("L3-L4 L4-L5", "L3 L4 L5", {"64628": 1, "64629": 1}),
        ("L3-L4 L4-L5 L5-S1", "L3 L4 L5 S1", {"64628": 1, "64629": 2}),
        ("L3-L4 L5-S1", "L3 L4 L5 S1", {"64628": 1, "64629": 2}),
        ("", "", {}),
    ],
)
def test_levels_to_bodies_to_units(levels: str, bodies: str, units: dict[str, int]) -> None:
    implied = implied_bodies(modic(level) for level in levels.split())
    assert " ".join(implied) == bodies
    assert cpt_units(implied) == units


def test_one_endplate_names_its_own_body() -> None:
    assert bodies_of_finding(modic("L4-L5", vertebra="L4", endplate="inferior")) == ("L4",)
    assert bodies_of_finding(modic("L2-L3", vertebra="L3", endplate="superior")) == ("L3",)
    assert "L2-L3" not in LABEL_LEVELS  # L3 is on the label, its superior endplate's disc is not


@pytest.mark.parametrize(
    ("bodies", "adjacent"),
    [
        ("L4 L5 S1", True),
        ("L3 L5", False),
        ("L3 L4 S1", False),
        ("L5 L6 S1", True),
        ("L6 S1", True),
        ("L5", True),
        ("", True),
    ],
)
def test_adjacency(bodies: str, adjacent: bool) -> None:
    assert are_adjacent(bodies.split()) is adjacent


LEVEL_SETS = st.lists(st.sampled_from(LEVELS))


@given(LEVEL_SETS)
def test_bodies_are_unique_ordered_and_complete(levels: list[str]) -> None:
    bodies = implied_bodies(modic(level) for level in levels)
    assert list(bodies) == sorted(set(bodies), key=BODIES.index)
    assert set(bodies) == {body for level in levels for body in bodies_of_level(level)}
    assert bodies == implied_bodies(modic(level) for level in reversed(levels))


@given(st.sets(st.sampled_from(BODIES)))
def test_units_cover_every_body_once(bodies: set[str]) -> None:
    units = cpt_units(bodies)
    covered = 2 * units.get("64628", 0) + units.get("64629", 0)
    assert covered == max(len(bodies), 2 if bodies else 0)
    assert units.get("64628", 0) <= 1


@given(st.lists(st.sampled_from(MODIC_TYPES)))
def test_merging_types_keeps_every_component_and_forgets_order(types: list[str]) -> None:
    merged = merge_types(types)
    assert merged == merge_types(reversed(types))
    assert merge_types([merged]) == merged
    assert has_type_1_or_2(merged) == any(has_type_1_or_2(kind) for kind in types)


@pytest.mark.parametrize(
    ("kind", "qualifies"),
    [
        *[(kind, True) for kind in ("1", "2", "1/2", "2/3", "1/3")],
        *[(kind, False) for kind in ("3", "unspecified", "")],
    ],
)
def test_type_1_or_2_component(kind: str, qualifies: bool) -> None:
    assert has_type_1_or_2(kind) is qualifies
