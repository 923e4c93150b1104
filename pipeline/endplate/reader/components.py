"""The spaCy components of the reader.

``endplate_layout`` cuts the report into passages with sections, ``endplate_sections`` (medspaCy's
sectionizer) lists those, ``endplate_terms`` (medspaCy's target matcher) finds the words of the
lexicon, ``endplate_levels`` the levels, ``endplate_mentions`` the findings that they make,
``endplate_context`` (medspaCy's ConText) their status, and ``endplate_linker`` joins findings and
levels to rows. They share a :class:`endplate.reader.sheet.Sheet`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from medspacy.section_detection import Section, Sectionizer, SectionRule
from medspacy.target_matcher import TargetMatcher, TargetRule
from spacy.language import Language
from spacy.tokens import Doc, Span

from endplate.codes import CORE_FINDINGS
from endplate.reader.anaphora import Antecedents
from endplate.reader.finder import Finder, titled_by_type
from endplate.reader.grammar import Grammar
from endplate.reader.headings import HeadingFollower, headings_later, headings_next
from endplate.reader.lexemes import phrases_by_norm
from endplate.reader.lexicon import Lexicon
from endplate.reader.linker import rows_of
from endplate.reader.linking import Context
from endplate.reader.matching import NormMatcher
from endplate.reader.mentions import Mention, Term
from endplate.reader.rows import Row, correct, describe, findings_of, mark_conflicts
from endplate.reader.sheet import KEY, Sheet, Unit, sheet_of
from endplate.reader.wording import NAMELESS, Naming, Wording
from endplate.reader.words import ReportTokenizer

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


#: Tokens of the longest title of tick boxes: "Modic changes: [ ] none [x] present".
_TITLE: Final = 16


class LayoutPipe:
    """Cuts a report into passages and marks them as sentences."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar

    def __call__(self, doc: Doc) -> Doc:
        """Lay a sheet out, unless the reader has done so."""
        if KEY not in doc.user_data:
            source = self._grammar.asides.read(doc.text)
            _, regions = self._grammar.regions.of(doc.text)
            units = self._grammar.units(source, regions)
            doc.user_data[KEY] = Sheet(source, units, regions, shown=True)
            starts = {token_at(doc, source.start(unit.passage.start)) for unit in units}
            for i, token in enumerate(doc):
                token.is_sent_start = i in starts or i == 0
        return doc


class SectionsPipe(Sectionizer):
    """Lists the sections of a report in ``doc._.sections``, as medspaCy's sectionizer does.

    The rules are for radiology; a heading counts only where a line or a sentence starts with it.
    """

    def __init__(self, nlp: Language, lexicon: Lexicon, name: str = "endplate_sections") -> None:
        super().__init__(nlp, name=name, rules=None, phrase_matcher_attr="NORM", span_attrs=None)
        self._Sectionizer__matcher = NormMatcher(nlp.tokenizer)
        self.add(
            [
                SectionRule(title, section)
                for section, titles in lexicon.sections["sections"].items()
                for title in titles
            ]
        )

    def __call__(self, doc: Doc) -> Doc:
        """List the sections, where somebody will look at them."""
        sheet = sheet_of(doc)
        if sheet.shown:
            listed: list[Section] = []
            for unit in sheet.units:
                at = sheet.source.start
                first, own = token_at(doc, at(unit.passage.start)), token_at(doc, at(unit.start))
                last = max(token_at(doc, at(unit.passage.end) - 1) + 1, own)
                if listed and listed[-1].category == unit.section and own == first:
                    listed[-1].body_end = last
                else:
                    listed.append(Section(unit.section, first, own, own, last))
            doc._.sections = listed
        return doc


class TermsPipe(TargetMatcher):
    """Finds the phrases of the lexicon: medspaCy's target matcher on norms.

    It decides what medspaCy's own component decides from the same rules about each passage; it
    adds spans to the ``Doc`` only where somebody will look at it.
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
        self._tokenizer: ReportTokenizer = nlp.tokenizer
        self._matcher = self._TargetMatcher__matcher = NormMatcher(nlp.tokenizer)
        self.add(
            [
                TargetRule(phrase, "|".join(sorted(labels)))
                for phrase, labels in phrases_by_norm(nlp, lexicon).items()
            ]
        )
        self._labels = {name: frozenset(name.split("|")) for name in self._matcher.labels}

    def __call__(self, doc: Doc) -> Doc:
        """Fill tokens and terms of the units and of their column headings."""
        sheet = sheet_of(doc)
        for unit in sheet.units:
            if unit.reads:
                self._read(unit.wording)
                if unit.column is not None:
                    self._read(unit.column)
                unit.reads = bool(unit.norms)
        if sheet.shown:
            doc.spans[self.span_group_name] = [
                span_of(doc, unit, term.start, term.end, "|".join(sorted(term.labels)))
                for unit in sheet.units
                if unit.reads
                for term in unit.terms
            ]
        return doc

    def _read(self, wording: Wording) -> None:
        """Fill tokens and terms of a text, unless that has been done."""
        if not wording.tokenized:
            wording.tokenized = True
            wording.norms, wording.starts, wording.ends = self._tokenizer.read(wording.text)
            wording.terms = [
                Term(a, b, self._labels[rule.category])
                for rule, a, b in self._matcher.find(wording.norms)
            ]


class LevelsPipe:
    """Finds the levels that the passages speak of, and the level headings in force."""

    def __init__(self, grammar: Grammar) -> None:
        self._discourse = grammar.discourse

    def __call__(self, doc: Doc) -> Doc:
        """Fill places, spots and headings of the units."""
        sheet = sheet_of(doc)
        follower = HeadingFollower(headings_later(sheet.units))
        for unit in sheet.units:
            if unit.reads:
                if unit.wording.spots is None:
                    self._discourse.read_levels(unit.wording)
                unit.levels = unit.wording.levels(unit.segment)
                sheet.named = sheet.named or unit.levels.named
                sheet.corrections += unit.wording.corrects
            follower.follow(unit)
        if sheet.shown:
            doc.spans["endplate_levels"] = [
                span_of(doc, unit, spot.start, spot.end, spot.place.kind)
                for unit in sheet.units
                for spot in unit.spots
                if spot.start < spot.end
            ]
        return doc


class MentionsPipe:
    """Finds what the passages name."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._finder = Finder(lexicon.findings)

    def __call__(self, doc: Doc) -> Doc:
        """Fill the mentions of the units."""
        sheet = sheet_of(doc)
        soon = headings_next(sheet.units)
        below: list[str] = []
        paragraph = -1
        before = Antecedents()
        for unit in sheet.units:
            if not unit.reads:
                continue
            if unit.wording.untold and not unit.levels.named:
                below, paragraph = self._names(unit), unit.passage.paragraph
                continue
            here = below if paragraph == unit.passage.paragraph else []
            unit.naming = self._naming(unit, here, "modic_change" in below)
            if unit.mentions and soon[unit.number] and _heads(sheet.units, unit):
                below, paragraph = self._names(unit), unit.passage.paragraph
                unit.naming = NAMELESS
                continue
            if unit.wording.refers and (meant := before.meant(unit)):
                unit.naming = _naming_of([*map(replace, unit.mentions), *meant])
            before.remember(unit)
        if sheet.shown:
            doc.spans["endplate_mentions"] = [
                span_of(doc, unit, *mention.head, mention.finding)
                for unit in sheet.units
                for mention in unit.mentions
            ]
        return doc

    def _naming(self, unit: Unit, below: Sequence[str], modic_below: bool) -> Naming:
        """Return what a unit names in its setting, from memory where the same was met before."""
        column = unit.column.flat if unit.column else ""
        setting = (unit.section, unit.headed, unit.denied, modic_below, column, *below)
        known = unit.wording.namings.get(setting)
        if known is None:
            titled = unit.column is not None and (
                any("modic" in term.labels for term in unit.column.terms)
                or (modic_below and titled_by_type(column))
            )
            known = _naming_of(self._finder.find(unit, below, titled_modic=titled))
            unit.wording.namings[setting] = known
        return known

    def _names(self, unit: Unit) -> list[str]:
        return [m.finding for m in self._finder.named(unit.terms, unit.norms)]


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
                rows += rows_of(unit, context, sheet.source)
            passage = unit.passage
            if passage.cell:
                context.levels_told.update(s for spot in unit.spots for s in spot.place.segments)
            else:
                context.remember(unit.levels, passage.line, passage.paragraph, unit.number)
        if sheet.corrections:
            rows = correct(rows, sheet.corrections)
        rows = describe(rows)
        mark_conflicts(rows)
        sheet.rows = rows
        if sheet.shown:
            doc._.findings = tuple(findings_of(rows, "", sheet.source))
        return doc


def _naming_of(mentions: list[Mention]) -> Naming:
    return Naming(mentions, [m for m in mentions if m.finding in CORE_FINDINGS])


def _heads(units: Sequence[Unit], unit: Unit) -> bool:
    """Tell whether a unit only names what the lines below it answer, level by level."""
    if unit.wording.affirms:
        return True
    below = units[unit.number + 1].wording.boxes
    return below is not None and not unit.levels.named and len(unit.norms) <= _TITLE


def token_at(doc: Doc, at: int) -> int:
    """Return the token that holds a character, or the next one."""
    span = doc.char_span(at, min(at + 1, len(doc.text)), alignment_mode="expand")
    return span.start if span is not None else len(doc)


def span_of(doc: Doc, unit: Unit, first: int, last: int, label: str) -> Span:
    """Return tokens of a unit as a span of its document."""
    start, end = sheet_of(doc).source.span(*unit.span(first, last))
    return doc.char_span(start, end, label=label, alignment_mode="expand")
