"""From a mention to its rows: level, vertebra and endplate of each.

Source: the annotation guideline, rule 1, and its rulings on bodies and on "respectively".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from endplate.codes import BODIES, CORE_FINDINGS, LEVELS
from endplate.reader.context import Context
from endplate.reader.conversions import as_above
from endplate.reader.levels import Place
from endplate.reader.linking import (
    NEVER_INHERIT,
    OF_BODIES,
    choose,
    exception_at,
    is_excepted,
    left_out,
)
from endplate.reader.mentions import Mention
from endplate.reader.sheet import Unit
from endplate.reader.spine import between_neighbours, segment_beside
from endplate.reader.spots import Spot

FOREIGN: Final = ["foreign"]
_IN_ORDER: Final = ("respectively", "resp", "correspondingly")


class Where(NamedTuple):
    """A place as a row tells it."""

    level: str = ""
    vertebra: str = ""
    endplate: str = ""


_PAIR: Final = 2
#: "Type 1 at L2-3 and type 2 below".
_ELSEWHERE: Final = (["below"], ["above"])
_BESIDE: Final = frozenset(["above", "below", "beneath"])
#: Tokens before a mention within which its endplate may stand.
_NEAR: Final = 5
#: What parts a mention from an exception that is made of another.
_PARTS: Final = frozenset([",", ";", "with"])
_NOWHERE: Final = Where()
_SIDES: Final = {
    "superior": "superior", "upper": "superior", "inferior": "inferior", "lower": "inferior",
}  # fmt: skip
_THAT: Final = frozenset(["it", "this", "these", "that"])
#: "The oedema is no longer seen."
_DEFINITE: Final = frozenset(["the", "this", "it", "these", "they"])
#: "The protrusion has resolved."
_HAS: Final = (["has"], ["have"])
_SIDES_BEHIND: Final = {"superiorly": "superior", "inferiorly": "inferior"}
#: What opens a paragraph on what was just described.
_APPEARANCES: Final = frozenset(["appearance", "appearances", "finding", "findings", "combination"])
#: Surgery that joins two bodies.
_JOINS_BODIES: Final = frozenset(
    "screw screws fixation fusion fused rod rods instrumented instrumentation cage spondylodesis "
    "arthrodesis".split()
)


@dataclass(slots=True)
class Spread:
    """Places the mentions of one passage.

    Attributes
    ----------
    unit : Unit
    context : Context
        What the passages before leave behind.
    asked : bool
        Whether a mention was placed by it.
    """

    unit: Unit
    context: Context
    asked: bool = False

    def __call__(self, mention: Mention) -> tuple[list[Where], Spot | None]:
        """Return the places of a mention (none: it lies elsewhere) and the level it was told at."""
        where, spot = self._told(mention)
        if mention.finding == "transitional_vertebra" and where:  # a body's, not a disc's
            where = [w for w in where if w.vertebra] or [_NOWHERE]
        if self._only_that(mention) and not any(w.level or w.vertebra for w in where):
            self.asked = True
            return _at(self.context.topic), spot
        excepted = self._excepted(mention)
        return [w for w in where if w.level not in excepted] if excepted else where, spot

    def _only_that(self, mention: Mention) -> bool:
        """Tell whether a denial is of what was just described: "It does not represent Modic"."""
        return (
            mention.finding == "modic_change"
            and mention.status == "absent"
            and (
                mention.cue.lower() == "rather than"
                or (
                    ("represent" in mention.cue or "mistaken" in mention.cue)
                    and not _THAT.isdisjoint(self.unit.norms[: mention.head[0]])
                )
            )
        )

    def _excepted(self, mention: Mention) -> set[str]:
        """Return the levels that a mention is not at: "L2 to S1 except L3-4"."""
        norms = self.unit.norms
        if exception_at(norms) is None:
            return set()
        behind = mention.head[1]
        excepted: set[str] = set()
        for spot in self.unit.levels.told:
            if left_out(spot, norms, mention) or (
                spot.start >= behind
                and is_excepted(spot, norms, behind)
                and _PARTS.isdisjoint(_until_exception(norms[behind : spot.start]))
            ):
                excepted.update(spot.place.segments)
        return excepted

    def _told(self, mention: Mention) -> tuple[list[Where], Spot | None]:
        if mention.basis == "stated" and self.unit.norms[mention.head[1] :][:1] in _ELSEWHERE:
            return [_NOWHERE], None
        if mention.finding == "prior_surgery" and not _BESIDE.isdisjoint(
            self.unit.norms[max(0, mention.head[0] - 2) : mention.head[0]]
        ):
            return [_NOWHERE], None  # "at L3-4, above the fusion"
        at = self._chosen(mention) if mention.spot is None else mention.spot
        spot = None if at is None else self.unit.spots[at]
        if mention.finding in ("scoliosis", "osteoporosis"):
            return ([] if spot is not None and spot.place.kind == "foreign" else [_NOWHERE]), spot
        if spot is None:
            return self._without(mention), None
        place = spot.place
        if place.kind == "foreign":
            return [], spot
        if place.kind == "none":
            head = next((s for s in self.unit.spots if s.heads and s.place.segments), None)
            return _at(head.place.segments) if head else [_NOWHERE], spot
        if place.kind == "named":
            named = [spot, *self._joined(mention, spot)]
            return [where for one in named for where in self._named(mention, one)], spot
        earlier = [p for p in self.unit.places if p.end <= place.start]
        if earlier and earlier[-1].kind == "foreign":
            return [], spot
        self.asked = True
        segments = self.context.resolve(place, earlier, self.unit.heading)
        return (_at(segments) if segments else self._without(mention)), spot

    def _joined(self, mention: Mention, spot: Spot) -> list[Spot]:
        """Return further levels of a list whose items are annotated.

        "Osteochondrosis L4/5 (Modic II) and L5/S1 (Modic III)".
        """
        norms, found = self.unit.norms, list[Spot]()
        if spot.start < mention.head[1] or not self.unit.levels.told or "(" not in norms:
            return found
        for other in self.unit.spots:
            before = found[-1] if found else spot
            if other.start < before.end or norms[before.end : before.end + 1] != ["("]:
                continue
            between = norms[before.end : other.start]
            joined = between[-2:] in ([")", "and"], [")", ","]) and between.count(")") == 1
            if not joined or norms[other.end : other.end + 1] != ["("]:
                break
            found.append(other)
        return found

    def _chosen(self, mention: Mention) -> int | None:
        """Return the number of the spot that a mention is at, if any."""
        chosen, key = self.unit.naming.chosen, (id(mention), bool(self.unit.heading))
        if key not in chosen:
            spot = choose(
                mention,
                self._useful(mention),
                self.unit.mentions,
                self.unit.norms,
                headed=bool(self.unit.heading),
            )
            spots = self.unit.spots
            chosen[key] = next((i for i, other in enumerate(spots) if other is spot), None)
        return chosen[key]

    def in_order(self) -> dict[int, list[tuple[str, list[str]]]]:
        """Deal out "type 1 and 2 at L3-4 and L4-5, respectively".

        Returns
        -------
        dict
            Identity of a mention to its (level, types).
        """
        unit = self.unit
        at = next((t for t, norm in enumerate(unit.norms) if norm in _IN_ORDER), None)
        if at is None:
            return {}
        named = [s for s in unit.spots if s.place.kind == "named" and s.place.segments]
        referred = next((s for s in unit.spots if s.place.kind in ("both", "same")), None)
        if named:
            spot = next((s for s in reversed(named) if s.end <= at), named[-1])
            levels: Sequence[str] = spot.place.segments
            if len(levels) < 2:
                levels = [segment for s in named for segment in s.place.segments]
        elif referred is not None:  # "at these levels type 2 and type 1, respectively"
            self.asked = True
            spot, levels = referred, self.context.resolve(referred.place, [], unit.heading)
        else:
            return {}
        typed = [m for m in unit.mentions if len(m.types) == len(levels)]
        if typed:
            return {
                id(m): [(level, [kind]) for level, kind in zip(levels, m.types, strict=True)]
                for m in typed
            }
        group = [m for m in unit.mentions if m.head[1] <= at]
        group = [m for m in group if m.head[1] <= spot.start] or group
        if len(group) != len(levels):
            return {}
        return {id(m): [(level, m.types)] for m, level in zip(group, levels, strict=True)}

    def _useful(self, mention: Mention) -> Sequence[Spot]:
        """Leave out single bodies where a finding of discs cannot be at them."""
        if mention.finding in OF_BODIES or mention.finding in CORE_FINDINGS:
            return self.unit.spots
        return [
            s
            for s in self.unit.spots
            if s.place.kind != "named" or s.place.segments or between_neighbours(s.place.bodies)
        ]

    def _without(self, mention: Mention) -> list[Where]:
        """Place a mention that its own passage gives no level."""
        if self.unit.heading and not self._otherwise(mention):
            return [] if self.unit.heading == FOREIGN else _at(self.unit.heading)
        return _at(self._inherited(mention)) or [_NOWHERE]

    def _named(self, mention: Mention, named: Spot) -> list[Where]:
        place = named.place
        finding, heading = mention.finding, [s for s in self.unit.heading if s != "foreign"]
        if (
            len(place.items) > 1
            and mention.head[0] > named.end
            and self.unit.norms[named.end] == "where"
        ):  # "Modic 2 at L4-5 and, less, at L5-S1 where there is some edema"
            place = Place(place.start, place.end, items=place.items[-1:])
        told = told_at(finding, place, joins=not _JOINS_BODIES.isdisjoint(self.unit.norms))
        if finding in CORE_FINDINGS and (own := _own_side(mention, named, self.unit.norms)):
            return [own]
        if any(where.level for where in told):
            return told
        bodies = [where.vertebra for where in told]
        if finding in CORE_FINDINGS:
            # "at the L4-5 disc, greater on the L5 side"
            for spot in self.unit.spots:
                for segment in spot.place.segments:
                    if set(segment.split("-")) & set(bodies):
                        return _at(spot.place.segments)
            if len(bodies) == 1 and (side := _side(mention, named, self.unit.norms)):
                return [Where(segment_beside(bodies[0], side), bodies[0], side)]
            beside = [s for s in heading if set(s.split("-")) & set(bodies)]
            if beside:
                return [Where(s, bodies[0] if len(bodies) == 1 else "") for s in beside]
            # "a third of the depth of L5 and a quarter of S1"
            every = [body for spot in self.unit.spots for body in spot.place.bodies]
            facing = between_neighbours(list(dict.fromkeys(every)))
            return _at(facing) or told
        if finding in ("prior_surgery", "spondylolysis") and heading:
            body = bodies[0] if len(bodies) == 1 else ""
            return [Where(segment, body) for segment in heading]
        if finding == "prior_surgery":
            lead = next((s for s in self.unit.spots if s.leads and s.place.segments), None)
            if lead is not None:
                return _at(lead.place.segments)
        if finding in OF_BODIES:
            return told
        return _at(heading or self._inherited(mention)) or told

    def _inherited(self, mention: Mention) -> Sequence[str]:
        """Return the levels that the text plainly goes on about."""
        if self.unit.section == "indication" or mention.finding in NEVER_INHERIT:
            return []
        if mention.finding == "modic_change" and as_above(mention, self.unit.norms):
            return []
        self.asked = True
        context, passage, number = self.context, self.unit.passage, self.unit.number
        if passage.cell or not context.topic or self.unit.denied:
            return []
        if context.topic_paragraph != passage.paragraph:
            return context.topic if self._sums_up(mention) else []
        same_line = context.topic_line == passage.line
        denied = mention.status == "absent"
        if self._otherwise(mention):
            return []
        if denied and mention.finding == "prior_surgery":
            return []
        if mention.finding == "spinal_infection" and denied:
            disc = "disc" in self.unit.norms
            # "erosive osteochondrosis (Modic 1) and not infection"
            weighed = any(m.finding == "modic_change" and m.status for m in self.unit.mentions)
            return context.topic if (disc or weighed) and same_line else []
        if same_line:
            around = self.unit.norms[max(0, mention.head[0] - 3) : mention.head[1]]
            if context.topic_leads or {"residual", "recurrent", "associated"} & set(around):
                return context.topic
            norms = self.unit.norms
            the = norms[0] in _DEFINITE and mention.finding in CORE_FINDINGS
            over = norms[:1] == ["the"] and norms[mention.end : mention.end + 1] in _HAS
            goes_on = (
                not denied
                or the
                or (over and mention.start == 1)
                or any(
                    # "mild bulging of the disc but no root compression"
                    m.status == "present"
                    and m.finding not in NEVER_INHERIT
                    and m.head[1] <= mention.head[0]
                    and ";" not in self.unit.norms[m.head[1] : mention.head[0]]
                    for m in self.unit.mentions
                )
            )
            return context.topic if goes_on and number - context.topic_passage <= 2 else []
        # line after line about one level: what is affirmed goes on about it
        goes_on = (
            not passage.bullet
            and mention.status == "present"
            and context.levels_told == set(context.topic)
            and len(context.topic) == 1
            and number - context.topic_passage <= 3
        )
        return context.topic if goes_on else []

    def _otherwise(self, mention: Mention) -> bool:
        """Tell whether a denial is of all that was not named: "otherwise no listhesis"."""
        return mention.status == "absent" and "otherwise" in self.unit.norms[: mention.head[0]]

    def _sums_up(self, mention: Mention) -> bool:
        """Tell whether a paragraph says what the one before amounts to: "The appearances are"."""
        context, passage = self.context, self.unit.passage
        return (
            mention.finding in CORE_FINDINGS
            and mention.status != "absent"
            and passage.first
            and len(context.topic) == 1
            and context.topic_paragraph == passage.paragraph - 1
            and not _APPEARANCES.isdisjoint(self.unit.norms[:4])
        )


def _side(mention: Mention, named: Spot, norms: Sequence[str]) -> str:
    """Return which endplate of a body a mention names: "collapse of L3; its lower endplate".

    A node needs no word for it: "chronic node superior L4".
    """
    if mention.finding == "schmorl_node" and named.start > mention.head[0]:
        return _SIDES.get(norms[named.start - 1], "")
    inside = range(max(1, mention.start), mention.end + 1)
    # "L5: superior endplate shows Modic type 1, inferior endplate type 2"
    before = range(mention.start - 1, max(named.end, mention.start - _NEAR), -1)
    for t in (*inside, *(before if mention.basis == "stated" else ())):
        if norms[t : t + 1] == ["endplate"] or norms[t : t + 2] == ["end", "plate"]:
            return _SIDES.get(norms[t - 1], "")
    return ""


def _own_side(mention: Mention, named: Spot, norms: Sequence[str]) -> Where | None:
    """Return the one endplate of a body that a mention is in: "and its lower endplate Modic 2".

    Or "both endplates of L4, type 2 superiorly and type 1 inferiorly".
    """
    items = [item for item in named.place.items if item.body]
    if len(named.place.items) != 1 or not items or not items[0].endplate:
        return None
    first, last = mention.head
    side = _SIDES_BEHIND.get(norms[last] if last < len(norms) else "", "")
    for t in range(max(named.end, first - 6), first):
        if norms[t] == "its" and norms[t + 2 : t + 3] in (["endplate"], ["end"]):
            side = _SIDES.get(norms[t + 1], "")
    if not side:
        return None
    body = items[0].body
    return Where(segment_beside(body, side), body, side)


def _until_exception(norms: Sequence[str]) -> Sequence[str]:
    """Return what stands before "except" or "with the exception of" near the end of some words."""
    at = exception_at(norms) or 0
    return norms[: max(0, at - 2) if norms[at] == "exception" else at]


def _at(segments: Sequence[str]) -> list[Where]:
    return [Where(segment) for segment in segments]


def told_at(finding: str, place: Place, *, joins: bool) -> list[Where]:
    """Return the places that a named list of levels gives a finding.

    `joins` tells of surgery that joins bodies. A single body fills the vertebra; neighbours named
    together for one endplate or disc are the segment between; both endplates of a disc, named one
    by one, are one row.
    """
    single = [item.body for item in place.items if item.body and not item.endplate]
    discal = finding not in OF_BODIES or finding == "spinal_infection"
    pair = between_neighbours(single) if len(single) > 1 and discal else []
    # "laminectomy of L4, L5 and S1", "screws in L4 and L5"
    if finding == "prior_surgery" and len(single) > (1 if joins else _PAIR):
        pair = [s for a, b in itertools.pairwise(single) for s in between_neighbours([a, b])]
    told = _at(pair)
    for item in place.items:
        if item.body and (not item.endplate or finding in OF_BODIES):
            if not pair and item.body in BODIES:
                told.append(Where("", item.body))
        elif item.endplate and finding in CORE_FINDINGS:
            for segment in item.segments:
                side = item.endplate
                if side == "both":
                    side = "superior" if segment.endswith(f"-{item.body}") else "inferior"
                told.append(Where(segment, item.body, side))
        else:
            told += _at(item.segments)
    merged: list[Where] = []
    for where in dict.fromkeys(told):
        if where.level and where.level not in LEVELS:
            continue
        facing = next(
            (
                i
                for i, w in enumerate(merged)
                if w.level == where.level != ""
                and {w.endplate, where.endplate} == {"superior", "inferior"}
            ),
            None,
        )
        if facing is None:
            merged.append(where)
        else:
            merged[facing] = Where(where.level, "", "both")
    return merged
