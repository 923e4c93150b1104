"""Scoring against gold: hand-computed cases, properties, and an independent count."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endplate.codes import CORE_FINDINGS, FINDINGS, MODIC_TYPES, STATUSES
from endplate.evaluate import (
    Counts,
    GoldReport,
    GoldRow,
    Key,
    Scores,
    key_of,
    load_gold,
    score,
    wilson,
)
from endplate.evaluate.intervals import bootstrap_f1
from endplate.records import Finding

GOLD_FILES = sorted((Path(__file__).parent / "gold").glob("*.jsonl"))
LEVELS = ("L3-L4", "L4-L5", "L5-S1", "")


def modic(level: str, modic_type: str = "1", status: str = "present", **rest: str) -> Finding:
    row = Finding("a", "modic_change", level, modic_type=modic_type, status=status)
    return row._replace(**rest)


def report(
    *wanted: Finding, optional: tuple[Finding, ...] = (), name: str = "a", text: str = ""
) -> GoldReport:
    rows = [GoldRow(key_of(row)) for row in wanted]
    rows += [GoldRow(key_of(row), optional=True) for row in optional]
    return GoldReport(name, text, tuple(rows))


def scored(gold: GoldReport, *found: Finding) -> Scores:
    return score([gold], found, resamples=50)


# --- numbers by hand ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
        (45, 50, 0.7864, 0.9565),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_gives_known_intervals(hits, of, low, high):
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


def test_counts_and_rates_of_a_small_case():
    wanted = [modic("L3-L4"), modic("L4-L5", "2"), modic("L5-S1", "3"), modic("L1-L2", "1/2")]
    found = [*wanted[:3], modic("L2-L3"), Finding("a", "disc_bulge", "L4-L5")]
    scores = scored(report(*wanted), *found)
    group = scores.groups["modic"]
    assert group.counts == Counts(tp=3, fp=1, fn=1)
    assert (group.precision.value, group.recall.value, group.f1) == (0.75, 0.75, 0.75)
    assert scores.groups["all"].counts == Counts(tp=3, fp=2, fn=1)
    assert scores.groups["all"].f1 == pytest.approx(2 * 0.6 * 0.75 / 1.35)
    assert scores.groups["level:L4-L5"].counts == Counts(tp=1, fp=1)
    assert scores.groups["level:L1-L2"].counts == Counts(fn=1)
    assert scores.exact.hits == scores.core_exact.hits == 0


def test_a_finding_said_twice_counts_once():
    twice = [modic("L4-L5", start=10, end=15), modic("L4-L5", start=90, end=95)]
    assert scored(report(twice[0]), *twice).groups["all"].counts == Counts(tp=1)


def test_an_optional_row_is_neither_rewarded_nor_punished():
    gold = report(modic("L4-L5"), optional=(modic("L5-S1"),))
    for found in ([modic("L4-L5")], [modic("L4-L5"), modic("L5-S1")]):
        scores = scored(gold, *found)
        assert scores.groups["all"].counts == Counts(tp=1)
        assert scores.exact.value == 1.0


def test_the_type_of_a_row_that_is_not_modic_is_not_compared():
    bulge = Finding("a", "disc_bulge", "L4-L5")
    assert scored(report(bulge), bulge._replace(modic_type="2")).exact.value == 1.0


def test_no_rows_wanted_and_none_found_is_a_perfect_score_with_nothing_known():
    scores = scored(report())
    assert scores.groups["modic"].f1 == 1.0
    assert scores.groups["modic"].precision[2:] == (1.0, 0.0, 1.0)


def test_gold_of_modic_changes_only_asks_for_nothing_else():
    gold = report(modic("L4-L5"))._replace(modic_only=True)
    assert scored(gold, modic("L4-L5"), Finding("a", "disc_bulge", "L4-L5")).exact.value == 1.0


def test_recall_by_section_is_unknown_unless_gold_tells_the_sections():
    found = modic("L4-L5", section="findings")
    silent = report(found, modic("L5-S1"))
    assert scored(silent, found).groups["section:findings"].recall is None
    told = silent._replace(
        rows=tuple(row._replace(details={"section": "findings"}) for row in silent.rows)
    )
    group = scored(told, found).groups["section:findings"]
    assert (group.counts, group.recall.value) == (Counts(tp=1, fn=1), 0.5)


def test_columns_beyond_the_key_are_scored_where_gold_states_them():
    row = GoldRow(Key("spondylolisthesis", "L4-L5", "", "present"), details={"grade": "1"})
    gold = GoldReport("a", "", (row,))
    listhesis = Finding("a", "spondylolisthesis", "L4-L5")
    assert scored(gold, listhesis._replace(grade="2")).details["grade"].value == 0.0
    # told twice, with the grade once
    assert scored(gold, listhesis, listhesis._replace(grade="1")).details["grade"].value == 1.0


def test_evidence_is_right_when_offsets_give_back_the_text():
    text = "Disc bulge. Modic 1 at L4-5."
    right = modic("L4-L5", start=12, end=19, text="Modic 1", sentence="Modic 1 at L4-5.")
    gold = report(right, text=text)
    assert scored(gold, right).evidence[:2] == (1, 1)
    assert scored(gold, right._replace(start=11, end=18)).evidence[:2] == (0, 1)
    assert scored(gold, right._replace(sentence="Modic 2")).evidence[:2] == (0, 1)


# --- by report, by level, confusion --------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "optional", "found", "expected"),
    [
        (["1"], [], ["1/2"], {"type_1": "tp", "type_2": "fp", "mixed": "fp", "any_modic": "tp"}),
        (["1/2"], [], ["2"], {"type_1": "fn", "type_2": "tp", "mixed": "fn"}),
        (["2"], [], [], {"type_2": "fn", "type_1": "tn", "any_modic": "fn"}),
        ([], ["1"], ["1"], {"type_1": "left_out", "any_modic": "left_out", "type_2": "tn"}),
        ([], ["1"], [], {"type_1": "left_out"}),
        ([], [], ["unspecified"], {"any_modic": "fp", "unspecified": "fp", "type_1": "tn"}),
    ],
)
def test_modic_types_as_a_test_of_the_report(wanted, optional, found, expected):
    gold = report(
        *(modic("L4-L5", t) for t in wanted), optional=tuple(modic("", t) for t in optional)
    )
    tests = scored(gold, *(modic("L5-S1", t) for t in found)).report_level
    for name, outcome in expected.items():
        assert getattr(tests[name], outcome) == 1, name
        assert sum(tests[name][:5]) == 1


def test_denied_and_hedged_changes_are_not_present():
    gold = report(modic("L4-L5", status="absent"), modic("L5-S1", status="uncertain"))
    assert scored(gold).report_level["any_modic"].tn == 1


def test_each_report_has_five_lumbar_discs_and_those_that_are_named():
    scores = scored(report(modic("L4-L5"), modic("T11-T12")), modic("L4-L5"), modic("L5-S1"))
    test = scores.level_level["type_1"]
    assert (test.tp, test.fp, test.fn, test.tn) == (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("wanted", "found", "cell"),
    [
        ([modic("L4-L5")], [modic("L4-L5")], ("1", "1")),
        ([modic("L4-L5")], [], ("1", "none")),
        ([modic("L4-L5")], [modic("L4-L5"), modic("L4-L5", "2")], ("1", "mixed")),
        ([modic("L4-L5", "1/2")], [modic("L4-L5", "2")], ("mixed", "2")),
        (
            [modic("L4-L5", status="absent")],
            [modic("L4-L5", "unspecified")],
            ("absent", "unspecified"),
        ),
        ([modic("L4-L5", status="historical")], [], ("none", "none")),
        ([modic("L4-L5", status="uncertain")], [modic("L4-L5")], ("uncertain", "1")),
        (
            [modic("L4-L5", "1", "historical"), modic("L4-L5", "2")],
            [modic("L4-L5", "2"), modic("L4-L5", "unspecified")],
            ("2", "2"),
        ),
    ],
)
def test_confusion_of_states_at_a_level(wanted, found, cell):
    confusion = scored(report(*wanted), *found).confusion
    confusion["none"]["none"] -= 4  # the other lumbar discs
    assert {(row, col): n for row, of in confusion.items() for col, n in of.items() if n} == {
        cell: 1
    }


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "found", "kinds"),
    [
        ([modic("L4-L5")], [modic("L4-L5", status="absent")], ["wrong status"]),
        ([modic("L4-L5")], [modic("L4-L5", "2")], ["wrong type"]),
        ([modic("L4-L5")], [modic("L5-S1")], ["wrong level"]),
        ([modic("L4-L5")], [modic("L5-S1", "2")], ["missed", "false alarm"]),
        ([modic("L4-L5")], [], ["missed"]),
        ([modic("L4-L5")], [modic("L4-L5")], []),
        # the row with the wrong status is paired before the one with the wrong level
        (
            [modic("L4-L5")],
            [modic("L3-L4"), modic("L4-L5", status="absent")],
            ["wrong status", "false alarm"],
        ),
    ],
)
def test_kinds_of_mistakes(wanted, found, kinds):
    assert [mistake.kind for mistake in scored(report(*wanted), *found).mistakes] == kinds


def test_a_missed_row_points_at_the_likeliest_sentence():
    text = "L3-4: small disc bulge.\nL4-5: disc bulge, endplate oedema. L5-S1: endplate oedema."
    gold = report(Finding("a", "endplate_edema", "L5-S1"), text=text)
    (mistake,) = scored(gold).mistakes
    assert (mistake.sentence, mistake.sure) == ("L5-S1: endplate oedema.", False)


def test_a_wrong_row_shows_its_own_sentence():
    found = modic("L4-L5", start=4, text="Modic 1", sentence="Is Modic 1 at L4-5?")
    (mistake,) = scored(report(), found).mistakes
    assert (mistake.text, mistake.sentence, mistake.sure) == (
        "Modic 1",
        "Is Modic 1 at L4-5?",
        True,
    )


# --- properties ----------------------------------------------------------------------------------

rows = st.builds(
    lambda finding, level, modic_type, status: Finding(
        "a",
        finding,
        level,
        modic_type=modic_type if finding == "modic_change" else "",
        status=status,
    ),
    st.sampled_from(FINDINGS),
    st.sampled_from(LEVELS),
    st.sampled_from(MODIC_TYPES),
    st.sampled_from(STATUSES),
)
reports = st.lists(
    st.tuples(st.lists(rows, max_size=6), st.lists(rows, max_size=2), st.lists(rows, max_size=6)),
    min_size=1,
    max_size=6,
)


def as_gold(drawn) -> tuple[list[GoldReport], list[Finding]]:
    gold, findings = [], []
    for number, (wanted, optional, found) in enumerate(drawn):
        gold.append(report(*wanted, optional=tuple(optional), name=str(number)))
        findings += [row._replace(report_id=str(number)) for row in found]
    return gold, findings


@given(reports)
def test_perfect_findings_score_one(drawn):
    gold, _ = as_gold(drawn)
    findings = [
        Finding(one.report_id, key.finding, key.level, modic_type=key.modic_type, status=key.status)
        for one in gold
        for key, *_ in one.rows
    ]
    scores = score(gold, findings, resamples=20)
    assert {group.f1 for group in scores.groups.values()} == {1.0}
    assert scores.exact.value == scores.core_exact.value == 1.0
    assert not scores.mistakes
    assert all(
        n == 0 for row, of in scores.confusion.items() for col, n in of.items() if row != col
    )


@given(reports, st.randoms())
def test_the_order_of_reports_and_findings_makes_no_difference(drawn, order):
    gold, findings = as_gold(drawn)
    before = score(gold, findings, resamples=20)
    order.shuffle(gold)
    order.shuffle(findings)
    assert score(gold, findings, resamples=20) == before


@given(reports)
def test_scores_equal_an_independent_count(drawn):
    gold, findings = as_gold(drawn)
    assert_equal_to_oracle(gold, findings)


@given(st.integers(0, 60), st.integers(0, 60))
def test_wilson_holds_the_share_and_mirrors(hits, misses):
    low, high = wilson(hits, hits + misses)
    if hits + misses:
        assert 0 <= low <= hits / (hits + misses) <= high <= 1
    assert wilson(misses, hits + misses) == pytest.approx((1 - high, 1 - low))


def test_bootstrap_is_repeatable_and_narrows_with_more_reports():
    some = [[Counts(2, 1, 0)], [Counts(1, 0, 1)], [Counts(3, 0, 0)]]
    ((low, high),) = bootstrap_f1(some, seed=7)
    assert bootstrap_f1(some, seed=7) == [(low, high)]
    assert bootstrap_f1(some, seed=8) != [(low, high)] or low < high
    ((more_low, more_high),) = bootstrap_f1(some * 30, seed=7)
    f1 = 2 * 6 / (2 * 6 + 1 + 1)
    assert low < more_low < f1 < more_high < high


# --- an independent count, as plain as can be ----------------------------------------------------


def oracle(
    gold: list[GoldReport], findings: list[Finding]
) -> dict[str, tuple[float, float, float]]:
    tally = defaultdict(lambda: [0, 0, 0])
    for one in gold:
        got = set()
        for row in findings:
            if row.report_id == one.report_id:
                kind = row.modic_type if row.finding == "modic_change" else None
                got.add((row.finding, row.level, kind, row.status))
        must, may = set(), set()
        for row in one.rows:
            finding, level, kind, status = row.key
            side = may if row.optional else must
            side.add((finding, level, kind if finding == "modic_change" else None, status))
        for wanted_or_found in must | got | may:
            if wanted_or_found in must:
                where = 0 if wanted_or_found in got else 2
            elif wanted_or_found in may or wanted_or_found not in got:
                continue
            else:
                where = 1
            finding, _, _, status = wanted_or_found
            groups = ["all", "finding:" + finding, "status:" + status]
            groups += ["core"] if finding in CORE_FINDINGS else []
            groups += ["modic"] if finding == "modic_change" else []
            for group in groups:
                tally[group][where] += 1
    result = {}
    for group, (tp, fp, fn) in tally.items():
        p = tp / (tp + fp) if tp + fp else 1.0
        r = tp / (tp + fn) if tp + fn else 1.0
        result[group] = (p, r, 2 * p * r / (p + r) if p + r else 0.0)
    return result


def assert_equal_to_oracle(gold: list[GoldReport], findings: list[Finding]) -> None:
    groups = score(gold, findings, resamples=20).groups
    for name, expected in oracle(gold, findings).items():
        group = groups[name]
        assert (group.precision.value, group.recall.value, group.f1) == expected, name


def spoiled(gold: list[GoldReport], seed: int) -> list[Finding]:
    """Findings as a middling extractor would write them: some rows lost, some changed."""
    chance = random.Random(seed)
    findings = []
    for one in gold:
        for key, *_ in one.rows:
            row = Finding(
                one.report_id, key.finding, key.level, modic_type=key.modic_type, status=key.status
            )
            dice = chance.random()
            if dice < 0.05:
                continue
            if dice < 0.10:
                row = row._replace(status=chance.choice(STATUSES))
            elif dice < 0.15:
                row = row._replace(level=chance.choice(LEVELS))
            elif dice < 0.20 and row.modic_type:
                row = row._replace(modic_type=chance.choice(MODIC_TYPES))
            elif dice < 0.23:
                row = row._replace(finding=chance.choice(FINDINGS), modic_type="1")
            findings.append(row)
    return findings


@pytest.mark.parametrize("path", GOLD_FILES, ids=lambda path: path.stem)
def test_the_repository_gold_scores_as_an_independent_count_says(path):
    (file,) = load_gold([path])
    gold = list(file.reports)
    findings = spoiled(gold, seed=len(gold))
    assert findings
    assert_equal_to_oracle(gold, findings)


def test_the_repository_gold_was_read_completely():
    for path in GOLD_FILES:
        (file,) = load_gold([path])
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
        assert len(file.reports) == len(lines)
        assert sum(len(one.rows) for one in file.reports) == sum(len(x["findings"]) for x in lines)
