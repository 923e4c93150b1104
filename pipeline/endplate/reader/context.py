"""What the passages before leave behind for those after: the levels that the text is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from endplate.reader.levels import Place
from endplate.reader.spine import between_neighbours, segment_above, segment_below
from endplate.reader.spots import Levels, Spot


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
            own = named is not None or last is not self.topic
            if len(last) >= 2 and (own or len(self.together) <= len(last)):
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
