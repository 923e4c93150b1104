"""What recognises layout, sections, regions and levels, made once for each set of rules."""

from __future__ import annotations

import re

from endplate.reader.asides import Asides, Source
from endplate.reader.discourse import Discourse
from endplate.reader.layout import Layout
from endplate.reader.levels import LevelGrammar
from endplate.reader.lexicon import Lexicon
from endplate.reader.region import RegionRules
from endplate.reader.sections import SectionRules
from endplate.reader.sheet import Unit


class Grammar:
    """The recognisers that the components share, and what they remember of passages."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.sections = SectionRules(lexicon.sections)
        self.regions = RegionRules(lexicon.regions)
        self.levels = LevelGrammar(lexicon.levels)
        self.asides = Asides(lexicon.asides)
        self.discourse = Discourse(
            self.sections, self.regions, self.levels, lexicon.sections["denials"]
        )
        heading = re.compile(
            rf"(?:{self.sections.pattern})"
            r"|\W{0,6}(?:at\s+)?(?:l|t|d|s|lwk|th)\s?\d{1,2}"
            r"\s?[-–/]\s?[ltds]?\s?\d{0,2}[^:\n]{0,24}(?::|[-–—]\s|$)"
        )
        self.layout = Layout(heading, self.sections.columns, self.levels.atom)

    def units(self, source: Source, regions: frozenset[str]) -> list[Unit]:
        """Return the passages of a report of some regions as units."""
        return self.discourse.units(source.plain, self.layout(source), regions)
