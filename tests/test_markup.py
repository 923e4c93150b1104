"""The markup of the cases: stripping is exact, offsets point at the marked words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook import Case, compare
from endplate.codes import FINDINGS, LEVELS
from endplate.records import Finding
from markup import parse

PLAIN = st.text().filter(lambda text: "<" not in text and ">" not in text)


@given(st.lists(st.tuples(PLAIN, st.sampled_from(FINDINGS), PLAIN, st.sampled_from(LEVELS))), PLAIN)
def test_stripping_is_exact(pieces, tail):
    marked = "".join(f"{a}<{code} level={level}>{b}</>" for a, code, b, level in pieces) + tail
    text, rows = parse(marked)
    assert text == "".join(a + b for a, _, b, _ in pieces) + tail
    assert [text[row.start : row.end] for row in rows] == [b for _, _, b, _ in pieces]
    assert [(row.finding, row.level) for row in rows] == [(c, lv) for _, c, _, lv in pieces]


@given(PLAIN, st.lists(st.sampled_from(FINDINGS), max_size=4))
def test_marks_nest(words, codes):
    marked = "".join(f"<{code}>" for code in codes) + words + "</>" * len(codes)
    text, rows = parse(marked)
    assert text == words
    assert {(row.finding, row.start, row.end) for row in rows} == {
        (code, 0, len(words)) for code in codes
    }


def test_a_level_list_gives_one_row_each():
    _, rows = parse("<disc_bulge level=L3-L4,L4-L5 status=absent>bulge</>")
    assert [row.key for row in rows] == [
        ("disc_bulge", "L3-L4", "", "absent"),
        ("disc_bulge", "L4-L5", "", "absent"),
    ]


def test_bodies_go_with_their_levels():
    _, rows = parse("<schmorl_node level=L1-L2,L2-L3 vertebra=L2,L3 endplate=superior>nodes</>")
    assert [(row.level, row.checks["vertebra"]) for row in rows] == [
        ("L1-L2", "L2"),
        ("L2-L3", "L3"),
    ]


def test_other_angle_brackets_are_text():
    text = "loss of height < 50 %, L4-5 > L5-S1, canal <10mm, name <REDACTED>"
    assert parse(text) == (text, [])


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        ("<disc_bulge>bulge", "not closed"),
        ("bulge</>", "without an opening tag"),
        ("<disc_bulge levels=L4-L5>bulge</>", "unknown attribute levels"),
        ("<disc_bulge level=L4-5>bulge</>", "level=L4-5"),
        ("<disc_bulge type=1>bulge</>", "only modic_change"),
        ("<disc_bulge level=L3-L4,L4-L5 vertebra=L3,L4,L5>bulge</>", "2 levels, but 3 bodies"),
        ("<disc_bulge level=L4-L5 level=L5-S1>bulge</>", "cannot read"),
    ],
)
def test_a_slip_in_the_markup_is_named(marked, message):
    with pytest.raises(ValueError, match=message):
        parse(marked)


def test_comparison_tells_missed_wrong_and_faults():
    text, rows = parse(
        "<spondylolisthesis level=L4-L5 grade=2>listhesis</> <osteophyte>spurs</> "
        "<scoliosis optional>curve</> <disc_bulge level=L4-L5>bulge</>"
    )
    case = Case("x", "x", False, text, tuple(rows), "")
    found = [
        Finding("x", "spondylolisthesis", "L4-L5", grade="1", start=0, end=9),
        Finding("x", "disc_bulge", "L4-L5", start=0, end=9),
        Finding("x", "disc_bulge", "L5-S1", start=22, end=27),
    ]
    comparison = compare(case, found)
    assert comparison.missed == {("osteophyte", "", "", "present")}
    assert comparison.wrong == {("disc_bulge", "L5-S1", "", "present")}
    assert len(comparison.right) == 2
    assert [fault.split(":")[0] for fault in comparison.faults] == [
        "spondylolisthesis L4-L5 present",
        "disc_bulge L4-L5 present",
    ]
