"""The reader as a pipeline: speed changes no finding, and medspaCy decides the same.

A :class:`endplate.reader.Reader` belongs to one process and one thread; nothing here shares one
between threads.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import FrameType

import pytest
import spacy
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from medspacy.context import ConText, ConTextRule
from medspacy.target_matcher import TargetMatcher, TargetRule
from spacy.language import Language
from spacy.tokens import Doc, Span

from endplate.reader import Reader, discourse, load, load_pipeline
from endplate.reader.alternation import alternation, openers
from endplate.reader.assertion import ReportContext
from endplate.reader.levels import LevelGrammar
from endplate.reader.lexemes import phrases_by_norm
from endplate.reader.lexicon import load_lexicon
from endplate.reader.sheet import Unit
from endplate.reader.wording import Wording
from endplate.reader.words import flatten
from endplate.records import Finding, Report

TESTS = Path(__file__).parent


def texts_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts_in(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) and len(value) > 25 else []


@cache
def gold_texts() -> list[str]:
    files = sorted((TESTS / "gold").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return [json.loads(line)["text"] for line in lines]


@cache
def case_texts() -> list[str]:
    files = sorted((TESTS / "cases").glob("*.yaml"))
    return [t for file in files for t in texts_in(yaml.safe_load(file.read_text("utf-8")))]


@pytest.fixture(scope="module")
def fresh() -> Reader:
    return load()


def found(reader: Reader, text: str) -> tuple[Finding, ...]:
    return reader.read(Report("r", text)).findings


# ------------------------------------------------------------------ speed changes no finding


def forget(reader: Reader) -> None:
    grammar = reader._grammar
    for memory in (grammar.discourse.opening, grammar.discourse.head, grammar.discourse.wording):
        memory.clear()


class OpenGate:
    """Stops nothing."""

    def close(self, units: Sequence[Unit]) -> bool:
        return True


def test_gate_and_memory_change_no_finding(fresh: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*gold_texts(), *case_texts()]
    for text in reversed(texts):  # in another order, so that every passage is met elsewhere first
        found(fresh, text)
    remembered = [found(fresh, text) for text in texts]
    assert sum(map(len, remembered)) > 2000
    monkeypatch.setattr(fresh, "gate", OpenGate())
    for text, rows in zip(texts, remembered, strict=True):
        forget(fresh)
        assert found(fresh, text) == rows


def test_one_disc_stands_in_for_the_others(fresh: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*gold_texts(), *case_texts()]
    forget(fresh)
    with_stand_in = [found(fresh, text) for text in texts]
    forget(fresh)
    monkeypatch.setattr(discourse, "stood_in", lambda text: (text, ""))
    for text, rows in zip(texts, with_stand_in, strict=True):
        assert found(fresh, text) == rows


LEVELS = st.sampled_from(["L1-2", "L2-L3", "L3/4", "L4/L5", "L5-S1", "L5/S1"])
SAID = st.sampled_from(
    [
        "{}: Mild disc bulge.",
        "No Modic change at {}.",
        "Modic type 1 change at {}, severe canal stenosis.",
        "At {} there is a 4 mm protrusion and no listhesis.",
        "Same level as {}: facet arthropathy; bulge below this level.",
        "{} and the lower endplate of L3: Schmorl nodes.",
    ]
)


@given(st.lists(st.tuples(SAID, LEVELS), min_size=1, max_size=4))
def test_stand_ins_change_no_finding(reader: Reader, said: list[tuple[str, str]]) -> None:
    text = "MRI LUMBAR SPINE\n" + "\n".join(phrase.format(level) for phrase, level in said)
    rows = found(reader, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discourse, "stood_in", lambda text: (text, ""))
        assert found(reader, text) == rows


GOES_ON = st.sampled_from(
    [
        "At these levels Modic changes type 2 and type 1, respectively.",
        "At these levels disc bulge and annular fissure, respectively.",
        "It does not represent Modic change anywhere.",
        "An old injury rather than Modic 1 anywhere.",
        "The edema has since subsided.",
        "It is no longer seen.",
        "The protrusion has resolved.",
        "Both these discs are desiccated, the former with an annular tear.",
        "Modic 2 one level below.",
        "Similar changes at the level above.",
        "The latter has Modic 2, where it was type 1.",
        "Otherwise no stenosis.",
    ]
)
FIRST = st.lists(LEVELS, min_size=2, max_size=2)


@given(GOES_ON, FIRST, FIRST)
def test_a_report_owes_nothing_to_the_one_before(
    reader: Reader, said: str, one: list[str], other: list[str]
) -> None:
    """What a passage takes from those before it is of its own report, not of one read earlier."""
    opening = "Endplate edema and disc protrusion at {} and {}. "
    found(reader, opening.format(*one) + said)
    behind = found(reader, opening.format(*other) + said)
    forget(reader)
    assert found(reader, opening.format(*other) + said) == behind


ASIDES = st.sampled_from(
    ["", " (series 3, image 12)", " on image 7", ", seen on sagittal image 4 of series 2",
     " [Im 9]", ", as shown on key images 3 and 4", " (se 4\nim 12)"]
)  # fmt: skip


@given(st.lists(ASIDES, min_size=5, max_size=5))
def test_image_references_change_no_finding(reader: Reader, said: list[str]) -> None:
    report = (
        "MRI LUMBAR SPINE\nL3-4: Mild disc bulge{}. Modic type 1 change{}, 12 mm deep{}.\n"
        "L4-5: No canal stenosis{}.\n5 mm anterolisthesis{} at L5-S1."
    )

    def told(text: str) -> list[tuple[str, ...]]:
        rows = found(reader, text)
        assert_verbatim(text, rows)
        return [(r.finding, r.level, r.modic_type, r.status, r.grade, r.text) for r in rows]

    assert told(report.format(*said)) == told(report.format(*[""] * 5))


@given(st.text(alphabet="ab 12(),.\nimagesronLmT", max_size=80))
def test_a_source_leads_back_to_the_report(reader: Reader, text: str) -> None:
    source = reader._grammar.asides.read(text)
    assert source.written(0, len(source.plain)) == text[source.start(0) :]
    for at, char in enumerate(source.plain):
        start, end = source.span(at, at + 1)
        assert 0 <= start < end <= len(text)
        assert text[start] == char or (char == "8" and text[start].isdigit())


@given(
    st.lists(st.text(alphabet="ab .(", min_size=1, max_size=5), min_size=1, max_size=8),
    st.text(alphabet="ab .(", max_size=12),
)
def test_an_alternation_matches_the_longest_phrase(phrases: list[str], text: str) -> None:
    plain = "|".join(sorted(map(re.escape, phrases), key=len, reverse=True))
    spans = [m.span() for m in re.finditer(plain, text)]
    pattern = openers(phrases) + alternation(phrases)
    assert [m.span() for m in re.finditer(pattern, text)] == spans


def test_the_pipeline_tells_what_read_tells(fresh: Reader) -> None:
    for text in gold_texts():
        reading = fresh.read(Report("", text))
        if reading.lumbar:
            assert fresh.nlp(text)._.findings == reading.findings


def test_a_full_memory_forgets_and_goes_on(fresh: Reader) -> None:
    memory = fresh._grammar.discourse.wording
    before, memory.limit = memory.limit, 3
    forget(fresh)
    try:
        for text in gold_texts()[:40]:
            found(fresh, text)
            assert len(memory) <= 3
    finally:
        memory.limit = before


# ------------------------------------------------------------------ the gate is complete


def speaking(reader: Reader) -> list[str]:
    terms = reader.lexicon.terms
    return [
        phrase
        for group in ("things", "qualities")
        for phrases in terms[group].values()
        for phrase in phrases
    ]


def test_the_gate_lets_every_phrase_pass(fresh: Reader) -> None:
    for phrase in speaking(fresh):
        assert fresh.gate.speaks(flatten(f"there is {phrase} here")), phrase


def test_the_gate_lets_misspelt_and_joined_words_pass(fresh: Reader) -> None:
    for text in ("stenosiss", "protusion", "buldge", "thecalsac stenosisnoted", "modictype ii"):
        assert fresh.gate.speaks(text), text


def test_the_gate_knows_a_site_overlay(tmp_path: Path) -> None:
    (tmp_path / "terms.yaml").write_text("things:\n  bulge: [quuxation]\n", "utf-8")
    assert load(tmp_path).gate.speaks("slight quuxation of it")
    assert not load().gate.speaks("slight quuxation of it")


def test_words_for_signal_are_rules(tmp_path: Path) -> None:
    """A site's own word for bright passes the gate, and makes oedema of what T1 shows dark."""
    (tmp_path / "signal.yaml").write_text("high: [glowing]\n", "utf-8")
    report = Report("r", "The endplates of L4-5 are irregular. They are dark on T1, glowing on T2.")
    assert "endplate_edema" in {f.finding for f in load(tmp_path).read(report).findings}
    assert "endplate_edema" not in {f.finding for f in load().read(report).findings}


# ------------------------------------------------------------------ as medspaCy decides


def passages(reader: Reader) -> list[Wording]:
    units = [u for t in gold_texts()[:150] for u in reader.sheet(t).units if u.reads]
    return list({unit.wording.text: unit.wording for unit in units}.values())


def test_terms_are_those_of_medspacy(fresh: Reader) -> None:
    nlp = fresh.nlp
    stock = TargetMatcher(
        nlp, rules=None, phrase_matcher_attr="NORM", result_type="group", span_group_name="stock"
    )
    stock.add(
        [
            TargetRule(phrase, "|".join(sorted(labels)))
            for phrase, labels in phrases_by_norm(nlp, fresh.lexicon).items()
        ]
    )
    seen = 0
    for wording in passages(fresh):
        doc = stock(nlp.make_doc(wording.text))
        theirs = {(s.start, s.end, s.label_) for s in doc.spans["stock"]}
        ours = {(t.start, t.end, "|".join(sorted(t.labels))) for t in wording.terms}
        assert ours == theirs, wording.text
        seen += len(ours)
    assert seen > 1000


def test_cues_are_those_of_medspacy(fresh: Reader) -> None:
    nlp = fresh.nlp
    ours: ReportContext = nlp.get_pipe("endplate_context")
    stock = ConText(nlp, rules=None, phrase_matcher_attr="NORM", span_attrs=None)
    stock.add(
        [ConTextRule(rule.literal, rule.category, direction=rule.direction) for rule in ours.rules]
    )
    seen = 0
    for wording in passages(fresh):
        doc = nlp.make_doc(wording.text)
        for token in doc:
            token.is_sent_start = token.i == 0
        doc.ents = spans_apart(doc, [(t.start, t.end) for t in wording.terms])
        stock(doc)
        graph = doc._.context_graph
        theirs = {(t.start, t.end, m.modifier_span, m.category) for t, m in graph.edges}
        mine = {
            (t.start, t.end, (m.start, m.end), m.category)
            for t in doc.ents
            for m in ours.cues.modifiers(wording)
            if m.modifies(t.start, t.end)
        }
        assert mine == theirs, wording.text
        seen += len(mine)
    assert seen > 300


def spans_apart(doc: Doc, spans: list[tuple[int, int]]) -> list[Span]:
    return [Span(doc, a, b, label="finding") for a, b in spans]


# ------------------------------------------------------------------ as spaCy loads


def test_a_saved_pipeline_loads(tmp_path: Path) -> None:
    nlp: Language = load_pipeline()
    nlp.to_disk(tmp_path / "reader")
    loaded = spacy.load(tmp_path / "reader")
    for text in gold_texts()[:40]:
        assert loaded(text)._.findings == nlp(text)._.findings


# ------------------------------------------------------------------ offsets


def assert_verbatim(text: str, rows: tuple[Finding, ...]) -> None:
    for row in rows:
        assert text[row.start : row.end] == row.text
        assert row.text.strip()
        assert row.sentence in text
        assert row.text in row.sentence


def test_offsets_are_those_of_the_report(fresh: Reader) -> None:
    for text in [*gold_texts(), *case_texts()]:
        assert_verbatim(text, found(fresh, text))


PIECES = st.sampled_from(
    ["L4-5", "L4–L5", "L4‑5", "Modic type II", "mild canal stenosis", "no", "disc bulge", "\n",
     ": ", "\u200f", "\x00", "\ud800", "𝟒", "e\u0301", "İ", "ﬁ", "—", "−", "\u00ad", "\u2028",
     "\t", " ", ". ", "; ", "| ", "- ", "[x] ", "endplate edema", "😀", "IMPRESSION:", "ß",
     "\r\n", ", ", " (series 3, image 12)", ", seen on\nimage 4 of series 2", "12 mm ", " 3.5 cm"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=25))
def test_offsets_hold_in_any_text(reader: Reader, pieces: list[str]) -> None:
    text = "MRI lumbar spine. " + "".join(pieces)
    assert_verbatim(text, found(reader, text))


# ------------------------------------------------------------------ linear work

HOSTILE = ["l4-5 and ", "type 1 and ", "( ( ( ", "a, a, a, ", "1234567890", "-----", "abcdefghij"]
HOSTILE += ["(series 1 ", ", seen on the ", " on image 1 of ", "12 mm ", "L4-5 (image 1) "]
HOSTILE += [
    "no stenosis, ",
    "modic ",
    "a | ",
    "[ / ",
    "edema schmorl ",
    "due to a b ",
    "....",
    "  ",
]


def hostile(piece: str, size: int) -> str:
    return "MRI LUMBAR SPINE\n" + piece * (size // len(piece))


def calls(reader: Reader, text: str) -> int:
    """How many functions are called to read a text for the first time: work without a clock."""
    forget(reader)
    count = 0

    def step(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(step)
    try:
        found(reader, text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_text(fresh: Reader, piece: str) -> None:
    found(fresh, hostile(piece, 1_000))  # what is made once a process is not of the text
    less, more = (calls(fresh, hostile(piece, size)) for size in (20_000, 40_000))
    assert more < 2.1 * less + 500


def test_no_pattern_hangs() -> None:
    # a pattern's own steps are no calls: a pattern that needs the square of 300,000 characters
    # takes many minutes for one text, all texts together take seconds
    program = (
        "import json, sys\n"
        "from endplate.reader import load\n"
        "from endplate.records import Report\n"
        "reader = load()\n"
        "for text in json.load(sys.stdin):\n"
        "    reader.read(Report('r', text))\n"
    )
    texts = json.dumps([hostile(piece, 300_000) for piece in HOSTILE])
    subprocess.run([sys.executable, "-c", program], input=texts, text=True, check=True, timeout=600)


# ------------------------------------------------------------------ independence


def test_an_unrelated_sentence_changes_no_other_row(fresh: Reader) -> None:
    head = "MRI LUMBAR SPINE\n\nFINDINGS:\n"
    lines = ["L3-4: Mild disc bulge.", "L4-5: Modic type 1 change.", "L5-S1: No canal stenosis."]
    plain = [(r.finding, r.level, r.status) for r in found(fresh, head + "\n".join(lines))]
    for at in range(len(lines) + 1):
        more = [*lines[:at], "The patient was comfortable throughout.", *lines[at:]]
        rows = found(fresh, head + "\n".join(more))
        assert [(r.finding, r.level, r.status) for r in rows] == plain


@given(
    st.integers(1, 4),
    st.sampled_from(["L", "l", "L ", "Lumbar "]),
    st.sampled_from(["-", "/", "–", " - ", "‑", " / "]),
    st.sampled_from(["", "L", "l"]),
)
def test_spellings_of_a_level_are_one(upper: int, region: str, dash: str, again: str) -> None:
    grammar = LevelGrammar(load_lexicon().levels)
    flat = flatten(f"at {region}{upper}{dash}{again}{upper + 1} there is a bulge")
    assert [place.segments for place in grammar(flat)] == [[f"L{upper}-L{upper + 1}"]]
