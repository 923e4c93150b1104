"""Cues in a passage: their scopes, and the status that they give to a mention.

What medspaCy's ``ConTextModifier`` decides from the same rules, without a ``Doc`` and compiled;
:class:`endplate.reader.assertion.ReportContext` is the component.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from endplate.codes import CORE_FINDINGS
from endplate.reader.grading import GRADES
from endplate.reader.matching import NormMatcher
from endplate.reader.mentions import Mention
from endplate.reader.sheet import Unit
from endplate.reader.status import Cue, alternatives, neither, reaches, weigh
from endplate.reader.wording import Wording

#: What closes a sentence more often than it opens one.
_UNLIKELY: Final = frozenset(["unlikely", "likely"])
#: What leads from a description to its name.
_NAMING: Final = frozenset(
    ", ( in keeping consistent compatible with representing typical of corresponding to i.e. a "
    "the change as".split()
)
_TYPE: Final = frozenset(["modic", "type"])
_SIZES: Final = GRADES | {"small", "large"}


@dataclass(slots=True, frozen=True)
class Sense:
    """What a cue says of what stands on one side of it; ``only`` of these findings, if any."""

    category: str
    reach: str
    only: frozenset[str] | None


@dataclass(slots=True, frozen=True)
class Senses:
    """What a cue says of what stands behind it and before it."""

    forward: list[Sense]
    backward: list[Sense]


class Modifier:
    """A cue in a passage.

    Attributes
    ----------
    category, direction : str
        Of its rule.
    start, end : int
        Its tokens.
    first, last : int
        The tokens of its scope.
    senses : Senses
    """

    __slots__ = ("category", "direction", "end", "first", "last", "senses", "start")

    def __init__(
        self, category: str, direction: str, start: int, end: int, size: int, senses: Senses
    ) -> None:
        """Make it, with all of a passage of `size` tokens on its sides as scope."""
        self.category = category
        self.direction = direction
        self.start = start
        self.end = end
        self.first = end if direction == "FORWARD" else 0
        self.last = start if direction == "BACKWARD" else size
        self.senses = senses

    def limit_scope(self, other: Modifier) -> None:
        """End the scope at a cue of the same category, or at one that ends all scopes."""
        if (
            self.direction == "TERMINATE"
            or not _overlap(self.first, self.last, other.first, other.last)
            or (other.direction != "TERMINATE" and other.category != self.category)
        ):
            return
        if self.direction != "BACKWARD" and other.start > self.start:
            self.last = min(self.last, other.start)
        if self.direction != "FORWARD" and other.end < self.end:
            self.first = max(self.first, other.end)

    def modifies(self, start: int, end: int) -> bool:
        """Tell whether tokens lie in the scope and not in the cue itself."""
        return (
            self.direction != "TERMINATE"
            and not _overlap(self.start, self.end, start, end)
            and _overlap(self.first, self.last, start, end)
        )


class Cues:
    """Gives mentions their status.

    Parameters
    ----------
    matcher : NormMatcher
        Of the rules of ConText.
    senses : mapping
        The phrase of a rule to what it says.
    """

    def __init__(self, matcher: NormMatcher, senses: dict[str, Senses]) -> None:
        self._matcher = matcher
        self._senses = senses

    def settle(self, units: Sequence[Unit]) -> None:
        """Give every mention of some units its status and the words that decided it."""
        for unit in units:
            if not unit.mentions or unit.naming.settled:
                continue
            undecided = [m for m in unit.mentions if not m.decided]
            if unit.denied:
                last = _last_word(unit.norms)
                for mention in undecided:
                    mention.status, mention.cue = "absent", unit.wording.words(last - 1, last)
            elif undecided:
                self._decide(unit, undecided)
            if unit.section != "indication":
                alternatives(unit.mentions, unit.norms)
            unit.naming.settled = True

    def modifiers(self, wording: Wording) -> list[Modifier]:
        """Return the cues of a text, each with its scope."""
        known: list[Modifier] | None = wording.modifiers
        if known is None:
            size = len(wording.norms)
            known = [
                Modifier(rule.category, rule.direction, a, b, size, self._senses[rule.literal])
                for rule, a, b in self._matcher.find(wording.norms)
            ]
            for i, one in enumerate(known):
                for other in known[i + 1 :]:
                    one.limit_scope(other)
                    other.limit_scope(one)
            wording.modifiers = known
        return known

    def _decide(self, unit: Unit, mentions: Sequence[Mention]) -> None:
        norms = unit.norms
        modifiers = self.modifiers(unit.wording)
        marks = [s.start for s in unit.spots if s.place.kind == "named"]
        for mention in mentions:
            cues = [
                cue
                for cue in _reaching(mention, modifiers)
                if reaches(cue, mention.head, norms, marks, len(norms))
                # "L2 versus L3" hedges nothing
                and not (
                    norms[cue.start] != "neither"  # "neither level shows"
                    and any(s.start <= cue.start and cue.end <= s.end for s in unit.spots)
                )
                and (cue.before or not _asks_ahead(cue, unit.wording))
                and not _of_another(cue, mention, mentions, norms)
                and not (cue.category == "negated" and _ended(cue.end, mention.head[0], unit))
                and not (
                    norms[cue.end - 1] in _UNLIKELY and _parted(cue.end, mention.head[0], unit)
                )
            ]
            status, decisive = weigh(mention.finding, cues, unit.section, norms)
            if status == "present" and neither(norms, mention.head):
                mention.status, mention.cue = "absent", "neither ... nor"
                continue
            if mention.status == "historical" and status in ("present", "historical"):
                continue  # a conversion told so already
            if mention.like is not None and status == "present":
                mention.status, mention.cue = mention.like.status, mention.like.cue
                continue
            asked = decisive is not None and norms[decisive.start] == "query"
            if asked and marks and status == "indication" and unit.section != status:
                status = "uncertain"  # "STIR signal along the L5-S1 endplates, query Modic 1"
            mention.status = status
            mention.cue = unit.wording.words(decisive.start, decisive.end) if decisive else ""
        for one, other in itertools.pairwise(mentions):
            if one.status == "historical" and _names(one, other, norms):
                other.status, other.cue = one.status, one.cue


def _names(one: Mention, other: Mention, norms: Sequence[str]) -> bool:
    """Tell whether a type only names what is told before: "was oedematous, typical of Modic 1"."""
    return (
        other.finding == "modic_change"
        and other.status == "present"
        and one.finding != "modic_change"
        and one.finding in CORE_FINDINGS
        and _NAMING.issuperset(norms[one.head[1] : other.head[0]])
    )


def _of_another(
    cue: Cue, mention: Mention, mentions: Sequence[Mention], norms: Sequence[str]
) -> bool:
    """Tell whether a doubt is of what comes with a finding: "narrowing with contact possible"."""
    return (
        not cue.before
        and norms[cue.start] == "possible"
        and any(
            "with" in norms[mention.head[1] : m.head[0]]
            for m in mentions
            if mention.head[1] <= m.head[0] < cue.start
        )
    )


def _overlap(a: int, b: int, first: int, last: int) -> bool:
    """Tell what ``medspacy.util.tuple_overlaps`` tells: False also for a span inside the second."""
    return a <= first < b or a < last <= b


def _reaching(mention: Mention, modifiers: Sequence[Modifier]) -> list[Cue]:
    """Return the cues whose scope holds a mention."""
    found: list[Cue] = []
    head, end = mention.head
    for modifier in modifiers:
        a, b = modifier.start, modifier.end
        # "[no prior] lumbar surgery" where "prior lumbar surgery" is the finding
        start = b if a < head < b < end else head
        if not modifier.modifies(start, end):
            continue
        before = b <= start
        for sense in modifier.senses.forward if before else modifier.senses.backward:
            if sense.only is None or mention.finding in sense.only:
                distance = start - b if before else a - end
                found.append(Cue(sense.category, a, b, before, sense.reach, distance))
    return found


def _ended(first: int, last: int, unit: Unit) -> bool:
    """Tell whether a denial ends between two tokens without a word or a comma that says so."""
    return _parted(first, last, unit) or _anew(first, last, unit)


def _parted(first: int, last: int, unit: Unit) -> bool:
    """Tell whether a dash between blanks parts two tokens: "no disc fluid - Modic 1"."""
    norms, starts, ends = unit.norms, unit.wording.starts, unit.wording.ends
    return any(
        norms[t] == "-"
        and starts[t] > ends[t - 1]
        and starts[t + 1] > ends[t]
        and not any(s.start <= t < s.end for s in unit.spots)
        for t in range(first + 1, last)
    )


def _anew(first: int, last: int, unit: Unit) -> bool:
    """Tell whether a finding ends and a grade follows without a comma: "no stenosis mild bulge"."""
    if unit.norms[last] in _TYPE and any(m.head[1] == last > first for m in unit.mentions):
        return True  # "no listhesis Modic type 2 change"
    grades = [t for t in range(first + 1, last) if unit.norms[t] in _SIZES]
    return bool(grades) and any(m.end in grades or m.head[1] in grades for m in unit.mentions)


def _asks_ahead(cue: Cue, wording: Wording) -> bool:
    """Tell whether a question mark is tied to what follows: "STIR signal ?early Modic 1"."""
    norms, end = wording.norms, cue.end
    if norms[cue.start : end] != ["?"] or not norms[end : end + 1] or not norms[end].isalpha():
        return False
    return wording.starts[end] == wording.ends[end - 1]


def _last_word(norms: Sequence[str]) -> int:
    """Return the end of the last token that is a word, or of all where none is."""
    words = (t for t in range(len(norms), 0, -1) if norms[t - 1][:1].isalnum())
    return next(words, len(norms))
