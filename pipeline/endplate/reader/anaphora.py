"""What a passage says of findings that were named before it.

"None at L5-S1." "Those at L5-S1 are type 2." "L3-4: similar changes to a lesser degree."
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from endplate.reader.conversions import stated
from endplate.reader.mentions import Mention
from endplate.reader.sheet import Unit
from endplate.reader.wording import Wording

#: No flattened text without one of these refers back, but for one that opens or ends with "none".
_REFERS: Final = (
    "typ",
    "mixed",
    "node",
    "similar",
    "same",
    "identical",
    "comparable",
    "likewise",
    "ditto",
)
_SIMILAR: Final = re.compile(
    r"(?<!\S)(?:similar|same|identical|comparable)(?: (?:but|though|if|albeit|,|less|more|milder|"
    r"smaller|larger|thinner|fainter|"
    r"lesser|slightly|marked|prominent|pronounced|extensive|severe|degenerative|reactive|type|of))*"
    r" (?:area|focus|foci|band|strip|zone|evolution|progression|conversion|course|development|"
    r"change|finding|appearance|"
    r"abnormality|signal|feature|pattern|picture|alteration)s?(?!\S)"
    r"(?! (?:to|as|with|since|compared|from)(?! an? | lesser| milder))"
    r"|^(?:also|same|the same)(?= (?:at|in) )"
    r"|(?<!\S)(?:likewise|ditto|same type(?= [,.;(]|$))(?!\S)"
)
#: "It is no longer seen."
_GONE: Final = re.compile(
    r"(?:it|this|these|they) (?:is|are|has|have) (?:since |now |completely |also |fully )*"
    r"(?:no longer (?:seen|visible|present|evident|identified|demonstrated|apparent|detectable)|"
    r"resolved|disappeared|gone|cleared|subsided|vanished)(?! (?:to|in part|partly|at))"
)
#: What a bare type can be the type of.
_TYPED: Final = frozenset(
    [
        "modic_change",
        "endplate_edema",
        "endplate_fatty_change",
        "endplate_degeneration",
        "endplate_irregularity",
        "endplate_sclerosis",
        "endplate_erosion",
    ]
)
#: All that a passage names which only tells of signal.
_SIGNALS: Final = frozenset(
    ["marrow", "edema", "fatty", "sclerosis", "change", "dark", "loss", "sequence", "body"]
)
#: What says of a type only that there is more of it.
_MOSTLY: Final = frozenset(["predominates", "predominate", "predominant", "dominates", "prevails"])
_DEFINITE: Final = frozenset(["those", "that", "the", "this"])
#: "Chronic type II changes elsewhere" has a type.
_VAGUE: Final = "endplate_degeneration"
_THOSE: Final = "those"
_EDEMA: Final = "edema"
#: Whose oedema it may be, if not the endplates'.
_OTHERS: Final = frozenset(
    ["facet", "pars", "other_site", "schmorl", "fracture", "infection", "neoplasm", "root", "cauda"]
)
_NONE: Final = [
    [*words, *end]
    for words in (["none"], ["nil"], ["no"], ["there", "is", "none"], ["there", "are", "none"])
    for end in ([], ["."])
]
#: Passages over which a text goes on about the same thing.
_NEAR: Final = 3
_SHORT: Final = 12


def means_endplates(unit: Unit, before: Unit | None) -> bool:
    """Tell whether a passage goes on about the endplates that the one before speaks of."""
    wording = unit.wording
    if wording.alludes is None:
        wording.alludes = _allusion(wording)
    if before is None or not wording.alludes:
        return False
    if wording.alludes == _EDEMA:
        return bool(before.naming.core)
    near = wording.alludes == _THOSE or (
        unit.number - before.number == 1 and before.passage.line == unit.passage.line
    )
    return near and any("endplate" in term.labels for term in before.terms)


def _allusion(wording: Wording) -> str:
    """Return what a text says of endplates that it does not name, if it may.

    "Those at L4-5", "the oedema", and signal on T1 without a word on where.
    """
    norms, terms = wording.norms, wording.terms
    if norms[0] in ("those", "that") and norms[1:2] in (["at"], ["of"], ["in"]):
        return _THOSE
    if (
        norms[0] in _DEFINITE
        and any(term.start in (1, 2) and norms[term.end - 1] == _EDEMA for term in terms)
        and not any(term.labels & _OTHERS for term in terms)
    ):
        return _EDEMA
    t1 = any(a == "t" and b == "1" for a, b in itertools.pairwise(norms))
    return "signal" if t1 and all(_SIGNALS.issuperset(term.labels) for term in terms) else ""


def refers(flat: str) -> bool:
    """Tell whether a flattened passage may speak of what was named before it."""
    return (
        flat.startswith(("none", "nil ", "no at ", "there are none", "also at", "also in"))
        or flat.endswith(("none", "none.", "nil", "nil."))
        or any(word in flat for word in _REFERS)
        or _GONE.match(flat) is not None
    )


@dataclass(slots=True)
class Antecedents:
    """What the passages before named: the last mentions, and the last ones of the core findings.

    ``unit`` is the passage of the latter.
    """

    last: list[Mention] = field(default_factory=list)
    core: Sequence[Mention] = ()
    unit: Unit | None = None

    def remember(self, unit: Unit) -> None:
        """Note what a passage names."""
        if unit.mentions:
            self.last = unit.mentions
            if unit.naming.core:
                self.core, self.unit = unit.naming.core, unit

    def meant(self, unit: Unit) -> list[Mention]:
        """Return the mentions that a passage makes by referring back."""
        if not unit.mentions and (denied := self._denied(unit)):
            return [denied]
        if not unit.mentions and (gone := self._gone(unit)):
            return gone
        if not unit.mentions and unit.spots and (nodes := self._nodes(unit)):
            return nodes
        if unit.naming.core and (again := _again(unit)):
            return again
        if (
            self.unit is None
            or unit.number - self.unit.number > _NEAR
            or not (unit.spots or unit.heading or unit.number - self.unit.number == 1)
            or any(m.finding in _TYPED and m.finding != _VAGUE for m in unit.naming.core)
        ):
            return []
        return self._typed(unit) or ([] if unit.naming.core else self._similar(unit))

    def _denied(self, unit: Unit) -> Mention | None:
        """Read "None at L3-L4." and "L3-L4 none." as a denial of what was named last."""
        norms, spots = unit.norms, unit.spots
        if not self.last or len(norms) > _SHORT or not spots:
            return None
        if spots[0].place.kind not in ("named", "none"):
            return None
        if norms[:3] == ["there", "are", "none"]:
            return denied(self.last[-1], 2)
        if norms[0] == "none" or (norms[0] == "no" and norms[1] in ("at", "in")):  # "nil at"
            return denied(self.last[-1], 0)
        answers = norms[spots[0].end :] in _NONE
        return denied(self.last[-1], spots[0].end) if spots[0].start <= 1 and answers else None

    def _gone(self, unit: Unit) -> list[Mention]:
        """Read "It is no longer seen." below a sentence on endplates."""
        match = _GONE.match(" ".join(unit.norms))
        if match is None or self.unit is None or unit.number - self.unit.number > 1:
            return []
        said = match.group().count(" ") + 1
        cue = unit.wording.words(0, said)
        return [
            replace(_repeated(m, 0, said), status="absent", cue=cue, decided=True, like=None)
            for m in self.core
        ]

    def _nodes(self, unit: Unit) -> list[Mention]:
        """Read "smaller nodes at L1-2" below a sentence on Schmorl's nodes."""
        last = next((m for m in reversed(self.last) if m.finding == "schmorl_node"), None)
        node = next((t for t in unit.terms if "node" in t.labels), None)
        if last is None or node is None:
            return []
        return [_repeated(last, node.start, node.end)]

    def _typed(self, unit: Unit) -> list[Mention]:
        """Read "those at L5-S1 are type 2" below a sentence on Modic changes."""
        if not any(m.finding in _TYPED for m in self.core):
            return []
        found = stated(unit.terms, unit.norms, told=True)
        # "mixed 1/2 ... type 2 predominates"
        return [m for m in found if _MOSTLY.isdisjoint(unit.norms[m.head[1] : m.head[1] + 1])]

    def _similar(self, unit: Unit) -> list[Mention]:
        """Read "similar changes at L5-S1" as the core findings named last."""
        similar = _similar_at(unit)
        if similar is None or self.unit is None or _where(unit) == _where(self.unit):
            return []
        ditto = "ditto" in unit.norms  # that is all of it, not the endplates alone
        return [_repeated(m, *similar) for m in (self.last if ditto else self.core)]


def _similar_at(unit: Unit) -> tuple[int, int] | None:
    """Return the tokens that say "similar changes", if any."""
    joined = " ".join(unit.norms)
    match = _SIMILAR.search(joined)
    if match is None:
        return None
    first = joined[: match.start()].count(" ")
    return first, first + match.group().count(" ") + 1


def _again(unit: Unit) -> list[Mention]:
    """Read "oedema at L5-S1; the same pattern at L4-5": what the passage itself named before."""
    similar = _similar_at(unit)
    if similar is None or len(unit.levels.told) == 0 or unit.levels.told[-1].start < similar[1]:
        return []
    return [_repeated(m, *similar) for m in unit.naming.core if m.head[1] <= similar[0]]


def _repeated(mention: Mention, first: int, last: int) -> Mention:
    return replace(mention, head=(first, last), start=first, end=last, site=None, spot=None,
                   status="present", cue="", decided=False, like=mention)  # fmt: skip


def denied(last: Mention, t: int) -> Mention:
    """Return the denial at token `t` of what a mention names."""
    basis = "stated" if last.finding == "modic_change" else ""
    return Mention(
        last.finding, (t, t + 1), t, t + 1, basis=basis, status="absent", cue="none", decided=True
    )


def _where(unit: Unit) -> Sequence[Sequence[str]]:
    return unit.levels.discs or [unit.heading]
