"""One level stands in for all others.

What a passage says is the same at every disc: "L2-3: mild disc bulge" and "L4-5: mild disc bulge"
are read once, as the latter, and the levels put right afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.levels import Item, Place

_STAND_IN: Final = "L4-L5"
_LEVEL: Final = re.compile(r"L(?<![\w/-]L)([1-5])([-/])([LS]?)([1-5])(?![\w/-])")


def stood_in(text: str) -> tuple[str, str]:
    """Return a passage that names a single disc with L4-L5 in its place, and the disc.

    The text keeps its length. Where there is no other disc to stand in for, the disc is empty.
    """
    match = _LEVEL.search(text)
    if match is None or _LEVEL.search(text, match.end()):
        return text, ""
    upper, dash, letter, lower = match.groups()
    if upper == "5" and lower == "1" and letter != "L":
        segment = "L5-S1"
    elif int(lower) == int(upper) + 1 and upper != "4" and letter != "S":
        segment = f"L{upper}-L{lower}"
    else:
        return text, ""
    there = f"L4{dash}{'L' if letter else ''}5"
    return f"{text[: match.start()]}{there}{text[match.end() :]}", segment


def can_move(places: Sequence[Place]) -> bool:
    """Tell whether L4-L5 is the only level that a passage names, and that as a disc."""
    items = [item for place in places for item in place.items]
    return len(items) == 1 and items[0].segments == [_STAND_IN] and not items[0].body


def moved(place: Place, segment: str) -> Place:
    """Return a place with another disc."""
    items = [Item(item.start, item.end, [segment], "", item.endplate) for item in place.items]
    return Place(place.start, place.end, place.kind, items)
