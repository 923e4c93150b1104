"""The code maps: what they hold, and that a faulty folder is refused with every fault listed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from endplate.clinical import code_maps
from endplate.clinical.codemaps import CodeMaps, plain_code, plain_name
from endplate.errors import KnowledgeError
from endplate.facts import FACTS
from endplate.knowledge import models_dir

CODES = models_dir() / "codes"
MAPS = code_maps()


def checked() -> dict[str, str]:
    with (CODES / "icd10cm.csv").open(encoding="utf-8", newline="") as handle:
        return {row["code"]: row["group"] for row in csv.DictReader(handle)}


def rules(code: str) -> set[str]:
    return {rule.id for rule in MAPS.rules_of("icd10cm", plain_code(code))}


def test_every_checked_code_is_mapped() -> None:
    assert [code for code in checked() if not rules(code)] == []


#: Groups of the checked list, and the fact or flag that each must come to.
GROUPS = {
    "pregnancy": "pregnant",
    "spine_infection": "active_infection",
    "systemic_infection": "active_infection",
    "local_infection": "active_infection",
    "spinal_malignancy": "spinal_malignancy",
    "metabolic_bone": "metabolic_bone_disease",
    "bleeding": "bleeding_disorder",
    "electronic_implant": "electronic_implant",
    "osteoporosis": "flag_osteoporosis",
    "osteopenia_flag": "flag_osteoporosis",
    "cardiopulmonary_flag": "flag_cardiopulmonary",
    "antithrombotic_flag": "flag_antithrombotic",
    "radicular": "flag_radicular",
    "stenosis": "flag_stenosis",
    "vertebral_fracture": "flag_vertebral_fracture",
    "cauda_equina_redflag": "flag_cauda_equina",
    "prior_surgery_flag": "flag_spine_surgery",
    "lactation": "flag_lactation",
    "indication_vertebrogenic_lbp": "flag_vertebrogenic_pain",
    "related_lbp": "flag_low_back_pain",
}


@pytest.mark.parametrize(("code", "group"), [*checked().items()])
def test_codes_come_to_what_their_group_says(code: str, group: str) -> None:
    sets = {rule.sets for rule in MAPS.rules_of("icd10cm", plain_code(code))}
    if group in GROUPS:
        assert GROUPS[group] in sets
    decided = {name for name in sets if not name.startswith("flag_")}
    if group.endswith(("_flag", "_mimic", "_redflag", "_proxy")):
        assert decided == set()  # a flag never decides


@pytest.mark.parametrize("code", ["64635", "64636", "62323", "64493", "97110", "64625"])
def test_no_conservative_care_is_an_ablation(code: str) -> None:
    sets = {rule.sets for rule in MAPS.rules_of("cpt", code)}
    assert sets == {"conservative_care"}


def test_numbers_from_general_knowledge_say_so() -> None:
    (fusion,) = MAPS.rules_of("cpt", "22612")
    assert not fusion.checked
    (ablation,) = MAPS.rules_of("cpt", "64628")
    assert ablation.checked


def test_no_column_name_stands_for_two_facts_and_every_fact_has_its_own() -> None:
    owners: dict[str, str] = {}
    for fact, names in MAPS.columns.names.items():
        for name in (fact, *names):
            assert owners.setdefault(plain_name(name), fact) == fact
    assert set(MAPS.columns.names) == set(FACTS)


def faulty(folder: Path, name: str, change: Callable[[str], str]) -> list[str]:
    copy = folder / "codes"
    if not copy.exists():
        shutil.copytree(CODES, copy)
    file = copy / name
    file.write_text(change(file.read_text("utf-8")), "utf-8")
    with pytest.raises(KnowledgeError) as error:
        CodeMaps(copy)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "conditions.yaml",
            "[D65, D68.32, D69.6]",
            "[D65, D99.99]",
            "D99.99 is not in icd10cm.csv",
        ),
        ("conditions.yaml", "prefixes: [Z34, O]", "prefixes: [Q99]", "begins with Q99"),
        ("conditions.yaml", "fact: pregnant,", "fact: pregnent,", "no such fact 'pregnent'"),
        ("conditions.yaml", "flag: opioid,", "flag: opiate,", "no such flag 'opiate'"),
        ("conditions.yaml", "before_days: 280", "before_days: -1", "greater than or equal to 0"),
        ("conditions.yaml", "active: true", "aktive: true", "Extra inputs are not permitted"),
        ("conditions.yaml", "{id: opioid, flag: opioid,", "{id: opioid,", "either fact or flag"),
        ("conditions.yaml", "{id: lactation,", "{id: pregnancy,", "this id is taken"),
        ("procedures.yaml", "value: fusion,", "value: fused,", "is not 'none', 'decompression'"),
        ("procedures.yaml", '["22899"]', "[22899]", "should be a valid string"),
        ("observations.yaml", "  t_score:", "  tscore:", "no such numeric fact"),
        ("observations.yaml", "odi raw: /50}", "odi raw: /55}", "name or unit is not listed"),
        ("columns.yaml", "{fact: odi, unit: /50}", "{fact: odi, unit: /55}", "is not one of"),
        ("columns.yaml", "  bmi: [", "  bmi: [nrs, ", "also stands for"),
        ("columns.yaml", "  waddell_signs:", "  wadel:", "waddell_signs is missing"),
        ("tables.yaml", "patient:", "patient", ""),
    ],
)
def test_a_fault_is_told_with_its_file(
    file: str, old: str, new: str, told: str, tmp_path: Path
) -> None:
    assert old in (CODES / file).read_text("utf-8")
    problems = faulty(tmp_path, file, lambda text: text.replace(old, new))
    assert any(problem.startswith(file) and told in problem for problem in problems), problems


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    faulty(tmp_path, "conditions.yaml", lambda text: text.replace("[D65, ", "[D99.9, "))
    faulty(tmp_path, "columns.yaml", lambda text: text.replace("unit: weeks", "unit: moons"))
    problems = faulty(tmp_path, "observations.yaml", lambda text: text + "more: 1\n")
    files = {problem.partition(":")[0] for problem in problems}
    assert files == {"conditions.yaml", "observations.yaml"}  # columns are checked against units
    problems = faulty(tmp_path, "observations.yaml", lambda text: text.replace("more: 1\n", ""))
    assert {problem.partition(":")[0] for problem in problems} == {
        "conditions.yaml",
        "columns.yaml",
    }


def test_a_site_s_own_folder_is_used(tmp_path: Path) -> None:
    shutil.copytree(CODES, tmp_path / "codes")
    file = tmp_path / "codes" / "procedures.yaml"
    file.write_text(file.read_text("utf-8").replace("C9752", "C9752, X0001"), "utf-8")
    maps = code_maps(tmp_path / "codes")
    assert [rule.id for rule in maps.rules_of("cpt", "X0001")] == ["bvn-ablation"]
    assert maps.hash != MAPS.hash
