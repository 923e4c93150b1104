"""Which level a mention is at.

Inside a passage by structure (a level that follows "at", a level that opens the clause, a heading),
across passages by the heading or by the text that plainly goes on about the same level.
Source: the annotation guideline, rules 1 and 5 and the rulings on "multilevel" and "elsewhere".
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from endplate.reader.levels import Place
from endplate.reader.mentions import Mention
from endplate.reader.spine import between_neighbours, segment_above, segment_below


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


_OPENERS: Final = frozenset(
    "at in the within on for of also there - * ( disc intervertebral from level segment and but "
    "while as seen regarding".split()
)
_BREAKS: Final = frozenset(
    [";", "but", "however", "while", "whereas", "although", "|", "whilst", "though", "except"]
)
_EXCEPT: Final = frozenset(
    ["except", "excepting", "excluding", "exception", "apart", "save", "sparing"]
)
_ATTACHED: Final = frozenset(
    "at of in on from involving affecting within along to ( level levels : across between "
    "into around".split()
)
_DEPENDENT: Final = frozenset(
    "with causing resulting producing leading associated without contributing giving "
    "compressing narrowing abutting "
    "encroaching indenting effacing contacting displacing impinging which that creating "
    "due secondary from caused "
    "compresses narrows contacts abuts displaces impinges effaces indents and".split()
)
#: Levels of a row, at least one more.
_ROW: Final = 2
#: Before a level it is part of what goes on.
_LEADING: Final = _ATTACHED | {"the", "and", "or", "than", "with", "disc", "level", "while"}
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
_STRESS: Final = frozenset(
    "noticeably noteceably especially particularly mainly most worst more maximal notably "
    "predominantly greatest "
    "worse maximum mostly marked pronounced predominant severest chiefly principally "
    "noticebly noticeable prominent largest biggest widest deepest noceably nortceably "
    "notceably noticable highest".split()
)
_QUALIFIERS: Final = frozenset(
    "clearly mainly predominantly mostly more less largely partly chiefly purely only now".split()
)
_VERBS: Final = frozenset(
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
                    after in _VERBS
                    or (
                        steps > 0
                        and after
                        in ("a", "an", "there", ",", "mild", "moderate", "severe", "small")
                    )
                    or after in _QUALIFIERS
                )
            )
            if _opens(norms, a, b):
                spot.leads = True
            if after == ":" and opener in (",", ";", "and", "("):
                spot.leads = True
            if opener == "," and not steps and after in _ITEMS and _itemized(spots, norms):
                spot.leads = True  # "L4/5 protrusion without contact, L5/S1 narrowing"
            if place.kind in ("former", "latter") and opener == ",":
                spot.leads = True  # "both discs are narrow, the former with a tear"
        recent = norms[max(0, a - 5) : a]
        spot.stressed = any(n in _STRESS for n in recent) and not any(
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


def _opens(norms: Sequence[str], a: int, b: int) -> bool:
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
        or _opens(norms, right.start, right.end)
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
    if (
        left is None
        and right is None
        and len(spots) == 1
        and spots[0].place.kind == "named"
        and spots[0].end <= a
    ):
        left = spots[0]
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
        and not {"also", *_VERBS}.isdisjoint(norms[spot.end : spot.end + 1])
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
    if any(n in ("and", "with", ",", ";") for n in norms[left.end : start]):
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
        and (after not in _ATTACHED or "," in between or "and" in between)
    ):
        return False
    if "with" in between and after not in _ATTACHED - {"(", ":", "level", "levels"}:
        return False
    if (
        "and" in between
        and after not in _ATTACHED
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
    if "," in between and not any(n in _STRESS for n in between):
        comma = len(between) - 1 - list(reversed(between)).index(",")
        if any(n in _VERBS or n in ("with", "and") for n in between[comma:]):
            return False
    return True


@dataclass(slots=True)
class Context:
    """What the passages before leave behind for those after.

    ``topic`` are the levels that the text is about, with the line, paragraph and passage they were
    named in, and whether they opened their sentence; ``before`` the topic before that, ``together``
    all that one sentence named.
    """

    topic: Sequence[str] = field(default_factory=list)
    topic_line: int = -1
    topic_paragraph: int = -1
    topic_passage: int = -1
    topic_leads: bool = False
    before: Sequence[str] = field(default_factory=list)
    together: Sequence[str] = ()
    levels_told: set[str] = field(default_factory=set)

    def remember(self, levels: Levels, line: int, paragraph: int, number: int) -> None:
        """Note the levels that a passage spoke of."""
        if levels.told:
            self.levels_told.update(*levels.discs)
            last = levels.told[-1]
            every = [segment for disc in levels.discs for segment in disc]
            self.together = every if len(set(every)) > 1 else []
            others = levels.spots[-1].place.kind == "none"  # "the remaining discs are normal"
            leads = not others and (last.leads or last.heads)
            self.set_topic(levels.discs[-1], line, paragraph, number, leads)
        elif levels.spots:
            self._remember_others(levels.spots, line, paragraph, number)
        elif self.topic_line == line:
            self.topic_passage = number

    def _remember_others(
        self, spots: Sequence[Spot], line: int, paragraph: int, number: int
    ) -> None:
        """Note what a passage spoke of that named places but no disc."""
        kinds = {spot.place.kind for spot in spots}
        if beside := next((s for s in spots if s.place.kind in ("above", "below")), None):
            if meant := self.resolve(beside.place, [], []):
                self.set_topic(meant, line, paragraph, number, leads=False)
        elif facing := next((s for s in spots if len(s.place.bodies) > 1), None):
            # "oedema of L4 and L5. The intervening disc"
            between = between_neighbours(facing.place.bodies)
            if between and between != self.topic:
                self.levels_told.update(between)
                self.set_topic(between, line, paragraph, number, leads=False)
            elif between and self.topic_line == line:
                self.topic_passage = number
        elif kinds & {"none", "foreign"}:
            if any(s.place.kind == "foreign" or s.leads for s in spots):
                self.topic = []
            self.topic_leads = False  # "no herniation at any level": what is denied next is so, too
        elif any(self._elsewhere(s.place) for s in spots):
            self.topic_leads = False  # "a hemangioma in L3": the paragraph went on
        elif self.topic_line == line:
            self.topic_passage = number

    def _elsewhere(self, place: Place) -> bool:
        """Tell whether a place is a body that the topic does not touch."""
        touched = {body for segment in self.topic for body in segment.split("-")}
        return bool(place.bodies) and touched.isdisjoint(place.bodies)

    def set_topic(
        self, segments: Sequence[str], line: int, paragraph: int, passage: int, leads: bool
    ) -> None:
        """Note the levels that a passage spoke of."""
        if segments != self.topic and self.topic:
            self.before = self.topic
        self.topic, self.topic_line, self.topic_paragraph = segments, line, paragraph
        self.topic_passage, self.topic_leads = passage, leads

    def resolve(
        self, place: Place, earlier: Sequence[Place], heading: Sequence[str]
    ) -> Sequence[str]:
        """Return the segments that a reference ("same level", "the latter") means."""
        named = next((p for p in reversed(earlier) if p.segments), None)
        last = named.segments if named else ([s for s in heading if s != "foreign"] or self.topic)
        if place.kind == "same":
            return last
        if place.kind == "both":
            if len(last) >= 2 and (named or len(self.together) <= len(last)):
                return last
            told = [s for p in earlier for s in p.segments] or self.together
            return list(dict.fromkeys(told or [*self.before, *last]))
        if place.kind in ("former", "latter") and last:
            if any(p.bodies for p in earlier) and not any(p.segments for p in earlier):
                return []  # one of two bodies
            told = list(dict.fromkeys(s for p in earlier for s in p.segments)) or last
            if len(told) < len(self.together) and not any(p.segments for p in earlier):
                told = list(self.together)
            both = next((p for p in earlier if p.kind == "both"), None)
            if both is not None and len(told) < 2:  # "both these discs are narrow, the former"
                told = self.resolve(both, [], heading) or told
            return [told[0] if place.kind == "former" else told[-1]]
        if place.kind == "above" and last:
            return [s for s in [segment_above(last[0].split("-")[0])] if s]
        if place.kind == "below" and last:
            return [s for s in [segment_below(last[-1].split("-")[1])] if s]
        return []
