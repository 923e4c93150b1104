"""How a report goes on: what its headings, regions and level headings hold for.

Works on the text of the passages alone, before anything is tokenized.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from endplate.reader.anaphora import refers
from endplate.reader.levels import LevelGrammar
from endplate.reader.memory import Memory
from endplate.reader.passage import Passage
from endplate.reader.region import RegionRules
from endplate.reader.sections import SectionRules, SectionTracker
from endplate.reader.sheet import Unit
from endplate.reader.spots import spots_of
from endplate.reader.stand_in import can_move, stood_in
from endplate.reader.templates import Boxes, blanks, unanswered
from endplate.reader.wording import Wording
from endplate.reader.words import flatten

_CORRECTED: Final = re.compile(
    r"\b(?:in fact|actually|should (?:read|be|have been|say)|is really|are really|"
    r"instead at|corrected to|must read)\b"
)
#: What leads to the wrong level behind the right one.
_NOT: Final = re.compile(r"\s*[,(]?\s*(?:and not|not|instead of|rather than)\s+(?:at\s+)?")
#: "Dr A. B.": what signs a report says nothing in it.
_SIGNED: Final = re.compile(r"(?:dr|prof)\b[. ](?:[^\s\d]+(?:\s+|$)){1,3}")
#: What a sentence on earlier studies speaks of.
_PAST: Final = re.compile(
    r"\b(?:mri?s?|cts?|x-?rays?|radiograph\w*|films?|stud(?:y|ies)|scans?|exam\w*|imag\w+|report\w*|"
    r"prior|previous\w*|earlier|outside|dated|compar\w+|correlat\w+|available|none|was|were|had|"
    r"show\w*|demonstrated|then|(?:19|20)\d\d)\b"
)
_QUERY: Final = re.compile(r"(?:^|[\s,;(])[?]{1,2} ?[a-z]")
_WORD: Final = re.compile(r"\w")
_TITLE: Final = re.compile(r"[^:.]{0,16}:")
#: Where the value of a line with a title starts.
_TITLE_END: Final = re.compile(r":|\s-\s")
_BODY: Final = frozenset(["findings", "impression", "technique", "comparison"])


class Head(NamedTuple):
    """What a passage opens with.

    Attributes
    ----------
    section : str
        The section that its heading opens, or an empty text.
    own : int
        Where its own text starts, behind that heading.
    alone : bool
        Whether nothing follows the heading.
    turned : frozenset of str
        The regions that a heading turns to, if any.
    opens_level : bool
        Whether it opens with a level heading ("L4-5:").
    blanks : int
        Places in it that a template left open.
    field : str
        The structure that it heads: "Foramina" of "Foramina: patent".
    wording : Wording
        Its own text.
    """

    section: str
    own: int
    alone: bool
    turned: frozenset[str]
    opens_level: bool
    blanks: int
    field: str
    wording: Wording


class Discourse:
    """Turns passages into units with section, region and levels."""

    def __init__(
        self,
        sections: SectionRules,
        regions: RegionRules,
        levels: LevelGrammar,
        denials: Sequence[str],
    ) -> None:
        self._sections = sections
        self._regions = regions
        self._levels = levels
        self._denials = frozenset(denials)
        self.opening = Memory(self._opening)
        self.head = Memory(self._head)
        self.wording = Memory(self._wording)
        self.beside = Memory(self._beside)

    def units(self, text: str, passages: Sequence[Passage], regions: frozenset[str]) -> list[Unit]:
        """Return the passages of a plain report with section, region and own text."""
        tracker = SectionTracker()
        here = regions
        told = [self.opening[p.text] for p in passages]
        body = _last_body(passages, told)
        unfilled = _unfilled(passages, told)
        units: list[Unit] = []
        headed = -1
        field, field_line, field_open = "", -1, -1
        for number, (passage, (head, segment)) in enumerate(zip(passages, told, strict=True)):
            start, wording, resets, opens_level = passage.start, head.wording, False, False
            if passage.cell:
                if head.own:
                    wording, segment = self.wording[passage.text], ""
            else:
                if head.section:
                    tracker.open(head.section, passage.line, passage.paragraph, alone=head.alone)
                    start += head.own
                    resets = True
                    headed = passage.line
                if head.turned:
                    here = head.turned
                    resets = True
                opens_level = passage.first and head.opens_level
                if head.field:
                    field, field_line = head.field, passage.line
                    # "Endplates:" alone heads the lines below it
                    field_open = passage.paragraph if wording.untold else -1
                elif head.section or passage.paragraph != field_open:
                    field_open = -1
                elif passage.first:
                    field_line = passage.line
            section = tracker.at(
                passage.line,
                passage.paragraph,
                heading_follows=number < body,
                starts_body=wording.starts_body,
            )
            if (
                section == "comparison"
                and passage.line == headed
                and not (head.section or _PAST.search(wording.flat))
            ):
                section = "findings"  # what is seen now, on the line of the earlier studies
                tracker.open(section, passage.line, passage.paragraph, alone=False)
            if headed < 0 and "?" in wording.flat and self._asks(wording, passage, passages[-1]):
                section = "indication"
            blank = wording.barred or (passage.line in unfilled and wording.boxes is None)
            units.append(
                Unit(
                    passage,
                    number,
                    start,
                    wording,
                    section,
                    here,
                    not blank,
                    resets,
                    opens_level,
                    wording.denies and (passage.cell or wording.titled),
                    segment,
                    self.wording[text[slice(*passage.column)]] if passage.column else None,
                    self.wording[field]
                    if field_line == passage.line and not (passage.cell or head.field)
                    else None,
                )
            )
            if passage.cell:
                beside = passage.row or (passage.start, passage.end)
                units[-1].heading = self.beside[text[slice(*beside)]]
        return units

    def _asks(self, wording: Wording, passage: Passage, last: Passage) -> bool:
        """Tell whether a report without headings opens with its question: "Fever. ?discitis"."""
        return (
            passage.paragraph <= 1
            and last.paragraph > passage.paragraph
            and _QUERY.search(wording.flat) is not None
            and self._levels.atom.search(wording.flat) is None
        )

    def read_levels(self, wording: Wording) -> None:
        """Fill the levels of a text."""
        if wording.places is None:
            self._read_places(wording)
        wording.spots = spots_of(wording.places or (), wording.starts, wording.ends, wording.norms)

    def _read_places(self, wording: Wording) -> None:
        """Fill the places of a text; note what "reported at L5-S1, in fact at L4-5" corrects."""
        wording.places = places = self._levels(wording.flat)
        match = _CORRECTED.search(wording.flat)
        if match is not None:
            named = [p for p in places if p.kind == "named"]
            right = [p for p in named if p.start >= match.end()]
            wrong = next((p for p in reversed(named) if p.end <= match.start()), None)
            if (
                wrong is None
                and len(right) > 1
                and _NOT.fullmatch(wording.flat, right[0].end, right[1].start)
            ):
                wrong = right[1]  # "should read L3-4, not L4-5"
            if wrong is not None and right:
                wording.corrects = wrong.segments
                places.remove(wrong)

    def _opening(self, text: str) -> tuple[Head, str]:
        """Return what a passage opens with, and the disc that L4-L5 stands in for in it."""
        body, segment = stood_in(text)
        head = self.head[body]
        if segment:
            wording = head.wording
            if wording.places is None:
                self._read_places(wording)
            if not can_move(wording.places or ()):
                return self.head[text], ""
        return head, segment

    def _head(self, body: str) -> Head:
        section, own = self._sections.heading(body)
        alone, turned = False, frozenset[str]()
        if section:
            alone = _WORD.search(body, own) is None and not body.endswith(".")
            if section in ("findings", "impression", "addendum"):
                turned = self._regions.turned(flatten(body[:own]))
            while own < len(body) and body[own] in " \t\n:*_-–>":
                own += 1
        else:
            title, colon, _ = body.partition(":")
            short = len(title) <= 60 and len(title.split()) <= 8
            if short and (colon or (len(body) <= 80 and not body.rstrip().endswith("."))):
                turned = self._regions.turned(flatten(title))
        opens_level = self._opens_level(flatten(body[:40]))
        wording = self.wording[body[own:] if section else body]
        field = self._field(body[own:])
        return Head(section, own, alone, turned, opens_level, blanks(body), field, wording)

    def _beside(self, cell: str) -> list[str]:
        """Return the discs that the cell at the head of a table's row or column names."""
        flat = flatten(cell)
        short = self._levels.atom.fullmatch(flat) is not None  # "4/5"
        places = self._levels(flat) or (self._levels(f"level {flat}") if short else [])
        return places[0].segments if places else []

    def _wording(self, body: str) -> Wording:
        flat = flatten(body)
        boxes = Boxes.of(body) if "[" in body or "(" in body or not body.isascii() else None
        blank = boxes is None and blanks(body) > 0
        titled = ":" in flat or " - " in flat
        value = (_TITLE_END.split(flat)[-1] if titled else flat).strip(" .;,*_|-")
        return Wording(
            body,
            flat,
            boxes,
            barred=not body
            or blank
            or self._sections.legend(flat)
            or _SIGNED.fullmatch(flat) is not None,
            untold=unanswered(body),
            starts_body=self._starts_body(body),
            titled=titled,
            denies=value in self._denials,
            affirms=value in ("yes", "present"),
            refers=refers(flat),
        )

    def _opens_level(self, flat: str) -> bool:
        bare = flat.lstrip("*_[ ")
        match = self._levels.starts_with_level(bare)
        return match is not None and _TITLE.match(bare, match.end()) is not None

    def _field(self, body: str) -> str:
        title, colon, _ = body.partition(":")
        if not colon and body.endswith("."):  # "Endplates. L4 inferior: fatty."
            title, colon = body[:-1], "."
        return title if colon and len(title) <= 40 and self._sections.subheading(title) else ""

    def _starts_body(self, body: str) -> bool:
        title, colon, _ = body.partition(":")
        if not colon or len(title) > 40:
            return False
        flat = flatten(title).strip("*_ -")
        level = self._levels.starts_with_level(flat)
        return self._sections.subheading(title) or bool(level and len(flat) - level.end() < 14)


def _unfilled(passages: Sequence[Passage], told: Sequence[tuple[Head, str]]) -> set[int]:
    """Return the lines in which a template left more than one place open."""
    blanks: Counter[int] = Counter()
    for passage, (head, _) in zip(passages, told, strict=True):
        if head.blanks:
            blanks[passage.line] += head.blanks
    return {line for line, number in blanks.items() if number > 1}


def _last_body(passages: Sequence[Passage], told: Sequence[tuple[Head, str]]) -> int:
    """Return the number of the last passage that opens a part of the report's body; -1 if none."""
    for number in range(len(passages) - 1, -1, -1):
        if told[number][0].section in _BODY and not passages[number].cell:
            return number
    return -1
