"""Packs as files (what is refused and how it is said, inheritance) and judging as a whole."""

from __future__ import annotations

import datetime as dt
import itertools
import textwrap

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from endplate.codes import FINDINGS, LEVELS, MODIC_TYPES
from endplate.criteria import (
    Truth,
    judge,
    judge_all,
    load_pack,
    load_packs,
    pack_names,
    verdict_of,
)
from endplate.criteria.pack import packs_dir
from endplate.errors import EndplateError, KnowledgeError
from endplate.facts import FACTS
from endplate.records import Case, Fact, Finding, Source, Study

HEAD = """
id: site
version: "1"
title: A site's policy
source: {title: Policy 7, url: "https://example.org/7", date: 2026-01-01, retrieved: 2026-11-22}
verification: {status: verified, by: read}
"""

ONE = """
criteria:
  - id: pain
    statement: Pain
    class: guideline
    kind: include
    when: {number: {fact: back_pain_months, at_least: 6, unit: months}}
"""


@pytest.fixture
def pack(tmp_path):
    def write(text, name="site.yaml"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), "utf-8")
        return load_pack(str(path))

    return write


def refusal(pack, text):
    with pytest.raises(KnowledgeError) as caught:
        pack(text)
    return caught.value


# --- the shipped packs


@pytest.mark.parametrize("name", pack_names())
def test_a_shipped_pack_says_where_it_is_from(name):
    shipped = load_pack(name)
    assert shipped.id == name == shipped.file.stem
    for criterion in shipped.criteria:
        assert criterion.source.retrieved == dt.date(2026, 11, 22)
        assert criterion.statement[0].isupper()
        assert criterion.threshold
        assert "BMJ" not in criterion.source.title


def test_drafts_run_only_when_named():
    assert [pack.id for pack in load_packs()] == ["selection"]
    drafts = {name for name in pack_names() if load_pack(name).draft}
    assert drafts == {"highmark-wy", "bcbssc-cam394"}


def test_no_pack_leans_on_a_guideline_that_recommends_nothing_of_the_kind():
    for path in packs_dir().glob("*.yaml"):
        assert "BMJ" not in path.read_text("utf-8")


@pytest.mark.parametrize("name", pack_names())
def test_every_pack_shows_osteoporosis_and_prior_ablation(name):
    kinds = {criterion.id: criterion.kind for criterion in load_pack(name).criteria}
    assert kinds["osteoporosis"] == "flag"
    assert kinds["red_flag"] == "flag"
    assert kinds["prior_bvn_ablation"] == "exclude"


def test_secondary_sources_are_drafts():
    label = {criterion.id: criterion for criterion in load_pack("fda-label").criteria}
    contraindications = [c for c in label.values() if c.clazz == "label_contraindication"]
    assert len(contraindications) == 6
    assert {c.verification.status for c in contraindications} == {"draft"}
    assert label["modic_1_or_2"].verification.status == "verified"
    smart = {criterion.id: criterion for criterion in load_pack("smart").criteria}
    secondary = {name for name, c in smart.items() if c.verification.status == "draft"}
    assert secondary == {
        "contraindication",
        "bodies_not_adjacent",
        "disc_size",
        "spondylolisthesis",
        "waddell_signs",
        "beck_depression",
        "litigation",
        "extended_release_opioid",
    }


def test_the_hash_changes_with_the_pack_and_with_what_it_extends(tmp_path):
    base, site = tmp_path / "base.yaml", tmp_path / "site.yaml"
    base.write_text(HEAD.replace("id: site", "id: base") + ONE)
    site.write_text(HEAD + "extends: base.yaml\n")
    before = load_pack(str(site)).digest
    assert load_pack(str(site)).digest == before
    base.write_text(base.read_text().replace("at_least: 6", "at_least: 7"))
    assert load_pack(str(site)).digest != before


# --- names


def test_an_unknown_pack_lists_the_packs():
    with pytest.raises(EndplateError, match="selection, bcbssc-cam394, fda-label"):
        load_packs(["nope"])


def test_a_pack_is_judged_once_in_a_run():
    with pytest.raises(EndplateError, match="named twice"):
        load_packs(["selection", "selection"])


# --- what is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty or no mapping"),
        ("- a\n", "is empty or no mapping"),
        ("id: [", "is no YAML"),
        (HEAD + "criteria: &x []\nremove: *x\n", "aliases are not allowed"),
        (HEAD + "about: !!python/object/apply:os.system [ls]\n", "tags are not allowed"),
        (HEAD + 'about: !!str "x"\n', "tags are not allowed"),
        (HEAD + "about: " + "[" * 40 + "]" * 40, "nested more than 30 deep"),
        (HEAD + "about: [" + "1," * 21_000 + "]", "more than 20000 values"),
        (HEAD + "#" * 300_000, "at most 262144 are allowed"),
        (HEAD + ONE + "id: other\n", "stands twice"),
        (HEAD + ONE + "threshold: 3\n", "unknown key; allowed: id, version, title"),
        (HEAD + ONE.replace("fact:", "feature:"), "allowed: at_least, above, at_most, below, fact"),
        (HEAD + ONE.replace("back_pain_months", "back_pain"), "is no number fact; allowed: age,"),
        (HEAD + ONE.replace("unit: months", "unit: weeks"), "allowed: months, years"),
        (HEAD + ONE.replace("at_least: 6,", ""), "give a limit"),
        (HEAD + ONE.replace("at_least: 6", "at_least: .nan"), "finite number"),
        (HEAD + ONE.replace("at_least: 6", "at_least: six"), "valid number"),
        (HEAD + ONE.replace("at_least: 6", "at_least: true"), "valid number"),
        (HEAD + ONE.replace("at_least: 6", "at_least: 9, at_most: 3"), "nothing is above 9"),
        (HEAD + ONE.replace("at_least: 6", "at_least: 6, above: 7"), "one lower"),
        (HEAD + ONE.replace("kind: include", "kind: perhaps"), "'perhaps' is not allowed"),
        (HEAD + ONE.replace("class: guideline", "class: law"), "label_indication"),
        (HEAD + ONE.replace("    kind: include\n", ""), "lacks kind"),
        (HEAD + ONE.replace("id: pain", "id: Pain!"), "small letters"),
        (HEAD + ONE.replace("id: pain", "id: osteoporosis"), "criteria of every pack"),
        (HEAD + ONE + "    source: elsewhere\n", "no source 'elsewhere'; allowed: none"),
        (HEAD + ONE + ONE.removeprefix("\ncriteria:\n"), "'pain' stands twice"),
        (HEAD, "a pack has criteria, or extends"),
        (HEAD + ONE + "remove: [pain]\n", "none is"),
        (HEAD + "extends: nope\n", "no pack 'nope'; allowed: selection"),
        (HEAD + "extends: ../site.yaml\n", "no pack '../site.yaml'"),
        (HEAD + "extends: site.yaml\n", "in a circle"),
        (HEAD + "extends: selection\nremove: [age]\n", "no inherited criterion 'age'; allowed: c"),
        (HEAD + "extends: selection\nremove: [osteoporosis]\n", "no inherited criterion"),
        (HEAD + "extends: highmark-wy\n", "extends the draft 'highmark-wy'"),
        (HEAD.replace("2026-01-01", "soon") + ONE, "is no date; allowed: 2026-11-22"),
        (HEAD.replace("https://example.org/7", "file:///etc/passwd") + ONE, "begins with https"),
        (HEAD.replace('url: "https://example.org/7", ', "") + ONE, "names the URL"),
        (HEAD + ONE + "examples: [{name: a, like: b}]\n", "no earlier example 'b'"),
        (
            HEAD + ONE + "examples: [{name: a, criteria: {x: met}}]\n",
            "no criterion x; allowed: pain",
        ),
    ],
)
def test_a_faulty_pack_is_refused_with_what_is_allowed(pack, text, message):
    assert message in str(refusal(pack, text))


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("{}", "exactly one key; allowed: all, any, not, at_least, number"),
        ("{answered_yes: pregnant, answered_no: pregnant}", "exactly one key"),
        ("{python: print(1)}", "unknown key"),
        ("{all: []}", "at least 1 item"),
        ("{answered_yes: odi}", "is no answer fact"),
        ("{choice: {fact: pain_pattern, is: [sharp]}}", "never sharp; allowed: axial"),
        ("{contains: {fact: conservative_care, of: [nsaid], at_least: 2}}", "2 of only 1"),
        ("{at_least: {n: 3, of: [{answered_yes: pregnant}]}}", "3 of only 1"),
        ("{date: {fact: birth_date, side: before, above: 1.5, unit: months}}", "whole numbers"),
        ("{date: {fact: birth_date, side: before, above: 99999}}", "between 0 and 36500"),
        ("{finding: {code: [modic]}}", "no finding code; allowed: modic_change"),
        ("{finding: {code: [disc_bulge], level: [L9-L10]}}", "is no level"),
        ("{finding: {code: [disc_bulge], levels: all}}", "levels: all needs a list"),
        ("{modic: {types: [4], level: [L4-L5]}}", "no Modic component; allowed: 1, 2, 3"),
        ("{modic: {types: [1]}}", "either level"),
        ("{bodies: {types: [1]}}", "either a limit of the number or adjacent"),
        ("{bodies: {types: [1], above: 3, adjacent: true}}", "either a limit"),
        ("{" * 1 + "not: {" * 9 + "answered_yes: pregnant" + "}" * 10, "nested at most 8 deep"),
        ("{any: [" + "{answered_yes: pregnant}," * 70 + "]}", "at most 60 conditions"),
    ],
)
def test_a_faulty_condition_is_refused(pack, condition, message):
    text = HEAD + ONE.replace(
        "{number: {fact: back_pain_months, at_least: 6, unit: months}}", condition
    )
    assert message in str(refusal(pack, text))


def test_all_faults_are_listed_at_once_with_line_and_path(pack):
    text = HEAD + ONE.replace("unit: months", "unit: weeks") + "colour: red\n"
    problems = refusal(pack, text).problems
    assert [problem.file for problem in problems] == ["site.yaml"] * 2
    assert [problem.where for problem in problems] == [
        "line 13, criteria[0].when.number",
        "line 14, colour",
    ]


def test_a_fifo_or_a_folder_is_no_pack(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(EndplateError, match="no criteria pack"):
        load_pack(str(tmp_path / "folder.yaml"))


def test_not_utf8(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_bytes(HEAD.encode() + b"about: caf\xe9\n")
    with pytest.raises(KnowledgeError, match="is not UTF-8"):
        load_pack(str(path))


# --- inheritance


SITE = """
id: our-clinic
version: "1"
title: Our clinic
extends: selection
source: {title: Clinic policy 12, date: 2026-01-01, retrieved: 2026-11-22}
verification: {status: draft, by: clinic board}
remove: [patient_declines]
criteria:
  - id: conservative_care
    statement: Conservative care of 12 months or more has failed
    when: {number: {fact: conservative_care_months, at_least: 1, unit: years}}
"""


def test_a_site_writes_its_policy_in_ten_lines(pack):
    assert len(SITE.strip().splitlines()) <= 11
    site, base = pack(SITE), load_pack("selection")
    ours = {criterion.id: criterion for criterion in site.criteria}
    theirs = {criterion.id: criterion for criterion in base.criteria}
    assert set(theirs) - set(ours) == {"patient_declines"}
    assert list(ours) == [name for name in theirs if name != "patient_declines"]
    changed = ours["conservative_care"]
    assert changed.threshold == "duration of conservative care at least 1 years"
    assert changed.kind == "include"
    assert changed.source.title == "Clinic policy 12"
    assert changed.verification.status == "draft"
    assert ours["axial_pain"].source == theirs["axial_pain"].source
    assert site.draft
    assert site.extends == "selection"
    for months, verdict in ((12, "candidate"), (11.9, "not_candidate")):
        assert judge(eligible(conservative_care_months=months), site).verdict == verdict


def test_silence_can_be_given_another_meaning(pack):
    text = SITE.replace("remove: [patient_declines]\n", "").replace(
        "criteria:\n", "criteria:\n  - {id: bleeding_disorder, silence: unknown}\n"
    )
    result = {r.criterion_id: r for r in judge(eligible(), pack(text)).results}
    assert result["bleeding_disorder"].truth is Truth.UNKNOWN
    assert not result["bleeding_disorder"].silent
    assert result["infection"].silent


def test_a_new_condition_needs_a_new_statement(pack):
    text = SITE.replace("    statement: Conservative care of 12 months or more has failed\n", "")
    assert "the statement must be given anew" in str(refusal(pack, text))


# --- results


def study(*findings, date=dt.date(2026, 1, 15), mri=True):
    return Study("r1", "p1", date, mri, "MR", "", "", "final", tuple(findings), Source("x"))


def eligible(*findings, **facts):
    values = {
        "age": 52.0,
        "back_pain_months": 24.0,
        "pain_pattern": "axial",
        "conservative_care_months": 9.0,
        **facts,
    }
    index = study(
        Finding(
            "r1",
            "modic_change",
            "L4-L5",
            modic_type="2",
            basis="stated",
            start=10,
            end=17,
            text="Modic 2",
            sentence="Modic 2 at L4-5.",
        ),
        *findings,
    )
    told = {
        name: Fact(name, value, table="clinical.csv", row=7, column=name)
        for name, value in values.items()
        if value is not None
    }
    return Case("p1", (index,), index, told)


def results(case, name="selection"):
    return {result.criterion_id: result for result in judge(case, load_pack(name)).results}


def test_a_result_says_value_threshold_and_where_from():
    told = results(eligible())
    modic = told["modic_1_or_2"]
    assert modic.evidence == (("finding", "r1:10-17", "Modic 2 at L4-5."),)
    assert modic.value == "Modic 2 at L4-L5"
    assert modic.threshold == "Modic type 1 or 2 at L3-L4, L4-L5, L5-S1"
    pain = told["chronic_back_pain"]
    assert pain.evidence == (("fact", "clinical.csv, row 7, back_pain_months", "24"),)
    assert (pain.value, pain.threshold) == ("24 months", "duration of back pain at least 6 months")
    assert pain.source.startswith("FDA 510(k) K213836")
    assert (pain.about, modic.about) == ("clinical", "report")


def test_an_unknown_says_why_and_what_would_settle_it():
    told = results(eligible(conservative_care_months=4.0, pain_pattern=None))
    care, pattern = told["conservative_care"], told["axial_pain"]
    assert care.value == "4 months"
    assert "sources differ" in care.reason
    assert "Decide on duration of conservative care of 4 months" in care.settle
    assert pattern.value == "not recorded"
    assert pattern.settle == "Ask or look up: pattern of the pain."


@pytest.mark.parametrize(
    ("lumbar", "verdict"),
    [(False, "not_candidate"), (None, "needs_review"), (True, "needs_review")],
    ids=["knee or head only", "region not told", "lumbar CT only"],
)
def test_who_was_never_examined_at_the_lumbar_spine_is_not_screened(lumbar, verdict):
    other = study(mri=False)._replace(lumbar=lumbar)
    for name in ("selection", "fda-label"):
        case = Case("p1", (other,), None, eligible().facts)
        assert judge(case, load_pack(name)).verdict == verdict


def test_silence_on_an_exclusion_is_shown_as_such():
    infection = results(eligible())["infection"]
    assert (infection.truth, infection.silent) == (Truth.NOT_MET, True)
    assert infection.value == "not recorded"
    assert infection.settle == "Ask or look up: active infection."
    said = results(eligible(active_infection=False))["infection"]
    assert (said.truth, said.silent) == (Truth.NOT_MET, True)  # the report is still silent


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 140.0, -3.0, True, "high", None, frozenset({"a"})]
)
def test_an_impossible_value_is_unknown_and_never_silent(value):
    case = eligible(odi=42.0, pain_score=5.0)
    case.facts["odi"] = Fact("odi", value, table="t", row=1, column="odi")
    odi = {r.criterion_id: r for r in judge(case, load_pack("smart")).results}["odi"]
    assert odi.truth is Truth.UNKNOWN
    assert not odi.silent
    assert odi.settle


def test_the_verdict_outranks_in_the_order_of_the_guideline():
    told = judge(eligible(), load_pack("selection")).results
    by_id = {result.criterion_id: result for result in told}
    failed = by_id["chronic_back_pain"]._replace(truth=Truth.NOT_MET)
    report = by_id["modic_1_or_2"]._replace(truth=Truth.UNKNOWN)
    clinical = by_id["axial_pain"]._replace(truth=Truth.UNKNOWN)
    for rest in itertools.permutations([failed, report, clinical]):
        assert verdict_of(rest, urgent=True) == "urgent_review"
        assert verdict_of(rest) == "not_candidate"
    assert verdict_of([clinical, report]) == "needs_review"
    assert verdict_of([clinical]) == "needs_information"
    assert verdict_of([by_id["axial_pain"]]) == "candidate"


@pytest.mark.parametrize(
    ("surgery", "months", "inside"),
    [
        (dt.date(2025, 7, 14), 6, True),
        (dt.date(2025, 7, 15), 6, False),
        (dt.date(2026, 1, 16), 6, False),
        (dt.date(2025, 8, 31), 6, False),
    ],
)
def test_months_before_the_index_study_are_counted_by_the_calendar(pack, surgery, months, inside):
    window = f"side: before, above: {months}, unit: months"
    text = HEAD + ONE.replace(
        "{number: {fact: back_pain_months, at_least: 6, unit: months}}",
        f"{{date: {{fact: prior_lumbar_surgery_date, {window}}}}}",
    )
    result = judge(eligible(prior_lumbar_surgery_date=surgery), pack(text)).results[0]
    assert result.truth is Truth.of(inside)


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("{date: {fact: prior_lumbar_surgery_date, side: before, at_most: 30}}", Truth.MET),
        ("{date: {fact: prior_lumbar_surgery_date, side: before, below: 30}}", Truth.NOT_MET),
        ("{date: {fact: prior_lumbar_surgery_date, side: after}}", Truth.NOT_MET),
        ("{finding: {code: [disc_bulge]}}", Truth.MET),
        ("{finding: {code: [disc_bulge], level: [L3-L4, L4-L5]}}", Truth.MET),
        ("{finding: {code: [disc_bulge], level: [L3-L4, L4-L5], levels: all}}", Truth.NOT_MET),
        ("{finding: {code: [disc_bulge], level: [L4-L5, L5-S1], levels: all}}", Truth.NOT_MET),
        ("{finding: {code: [scoliosis], level: [L4-L5, L5-S1], levels: all}}", Truth.UNKNOWN),
        ("{finding: {code: [schmorl_node], endplate: [superior]}}", Truth.MET),
        ("{finding: {code: [schmorl_node], endplate: [inferior]}}", Truth.NOT_MET),
        ("{finding: {code: [schmorl_node], vertebra: [L2]}}", Truth.MET),
        ("{finding: {code: [spinal_stenosis], grade: [moderate, severe]}}", Truth.MET),
        ("{finding: {code: [spinal_stenosis], grade: [mild]}}", Truth.NOT_MET),
        ("{finding: {code: [spondylolisthesis], grade: ['1']}}", Truth.MET),
        ("{finding: {code: [spondylolisthesis], size_mm: {above: 2}}}", Truth.UNKNOWN),
        ("{finding: {code: [spinal_stenosis], section: [impression]}}", Truth.NOT_MET),
        ("{finding: {code: [modic_change], basis: [stated]}}", Truth.MET),
        ("{finding: {code: [modic_change], basis: [described]}}", Truth.NOT_MET),
        ("{finding: {code: [disc_bulge], status: [absent]}}", Truth.MET),
        ("{finding: {code: [annular_fissure]}}", Truth.UNKNOWN),
        ("{finding: {code: [annular_fissure], status: [uncertain]}}", Truth.MET),
        ("{modic: {types: [2], level: [L4-L5]}}", Truth.MET),
        ("{modic: {types: [2], level: [L4-L5], endplate: [inferior]}}", Truth.UNKNOWN),
        ("{modic: {types: [1], level: [L1-L2], endplate: [inferior]}}", Truth.MET),
        ("{modic: {types: [1], level: [L1-L2], endplate: [superior]}}", Truth.NOT_MET),
        ("{modic: {types: [2], level: [L4-L5, L5-S1], levels: all}}", Truth.NOT_MET),
        ("{bodies: {types: [2], at_most: 2}}", Truth.MET),
        ("{bodies: {types: [2], above: 2}}", Truth.NOT_MET),
        ("{bodies: {types: [2], adjacent: true}}", Truth.MET),
        ("{bodies: {types: [1, 2], at_least: 3}}", Truth.MET),
        ("{bodies: {types: [1, 2], adjacent: true}}", Truth.NOT_MET),
        (
            "{at_least: {n: 1, of: [{answered_yes: pregnant}, {finding: {code: [disc_bulge]}}]}}",
            Truth.MET,
        ),
        (
            "{at_least: {n: 2, of: [{answered_yes: pregnant}, {finding: {code: [disc_bulge]}}]}}",
            Truth.UNKNOWN,
        ),
        ("{contains: {fact: conservative_care, of: [nsaid, cbt], at_least: 1}}", Truth.MET),
        ("{contains: {fact: conservative_care, of: [nsaid, cbt]}}", Truth.UNKNOWN),
        (
            "{contains: {fact: conservative_care, of: [nsaid, cbt], unlisted: not_met}}",
            Truth.NOT_MET,
        ),
        ("{coded: lactation}", Truth.UNKNOWN),
        ("{coded: osteoporosis}", Truth.MET),
    ],
)
def test_every_kind_of_condition(pack, condition, truth):
    case = eligible(
        Finding("r1", "disc_bulge", "L4-L5"),
        Finding("r1", "disc_bulge", "L3-L4", status="absent"),
        Finding("r1", "schmorl_node", "L1-L2", vertebra="L2", endplate="superior"),
        Finding("r1", "spinal_stenosis", "L4-L5", grade="moderate", section="findings"),
        Finding("r1", "spondylolisthesis", "L4-L5", grade="1"),
        Finding("r1", "annular_fissure", "L4-L5", status="uncertain"),
        Finding("r1", "modic_change", "L1-L2", "L1", "inferior", "1", "stated"),
        prior_lumbar_surgery_date=dt.date(2025, 12, 16),
        conservative_care=frozenset({"nsaid"}),
        flag_osteoporosis=True,
    )
    text = HEAD + ONE.replace(
        "{number: {fact: back_pain_months, at_least: 6, unit: months}}", condition
    )
    assert judge(case, pack(text)).results[0].truth is truth


# --- laws


ANSWERS = [name for name, fact in FACTS.items() if fact.kind == "answer"]
values = {
    "number": st.floats(0, 90) | st.integers(-5, 5).map(float),
    "answer": st.booleans(),
    "date": st.dates(dt.date(2015, 1, 1), dt.date(2026, 6, 1)),
}


def value_of(name):
    declared = FACTS[name]
    if declared.kind == "choice":
        return st.sampled_from(declared.values)
    if declared.kind == "set":
        return st.frozensets(st.sampled_from(declared.values))
    return values[declared.kind]


facts = st.fixed_dictionaries({}, optional={name: value_of(name) for name in FACTS})

finding_rows = st.builds(
    Finding,
    report_id=st.just("r1"),
    finding=st.sampled_from(["modic_change", "endplate_degeneration", *FINDINGS]),
    level=st.sampled_from(["", *LEVELS]),
    vertebra=st.sampled_from(["", "", "L3", "L5"]),
    modic_type=st.sampled_from(MODIC_TYPES),
    basis=st.sampled_from(["stated", "stated", "described"]),
    grade=st.sampled_from(["", "mild", "2", "7mm", "2mm"]),
    status=st.sampled_from(["present", "present", "uncertain", "absent", "historical"]),
    section=st.sampled_from(["findings", "impression"]),
    acuity=st.sampled_from(["", "chronic", "acute"]),
    conflict=st.sampled_from(["", "", "yes"]),
)
finding_lists = st.lists(finding_rows, max_size=6)


def case_of(told, rows, mri=True):
    index = study(*rows, mri=mri)
    known = {name: Fact(name, value, table="t", row=1, column=name) for name, value in told.items()}
    return Case("p1", (index,), index, known)


@pytest.fixture(scope="module")
def packs():
    return load_packs(pack_names())


@given(facts, facts, finding_lists)
@settings(max_examples=150, deadline=None)
def test_filling_in_a_fact_never_reverses_a_decided_criterion(packs, told, more, rows):
    """What silence was taken to decide is not decided: it says so itself.

    That 18 and over count as mature is such a presumption too; here it is told as a fact.
    """
    if told.get("age", 0) >= 18:
        told = {"skeletally_mature": True, **told}
    before = judge_all(case_of(told, rows), packs)
    after = judge_all(case_of({**more, **told}, rows), packs)
    for old, new in zip(before, after, strict=True):
        for was, now in zip(old.results, new.results, strict=True):
            if was.truth is not Truth.UNKNOWN and not was.silent:
                assert now.truth is was.truth, (old.pack_id, was.criterion_id)


@given(facts, finding_lists, st.randoms())
@settings(max_examples=150, deadline=None)
def test_order_of_findings_facts_and_packs_changes_nothing(packs, told, rows, random):
    names = random.sample(list(told), len(told))
    shuffled = case_of({name: told[name] for name in names}, random.sample(rows, len(rows)))
    straight = judge_all(case_of(told, rows), packs)
    order = random.sample(range(len(packs)), len(packs))
    other = judge_all(shuffled, [packs[n] for n in order])
    for number, judgement in zip(order, other, strict=True):
        assert judgement.verdict == straight[number].verdict
        assert [r.truth for r in judgement.results] == [r.truth for r in straight[number].results]


@given(st.lists(st.tuples(facts, finding_lists), min_size=2, max_size=4), st.randoms())
@settings(max_examples=50, deadline=None)
def test_order_of_patients_changes_nothing(packs, patients, random):
    cases = [case_of(told, rows) for told, rows in patients]
    first = [judge_all(case, packs) for case in cases]
    again = random.sample(list(enumerate(cases)), len(cases))
    for number, case in again:
        assert judge_all(case, packs) == first[number]


@given(facts, finding_lists, st.sampled_from([True, None]))
@settings(max_examples=150, deadline=None)
def test_every_unknown_says_why_and_what_would_settle_it(packs, told, rows, mri):
    for judgement in judge_all(case_of(told, rows, mri), packs):
        for result in judgement.results:
            if result.truth is Truth.UNKNOWN or result.silent:
                assert result.reason
                assert result.settle
            if result.truth is Truth.MET:
                assert result.evidence, (judgement.pack_id, result.criterion_id)


@given(facts, finding_lists)
@settings(max_examples=100, deadline=None)
def test_no_mri_no_candidate(packs, told, rows):
    for judgement in judge_all(case_of(told, rows, mri=None), packs):
        assert judgement.verdict != "candidate"


def test_the_shipped_packs_are_plain_yaml():
    """A site can read them with any YAML reader: no tag, no alias, quoted yes and no."""
    for path in packs_dir().glob("*.yaml"):
        data = yaml.safe_load(path.read_text("utf-8"))
        assert "criteria" in data
        assert not any(isinstance(value, bool) for value in answers_in(data.get("examples", [])))


def answers_in(examples):
    for example in examples:
        yield from example.get("facts", {}).values()
