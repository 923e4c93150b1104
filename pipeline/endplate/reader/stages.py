"""What each stage of the reader made of a text, for those who edit its rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spacy.tokens import Doc

from endplate.reader.levels import Place
from endplate.reader.reader import Passages, Reader
from endplate.reader.sections import SectionTracker
from endplate.reader.words import flatten


class SeenCue(NamedTuple):
    """A cue: its words, what it may do, and the words that it reaches.

    ``senses`` are (category, direction, reach); without any the cue ends the reach of others.
    """

    text: str
    senses: tuple[tuple[str, str, str], ...]
    scope: str


class Seen(NamedTuple):
    """One passage as the stages see it.

    Attributes
    ----------
    section, opened : str
        The section that it stands in, and the one that its heading opens, if it has one.
    text : str
        The passage.
    respelled : tuple of (str, str)
        Words that are read as others.
    terms : tuple of (str, tuple of str)
        Phrases of the lexicon with their labels.
    places : tuple of (str, str)
        Words that name a level, and the levels that they name.
    mentions : tuple of (str, str)
        Words that name a finding, and the finding.
    cues : tuple of SeenCue
        In the order of the text.
    """

    section: str
    opened: str
    text: str
    respelled: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, tuple[str, ...]], ...]
    places: tuple[tuple[str, str], ...]
    mentions: tuple[tuple[str, str], ...]
    cues: tuple[SeenCue, ...]


def stages(reader: Reader, text: str) -> Iterator[Seen]:
    """Yield what the stages of a reader make of each passage of a text."""
    doc = reader.nlp.make_doc(text)
    view = Passages(text, doc)
    passages = reader._layout(text)
    terms_at = reader._terms(doc)
    ahead = reader._body_follows(text, passages)
    tracker = SectionTracker()
    for passage, heading_follows in zip(passages, ahead, strict=True):
        body = text[passage.start : passage.end]
        opened, own = ("", 0) if passage.cell else reader._sections.heading(body)
        rest = body[own:].strip(" \t\n:*_-–>")
        if opened:
            alone = not any(map(str.isalnum, rest))
            tracker.open(opened, passage.line, passage.paragraph, alone=alone)
        section = tracker.at(
            passage.line,
            passage.paragraph,
            heading_follows=heading_follows,
            starts_body=reader._starts_body(rest),
        )
        start, end = view.tokens(passage.start, passage.end)
        terms = [t for i in range(start, end) for t in terms_at.get(i, ()) if t.end <= end]
        mentions = reader._mentions(terms, view.norms, start, end, [], titled_modic=False)
        yield Seen(
            section=section,
            opened=opened,
            text=body,
            respelled=_respelled(doc, start, end),
            terms=tuple((_words(doc, t.start, t.end), tuple(sorted(t.labels))) for t in terms),
            places=tuple(
                (body[place.start : place.end], _levels(place))
                for place in reader._levels(flatten(body))
            ),
            mentions=tuple((_words(doc, m.start, m.end), m.finding) for m in mentions),
            cues=tuple(_cues(reader, doc, start, end)),
        )


def _cues(reader: Reader, doc: Doc, start: int, end: int) -> Iterator[SeenCue]:
    context = reader._context
    for modifier in sorted(context.modifiers(doc, start, end), key=lambda m: m.modifier_span):
        senses = tuple(
            (sense.category, direction, sense.reach)
            for direction, found in context.senses[modifier.rule.literal].items()
            for sense in found
            if sense.category != "weak"
        )
        scope = _words(doc, *modifier.scope_span) if senses else ""
        yield SeenCue(_words(doc, *modifier.modifier_span), senses, scope)


def _respelled(doc: Doc, start: int, end: int) -> tuple[tuple[str, str], ...]:
    changed = (
        (token.text.strip(), token.norm_)
        for token in doc[start:end]
        if flatten(token.text).rstrip("- \n") not in ("", token.norm_)
    )
    return tuple(dict.fromkeys(changed))


def _words(doc: Doc, start: int, end: int) -> str:
    return doc[start:end].text.strip()


def _levels(place: Place) -> str:
    """Return the levels of a place, or in words what it refers to."""
    named: Sequence[str] = [*place.segments, *place.bodies]
    if named:
        return ", ".join(named)
    references = {"foreign": "outside of the lumbar spine", "none": "no level in particular"}
    return references.get(place.kind, f"named before ({place.kind})")
