"""How a report goes on: what its headings, regions and level headings hold for.

Works on the text of the passages alone, before anything is tokenized.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.layout import Passage
from endplate.reader.levels import LevelGrammar
from endplate.reader.region import RegionRules
from endplate.reader.sections import SectionRules, SectionTracker
from endplate.reader.sheet import Unit
from endplate.reader.templates import BLANK, Boxes, unanswered
from endplate.reader.words import flatten

_CORRECTED: Final = re.compile(
    r"\b(?:in fact|actually|should (?:read|be|have been|say)|is really|are really|"
    r"instead at|corrected to|must read)\b"
)
_BODY: Final = frozenset(["findings", "impression", "technique", "comparison"])


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

    def fill(self, text: str, units: Sequence[Unit], regions: frozenset[str]) -> None:
        """Fill section, region, own text, value and boxes of the units of a report."""
        passages = [unit.passage for unit in units]
        tracker = SectionTracker()
        here = regions
        follows = self._body_follows(text, passages)
        blanks: dict[int, int] = {}
        for passage in passages:
            found = len(BLANK.findall(text, passage.start, passage.end))
            blanks[passage.line] = blanks.get(passage.line, 0) + found
        for unit in units:
            passage = unit.passage
            body = text[passage.start : passage.end]
            if not passage.cell:
                here = self._headings(text, unit, tracker, here)
                body = text[unit.start : passage.end]
            unit.regions = here
            unit.flat = flatten(body)
            unit.section = tracker.at(
                passage.line,
                passage.paragraph,
                heading_follows=follows[unit.number],
                starts_body=self._starts_body(body),
            )
            unit.boxes = (
                Boxes.of(body) if "[" in body or "(" in body or not body.isascii() else None
            )
            unfilled = unit.boxes is None and (blanks[passage.line] > 1 or BLANK.search(body))
            unit.reads = bool(body) and not unfilled and not self._sections.legend(unit.flat)
            unit.value = re.split(r":|\s-\s", unit.flat)[-1].strip(" .;,*_|")
            headed = passage.cell or ":" in unit.flat or " - " in unit.flat
            unit.denied = headed and unit.value in self._denials

    def is_title(self, unit: Unit, body: str) -> bool:
        """Tell whether a unit is a heading without a value that may lead the lines below it."""
        return unanswered(body) and not any(p.kind == "named" for p in unit.places)

    def read_levels(self, unit: Unit, corrections: list[str]) -> None:
        """Fill a unit's places; note what "reported at L5-S1, in fact at L4-5" corrects."""
        unit.places = self._levels(unit.flat)
        match = _CORRECTED.search(unit.flat)
        if match is None:
            return
        named = [p for p in unit.places if p.kind == "named"]
        wrong = next((p for p in reversed(named) if p.end <= match.start()), None)
        if wrong is not None and any(p.start >= match.end() for p in named):
            corrections.extend(wrong.segments)
            unit.places.remove(wrong)

    def level_headings(
        self, text: str, passages: Sequence[Passage]
    ) -> tuple[list[bool], list[bool]]:
        """Tell for each passage whether a level heading still comes in its paragraph, and next."""
        opens = [
            not p.cell
            and p.first
            and self._opens_level(flatten(text[p.start : min(p.end, p.start + 40)]))
            for p in passages
        ]
        later: list[bool] = []
        seen = -1
        for passage, opening in zip(reversed(passages), reversed(opens), strict=True):
            later.append(seen == passage.paragraph)
            if opening:
                seen = passage.paragraph
        soon = [
            after.paragraph == before.paragraph and opening
            for before, after, opening in zip(passages, passages[1:], opens[1:], strict=False)
        ]
        return later[::-1], [*soon, False]

    def _opens_level(self, flat: str) -> bool:
        bare = flat.lstrip("*_[ ")
        match = self._levels.starts_with_level(bare)
        return bool(match and re.match(r"[^:.]{0,16}:", bare[match.end() :]))

    def _headings(
        self, text: str, unit: Unit, tracker: SectionTracker, here: frozenset[str]
    ) -> frozenset[str]:
        """Open the section or region that a unit is headed with; return the region in force."""
        passage = unit.passage
        body = text[passage.start : passage.end]
        opened, own = self._sections.heading(body)
        if opened:
            alone = not re.search(r"\w", body[own:])
            tracker.open(opened, passage.line, passage.paragraph, alone=alone)
            unit.resets = True
            unit.start = passage.start + own
            while unit.start < passage.end and text[unit.start] in " \t\n:*_-–>":
                unit.start += 1
            if alone and opened in ("findings", "impression", "addendum"):
                return self._regions.turned(flatten(body[:own])) or here
            return here
        title, colon, _ = body.partition(":")
        short = len(title) <= 60 and len(title.split()) <= 8
        if short and (colon or (len(body) <= 80 and not body.rstrip().endswith("."))):
            turned = self._regions.turned(flatten(title))
            if turned:
                unit.resets = True
                return turned
        return here

    def _body_follows(self, text: str, passages: Sequence[Passage]) -> list[bool]:
        """Tell for each passage whether a heading of the report's body still comes."""
        follows: list[bool] = []
        seen = False
        for passage in reversed(passages):
            follows.append(seen)
            if not seen and not passage.cell:
                seen = self._sections.heading(text[passage.start : passage.end])[0] in _BODY
        return follows[::-1]

    def _starts_body(self, body: str) -> bool:
        title, colon, _ = body.partition(":")
        if not colon or len(title) > 40:
            return False
        flat = flatten(title).strip("*_ -")
        level = self._levels.starts_with_level(flat)
        return self._sections.subheading(title) or bool(level and len(flat) - level.end() < 14)
