"""The bodies of the spine in their order, and the disc segments between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

#: Bodies in a spine with five lumbar bodies, top to bottom, and their place in that order.
_SPINE: Final = tuple(
    [f"C{n}" for n in range(1, 8)]
    + [f"T{n}" for n in range(1, 13)]
    + [f"L{n}" for n in range(1, 6)]
    + [f"S{n}" for n in range(1, 6)]
)
_AT: Final = {body: i for i, body in enumerate(_SPINE)}
COUNTS: Final = {"C": 7, "T": 12, "L": 6, "S": 5}
KNOWN_BODIES: Final = frozenset(
    ["T10", "T11", "T12", *(f"L{n}" for n in range(1, 7)), *(f"S{n}" for n in range(1, 6))]
)


def segment_below(body: str) -> str:
    """Return the disc segment below a body: its inferior endplate lies there."""
    if body == "L6":
        return "L6-S1"
    i = _AT[body]
    return f"{body}-{_SPINE[i + 1]}" if i + 1 < len(_SPINE) else ""


def segment_above(body: str) -> str:
    """Return the disc segment above a body: its superior endplate lies there."""
    if body == "L6":
        return "L5-L6"
    i = _AT[body]
    return f"{_SPINE[i - 1]}-{body}" if i else ""


def segment_beside(body: str, side: str) -> str:
    """Return the segment at the ``superior`` or ``inferior`` endplate of a body."""
    return segment_above(body) if side == "superior" else segment_below(body)


def segments_between(upper: str, lower: str) -> list[str]:
    """Return the disc segments between two bodies, ends included; reversed ends are turned."""
    if {upper, lower} == {"L6", "S1"}:
        return ["L6-S1"]
    if {upper, lower} == {"L5", "L6"}:
        return ["L5-L6"]
    if "L6" in (upper, lower):
        if lower != "L6":
            return []
        return [*segments_between(upper, "L5"), "L5-L6"]
    a, b = _AT[upper], _AT[lower]
    if a > b:
        a, b = b, a
    return [f"{_SPINE[i]}-{_SPINE[i + 1]}" for i in range(a, b)]


def between_neighbours(bodies: Sequence[str]) -> list[str]:
    """Return the segments between bodies named together, as far as they are neighbours."""
    segments: list[str] = []
    for a, b in itertools.pairwise(bodies):
        gap = segments_between(a, b)
        if len(gap) != 1:
            return []
        segments += gap
    return segments
