"""What each stage of the reader made of a text, in words, for those who edit its rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from endplate.reader.assertion import ReportContext
from endplate.reader.cues import Cues
from endplate.reader.levels import Place
from endplate.reader.reader import Reader
from endplate.reader.sheet import Sheet, Unit
from endplate.reader.words import flatten


class SeenCue(NamedTuple):
    """A cue: its words, what it may do, and the words that it reaches.

    ``senses`` are (category, direction, reach); without any the cue ends the reach of others.
    """

    text: str
    senses: tuple[tuple[str, str, str], ...]
    scope: str


class SeenMention(NamedTuple):
    """Words that name a finding, its status, and the words that decided the status."""

    text: str
    finding: str
    status: str
    cue: str


class Seen(NamedTuple):
    """One passage as the stages see it.

    Attributes
    ----------
    section : str
    text : str
        The passage.
    read : bool
        Whether it can hold a finding: no heading, blank of a template, or legend.
    heading : tuple of str
        Levels of a heading above it that it takes over.
    respelled : tuple of (str, str)
        Words that are read as others.
    terms : tuple of (str, tuple of str)
        Phrases of the lexicon with their labels.
    places : tuple of (str, str)
        Words that name a level, and the levels that they name.
    mentions : tuple of SeenMention
    cues : tuple of SeenCue
        In the order of the text.
    """

    section: str
    text: str
    read: bool
    heading: tuple[str, ...]
    respelled: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, tuple[str, ...]], ...]
    places: tuple[tuple[str, str], ...]
    mentions: tuple[SeenMention, ...]
    cues: tuple[SeenCue, ...]


def stages(reader: Reader, text: str) -> Iterator[Seen]:
    """Yield what the stages of a reader make of each passage of a text."""
    sheet = reader.sheet(text)
    context: ReportContext = reader.nlp.get_pipe("endplate_context")
    for unit in sheet.units:
        yield Seen(
            section=unit.section,
            text=sheet.source.written(unit.passage.start, unit.passage.end),
            read=unit.reads,
            heading=() if unit.headed else tuple(unit.heading),
            respelled=_respelled(unit),
            terms=tuple(
                (_said(sheet, unit, t.start, t.end), tuple(sorted(t.labels))) for t in unit.terms
            ),
            places=tuple(
                (_written(sheet, unit.start + place.start, unit.start + place.end), _levels(place))
                for place in unit.places
            ),
            mentions=tuple(
                SeenMention(_said(sheet, unit, m.start, m.end), m.finding, m.status, m.cue)
                for m in unit.mentions
            ),
            cues=tuple(_cues(context.cues, sheet, unit)) if unit.reads else (),
        )


def _cues(cues: Cues, sheet: Sheet, unit: Unit) -> Iterator[SeenCue]:
    for cue in sorted(cues.modifiers(unit.wording), key=lambda cue: (cue.start, cue.end)):
        sides = (("forward", cue.senses.forward), ("backward", cue.senses.backward))
        senses = tuple(
            (sense.category, direction, sense.reach)
            for direction, said in sides
            for sense in said
            if sense.category != "weak"
        )
        scope = ""
        if senses and cue.first < cue.last:
            scope = _said(sheet, unit, cue.first, cue.last)
        yield SeenCue(_said(sheet, unit, cue.start, cue.end), senses, scope)


def _said(sheet: Sheet, unit: Unit, first: int, last: int) -> str:
    """Return tokens as in the report: another level may stand in for theirs in the wording."""
    return _written(sheet, *unit.span(first, last))


def _written(sheet: Sheet, start: int, end: int) -> str:
    start, end = sheet.source.span(start, end)
    return sheet.source.text[start:end]


def _respelled(unit: Unit) -> tuple[tuple[str, str], ...]:
    changed = []
    for token, norm in enumerate(unit.norms):
        said = unit.wording.words(token, token + 1)
        if flatten(said).rstrip("-") not in ("", norm):
            changed.append((said, norm))
    return tuple(dict.fromkeys(changed))


def _levels(place: Place) -> str:
    """Return the levels of a place, or in words what it refers to."""
    if named := [*place.segments, *place.bodies]:
        return ", ".join(named)
    references = {"foreign": "outside of the lumbar spine", "none": "no level in particular"}
    return references.get(place.kind, f"named before ({place.kind})")
