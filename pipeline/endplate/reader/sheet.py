"""What the components of the reader pass to one another: a report as units of passages.

The sheet lies in ``doc.user_data["endplate"]``; it never leaves the process.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from spacy.tokens import Doc

from endplate.reader.layout import Passage
from endplate.reader.levels import Place
from endplate.reader.linking import Spot
from endplate.reader.mentions import Mention, Term
from endplate.reader.rows import Row
from endplate.reader.templates import Boxes

KEY: Final = "endplate"


@dataclass(slots=True)
class Unit:
    """A passage with what the components found in it.

    Attributes
    ----------
    passage : Passage
    number : int
        Its place in the report.
    start : int
        Offset of its own text, behind a section heading.
    flat : str
        Its own text, flattened.
    section : str
    regions : frozenset of str
        Regions that it is about; empty where the report does not tell.
    first, last : int
        Its tokens, end exclusive.
    reads : bool
        Whether it can hold a finding: no heading, template blank or legend.
    value : str
        What stands behind its last colon.
    denied : bool
        Whether that value denies the heading ("Modic changes: none").
    boxes : Boxes or None
        Its tick boxes.
    places, spots : list
        Its levels, and where they stand.
    heading : list of str
        The segments of the level heading in force; ``["foreign"]`` above T10.
    headed : bool
        Whether it opens with that heading itself.
    terms, title : list of Term
        Its phrases of the lexicon, and those of its column heading.
    mentions : list of Mention
    resets : bool
        Whether what was said before about levels ends here: a section or a region opens.
    """

    passage: Passage
    number: int
    start: int
    flat: str = ""
    section: str = "findings"
    regions: frozenset[str] = frozenset()
    first: int = 0
    last: int = 0
    reads: bool = True
    value: str = ""
    denied: bool = False
    boxes: Boxes | None = None
    places: list[Place] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    heading: list[str] = field(default_factory=list)
    headed: bool = False
    terms: list[Term] = field(default_factory=list)
    title: list[Term] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    resets: bool = False


class Sheet:
    """A tokenized report and its units.

    Attributes
    ----------
    sparse : bool
        Whether only the passages that can hold a finding were tokenized, for the rows alone.
    filled : bool
        Whether the units have their sections.
    corrections : list of str
        Levels that an addendum calls wrong.
    norms : list of str
        The norm of each token.
    starts, ends : list of int
        Offsets of the tokens, without the white space that belongs to them.
    """

    def __init__(self, doc: Doc, units: list[Unit], regions: frozenset[str]) -> None:
        self.doc = doc
        self.text = doc.text
        self.units = units
        self.regions = regions
        self.filled = self.sparse = False
        self.corrections: list[str] = []
        self.rows: list[Row] = []
        self.norms: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        for token in doc:
            self.norms.append(token.norm_)
            self.starts.append(token.idx)
            self.ends.append(token.idx + len(token.text.rstrip()))

    def tokens(self, start: int, end: int) -> tuple[int, int]:
        """Return the token range of a character range, end exclusive."""
        first = bisect_right(self.starts, start) - 1
        if first < 0 or (self.ends[first] <= start and first + 1 < len(self.starts)):
            first += 1
        return first, max(first, bisect_right(self.starts, end - 1))

    def words(self, first: int, last: int) -> str:
        """Return the text of a token range."""
        return self.text[self.starts[first] : self.ends[last - 1]]


def sheet_of(doc: Doc) -> Sheet:
    """Return the sheet of a ``Doc`` that went through ``endplate_layout``."""
    sheet = doc.user_data.get(KEY)
    if not isinstance(sheet, Sheet):
        msg = "The component endplate_layout must stand before the others of the reader."
        raise ValueError(msg)
    return sheet
