"""Conversions: which of the types that a passage states are there, and which were.

"From Modic 1 to 2", "type 1 in 2017, mixed in 2020 and type 2 today", "the Modic 1 is now type 2".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.mentions import Mention, Term
from endplate.reader.modic import modic_mentions, read_list

#: Words for a change of type.
_CHANGED: Final = frozenset(
    "matured converted evolved changed progressed transformed transitioned developed conversion "
    "converting evolving become transformation transition evolution progression".split()
)
#: What sends the reader back to a statement made before: "Modic changes as above".
_AS_ABOVE: Final = re.compile(
    r"(?:change )?(?:as )?(?:(?:described|detailed|noted|mentioned|outlined|discussed) )?"
    r"(?:above|(?<=as )(?:described|detailed|noted|mentioned|outlined|discussed))(?: [.]|$)"
)
_WAS: Final = frozenset(["was", "were"])
_IS: Final = frozenset(["is", "are"])
_TODAY: Final = (["now"], ["today"], ["currently"])
_NOT_TURNED: Final = frozenset([",", ";", ".", "and", "also", "or", "with", "no", "not"])


def stated(
    terms: Sequence[Term], norms: Sequence[str], *, titled: bool = False, told: bool = False
) -> list[Mention]:
    """Return the Modic changes that a passage states, and which of them are past.

    Those that only point back are left out. `titled` and `told` are those of
    :func:`endplate.reader.modic.modic_mentions`.
    """
    modic = [
        part
        for mention in modic_mentions(terms, norms, 0, len(norms), titled=titled, told=told)
        for part in _split(mention, norms)
    ]
    turned = False
    for one, other in itertools.pairwise(list(modic)):
        between = norms[one.head[1] : other.head[0]]
        if between[-1:] == ["mixed"]:
            between = between[:-1]
        # "from type 2 in 2017 to mixed in 2020 to type 1 today"
        turned = (turned and between[-1:] == ["to"]) or _turned(one, other, between, norms)
        if between[-1:] == ["from"] and set(between) & _CHANGED:
            other.status, other.cue = "historical", "from"
        elif "should" in between and "read" in between:
            modic.remove(one)  # corrected
        elif turned:
            one.status, one.cue = "historical", "now"
    return [m for i, m in enumerate(modic) if not _points_back(m, modic[:i], norms)]


def as_above(mention: Mention, norms: Sequence[str]) -> bool:
    """Tell whether a mention sends the reader back: "Modic changes as above"."""
    behind = norms[mention.head[1] : mention.head[1] + 6]
    return _AS_ABOVE.match(" ".join(behind)) is not None


def _points_back(mention: Mention, before: Sequence[Mention], norms: Sequence[str]) -> bool:
    """Tell whether a mention repeats another: "the Modic 1", "Modic changes as above"."""
    if not mention.types:
        return as_above(mention, norms)
    the = norms[mention.head[0] - 1 : mention.head[0]] in (["the"], ["this"], ["that"])
    return the and any(m.types == mention.types for m in before)


def _turned(one: Mention, other: Mention, between: Sequence[str], norms: Sequence[str]) -> bool:
    """Tell whether a type took another's place: "Modic 1 at L4-5 is now type 2"."""
    if not (one.types and other.types):
        return False
    if not _WAS.isdisjoint(norms[max(0, one.head[0] - 3) : one.head[0]]) and "now" in between:
        return True  # "was type 1 and now has type 2"
    if not _CHANGED.isdisjoint(between) and "now" in between:
        return True  # "Modic 1 changes have evolved, now fatty (Modic 2)"
    if not _NOT_TURNED.isdisjoint(between):
        return False
    if between[-1:] in (["to"], ["into"]) and not _CHANGED.isdisjoint(between[-2:-1]):
        return True  # "the Modic 1 change of 2019 has evolved into Modic 2"
    if between[-1:] == ["to"]:
        return not _CHANGED.isdisjoint(norms[max(0, one.head[0] - 6) : one.head[0]])
    if "become" in between:
        return True  # "the type 1-2 alterations have become purely type 2"
    behind = norms[other.head[1] : other.head[1] + 1]
    return bool({"now", "currently"} & set(between[-2:])) or (
        behind in _TODAY and not _IS.isdisjoint(between)
    )


def _split(mention: Mention, norms: Sequence[str]) -> list[Mention]:
    """Split "from Modic 1 to 2" and "type 1 to 2 conversion" into the past and what is there."""
    inside = norms[mention.start : mention.end]
    if len(mention.types) < 2 or "to" not in inside:
        return [mention]
    around = norms[max(0, mention.start - 12) : mention.end + 3]
    before = norms[max(0, mention.start - 2) : mention.start]
    if not ("from" in before or "from" in inside or _CHANGED & set(around)):
        return [mention]
    cut = inside.index("to")
    past, _ = read_list(" ".join(inside[:cut]))
    there, _ = read_list(" ".join(inside[cut:]))
    if not past or not there:
        return [mention]
    first = Mention(
        "modic_change",
        mention.head,
        mention.start,
        mention.end,
        types=past,
        basis="stated",
        status="historical",
        cue="from ... to",
    )
    mention.types = there
    return [first, mention]
