"""Values under a heading ("Facet arthropathy: L3-4 mild, L5-S1 none") and in lines below one.

A heading names the finding, the pieces behind it name level and value. "Moderate at L4-5" after
"mild narrowing at L3-4" goes on about the same finding.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Sequence
from typing import Final

from endplate.reader.mentions import Mention
from endplate.reader.spots import Spot

#: Kinds of places that a value can stand for.
_PLACES: Final = frozenset(["named", "foreign", "none"])
#: Values that deny.
DENIED: Final = frozenset("none no nil absent negative 0 nad not".split())
_AFFIRMED: Final = frozenset(
    "mild moderate severe minimal slight minor marked small large yes present trace "
    "moderate-severe "
    "mod sev reduced narrowed narrowing degenerated critical borderline advanced lost".split()
)
_SILENT: Final = frozenset(
    "normal patent maintained preserved unremarkable intact - n/a clear adequate smooth "
    "wide".split()
)
#: "Others nil": levels that nobody named.
_REST: Final = frozenset(["others", "rest", "remaining", "remainder", "other"])
_AROUND: Final = frozenset(
    "at left right bilateral both sided more less than and to , ( ) > < the on in "
    "predominantly mainly "
    "anterior posterior central ; . - level levels : l r b / with only also type modic".split()
)


def values(
    a: int,
    b: int,
    norms: Sequence[str],
    spots: Sequence[Spot],
    mentions: Sequence[Mention],
    titles: Sequence[str],
    types_of: Callable[[Sequence[str]], tuple[list[str], bool]],
) -> list[Mention]:
    """Return the mentions that valued pieces of a passage make.

    Parameters
    ----------
    a, b : int
        The tokens behind the heading.
    norms : sequence of str
    spots : sequence of Spot
        The levels of the passage; a piece without one takes the level of its line.
    mentions : sequence of Mention
        What the passage names by itself: a piece with a mention of its own needs no value.
    titles : sequence of str
        The findings that the heading names.
    types_of : callable
        Reads Modic types from the tokens of a piece.
    """
    made: list[Mention] = []
    last = list(titles)
    for start, end in _pieces(a, b, norms, spots):
        own = [m for m in mentions if start <= m.head[0] < end]
        if own:
            last = list(dict.fromkeys(m.finding for m in own))
            continue
        places = [s for s in spots if start <= s.start < end and s.place.kind in _PLACES]
        told = [
            t
            for t in range(start, end)
            if not any(s.start <= t < s.end for s in places) and norms[t]
        ]
        words = [norms[t] for t in told]
        types, choice = types_of(words) if "modic_change" in last else ([], False)
        denied = bool(DENIED & set(words))
        affirmed = bool(_AFFIRMED & set(words)) or bool(types)
        rest = [
            w
            for w in words
            if w not in _AROUND
            and w not in DENIED
            and w not in _AFFIRMED
            and not w.isdigit()
            and not re.fullmatch(r"i{1,3}", w)
        ]
        silent = _SILENT.intersection(words) - ({"-"} if types else set())
        if not last or silent or not (denied or affirmed) or len(rest) > 4:
            continue
        if (rest and not titles) or (not places and not _REST.isdisjoint(words)):
            continue
        if not places and not titles:
            continue
        for finding in last:
            if (
                finding == "modic_change"
                and not types
                and not denied
                and "yes" not in words
                and "present" not in words
            ):
                continue
            made.append(
                Mention(
                    finding,
                    (told[0], told[-1] + 1),
                    told[0],
                    told[-1] + 1,
                    types=list(types),
                    choice=choice,
                    basis="stated" if finding == "modic_change" else "",
                    status="absent" if denied and not types else "present",
                    cue=next((w for w in words if w in DENIED), "value") if denied else "value",
                    spot=spots.index(places[0]) if places else None,
                    decided=True,
                )
            )
    return made


#: Levels that make a row, and tokens of the longest value in it.
_ROW: Final = 3
_VALUE: Final = 4


def _pieces(a: int, b: int, norms: Sequence[str], spots: Sequence[Spot]) -> list[tuple[int, int]]:
    """Cut at the commas and semicolons that stand outside of a list of levels.

    Without any, a row of levels is cut at them: "L2/3 0   L3/4 II   L4/5 I".
    """
    cuts = [
        t
        for t in range(a, b)
        if norms[t] in (",", ";") and not any(s.start <= t < s.end for s in spots)
    ]
    levels = [s for s in spots if a <= s.start < b and s.place.kind == "named"]
    if not cuts and len(levels) >= _ROW and levels[0].start == a:
        starts = [*(s.start for s in levels), b]
        if all(y - s.end <= _VALUE for s, y in zip(levels, starts[1:], strict=True)):
            return list(itertools.pairwise(starts))
    edges = [a - 1, *cuts, b]
    return [(x + 1, y) for x, y in itertools.pairwise(edges) if y > x + 1]


def title_end(a: int, b: int, norms: Sequence[str]) -> int:
    """Return the token behind the colon that ends a heading; `a` when there is none."""
    for t in range(a, min(b, a + 12)):
        if norms[t] == ":":
            return t + 1
        if norms[t] in (".", ";", ","):
            break
    return a


def headings(mentions: Collection[Mention], modic: bool, end: int) -> list[str]:
    """Return the findings that stand before token `end`."""
    found = [m.finding for m in mentions if m.head[1] <= end]
    return list(dict.fromkeys([*(["modic_change"] if modic else []), *found]))
