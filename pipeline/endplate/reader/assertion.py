"""Assertion: medspaCy's ConText with rules made for radiology, over the mentions of a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from medspacy.context import ConText, ConTextRule
from spacy.language import Language
from spacy.tokens import Doc

from endplate.reader.cues import Cues, Sense, Senses
from endplate.reader.matching import NormMatcher
from endplate.reader.sheet import sheet_of
from endplate.reader.words import phrase_norm


class ReportContext(ConText):
    """ConText over mentions, sentence by sentence.

    It decides what medspaCy's own component decides from the same rules, but compares only the
    modifiers and targets of one sentence, and looks only at sentences that hold a target.
    """

    def __init__(
        self, nlp: Language, rules: Mapping[str, Any], name: str = "endplate_context"
    ) -> None:
        super().__init__(nlp, name=name, rules=None, phrase_matcher_attr="NORM", span_attrs=None)
        matcher = self._ConText__matcher = NormMatcher(nlp.tokenizer)
        senses: dict[str, Senses] = {}
        for group in rules["cues"]:
            sides = (
                ["forward", "backward"]
                if group["direction"] == "bidirectional"
                else [group["direction"]]
            )
            only = frozenset(group["only"]) if "only" in group else None
            category = "weak" if group.get("weak") else group["category"]
            for phrase in expand(group["phrases"], rules["slots"]):
                entry = senses.setdefault(phrase_norm(nlp, phrase), Senses([], []))
                for side in sides:
                    said = entry.forward if side == "forward" else entry.backward
                    said.append(Sense(category, group["reach"], only))
        context_rules: list[ConTextRule] = []
        for phrase, entry in senses.items():
            said = [*entry.forward, *entry.backward]
            if all(sense.category == "weak" for sense in said):
                direction = "TERMINATE"
            elif entry.forward and entry.backward:
                direction = "BIDIRECTIONAL"
            else:
                direction = "FORWARD" if entry.forward else "BACKWARD"
            category = said[0].category.upper()
            context_rules.append(ConTextRule(phrase, category, direction=direction))
        for phrase in expand(rules["ends"], rules["slots"]):
            key = phrase_norm(nlp, phrase)
            if key not in senses:
                senses[key] = Senses([], [])
                context_rules.append(ConTextRule(key, "END", direction="TERMINATE"))
        self.add(context_rules)
        self.cues = Cues(matcher, senses)

    def __call__(self, doc: Doc, targets: str | None = None) -> Doc:
        """Give every mention of the sheet its status and the words that decided it."""
        self.cues.settle(sheet_of(doc).units)
        return doc


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
