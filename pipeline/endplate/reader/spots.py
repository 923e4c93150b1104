"""Where levels stand in a passage, and which of them open a clause or head it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from endplate.reader.levels import Place


@dataclass(slots=True, init=False)
class Spot:
    """A place with its tokens; ``leads`` marks one that opens its clause, ``heads`` a heading."""

    place: Place
    start: int
    end: int
    leads: bool
    heads: bool
    stressed: bool

    def __init__(self, place: Place, start: int, end: int) -> None:
        self.place = place
        self.start = start
        self.end = end
        self.leads = self.heads = self.stressed = False

    def at(self, place: Place) -> Spot:
        """Return the same spot with another place."""
        spot = Spot(place, self.start, self.end)
        spot.leads, spot.heads, spot.stressed = self.leads, self.heads, self.stressed
        return spot


class Levels(NamedTuple):
    """The levels of a passage, and where they stand.

    ``told`` are the spots that name discs, ``discs`` what they name, and ``named`` tells whether
    any place is named.
    """

    places: Sequence[Place]
    spots: Sequence[Spot]
    told: Sequence[Spot]
    discs: Sequence[Sequence[str]]
    named: bool


NO_LEVELS: Final = Levels((), (), (), (), named=False)


#: What may stand before a level that opens a passage.
_OPENERS: Final = frozenset(
    "at in the within on for of also there - * ( disc intervertebral from level segment and but "
    "while as seen regarding".split()
)
#: What ties a level to what stands before it.
ATTACHED: Final = frozenset(
    "at of in on from involving affecting within along to ( level levels : across between "
    "into around".split()
)
#: Levels of a row, at least one more.
_ROW: Final = 2
#: Before a level it is part of what goes on.
_LEADING: Final = ATTACHED | {"the", "and", "or", "than", "with", "disc", "level", "while"}
_SHOWS: Final = (["show"], ["demonstrate"], ["reveal"])
_IS_OR_SHOWS: Final = (*_SHOWS, ["is"])
#: What ends a statement on a level: "with Modic 2 change the L5-S1 disc is normal".
_CHANGES: Final = frozenset("change stenosis narrowing bulge protrusion arthropathy".split())
_THERE_IS: Final = (["there", "is"], ["there", "are"])
#: What an item of a list says of the level before it.
_ITEMS: Final = frozenset(
    "narrowing bulge bulging protrusion extrusion herniation desiccation dehydration degeneration "
    "stenosis normal mild moderate severe small central broad diffuse loss reduced".split()
)
#: "Worst at L4-5".
STRESS: Final = frozenset(
    "noticeably noteceably especially particularly mainly most worst more maximal notably "
    "predominantly greatest "
    "worse maximum mostly marked pronounced predominant severest chiefly principally "
    "noticebly noticeable prominent largest biggest widest deepest noceably nortceably "
    "notceably noticable highest".split()
)
#: "L4-5: Modic 1, L5-S1 mostly 2".
_QUALIFIERS: Final = frozenset(
    "clearly mainly predominantly mostly more less largely partly chiefly purely only now".split()
)
#: What a level or its endplates do as a subject.
VERBS: Final = frozenset(
    "show demonstrate has have had is are reveal displays there remain appears exhibits was".split()
)


def spots_of(
    places: Sequence[Place], starts: Sequence[int], ends: Sequence[int], norms: Sequence[str]
) -> list[Spot]:
    """Give places their tokens and tell which of them lead a clause."""
    spots: list[Spot] = []
    last = len(norms)
    for place in places:
        a = bisect_right(ends, place.start)
        b = bisect_left(starts, place.end, a)
        spot = Spot(place, a, b)
        after = norms[b] if b < last else ""
        while (
            after in ("level", "disc", "space", "segment", "joint", "interspace") and b < last - 1
        ):
            b += 1
            after = norms[b]
        # "Level: L4-5" on a line of its own
        before = norms[2:a] if list(norms[:2]) == ["level", ":"] else norms[:a]
        opening = a <= 5 and all(n in _OPENERS or n in ("", "*", ".", "#") for n in before)
        if opening:
            spot.leads = True
            spot.heads = after in (":", "-", "=", "|", ">", "_", "]", "*") or b >= last
            spot.heads = spot.heads or (after == "." and b + 1 == last)  # "L4/5. Narrowed disc."
        else:
            t = a - 1
            steps = 0
            while t > 0 and norms[t] in ("at", "in", "the", "of", "disc", "level") and steps < 3:
                t -= 1
                steps += 1
            opener = norms[t]
            spot.leads = opener in (
                ";",
                "while",
                "whereas",
                "but",
                "although",
                "whilst",
                "|",
                "however",
            ) or (
                opener in (",", "and", "where", ".")
                and (
                    after in VERBS
                    or (
                        steps > 0
                        and after
                        in ("a", "an", "there", ",", "mild", "moderate", "severe", "small")
                    )
                    or after in _QUALIFIERS
                )
            )
            if opens_clause(norms, a, b):
                spot.leads = True
            if after == ":" and opener in (",", ";", "and", "("):
                spot.leads = True
            if opener == "," and not steps and after in _ITEMS and _itemized(spots, norms):
                spot.leads = True  # "L4/5 protrusion without contact, L5/S1 narrowing"
            if place.kind in ("former", "latter") and opener in (",", "and"):
                spot.leads = True  # "both discs are narrow, the former with a tear"
        recent = norms[max(0, a - 5) : a]
        spot.stressed = any(n in STRESS for n in recent) and not any(
            n in (";", ".") for n in recent
        )
        spots.append(spot)
    if _is_row(spots, norms):
        for spot in spots:
            spot.leads = True
    return spots


def _is_row(spots: Sequence[Spot], norms: Sequence[str]) -> bool:
    """Tell whether levels lead their items without a comma: "L1-2 normal L2-3 bulge L3-4"."""
    return (
        len(spots) > _ROW
        and spots[0].start == 0
        and all(s.place.kind == "named" for s in spots)
        and all(
            norms[s.start - 1].isalpha() and norms[s.start - 1] not in _LEADING for s in spots[1:]
        )
    )


def opens_clause(norms: Sequence[str], a: int, b: int) -> bool:
    """Tell whether a level opens a clause where commas are missing.

    "... at L4-5 there is", "... stenosis L5-S1 shows", "... the L5-S1 disc is".
    """
    before = norms[a - 1] if a else ""
    if before == "at":
        return a > 1 and norms[a - 2] != ":" and norms[b : b + 2] in _THERE_IS
    behind = norms[b : b + 1]
    if before == "the":
        return a > 1 and norms[a - 2] in _CHANGES and behind in _IS_OR_SHOWS
    return before.isalpha() and len(before) > 1 and before not in _LEADING and behind in _SHOWS


def _itemized(spots: Sequence[Spot], norms: Sequence[str]) -> bool:
    """Tell whether the levels of a list stand before what is said of them: "L4/5 bulge, L5/S1"."""
    return (
        bool(spots)
        and all(s.leads or norms[s.start - 1 : s.start] == [":"] for s in spots)
        and norms[spots[0].end : spots[0].end + 1] not in ([":"], [","], ["("], ["and"])
    )
