"""What the text of a passage says by itself, wherever it stands.

Reports repeat themselves, in an archive and within a house. What was made of a passage is
remembered by its text, so that the same words are read once: a :class:`Wording` holds nothing of
the report that it was met in, and positions count from its own start.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from endplate.reader.levels import Place
from endplate.reader.mentions import Mention, Term
from endplate.reader.rows import Row
from endplate.reader.spots import NO_LEVELS, Levels, Spot
from endplate.reader.stand_in import moved
from endplate.reader.templates import Boxes


@dataclass(slots=True)
class Detail:
    """What the passage tells of a mention: how severe, its millimetres' token, how old, where."""

    grade: str
    measure: int | None
    acuity: str
    facing: bool
    points_back: bool


@dataclass(slots=True, init=False, eq=False)
class Naming:
    """The mentions of a passage in one setting.

    ``core`` are those of endplates and marrow, ``settled`` tells that the status of all is known.
    """

    mentions: list[Mention]
    core: Sequence[Mention]
    settled: bool
    details: list[Detail] | None
    chosen: dict[tuple[int, bool], int | None]
    rows: dict[Hashable, list[Row]]

    def __init__(
        self,
        mentions: list[Mention] | None = None,
        core: Sequence[Mention] = (),
        settled: bool = False,
    ) -> None:
        self.mentions = [] if mentions is None else mentions
        self.core = core
        self.settled = settled
        self.details = None
        self.chosen = {}
        self.rows = {}


#: Of passages that name nothing.
NAMELESS: Final = Naming(settled=True)


@dataclass(slots=True, init=False)
class Wording:
    """A passage by itself.

    Attributes
    ----------
    text, flat : str
        As written, and flattened.
    boxes : Boxes or None
        Its tick boxes.
    barred, untold, starts_body : bool
        Whether it explains a scheme or is a blank of a template, is a heading without a value, or
        opens with a level or the name of a structure.
    titled : bool
        Whether it has a colon or a dash between a title and its value.
    denies, affirms : bool
        Whether that value, or all of it, is a bare no or a bare yes.
    refers : bool
        Whether it may speak of what was named before it.
    speaks : bool or None
        Whether it may name a finding or a level; None as long as nobody asked.
    alludes : str or None
        How it may go on about endplates without a word on them; None as long as nobody asked.
    bare : bool or None
        Whether it is a level heading with nothing behind it; None as long as nobody asked.
    norms, starts, ends : list
        Norm and offsets of each token; empty until ``endplate_terms`` reads it.
    terms : list of Term
        Its phrases of the lexicon.
    places, spots : list or None
        Its levels, and where they stand; None until somebody asks.
    corrects : list of str
        Levels that it calls wrong.
    caused : bool or None
        Whether it gives oedema another cause than the disc; None until somebody asks.
    own : Levels or None
        The same with what follows from them; None until somebody asks.
    moved : dict or None
        Segment to the levels of the same text with that segment in the place of L4-L5.
    modifiers : list or None
        The cues of ConText.
    namings : dict
        Setting to what the passage names in it.
    """

    text: str
    flat: str
    boxes: Boxes | None
    barred: bool
    untold: bool
    starts_body: bool
    titled: bool
    denies: bool
    affirms: bool
    refers: bool
    speaks: bool | None
    alludes: str | None
    bare: bool | None
    tokenized: bool
    norms: list[str]
    starts: list[int]
    ends: list[int]
    terms: list[Term]
    places: list[Place] | None
    spots: list[Spot] | None
    own: Levels | None
    moved: dict[str, Levels] | None
    corrects: Sequence[str]
    caused: bool | None
    modifiers: list[Any] | None
    namings: dict[Hashable, Naming]

    def __init__(
        self,
        text: str,
        flat: str,
        boxes: Boxes | None,
        barred: bool,
        untold: bool,
        starts_body: bool,
        titled: bool,
        denies: bool,
        affirms: bool,
        refers: bool,
    ) -> None:
        self.text = text
        self.flat = flat
        self.boxes = boxes
        self.barred = barred
        self.untold = untold
        self.starts_body = starts_body
        self.titled = titled
        self.denies = denies
        self.affirms = affirms
        self.refers = refers
        self.speaks = None
        self.alludes = None
        self.bare = None
        self.tokenized = False
        self.norms = []
        self.starts = []
        self.ends = []
        self.terms = []
        self.places = None
        self.spots = None
        self.own = None
        self.moved = None
        self.corrects = ()
        self.caused = None
        self.modifiers = None
        self.namings = {}

    def levels(self, segment: str) -> Levels:
        """Return the levels; of the text with another segment in the place of L4-L5, if given."""
        if not segment:
            if self.own is None:
                self.own = _levels(self.places or (), self.spots or ())
            return self.own
        if self.moved is None:
            self.moved = {}
        known = self.moved.get(segment)
        if known is None:
            places = [moved(place, segment) for place in self.places or ()]
            spots = self.spots or ()
            spots = [spot.at(place) for spot, place in zip(spots, places, strict=True)]
            known = self.moved[segment] = _levels(places, spots)
        return known

    def words(self, first: int, last: int) -> str:
        """Return the text of a token range."""
        return self.text[self.starts[first] : self.ends[last - 1]]


def _levels(places: Sequence[Place], spots: Sequence[Spot]) -> Levels:
    if not places:
        return NO_LEVELS
    told = [s for s in spots if s.place.kind == "named" and s.place.segments]
    discs = [s.place.segments for s in told]
    return Levels(places, spots, told, discs, any(p.kind == "named" for p in places))
