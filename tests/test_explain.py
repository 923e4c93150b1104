"""``endplate explain`` and ``endplate criteria`` as a user runs them."""

from __future__ import annotations

import json

import pytest

from commands import endplate, last_line
from endplate.criteria import Truth, judge, load_pack
from endplate.criteria.examples import build_cases
from endplate.errors import EndplateError
from endplate.explain import explain, what_would_change

OLD = """MRI LUMBAR SPINE
FINDINGS:
L4-5: Modic type 1 changes.
IMPRESSION:
1. Modic type 1 changes at L4-5.
"""
NEW = """MRI LUMBAR SPINE
FINDINGS:
L4-5: Modic type 2 changes.
L5-S1: Modic type 1 changes. Mild facet arthropathy.
IMPRESSION:
1. Modic type 2 at L4-5 and Modic type 1 at L5-S1.
"""
TYPE_3 = "MRI LUMBAR SPINE\nFINDINGS:\nL5-S1: Modic type 3 changes.\n"
URGENT = "MRI LUMBAR SPINE\nFINDINGS:\nL4-5: Modic type 1 changes. Discitis cannot be excluded.\n"
CLINICAL = """patient_id,age,back_pain_months,pain_pattern,conservative_care_months,odi
A,52,24,axial,9,42
B,47,36,axial,4,
C,61,24,axial,12,50
D,70,24,axial,12,50
"""


def report(report_id, patient_id, date, text):
    row = {"report_id": report_id, "patient_id": patient_id, "study_date": date, "text": text}
    return json.dumps(row | {"modality": "MR"}) + "\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explain")
    (folder / "reports.jsonl").write_text(
        report("r1", "A", "2021-03-01", OLD)
        + report("r2", "A", "2026-01-15", NEW)
        + report("r3", "B", "2026-02-15", NEW.replace("changes.", "changes \x1b[31m."))
        + report("r4", "C", "2026-02-16", TYPE_3)
        + report("r5", "D", "2026-02-17", URGENT)
    )
    (folder / "clinical.csv").write_text(CLINICAL)
    done = endplate(
        "screen",
        folder / "reports.jsonl",
        *("--clinical", folder / "clinical.csv"),
        *("--criteria", "selection", "--criteria", "highmark-wy"),
        *("--out", folder / "out"),
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def told(run, patient):
    return "\n".join(explain(run, patient))


def test_a_candidate_is_told_with_value_threshold_sentence_row_and_source(run):
    text = told(run, "A")
    assert text.startswith("Patient A: candidate by selection\nIndex study: r2 of 2026-01-15")
    assert "Modic: L4-L5:2; L5-S1:1 (stated)" in text
    assert "Bodies implied: L4 L5 S1 (CPT 64628 x 1, 64629 x 1)" in text
    assert "seen: 24 months; asked for: duration of back pain at least 6 months" in text
    assert "clinical.csv, row 1, back_pain_months: 24" in text
    assert "L5-S1: Modic type 1 changes." in text
    assert "r2:" in text
    assert "source: FDA 510(k) K213836" in text
    assert "Not recorded, to be confirmed in the clinic:" in text
    assert "Any of these, if it came to light: not_candidate (exclusion: Active infection" in text


def test_the_studies_are_told_over_time(run):
    text = told(run, "A")
    older = text.index("2021-03-01 r1 MR: L4-L5: type 1")
    newer = text.index("2026-01-15 r2 MR: L4-L5: type 2; L5-S1: type 1 [index study]")
    assert older < newer
    assert "converted (type 1 to 2) since 2021-03-01" in text


def test_every_pack_is_told_and_a_draft_says_so(run):
    text = told(run, "A")
    assert text.index("\nselection 1.0: Patient selection") < text.index("\nhighmark-wy 1.0, draft")


def test_what_is_open_says_why_and_what_would_settle_it(run):
    text = told(run, "B")
    assert "Patient B: needs_information by selection" in text
    assert "why open: duration of conservative care is 4 months: sources differ" in text
    assert (
        "- Conservative care of 6 months or more has failed: in favour, candidate; "
        "against, not_candidate." in text
    )


def test_who_is_no_candidate_learns_what_would_have_to_be_otherwise(run):
    text = told(run, "C")
    assert "Speaks against:\n    - Modic type 1 or 2 changes" in text
    assert "seen: Modic 3 at L5-S1" in text
    assert "Only if this were otherwise: candidate (Modic type 1 or 2 changes" in text


def test_an_urgent_case_is_told_by_its_red_flags(run):
    text = told(run, "D")
    assert "Patient D: urgent_review by selection" in text
    assert "Red flags: spinal_infection? L4-L5" in text
    assert "Once the red flags are ruled out: needs_review." in text


def test_nothing_in_a_report_steers_the_terminal(run):
    done = endplate("explain", "B", "--out", run)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "for review by a specialist" in done.stdout
    assert done.stderr == ""


def test_an_unknown_patient_is_told_the_nearest(run, tmp_path):
    with pytest.raises(EndplateError, match=r"no patient 'AA' among 4\. Nearest: A\."):
        told(run, "AA")
    with pytest.raises(EndplateError, match=r"no run\.json here"):
        told(tmp_path, "A")
    done = endplate("explain", "nobody", "--out", run)
    assert done.returncode == 2
    assert last_line(done).startswith("Error: ")


def test_several_failures_must_all_be_otherwise():
    pack = load_pack("selection")
    (_, case), *_ = build_cases(pack.examples)
    results = judge(case, pack).results
    failed = [
        result._replace(truth=Truth.NOT_MET) if result.kind == "include" else result
        for result in results
    ]
    (sentence,) = what_would_change("not_candidate", failed)
    assert sentence.startswith("Only if all were otherwise: candidate (Chronic low back pain")


# --- endplate criteria


def test_criteria_list_names_every_pack_with_its_status():
    done = endplate("criteria", "list")
    assert done.returncode == 0
    for name in ("selection", "fda-label", "smart", "intracept", "highmark-wy", "bcbssc-cam394"):
        assert name in done.stdout
    assert "draft" in done.stdout


def test_criteria_show_tells_source_and_verification():
    done = endplate("criteria", "show", "fda-label")
    assert "include modic_1_or_2 [label_indication]" in done.stdout
    assert "asked for: Modic type 1 or 2 at L3-L4, L4-L5, L5-S1, described or named" in done.stdout
    assert "draft: secondary source" in done.stdout
    assert "https://510k.innolitics.com/search/K213836" in done.stdout


def test_criteria_check_judges_the_examples(tmp_path):
    done = endplate("criteria", "check", "selection", "smart")
    assert (done.returncode, done.stderr) == (0, "")
    site = tmp_path / "site.yaml"
    site.write_text(
        "id: site\nversion: 1\ntitle: Site\nextends: selection\n"
        "source: {title: S, date: 2026, retrieved: 2026-11-22}\n"
        "verification: {status: draft, by: us}\n"
        "examples: [{name: nothing known, modality: none, verdict: candidate}]\n"
    )
    done = endplate("criteria", "check", site)
    assert done.returncode == 1
    assert "nothing known: verdict is needs_review, expected candidate" in done.stdout
    site.write_text(site.read_text().replace("extends: selection", "extends: nothing"))
    done = endplate("criteria", "check", site)
    assert done.returncode == 2
    assert "site.yaml: line 4, extends: no pack 'nothing'; allowed: selection" in done.stderr


def test_criteria_compare_is_a_table_of_criterion_by_pack():
    done = endplate("criteria", "compare", "smart", "intracept")
    assert "body mass index at least 40" in done.stdout
    assert "body mass index above 40" in done.stdout
    assert done.returncode == 0
