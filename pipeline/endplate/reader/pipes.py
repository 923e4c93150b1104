"""The components of the reader that are all its own: layout, levels, mentions and linker.

They share a :class:`endplate.reader.sheet.Sheet`; those made of medspaCy's are in
:mod:`endplate.reader.components`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from spacy.tokens import Doc, Span

from endplate.codes import CORE_FINDINGS
from endplate.reader.anaphora import Antecedents, means_endplates
from endplate.reader.asides import unmarked
from endplate.reader.context import Context
from endplate.reader.fields import give_levels, names_levels
from endplate.reader.finder import ENDPLATES, Finder, titled_by_type
from endplate.reader.grammar import Grammar
from endplate.reader.headings import HeadingFollower, headings_next
from endplate.reader.lexicon import Lexicon
from endplate.reader.linker import rows_of
from endplate.reader.mentions import Mention
from endplate.reader.rows import (
    DESCRIBES,
    Row,
    correct,
    describe,
    findings_of,
    mark_conflicts,
    once,
    outrank,
)
from endplate.reader.sheet import KEY, Sheet, Unit, sheet_of
from endplate.reader.signal import Signals
from endplate.reader.wording import NAMELESS, Naming, Wording

#: An addendum that corrects.
_ERROR: Final = re.compile(r"\b(?:error|erroneous\w*|typo\w*|correct(?:ed|ion)|should read)\b")
#: Tokens of the longest title that stands alone on its line.
_SHORT: Final = 4
_OF_TITLES: Final = frozenset(["assessment", "evaluation", "status", "type", "summary"])
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
            _, regions = self._grammar.regions.of(unmarked(doc.text))
            units = self._grammar.units(source, regions)
            doc.user_data[KEY] = Sheet(source, units, regions, shown=True)
            starts = {token_at(doc, source.start(unit.passage.start)) for unit in units}
            for i, token in enumerate(doc):
                token.is_sent_start = i in starts or i == 0
        return doc


class LevelsPipe:
    """Finds the levels that the passages speak of, and the level headings in force."""

    def __init__(self, grammar: Grammar) -> None:
        self._discourse = grammar.discourse

    def __call__(self, doc: Doc) -> Doc:
        """Fill places, spots and headings of the units."""
        sheet = sheet_of(doc)
        follower = HeadingFollower(sheet.units)
        for unit in sheet.units:
            if unit.reads:
                if unit.wording.spots is None:
                    self._discourse.read_levels(unit.wording)
                unit.levels = unit.wording.levels(unit.segment)
                sheet.named = sheet.named or unit.levels.named or bool(unit.heading)
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
        self._signals = Signals(lexicon.signal)
        self._finder = Finder(lexicon.findings, self._signals)

    def __call__(self, doc: Doc) -> Doc:
        """Fill the mentions of the units."""
        sheet = sheet_of(doc)
        soon = headings_next(sheet.units)
        below: list[str] = []
        paragraph = -1
        before = Antecedents()
        last: Unit | None = None
        for unit in sheet.units:
            if not unit.reads:
                continue
            if not unit.levels.named and (unit.wording.untold or self._titles(unit, sheet.units)):
                below, paragraph = self._names(unit), unit.passage.paragraph
                continue
            here = below if paragraph == unit.passage.paragraph else []
            if means_endplates(unit, last):
                again = self._finder.named(unit.terms, unit.norms, [ENDPLATES])
                unit.naming = self._naming_of(again, unit.wording)
            else:
                unit.naming = self._naming(unit, here, "modic_change" in below)
                last = unit
            if unit.mentions and soon[unit.number] and _heads(sheet.units, unit):
                below, paragraph = self._names(unit), unit.passage.paragraph
                unit.naming = NAMELESS
                continue
            if unit.wording.boxes is not None and not below and _ticks_on(sheet.units, unit):
                below, paragraph = ["modic_change"], unit.passage.paragraph
            if unit.wording.refers and (meant := before.meant(unit)):
                meant = [*map(replace, unit.mentions), *meant]
                unit.naming = self._naming_of(meant, unit.wording)
            before.remember(unit)
        if sheet.shown:
            doc.spans["endplate_mentions"] = [
                span_of(doc, unit, *mention.head, mention.finding)
                for unit in sheet.units
                for mention in unit.mentions
            ]
        return doc

    def _naming_of(self, mentions: list[Mention], wording: Wording) -> Naming:
        """Return what a text names; note whether it gives its oedema another cause."""
        if wording.caused is None and any(m.finding in DESCRIBES for m in mentions):
            wording.caused = self._signals.caused_otherwise(wording.norms)
        return Naming(mentions, [m for m in mentions if m.finding in CORE_FINDINGS])

    def _titles(self, unit: Unit, units: Sequence[Unit]) -> bool:
        """Tell whether a line without a colon is the title of the items below it."""
        passage, norms = unit.passage, unit.norms
        if not passage.first or len(norms) > _SHORT:
            return False
        below = units[unit.number + 1] if unit.number + 1 < len(units) else unit
        if passage.bullet and not below.opens_level:  # but "A. Modic changes", above levels
            return False
        item = below.passage.bullet or below.opens_level
        if not item or below.passage.paragraph != passage.paragraph:
            return False
        named = {t for m in self._finder.named(unit.terms, norms) for t in range(m.start, m.end)}
        return bool(named) and all(t in named or norms[t] in _OF_TITLES for t in range(len(norms)))

    def _naming(self, unit: Unit, below: Sequence[str], modic_below: bool) -> Naming:
        """Return what a unit names in its setting, from memory where the same was met before."""
        column = unit.column.flat if unit.column else ""
        field = unit.field.flat if unit.field else ""
        setting = (unit.section, unit.headed, unit.denied, modic_below, column, field, *below)
        known = unit.wording.namings.get(setting)
        if known is None:
            titled = unit.column is not None and (
                any("modic" in term.labels for term in unit.column.terms)
                or (modic_below and titled_by_type(column))
            )
            found = self._finder.find(unit, below, titled_modic=titled)
            known = self._naming_of(found, unit.wording)
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
            elif names_levels(unit):
                give_levels(rows, unit)
            passage = unit.passage
            if passage.cell:
                context.levels_told.update(s for spot in unit.spots for s in spot.place.segments)
            else:
                context.remember(unit.levels, passage.line, passage.paragraph, unit.number)
        if sheet.corrections:
            rows = correct(rows, sheet.corrections)
        rows = once(rows)
        if any(row.section == "addendum" for row in rows):
            told = (u.wording.flat for u in sheet.units if u.section == "addendum")
            rows = outrank(rows, mended=any(_ERROR.search(flat) for flat in told))
        rows = describe(rows)
        mark_conflicts(rows)
        sheet.rows = rows
        if sheet.shown:
            doc._.findings = tuple(findings_of(rows, "", sheet.source))
        return doc


def _ticks_on(units: Sequence[Unit], unit: Unit) -> bool:
    """Tell whether the line below goes on with the boxes of Modic types of a unit."""
    if unit.number + 1 == len(units):
        return False
    below = units[unit.number + 1]
    return (
        below.wording.boxes is not None
        and not below.terms
        and any(m.finding == "modic_change" for m in unit.mentions)
    )


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
