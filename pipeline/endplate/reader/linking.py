"""Which level inside its passage a mention is at.

By structure: a level that follows "at", a level that opens the clause, a heading.
Source: the annotation guideline, rules 1 and 5 and the rulings on "multilevel" and "elsewhere".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from endplate.reader.mentions import Mention
from endplate.reader.spots import ATTACHED, STRESS, VERBS, Spot, opens_clause

_BREAKS: Final = frozenset(
    [";", "but", "however", "while", "whereas", "although", "|", "whilst", "though", "except"]
)
_EXCEPT: Final = frozenset(
    ["except", "excepting", "excluding", "exception", "apart", "save", "sparing"]
)
_DEPENDENT: Final = frozenset(
    "with causing resulting producing leading associated without contributing giving "
    "compressing narrowing abutting "
    "encroaching indenting effacing contacting displacing impinging which that creating "
    "due secondary from caused "
    "compresses narrows contacts abuts displaces impinges effaces indents and".split()
)

#: Findings of the whole spine or of a body: they never take the level of the text before.
NEVER_INHERIT: Final = frozenset(
    ["scoliosis", "osteoporosis", "hemangioma", "vertebral_fracture", "transitional_vertebra",
     "prior_bvn_ablation", "spinal_neoplasm", "spondylolysis"]
)  # fmt: skip


#: Findings that fill ``vertebra`` when a body is named.
OF_BODIES: Final = frozenset(
    ["vertebral_fracture", "hemangioma", "spinal_neoplasm", "spondylolysis", "prior_bvn_ablation",
     "spinal_infection", "prior_surgery", "transitional_vertebra"]
)  # fmt: skip


def choose(
    mention: Mention,
    spots: Sequence[Spot],
    mentions: Sequence[Mention],
    norms: Sequence[str],
    *,
    headed: bool,
) -> Spot | None:
    """Return the place inside the passage that a mention is at, if any.

    `headed` tells that a level heading is in force: "worst at L4-5" then narrows nothing.
    """
    a, b = mention.head
    spots = [s for s in spots if not (_only_named_region(s, norms) or left_out(s, norms, mention))]
    if mention.finding in OF_BODIES:
        beside = next(
            (s for s in spots if 0 <= a - s.end <= 2 and s.place.bodies and not s.place.segments),
            None,
        )
        if beside is not None:
            return beside
    inside = next((s for s in spots if mention.start <= s.start and s.end <= mention.end), None)
    if inside is not None and inside.place.kind != "none":
        return inside
    right = next((s for s in spots if s.start >= b), None)
    # "the endplates show Modic 2, those at L5-S1 Modic 1"
    if right is not None and (
        _broken(norms, b, right.start)
        or _others(norms[b : right.start])
        or opens_clause(norms, right.start, right.end)
    ):
        right = None
    if right is not None and is_excepted(right, norms, b):
        right = None
    if right is not None and right.place.kind in ("none", "foreign", "above", "below"):
        # "at the lower level (L5-S1)", "in the lower thoracic spine, including T11-T12"
        nxt = next((s for s in spots if s.start >= right.end), None)
        if (
            nxt is not None
            and nxt.place.kind == "named"
            and all(
                n in ("(", "at", ":", ",", "-", "from", "between", "i.e.", "the", "including")
                for n in norms[right.end : nxt.start]
            )
        ):
            right = nxt
    if right is not None and _trails(right, spots, norms):
        return right
    left = next((s for s in reversed(spots) if s.end <= a and not _compared(s, norms)), None)
    if left is not None and norms[left.end] == "(" and ")" not in norms[left.end : a]:
        return left  # "at L2-3 (mixed 1/2) and on the left at L4-5 (type 2)"
    if left is not None and left.place.kind == "named" and list(norms[b : b + 2]) == [")", "and"]:
        return left  # "at L4-5 of one type (Modic I) and at L5-S1 of another (Modic II)"
    if left is not None and left.end == a - 1 and norms[a - 1] == "," and "," in norms[b : b + 2]:
        return left  # "changes at L2-3, Modic type 1, and at L5-S1"
    if left is not None and left.place.kind == "none" and norms[left.start - 1] == "with":
        # "irregular endplates from L1-2 to L3-4, with scattered nodes"
        told = next((s for s in reversed(spots) if s.end < left.start), left)
        left = told if told.place.kind == "named" else left
    if left is not None and left.leads and right is not None and norms[right.start] == "through":
        right = None  # "L5/S1 has remained clear of Modic change throughout"
    if left is not None and not left.heads:
        between = norms[left.end : a]
        if ";" in between:
            left = None
    heading = next((s for s in spots if s.heads and s.end <= a), None)
    if left is None:
        left = heading
    if left is None and right is None:
        named = [s for s in spots if s.place.kind == "named"]
        if len(named) == 1 and named[0].end <= a:
            left = named[0]
    if (
        right is not None
        and right.place.kind == "none"
        and left is not None
        and left.place.kind != "none"
    ) and not _attaches(mention, right, mentions, norms):
        right = None
    if headed and left is not None and left.stressed and not left.heads:
        left = None
    if right is None:
        return left
    if headed and right.stressed and not (left is not None and left.heads):
        return None if left is None or left.stressed else left
    attached = _attaches(mention, right, mentions, norms)
    if left is None and not attached and "multilevel" in norms[max(0, mention.start - 2) : b]:
        return None  # "multilevel disc disease with Modic change at L4-5"
    if left is None:
        if right.leads and not attached and not right.heads:
            behind = any(m.head[0] >= right.end for m in mentions)
            return None if behind else right  # "Modic change, L4-5: not typed"
        if right.place.kind == "foreign" and not attached and mention.finding in NEVER_INHERIT:
            return None
        if mention.finding in NEVER_INHERIT and not attached:
            return None
        if right.place.kind == "none":
            nxt = next((s for s in spots if s.start >= right.end and s.place.kind != "none"), None)
            if nxt is not None and nxt.stressed and not _broken(norms, b, nxt.start):
                return nxt
        elif not attached and any(
            norms[t] in ("noted", "seen") and "and" in norms[t : right.start]
            for t in range(b, right.start)
        ):
            return None
        return right
    if _beside(mention, left, right, mentions, norms):
        return left
    if right.stressed:
        return left if left.place.kind == "named" and (left.heads or left.leads) else right
    if attached:
        return right
    if left.heads or left.leads:
        return left
    if left.place.kind == "none":
        return right
    # `left` follows an earlier mention; does this one hang on that, or open what `right` closes?
    between_left = list(norms[left.end : a])
    if any(n in _DEPENDENT - {"and"} for n in between_left) or norms[a] in _DEPENDENT:
        later = [m for m in mentions if m.head[0] >= b and m.head[1] <= right.start]
        if (
            not later
            or not _joined(norms[b : later[0].head[0]])
            or "," in norms[b : later[0].head[0]]
        ) and later:
            return left
        if norms[a] in _DEPENDENT or any(n in _DEPENDENT - {"and"} for n in between_left[:4]):
            return left
    return right


def _trails(right: Spot, spots: Sequence[Spot], norms: Sequence[str]) -> bool:
    """Tell whether levels close their items: "oedema, type 1, at L2-3, fat, type 2, at L4-5"."""
    behind = [s for s in spots if norms[s.start - 2 : s.start] == [",", "at"]]
    return (
        len(behind) > 1
        and any(s is right for s in behind)
        and all(norms[s.end : s.end + 1] in ([","], ["."], []) for s in behind)
    )


def _others(between: Sequence[str]) -> bool:
    """Tell whether "those" opens another statement: "Modic 2, those at L5-S1"."""
    return any(
        b == "those" and a not in ("in", "of", "at") for a, b in itertools.pairwise(["", *between])
    )


def is_excepted(spot: Spot, norms: Sequence[str], behind: int) -> bool:
    """Tell whether "except" or the like stands right before a place, after token `behind`."""
    return exception_at(norms[max(behind, spot.start - 3) : spot.start]) is not None


def exception_at(norms: Sequence[str]) -> int | None:
    """Return where the last "except" or "other than" of some words stands, if any."""
    for t in range(len(norms) - 1, -1, -1):
        if norms[t] in _EXCEPT or (norms[t] == "other" and norms[t + 1 : t + 2] == ["than"]):
            return t
    return None


def left_out(spot: Spot, norms: Sequence[str], mention: Mention) -> bool:
    """Tell whether a place is excepted before a mention: "all levels except L3-4 show"."""
    return (
        spot.end <= mention.head[0]
        and not {"also", *VERBS}.isdisjoint(norms[spot.end : spot.end + 1])
        and is_excepted(spot, norms, 0)
    )


def _only_named_region(spot: Spot, norms: Sequence[str]) -> bool:
    """Tell whether a region above T10 is only spoken of ("dorsal spine MRI is advised")."""
    if spot.place.kind != "foreign" or spot.place.items:
        return False
    before = norms[max(0, spot.start - 3) : spot.start]
    return not spot.heads and not {"in", "of", "at", "within", "throughout"} & set(before)


def _compared(spot: Spot, norms: Sequence[str]) -> bool:
    """Tell whether a level is only compared with: "more extensive than at L3-4, with"."""
    before = norms[max(0, spot.start - 2) : spot.start]
    return "than" in before and norms[spot.end : spot.end + 1] == [","]


def _broken(norms: Sequence[str], a: int, b: int) -> bool:
    return any(
        norms[t] in _BREAKS and not (norms[t] == "but" and norms[t + 1 : t + 2] == ["also"])
        for t in range(a, b)
    )


def _joined(between: Sequence[str]) -> bool:
    return all(
        n
        in (
            "and",
            "or",
            "/",
            ",",
            "mild",
            "moderate",
            "severe",
            "left",
            "right",
            "bilateral",
            "small",
            "the",
        )
        or len(n) <= 1
        for n in between
    )


def _beside(
    mention: Mention, left: Spot, right: Spot, mentions: Sequence[Mention], norms: Sequence[str]
) -> bool:
    """Tell whether the level before a mention is its own: "D12-L1 disc desiccation and"."""
    a, b = mention.head
    start = min(a, mention.start) if mention.start >= left.end else a
    if (
        left.place.kind not in ("named", "foreign", "former", "latter", "above", "below")
        or start - left.end > 2
        or left.end > start
    ):
        return False
    if any(n in ("and", "with", ",", ";", "/") for n in norms[left.end : start]):
        return False
    parted = norms[b : right.start]
    prepositional = bool(parted) and parted[-1] in ("at", "in", "of", "from")
    later = any(
        m.head[0] >= b and m.head[1] <= right.start and m.head != mention.head for m in mentions
    )
    return not prepositional or later or "," in parted or ";" in parted


def _attaches(
    mention: Mention, spot: Spot, mentions: Sequence[Mention], norms: Sequence[str]
) -> bool:
    """Tell whether a level behind a mention belongs to it: "protrusion at L4-5"."""
    a = max(mention.head[1], mention.end if mention.end <= spot.start else mention.head[1])
    between = norms[a : spot.start]
    if len(between) > 14 or spot.heads:
        return False
    for i, n in enumerate(between):
        if n in ("noted", "seen") and "and" in between[i:]:
            return False  # "multiple nodes noted and a defect at L4"
    after = between[-1] if between else ""
    if (
        spot.leads
        and after not in ("(", ":")
        and (after not in ATTACHED or "," in between or "and" in between)
    ):
        return False
    if "with" in between and after not in ATTACHED - {"(", ":", "level", "levels"}:
        return False
    if (
        "and" in between
        and after not in ATTACHED
        and any(0 <= m.start - spot.end <= 1 for m in mentions if m.head[0] >= spot.end)
    ):
        return False  # "impingement of the root and mild L5-S1 facet arthropathy"
    others = [
        m
        for m in mentions
        if m is not mention
        and m.head[0] >= mention.head[1]
        and m.head[1] <= spot.start
        and m.head != mention.head
    ]
    if others:
        first = others[0]
        if not _joined(norms[mention.head[1] : max(mention.head[1], first.start)]) or (
            "," in between and "and" not in between and "or" not in between
        ):
            return False
        return first.site is None or first.head[0] - mention.head[1] <= 4
    if "," in between and not any(n in STRESS for n in between):
        comma = len(between) - 1 - list(reversed(between)).index(",")
        if any(n in VERBS or n in ("with", "and") for n in between[comma:]):
            return False
    return True
