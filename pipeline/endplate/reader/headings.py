"""Level headings: "L4-5:" holds for what stands below it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.fields import names_levels
from endplate.reader.sheet import Unit
from endplate.reader.spread import FOREIGN

_LEVEL_WORDS: Final = re.compile(r"level|disc|space|segment|at|the")
_WORD: Final = re.compile(r"[a-z]{3}|[0-9\[]")


def _headings_later(units: Sequence[Unit]) -> list[bool]:
    """Tell for each unit whether a level heading still comes in its paragraph."""
    later: list[bool] = []
    seen = -1
    for unit in reversed(units):
        later.append(seen == unit.passage.paragraph)
        if unit.opens_level:
            seen = unit.passage.paragraph
    return later[::-1]


def headings_next(units: Sequence[Unit]) -> list[bool]:
    """Tell for each unit whether the next one opens with a level heading in its paragraph."""
    return [
        after.opens_level and after.passage.paragraph == unit.passage.paragraph
        for unit, after in itertools.pairwise(units)
    ] + [False]


def _bullets_next(units: Sequence[Unit]) -> list[bool]:
    """Tell for each unit whether the next one is a bullet that opens with no level."""
    return [
        bool(after.passage.bullet) and not after.opens_level
        for _, after in itertools.pairwise(units)
    ] + [False]


class HeadingFollower:
    """Gives units the level heading in force, from passage to passage.

    Parameters
    ----------
    units : sequence of Unit
        All of the report.
    """

    def __init__(self, units: Sequence[Unit]) -> None:
        self._later = _headings_later(units)
        self._bullets = _bullets_next(units)
        self._heading: Sequence[str] = []
        self._line = self._paragraph = self._above = -1
        self._block = False

    def follow(self, unit: Unit) -> None:
        """Fill the heading of the next unit."""
        if unit.resets:
            self._heading, self._line = [], -1
        if not unit.reads:
            return
        if unit.passage.cell:
            self._cell(unit)
            return
        passage = unit.passage
        if passage.first and passage.line != self._line and self._heading:
            if passage.paragraph == self._paragraph and (
                self._block
                or (
                    self._later[unit.number]
                    and not passage.bullet
                    and not (unit.wording.titled and unit.wording.denies)  # "Erosion: nil"
                )
            ):
                self._line = passage.line
            else:
                self._heading, self._line = [], -1
        heads = [s for s in unit.spots if s.heads] if passage.first else []
        if passage.paragraph == self._above and names_levels(unit):
            heads = []  # a field of the finding above it
        self._above = passage.paragraph
        if not heads and self._bullets[unit.number] and self._titles(unit):
            heads = [unit.levels.told[0]]  # "Changes centered at L5-S1 as follows:"
        named = [segment for s in heads for segment in s.place.segments]
        if heads and (named or heads[0].place.kind == "foreign"):
            self._heading, self._line = named or FOREIGN, passage.line
            self._paragraph = passage.paragraph
            wording = unit.wording
            if wording.bare is None:
                behind = _LEVEL_WORDS.sub("", wording.flat[heads[-1].place.end :])
                wording.bare = wording.flat.endswith(":") or not _WORD.search(behind)
            self._block = wording.bare
            unit.headed = True
        if self._line == passage.line or self._block:
            unit.heading = self._heading

    def _titles(self, unit: Unit) -> bool:
        """Tell whether a line above bullets names one disc and is their title."""
        return (
            unit.passage.first
            and not unit.passage.bullet
            and len(unit.levels.discs) == 1
            and len(unit.levels.discs[0]) == 1
            and unit.wording.flat.endswith(":")
        )

    def _cell(self, unit: Unit) -> None:
        passage = unit.passage
        if passage.row is None:
            # "L4/L5 - Disc: desiccated | Endplates: Modic 2" is more than the head of its row
            unit.reads = unit.reads and unit.wording.titled
            if unit.heading:
                self._heading, self._line, self._block = unit.heading, passage.line, False
        unit.headed = bool(unit.heading)
