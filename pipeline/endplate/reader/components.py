"""The spaCy components of the reader.

``endplate_layout`` cuts the report into passages, ``endplate_sections`` (medspaCy's sectionizer)
gives them sections and regions, ``endplate_terms`` (medspaCy's target matcher) finds the words of
the lexicon, ``endplate_levels`` the levels, ``endplate_mentions`` the findings that they make,
``endplate_context`` (medspaCy's ConText) their status, and ``endplate_linker`` joins findings and
levels to rows. They share a :class:`endplate.reader.sheet.Sheet`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from medspacy.common.util import prune_overlapping_matches
from medspacy.section_detection import Section, Sectionizer, SectionRule
from medspacy.target_matcher import TargetMatcher, TargetRule
from spacy.language import Language
from spacy.tokens import Doc, Span

from endplate.codes import CORE_FINDINGS, LEVELS
from endplate.reader.assertion import expand
from endplate.reader.discourse import Discourse
from endplate.reader.finder import Finder, none_at, titled_by_type
from endplate.reader.grading import acuity, grade
from endplate.reader.layout import Layout
from endplate.reader.levels import LevelGrammar
from endplate.reader.lexicon import Lexicon
from endplate.reader.linking import Context, spots_of
from endplate.reader.mentions import Mention, Term
from endplate.reader.modic import caused_otherwise
from endplate.reader.region import RegionRules
from endplate.reader.rows import Row, correct, describe, mark_conflicts, settle_passage
from endplate.reader.sections import SectionRules
from endplate.reader.sheet import KEY, Sheet, Unit, sheet_of
from endplate.reader.spread import FOREIGN, Spread
from endplate.reader.words import flatten, phrase_norm

#: The components in their order.
PIPELINE: Final = (
    "endplate_layout",
    "endplate_sections",
    "endplate_terms",
    "endplate_levels",
    "endplate_mentions",
    "endplate_context",
    "endplate_linker",
)
#: Common words that are written together with one of the lexicon ("notedat", "L4-L5level").
_JOINED: Final = ("noted", "level", "type", "sac", "seen", "both", "with", "changes", "and")
_FACING: Final = frozenset(
    "both adjacent opposing adjoining apposing facing either corresponding contiguous apposed "
    "opposed neighboring neighbouring".split()
)


class LayoutPipe:
    """Cuts a report into passages and marks them as sentences."""

    def __init__(self, lexicon: Lexicon) -> None:
        level = LevelGrammar(lexicon.levels).atom
        sections = SectionRules(lexicon.sections)
        heading = re.compile(
            rf"(?:{sections.pattern.pattern})|\W{{0,6}}(?:at\s+)?(?:l|t|d|s|lwk|th)\s?\d{{1,2}}"
            r"\s?[-–/]\s?[ltds]?\s?\d{0,2}[^:\n]{0,24}(?::|[-–—]\s|$)",
            re.IGNORECASE,
        )
        self._layout = Layout(heading, sections.columns, level)
        self._regions = RegionRules(lexicon.regions)

    def units(self, text: str) -> list[Unit]:
        """Return the passages of a text as units."""
        return [Unit(passage, i, passage.start) for i, passage in enumerate(self._layout(text))]

    def __call__(self, doc: Doc) -> Doc:
        """Lay a sheet out, unless the reader has done so."""
        if KEY not in doc.user_data:
            _, regions = self._regions.of(doc.text)
            sheet = Sheet(doc, self.units(doc.text), regions)
            doc.user_data[KEY] = sheet
            starts = {sheet.tokens(u.passage.start, u.passage.end)[0] for u in sheet.units}
            for i, token in enumerate(doc):
                token.is_sent_start = i in starts or i == 0
        return doc


class SectionsPipe(Sectionizer):
    """Gives each passage its section and region.

    medspaCy's sectionizer with rules for radiology; a heading counts only where a line or a
    sentence starts with it. ``doc._.sections`` is filled as medspaCy fills it.
    """

    def __init__(self, nlp: Language, lexicon: Lexicon, name: str = "endplate_sections") -> None:
        super().__init__(nlp, name=name, rules=None, phrase_matcher_attr="NORM", span_attrs=None)
        self.add(
            [
                SectionRule(title, section)
                for section, titles in lexicon.sections["sections"].items()
                for title in titles
            ]
        )
        self._discourse = make_discourse(lexicon)

    def fill(self, text: str, units: Sequence[Unit], regions: frozenset[str]) -> None:
        """Fill section, region, value and boxes of units."""
        self._discourse.fill(text, units, regions)

    def __call__(self, doc: Doc) -> Doc:
        """Fill the units and list the sections, unless the reader has done so."""
        sheet = sheet_of(doc)
        if not sheet.filled:
            self.fill(sheet.text, sheet.units, sheet.regions)
            sheet.filled = True
            doc._.sections = self._listed(sheet)
        for unit in sheet.units:
            unit.first, unit.last = sheet.tokens(unit.start, unit.passage.end)
            unit.reads = unit.reads and unit.first < unit.last
        return doc

    @staticmethod
    def _listed(sheet: Sheet) -> list[Section]:
        listed: list[Section] = []
        for unit in sheet.units:
            first, last = sheet.tokens(unit.passage.start, unit.passage.end)
            own = sheet.tokens(unit.start, unit.passage.end)[0]
            if listed and listed[-1].category == unit.section and own == first:
                listed[-1].body_end = last
            else:
                listed.append(Section(unit.section, first, own, own, last))
        return listed


class TermsPipe(TargetMatcher):
    """Finds the phrases of the lexicon: medspaCy's target matcher on norms.

    It decides what medspaCy's own component decides from the same rules; it adds spans to the
    ``Doc`` only where somebody else will look at it.
    """

    def __init__(self, nlp: Language, lexicon: Lexicon, name: str = "endplate_terms") -> None:
        super().__init__(
            nlp,
            name=name,
            rules=None,
            phrase_matcher_attr="NORM",
            result_type="group",
            span_group_name=name,
        )
        by_phrase = phrases_by_norm(nlp, lexicon)
        self.add(
            [TargetRule(phrase, "|".join(sorted(labels))) for phrase, labels in by_phrase.items()]
        )
        matcher = self._TargetMatcher__matcher
        self._phrases = matcher._MedspacyMatcher__phrase_matcher
        self._labels = {
            nlp.vocab.strings[rule_id]: frozenset(rule.category.split("|"))
            for rule_id, rule in matcher.rule_map.items()
        }

    def __call__(self, doc: Doc) -> Doc:
        """Fill the terms of the units and of their column headings."""
        sheet = sheet_of(doc)
        starts: dict[int, Term] = {}
        for match, a, b in prune_overlapping_matches(self._phrases(doc)):
            starts[a] = Term(a, b, self._labels[match])
        if not sheet.sparse:
            doc.spans[self.span_group_name] = [
                Span(doc, t.start, t.end, label="|".join(sorted(t.labels))) for t in starts.values()
            ]
        for unit in sheet.units:
            if unit.reads:
                unit.terms = self._within(starts, unit.first, unit.last)
                if unit.passage.column:
                    unit.title = self._within(starts, *sheet.tokens(*unit.passage.column))
        return doc

    @staticmethod
    def _within(starts: dict[int, Term], first: int, last: int) -> list[Term]:
        return [starts[t] for t in range(first, last) if t in starts and starts[t].end <= last]


class LevelsPipe:
    """Finds the levels that the passages speak of, and the level headings in force."""

    def __init__(self, lexicon: Lexicon, discourse: Discourse) -> None:
        self._discourse = discourse
        self.gate = LevelGrammar(lexicon.levels).may_speak

    def __call__(self, doc: Doc) -> Doc:
        """Fill places, spots and headings of the units."""
        sheet = sheet_of(doc)
        later, _ = self._discourse.level_headings(sheet.text, [u.passage for u in sheet.units])
        heading: list[str] = []
        line = paragraph = -1
        block = False
        for unit in sheet.units:
            passage = unit.passage
            if unit.resets:
                heading, line = [], -1
            if not unit.reads:
                continue
            self._discourse.read_levels(unit, sheet.corrections)
            unit.spots = spots_of(
                unit.places,
                sheet.starts,
                sheet.ends,
                sheet.norms,
                unit.start,
                unit.first,
                unit.last,
            )
            if passage.cell:
                if passage.row is None:
                    unit.reads = False
                    if unit.places and unit.places[0].segments:
                        heading, line, block = unit.places[0].segments, passage.line, False
                unit.heading = heading if line == passage.line else []
                unit.headed = bool(unit.heading)
                continue
            if passage.first and line != passage.line and heading:
                if passage.paragraph == paragraph and (
                    block or (later[unit.number] and not passage.bullet)
                ):
                    line = passage.line
                else:
                    heading, line = [], -1
            heads = [s for s in unit.spots if s.heads]
            named = [segment for s in heads for segment in s.place.segments]
            if heads and passage.first and (named or heads[0].place.kind == "foreign"):
                heading, line, paragraph = named or FOREIGN, passage.line, passage.paragraph
                behind = re.sub(
                    r"level|disc|space|segment|at|the", "", unit.flat[heads[-1].place.end :]
                )
                block = unit.flat.endswith(":") or not re.search(r"[a-z]{3}", behind)
                unit.headed = True
            unit.heading = heading if heading and (line == passage.line or block) else []
        if not sheet.sparse:
            doc.spans["endplate_levels"] = [
                Span(doc, s.start, s.end, label=s.place.kind)
                for unit in sheet.units
                for s in unit.spots
                if s.start < s.end
            ]
        return doc


class MentionsPipe:
    """Finds what the passages name."""

    def __init__(self, lexicon: Lexicon, discourse: Discourse) -> None:
        self._finder = Finder(lexicon.findings)
        self._discourse = discourse

    def __call__(self, doc: Doc) -> Doc:
        """Fill the mentions of the units."""
        sheet = sheet_of(doc)
        _, soon = self._discourse.level_headings(sheet.text, [u.passage for u in sheet.units])
        below: list[str] = []
        paragraph = -1
        last: list[Mention] = []
        for unit in sheet.units:
            if not unit.reads:
                continue
            body = sheet.text[unit.start : unit.passage.end]
            if self._discourse.is_title(unit, body):
                below, paragraph = self._names(sheet, unit), unit.passage.paragraph
                continue
            column = flatten(sheet.text[slice(*unit.passage.column)]) if unit.passage.column else ""
            titled = any("modic" in t.labels for t in unit.title) or (
                "modic_change" in below and titled_by_type(column)
            )
            here = below if paragraph == unit.passage.paragraph else []
            self._finder.find(sheet, unit, here, titled_modic=titled)
            if unit.mentions and unit.value in ("yes", "present") and soon[unit.number]:
                below, paragraph = self._names(sheet, unit), unit.passage.paragraph
                unit.mentions = []
                continue
            if not unit.mentions:
                unit.mentions = none_at(unit, sheet.norms, last)
            last = unit.mentions or last
        if not sheet.sparse:
            doc.spans["endplate_mentions"] = [
                Span(doc, *m.head, label=m.finding) for unit in sheet.units for m in unit.mentions
            ]
        return doc

    def _names(self, sheet: Sheet, unit: Unit) -> list[str]:
        found = self._finder.named(unit.terms, sheet.norms, unit.first, unit.last)
        return [m.finding for m in found]


class LinkerPipe:
    """Joins mentions and levels to rows; ``doc._.findings`` holds them as plain tuples."""

    def __init__(self) -> None:
        if not Doc.has_extension("findings"):
            Doc.set_extension("findings", default=())

    def __call__(self, doc: Doc) -> Doc:
        """Fill the rows of the sheet."""
        sheet = sheet_of(doc)
        context = Context()
        rows: list[Row] = []
        for unit in sheet.units:
            if unit.resets:
                context.topic = []
            if not unit.reads:
                continue
            if unit.mentions:
                rows += settle_passage(self._rows(sheet, unit, context))
            passage = unit.passage
            if passage.cell:
                context.levels_told.update(s for spot in unit.spots for s in spot.place.segments)
            else:
                context.remember(unit.spots, passage.line, passage.paragraph, unit.number)
        if sheet.corrections:
            rows = correct(rows, sheet.corrections)
        rows = describe(rows)
        mark_conflicts(rows)
        sheet.rows = rows
        if not sheet.sparse:
            doc._.findings = tuple(f for row in rows for f in row.findings("", sheet.text))
        return doc

    @staticmethod
    def _rows(sheet: Sheet, unit: Unit, context: Context) -> list[Row]:
        norms, a, b = sheet.norms, unit.first, unit.last
        caused = caused_otherwise(norms[a:b])
        spread = Spread(unit, norms, context)
        dealt = spread.in_order()
        named_only = bool(unit.regions) and "lumbar" not in unit.regions
        rows: list[Row] = []
        for mention in unit.mentions:
            if not mention.status:
                continue
            if id(mention) in dealt:
                spot = None
                told = [(level, "", "", types) for level, types in dealt[id(mention)]]
            else:
                where, spot = spread(mention)
                told = [(*w, mention.types) for w in where]
            if mention.at_disc and not any(level for level, *_ in told):
                continue
            if mention.finding == "endplate_degeneration" and _points_back(mention, norms):
                continue
            core = mention.finding in CORE_FINDINGS
            facing = "both" if core and _facing(mention, norms) else ""
            for level, vertebra, side, types in told:
                if level not in LEVELS and (level or (named_only and not vertebra)):
                    continue
                rows.append(
                    Row(
                        mention.finding,
                        mention.status,
                        unit.section,
                        unit.passage,
                        sheet.starts[mention.start],
                        sheet.ends[mention.end - 1],
                        level=level,
                        vertebra=vertebra,
                        endplate=side or (facing if level else ""),
                        types=list(types),
                        choice=mention.choice,
                        basis=mention.basis,
                        grade=grade(mention, norms, a, b),
                        cue=mention.cue,
                        acuity=acuity(mention, norms, a, b),
                        caused=caused,
                        everywhere=not (spot and spot.place.kind == "none"),
                    )
                )
        return rows


def _points_back(mention: Mention, norms: Sequence[str]) -> bool:
    """Tell whether "the endplate changes" only points back at changes named before."""
    inside = set(norms[mention.start : mention.end])
    before = set(norms[max(0, mention.start - 2) : mention.start])
    own = inside & {"degenerative", "discogenic", "reactive", "degeneration"}
    return not own and bool(before & {"the", "these", "this", "those", "described", "above"})


def _facing(mention: Mention, norms: Sequence[str]) -> bool:
    """Tell whether both endplates of a disc are meant: "adjacent", "opposing", "both"."""
    if mention.site is not None and "endplate" in mention.site.labels:
        return bool(_FACING & set(norms[max(0, mention.site.start - 3) : mention.site.start]))
    end = mention.head[1]
    return bool(_FACING & set(norms[end : end + 6])) and bool(
        {"endplate", "plate"} & set(norms[end : end + 9])
    )


def phrases_by_norm(nlp: Language, lexicon: Lexicon) -> dict[str, set[str]]:
    """Return the phrases of the lexicon as the matcher sees them, with their labels."""
    by_phrase: dict[str, set[str]] = {}
    for label, phrases in lexicon.labels.items():
        for phrase in phrases:
            by_phrase.setdefault(phrase_norm(nlp, phrase), set()).add(label)
    for meant, said in lexicon.spelling["misheard"].items():
        labels = by_phrase.get(phrase_norm(nlp, meant))
        if labels:
            for phrase in said:
                by_phrase.setdefault(phrase_norm(nlp, phrase), set()).update(labels)
    return by_phrase


def make_discourse(lexicon: Lexicon) -> Discourse:
    """Return what follows sections, regions and level headings through a report."""
    return Discourse(
        SectionRules(lexicon.sections),
        RegionRules(lexicon.regions),
        LevelGrammar(lexicon.levels),
        lexicon.sections["denials"],
    )


def lexicon_words(lexicon: Lexicon) -> set[str]:
    """Return every word that the lexicon uses, without plurals of others."""
    slots = lexicon.assertion["slots"]
    phrases = [p for phrases in lexicon.labels.values() for p in phrases]
    for group in lexicon.assertion["cues"]:
        phrases += expand(group["phrases"], slots)
    phrases += expand(lexicon.assertion["ends"], slots)
    phrases += [*lexicon.findings["fillers"], *_JOINED]
    words = {word for phrase in phrases for word in re.findall(r"[a-z]+", str(phrase))}
    # a plural beside its singular would keep the tokenizer from bringing both to one
    return {w for w in words if not (len(w) > 3 and w.endswith("s") and w[:-1] in words)}


def anchors(nlp: Language, lexicon: Lexicon) -> frozenset[str]:
    """Return words of which a passage with a finding must hold one.

    A finding needs a thing or a quality, or a signal at an endplate: of each of their phrases the
    longest word stands here.
    """
    speaking = {*lexicon.terms["things"], *lexicon.terms["qualities"], "endplate", "modic"}
    found = {
        max(phrase.split(), key=len)
        for phrase, labels in phrases_by_norm(nlp, lexicon).items()
        if labels & speaking
    }
    return frozenset(found | {"none", "another", "further"})
