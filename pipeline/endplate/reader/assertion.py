"""Status of a mention: medspaCy's ConText with rules made for radiology, and how they are weighed.

ConText finds the cues and their scope; what two cues together mean, and where a list or a
sentence plainly ends a cue's reach, is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from medspacy.context import ConText, ConTextRule
from medspacy.context.context_modifier import ConTextModifier
from spacy.language import Language
from spacy.tokens import Doc, Span


@dataclass(slots=True, frozen=True)
class Cue:
    """A cue that reaches a mention: its category, its tokens, and the side it stands on."""

    category: str
    start: int
    end: int
    before: bool
    reach: str
    distance: int


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
                entry = self.senses.setdefault(_key(nlp, phrase), {"forward": [], "backward": []})
                for side in sides:
                    entry[side].append(_Sense(category, group["reach"], only))
        context_rules: list[ConTextRule] = []
        for phrase, sides in self.senses.items():
            first = (sides["forward"] or sides["backward"])[0]
            if all(sense.category == "weak" for side in sides.values() for sense in side):
                direction = "TERMINATE"
            elif sides["forward"] and sides["backward"]:
                direction = "BIDIRECTIONAL"
            else:
                direction = "FORWARD" if sides["forward"] else "BACKWARD"
            context_rules.append(ConTextRule(phrase, first.category.upper(), direction=direction))
        for phrase in expand(rules["ends"], rules["slots"]):
            key = _key(nlp, phrase)
            if key not in self.senses:
                self.senses[key] = {"forward": [], "backward": []}
                context_rules.append(ConTextRule(key, "END", direction="TERMINATE"))
        self.add(context_rules)

    def modifiers(self, doc: Doc, start: int, end: int) -> list[ConTextModifier]:
        """Return the cues of the tokens ``start`` to ``end`` with their scopes."""
        matcher = self._ConText__matcher  # type: ignore[attr-defined]
        found = []
        for match_id, a, b in _matches(matcher, doc, start, end):
            rule = matcher.rule_map[doc.vocab.strings[match_id]]
            direction = rule.direction
            scope = (
                (b, end)
                if direction == "FORWARD"
                else (start, a)
                if direction == "BACKWARD"
                else (start, end)
            )
            found.append(ConTextModifier(rule, a, b, None, *scope))
        for i, one in enumerate(found):
            for other in found[i + 1 :]:
                one.limit_scope(other)
                other.limit_scope(one)
        return found

    def cues(self, target: Span, modifiers: Sequence[ConTextModifier]) -> list[Cue]:
        """Return the cues that reach a target."""
        found: list[Cue] = []
        for modifier in modifiers:
            if not modifier.modifies(target):
                continue
            a, b = modifier.modifier_span
            before = b <= target.start
            for sense in self.senses[modifier.rule.literal]["forward" if before else "backward"]:
                if sense.only is None or target.label_ in sense.only:
                    distance = target.start - b if before else a - target.end
                    found.append(Cue(sense.category, a, b, before, sense.reach, distance))
        return found


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


def _key(nlp: Language, phrase: str) -> str:
    """Return a phrase in the spelling that the matcher sees."""
    return " ".join(token.norm_ for token in nlp.tokenizer(phrase))


def _matches(matcher: Any, doc: Doc, start: int, end: int) -> list[tuple[int, int, int]]:
    phrases = matcher._MedspacyMatcher__phrase_matcher(doc[start:end])
    hits = list(phrases)
    kept: list[tuple[int, int, int]] = []
    for hit in sorted(hits, key=lambda h: (h[1] - h[2], h[1])):
        if not any(a < hit[2] and hit[1] < b for _, a, b in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h[1])


#: Words that end the reach of an adjective ("possible", "?").
_PHRASE_ENDS: Final = frozenset(
    ", ; : is are shows show with causing resulting and where which .".split()
)


def _listed(
    between: Sequence[str], behind: Sequence[str], marks: Sequence[int], first: int, target: int
) -> bool:
    """Tell whether commas between a cue and a target only part the items of one list."""
    comma = len(between) - 1 - list(reversed(between)).index(",")
    item = between[comma + 1 :]
    if any(n in ("is", "are", "was", "were", "has", "have", "shows", "there") for n in item):
        return False
    if any(n in ("or", "nor") for n in item[:3]) or "and" in item:
        return True
    levelled = any(first <= m < first + comma for m in marks) and any(
        m >= first + comma for m in marks
    )
    if levelled and not any(n in ("or", "nor") for n in between):
        return False
    # the list is closed by "or" further on: "no bulge, protrusion or extrusion"
    for i, n in enumerate(behind):
        if n in (";", ".", ":") or (n in ("but", "with", "is", "are") and i < 2):
            break
        if n in ("or", "nor"):
            return True
    if (
        any(n in ("is", "are", "seen", "noted", "shows") for n in behind[:3])
        and "seen" not in behind[:1]
    ):
        return False  # a clause of its own: "no protrusion, Modic changes are seen"
    return "and" in item[:2] or (len(item) <= 2 and not any(n in _LATERAL for n in item))


_LATERAL: Final = frozenset(
    "left right bilateral mild moderate severe small minimal central diffuse broad chronic".split()
)


def reaches(
    cue: Cue, target: tuple[int, int], norms: Sequence[str], marks: Sequence[int], end: int
) -> bool:
    """Tell whether a cue's reach plausibly includes a target.

    Parameters
    ----------
    cue : Cue
    target : tuple of int
        Head tokens of the mention.
    norms : sequence of str
    marks : sequence of int
        First tokens of the level lists of the passage: a comma between two of them ends a list.
    end : int
        End of the passage.
    """
    if cue.before:
        between = norms[cue.end : target[0]]
        if cue.reach == "phrase":
            return len(between) <= 9 and not any(
                n in _PHRASE_ENDS and not (n == "and" and between[i + 1 : i + 2] == ["/"])
                for i, n in enumerate(between)
            )
        return "," not in between or _listed(
            between, norms[target[1] : end], marks, cue.end, target[0]
        )
    between = norms[target[1] : cue.start]
    if cue.reach == "phrase":
        return len(between) <= 4 and not any(n in _PHRASE_ENDS for n in between)
    if norms[cue.start] == "none" and cue.end < len(norms) and norms[cue.end] in (
        "at", "elsewhere", "in", "above", "below", "of", "on", "other",
    ):  # fmt: skip
        return False
    if norms[cue.start] == ":" and any(n in (".", ";") for n in between):
        return False
    if ":" in between:
        return False
    if "," in between:
        comma = len(between) - 1 - list(reversed(between)).index(",")
        return any(n in ("or", "nor", "and") for n in between[comma:]) and not any(
            n in ("with", "is", "are") for n in between
        )
    return not any(n in (";",) for n in between)


#: Findings that are told as history without being over, and words that age a fracture.
_LASTING: Final = frozenset(["prior_surgery", "prior_bvn_ablation"])
_AGEING: Final = frozenset("old prior previous remote former earlier known".split())


def weigh(
    finding: str, cues: Sequence[Cue], section: str, norms: Sequence[str]
) -> tuple[str, Cue | None]:
    """Return the status that a mention's cues and section give it, and the cue that decided.

    An empty status means that the mention is no finding (planned, "no new", technique).
    """
    by: dict[str, list[Cue]] = {}
    for cue in cues:
        by.setdefault(cue.category, []).append(cue)

    def nearest(category: str) -> Cue:
        return min(by[category], key=lambda c: c.distance)

    lasting = finding in _LASTING
    if lasting and "planned" in by:
        return "", nearest("planned")
    if finding == "vertebral_fracture" and "historical" in by:
        by["historical"] = [c for c in by["historical"] if norms[c.start] not in _AGEING]
        if not by["historical"]:
            del by["historical"]
    if section == "technique":
        return ("indication", nearest("indication")) if "indication" in by else ("", None)
    if section == "indication":
        if "negated" in by and nearest("negated").distance <= 4:
            return "absent", nearest("negated")
        if lasting:
            return "historical", None
        return "indication", nearest("indication") if "indication" in by else None
    if "skipped" in by:
        return "", nearest("skipped")
    if "resolved" in by:
        return "absent", nearest("resolved")
    decided = [
        c for category in ("negated", "uncertain", "indication") for c in by.get(category, [])
    ]
    if section == "comparison":
        if "negated" in by:
            return "", nearest("negated")
        return "historical", nearest("historical") if "historical" in by else None
    if decided:
        cue = min(decided, key=lambda c: (c.distance, c.category))
        if cue.category == "uncertain" and cue.before and cue.reach == "phrase":
            # "the suspected fracture is not confirmed"
            refuted = next((c for c in by.get("negated", []) if not c.before), None)
            if refuted is not None:
                return "absent", refuted
        if cue.category == "uncertain" and cue.before:
            # "no fluid to suggest discitis", "without findings suspicious for": denied all the same
            denial = next(
                (c for c in by.get("negated", []) if c.before and c.end <= cue.start), None
            )
            if (
                denial is not None
                and "," not in norms[denial.end : cue.start]
                and "but" not in norms[denial.end : cue.start]
            ):
                return "absent", denial
        if cue.category == "negated":
            if "historical" in by and not lasting and not cue.before:
                return "absent", cue
            return "absent", cue
        if (
            "historical" in by
            and "present" not in by
            and cue.category == "uncertain"
            and not lasting
        ):
            return "historical", nearest("historical")
        return ("uncertain" if cue.category == "uncertain" else "indication"), cue
    if "historical" in by and not lasting:
        if "present" in by:
            return "present", nearest("present")
        return "historical", nearest("historical")
    if "present" in by:
        return "present", nearest("present")
    return "present", None
