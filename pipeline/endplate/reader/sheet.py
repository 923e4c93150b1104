"""What the components of the reader pass to one another: a report as units of passages.

The sheet lies in ``doc.user_data["endplate"]``; it never leaves the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spacy.tokens import Doc

from endplate.reader.asides import Source
from endplate.reader.levels import Place
from endplate.reader.mentions import Mention, Term
from endplate.reader.passage import Passage
from endplate.reader.rows import Row
from endplate.reader.spots import NO_LEVELS, Levels, Spot
from endplate.reader.wording import NAMELESS, Naming, Wording

KEY: Final = "endplate"


@dataclass(slots=True, init=False)
class Unit:
    """A passage in its report: what it says by itself, and what it takes from where it stands.

    Offsets are those of the plain report (:class:`endplate.reader.asides.Source`).

    Attributes
    ----------
    passage : Passage
    number : int
        Its place in the report.
    start : int
        Offset of its own text, behind a section heading; positions in `wording` count from here.
    wording : Wording
        Its own text and what that says; to be read only.
    section : str
    regions : frozenset of str
        Regions that it is about; empty where the report does not tell.
    reads : bool
        Whether it can hold a finding: no heading, template blank or legend.
    denied : bool
        Whether its value denies the heading ("Modic changes: none").
    column : Wording or None
        The heading of its table column.
    field : Wording or None
        The heading of the line that it is a further sentence of: "Foramina: patent. No stenosis."
    heading : sequence of str
        The segments of the level heading in force; ``["foreign"]`` above T10.
    headed : bool
        Whether it opens with that heading itself.
    naming : Naming
        What it names, in its setting.
    resets : bool
        Whether what was said before about levels ends here: a section or a region opens.
    opens_level : bool
        Whether it stands first in its line and opens with a level heading ("L4-5:").
    segment : str
        The disc that L4-L5 stands in for in its wording, if any.
    levels : Levels
        Its levels, and where they stand.
    """

    passage: Passage
    number: int
    start: int
    wording: Wording
    section: str
    regions: frozenset[str]
    reads: bool
    resets: bool
    opens_level: bool
    denied: bool
    segment: str
    column: Wording | None
    field: Wording | None
    heading: Sequence[str]
    headed: bool
    naming: Naming
    levels: Levels

    def __init__(
        self,
        passage: Passage,
        number: int,
        start: int,
        wording: Wording,
        section: str,
        regions: frozenset[str],
        reads: bool,
        resets: bool,
        opens_level: bool,
        denied: bool,
        segment: str,
        column: Wording | None = None,
        field: Wording | None = None,
    ) -> None:
        self.passage = passage
        self.number = number
        self.start = start
        self.wording = wording
        self.section = section
        self.regions = regions
        self.reads = reads
        self.resets = resets
        self.opens_level = opens_level
        self.denied = denied
        self.segment = segment
        self.column = column
        self.field = field
        self.heading = ()
        self.headed = False
        self.naming = NAMELESS
        self.levels = NO_LEVELS

    @property
    def places(self) -> Sequence[Place]:
        """Its levels."""
        return self.levels.places

    @property
    def spots(self) -> Sequence[Spot]:
        """Where its levels stand."""
        return self.levels.spots

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Return where the tokens from `first` up to `last` stand in the plain report."""
        return self.start + self.wording.starts[first], self.start + self.wording.ends[last - 1]

    @property
    def mentions(self) -> list[Mention]:
        """What it names, in order."""
        return self.naming.mentions

    @property
    def norms(self) -> list[str]:
        """The norms of its tokens."""
        return self.wording.norms

    @property
    def terms(self) -> list[Term]:
        """Its phrases of the lexicon."""
        return self.wording.terms


class Sheet:
    """A report and its units.

    Attributes
    ----------
    source : Source
    units : list of Unit
    regions : frozenset of str
        Regions of the report; empty where it does not tell.
    shown : bool
        Whether the ``Doc`` is somebody's, who will look at its spans.
    named : bool
        Whether it names a level.
    corrections : list of str
        Levels that an addendum calls wrong.
    rows : list of Row
    """

    def __init__(
        self, source: Source, units: list[Unit], regions: frozenset[str], *, shown: bool
    ) -> None:
        self.source = source
        self.units = units
        self.regions = regions
        self.shown = shown
        self.named = False
        self.corrections: list[str] = []
        self.rows: list[Row] = []


def sheet_of(doc: Doc) -> Sheet:
    """Return the sheet of a ``Doc`` that went through ``endplate_layout``."""
    sheet = doc.user_data.get(KEY)
    if not isinstance(sheet, Sheet):
        msg = "The component endplate_layout must stand before the others of the reader."
        raise ValueError(msg)
    return sheet
