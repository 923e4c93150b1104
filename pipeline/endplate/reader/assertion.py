"""Assertion: medspaCy's ConText with rules made for radiology, over the mentions of a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from medspacy.context import ConText, ConTextRule
from medspacy.context.context_modifier import ConTextModifier
from spacy.language import Language
from spacy.tokens import Doc

from endplate.reader.matching import NormMatcher
from endplate.reader.mentions import Mention
from endplate.reader.sheet import Unit, sheet_of
from endplate.reader.status import Cue, alternatives, neither, reaches, weigh
from endplate.reader.wording import Wording
from endplate.reader.words import phrase_norm


class _Target(NamedTuple):
    """What a modifier asks of a span."""

    start: int
    end: int
    label_: str


@dataclass(slots=True, frozen=True)
class _Sense:
    category: str
    reach: str
    only: frozenset[str] | None


class ReportContext(ConText):
    """ConText over mentions, sentence by sentence.

    It decides what medspaCy's own component decides from the same rules, but compares only the
    modifiers and targets of one sentence, and looks only at sentences that hold a target.
    """

    def __init__(
        self, nlp: Language, rules: Mapping[str, Any], name: str = "endplate_context"
    ) -> None:
        super().__init__(nlp, name=name, rules=None, phrase_matcher_attr="NORM", span_attrs=None)
        self._matcher = self._ConText__matcher = NormMatcher(nlp.tokenizer)
        self.senses: dict[str, dict[str, list[_Sense]]] = {}
        for group in rules["cues"]:
            sides = (
                ["forward", "backward"]
                if group["direction"] == "bidirectional"
                else [group["direction"]]
            )
            only = frozenset(group["only"]) if "only" in group else None
            category = "weak" if group.get("weak") else group["category"]
            for phrase in expand(group["phrases"], rules["slots"]):
                entry = self.senses.setdefault(
                    phrase_norm(nlp, phrase), {"forward": [], "backward": []}
                )
                for side in sides:
                    entry[side].append(_Sense(category, group["reach"], only))
        context_rules: list[ConTextRule] = []
        for phrase, entry in self.senses.items():
            first = (entry["forward"] or entry["backward"])[0]
            if all(sense.category == "weak" for side in entry.values() for sense in side):
                direction = "TERMINATE"
            elif entry["forward"] and entry["backward"]:
                direction = "BIDIRECTIONAL"
            else:
                direction = "FORWARD" if entry["forward"] else "BACKWARD"
            context_rules.append(ConTextRule(phrase, first.category.upper(), direction=direction))
        for phrase in expand(rules["ends"], rules["slots"]):
            key = phrase_norm(nlp, phrase)
            if key not in self.senses:
                self.senses[key] = {"forward": [], "backward": []}
                context_rules.append(ConTextRule(key, "END", direction="TERMINATE"))
        self.add(context_rules)

    def __call__(self, doc: Doc, targets: str | None = None) -> Doc:
        """Give every mention of the sheet its status and the words that decided it."""
        sheet = sheet_of(doc)
        for unit in sheet.units:
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
        return doc

    def modifiers_of(self, wording: Wording) -> list[ConTextModifier]:
        """Return the cues of a text."""
        if wording.modifiers is None:
            wording.modifiers = self.modifiers(wording.norms)
        return wording.modifiers

    def _decide(self, unit: Unit, mentions: Sequence[Mention]) -> None:
        norms = unit.norms
        modifiers = self.modifiers_of(unit.wording)
        marks = [s.start for s in unit.spots if s.place.kind == "named"]
        for mention in mentions:
            cues = [
                cue
                for cue in self.cues(mention, modifiers)
                if reaches(cue, mention.head, norms, marks, len(norms))
                # "L2 versus L3" hedges nothing
                and not any(s.start <= cue.start and cue.end <= s.end for s in unit.spots)
                and (cue.before or not _asks_ahead(cue, unit.wording))
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
            mention.status = status
            mention.cue = unit.wording.words(decisive.start, decisive.end) if decisive else ""

    def modifiers(self, norms: Sequence[str]) -> list[ConTextModifier]:
        """Return the cues among the norms of a passage, each with its scope."""
        found: list[ConTextModifier] = []
        size = len(norms)
        for rule, a, b in self._matcher.find(norms):
            scope = {"FORWARD": (b, size), "BACKWARD": (0, a)}.get(rule.direction, (0, size))
            found.append(ConTextModifier(rule, a, b, None, *scope))
        for i, one in enumerate(found):
            for other in found[i + 1 :]:
                one.limit_scope(other)
                other.limit_scope(one)
        return found

    def cues(self, mention: Mention, modifiers: Sequence[ConTextModifier]) -> list[Cue]:
        """Return the cues that reach a mention."""
        found: list[Cue] = []
        target = _Target(*mention.head, mention.finding)
        for modifier in modifiers:
            first, last = modifier.scope_span
            a, b = modifier.modifier_span
            # "[no prior] lumbar surgery" where "prior lumbar surgery" is the finding
            aim = target._replace(start=b) if a < target.start < b < target.end else target
            if last < aim.start or aim.end < first or not modifier.modifies(aim):
                continue
            before = b <= aim.start
            for sense in self.senses[modifier.rule.literal]["forward" if before else "backward"]:
                if sense.only is None or target.label_ in sense.only:
                    distance = aim.start - b if before else a - target.end
                    found.append(Cue(sense.category, a, b, before, sense.reach, distance))
        return found


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


def expand(phrases: Sequence[Any], slots: Mapping[str, Sequence[Any]]) -> list[str]:
    """Fill the slots of phrases with all their words: ``{then} {study}``."""
    done: list[str] = []
    for phrase in map(str, phrases):
        options = [[part] for part in phrase.split("{")[:1]]
        for part in phrase.split("{")[1:]:
            name, rest = part.split("}", 1)
            options.append([f"{word}{rest}" for word in slots[name]])
        done += ["".join(choice) for choice in product(*options)]
    return done
