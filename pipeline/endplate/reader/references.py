"""What the rule files say of each other and of themselves: names that exist, nothing twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from endplate.reader.overlay import Rules, cue_meaning, cue_phrases, pairs_by_meaning
from endplate.reader.schema import EXCLUSIVE, NEVER_EMPTY
from endplate.strict_yaml import Place

#: A fault: the path in the file, and what is wrong.
Fault = tuple[Place, str]

#: The groups of terms.yaml that a reference may point to.
_THING: Final = ("things",)
_QUALITY: Final = ("qualities",)
_SITE: Final = ("sites", "things")

_SLOT: Final = re.compile(r"\{([^{}]*)\}")


def own_faults(name: str, rules: Rules) -> Iterator[Fault]:
    """Yield what a file, or its ``off`` part, says twice or in two ways."""
    yield from _repeated(rules, ())
    for key in rules:
        if (name, key) not in EXCLUSIVE:
            continue
        owner: dict[str, str] = {}
        for label, phrases in rules[key].items():
            for number, phrase in enumerate(phrases):
                other = owner.setdefault(phrase, label)
                if other != label:
                    yield (key, label, number), f"'{phrase}' also stands under {other}; keep one"


def reference_faults(name: str, rules: Rules, every: Mapping[str, Rules]) -> Iterator[Fault]:
    """Yield the names in a file that mean nothing in the merged rules `every`."""
    if name == "findings":
        yield from _label_faults(rules, every["terms"])
    if name == "terms":
        for group, labels in rules.items():
            for label in labels:
                other = next(
                    (g for g, known in every["terms"].items() if g != group and label in known), ""
                )
                if other:
                    yield (group, label), f"is already a label of {other}; a label has one group"
    if name == "assertion":
        yield from _slot_faults(rules, every["assertion"]["slots"])


def novelty_faults(
    name: str, added: Rules, shipped: Rules, every: Mapping[str, Rules]
) -> Iterator[Fault]:
    """Yield names of an overlay that are new but that nothing asks for: mostly misspelled ones."""
    if name == "terms":
        findings = every["findings"]
        asked = {label for labels in findings["things"].values() for label in labels}
        asked |= {label for pair in findings["pairs"] for label in (*pair["quality"], pair["site"])}
        for group, labels in added.items():
            for label in labels:
                if label not in shipped[group] and label not in asked:
                    hint = _like(label, shipped[group])
                    yield (
                        (group, label),
                        f"a new label that findings.yaml does not name; labels of {group}: {hint}",
                    )
    if name == "assertion":
        said = " ".join(
            phrase
            for phrases in (*(g["phrases"] for g in every[name]["cues"]), every[name]["ends"])
            for phrase in phrases
        )
        for slot in added.get("slots", {}):
            if f"{{{slot}}}" not in said:
                yield (
                    ("slots", slot),
                    f"no phrase has {{{slot}}}; slots: {', '.join(shipped['slots'])}",
                )


def off_faults(off: Rules, shipped: Rules) -> Iterator[Fault]:
    """Yield what is to be switched off but is not in the shipped file."""
    for key, less in off.items():
        here = shipped[key]
        if key == "pairs":
            yield from _absent_pairs(less, here)
        elif key == "cues":
            yield from _absent_cues(less, here)
        elif isinstance(here, list):
            yield from _absent((key,), less, here)
        else:
            for label, value in less.items():
                if label not in here:
                    yield (key, label), f"there is none; there are: {_like(label, here)}"
                elif isinstance(value, list):
                    yield from _absent((key, label), value, here[label])


def empty_faults(name: str, merged: Rules) -> Iterator[Fault]:
    """Yield lists that a site switched off as a whole although the reader cannot do without."""
    if name not in NEVER_EMPTY:
        return
    for key, value in merged.items():
        parts = (
            {(key,): value} if isinstance(value, list) else {(key, k): v for k, v in value.items()}
        )
        for place, phrases in parts.items():
            if phrases == []:
                yield place, "nothing would be left; at least one phrase must stay"


def missing_faults(fields: Iterable[str], rules: Rules) -> Iterator[Fault]:
    """Yield the keys that a complete file needs and that are not there."""
    for field in fields:
        if field not in rules:
            yield (field,), "is missing"


def _repeated(value: Any, place: Place) -> Iterator[Fault]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _repeated(part, (*place, key))
    elif isinstance(value, list):
        seen: set[str] = set()
        for number, part in enumerate(value):
            if not isinstance(part, str):
                yield from _repeated(part, (*place, number))
            elif part in seen:
                yield (*place, number), f"'{part}' stands twice in this list; keep one"
            else:
                seen.add(part)


def _label_faults(rules: Rules, terms: Rules) -> Iterator[Fault]:
    def fault(place: Place, label: str, groups: tuple[str, ...]) -> Iterator[Fault]:
        known = [name for group in groups for name in terms[group]]
        if label not in known:
            where = " or ".join(groups)
            yield (
                place,
                f"terms.yaml has no '{label}' under {where}; there are: {_like(label, known)}",
            )

    for finding, labels in rules.get("things", {}).items():
        for number, label in enumerate(labels):
            yield from fault(("things", finding, number), label, _THING)
    for row, pair in enumerate(rules.get("pairs", ())):
        for number, quality in enumerate(pair["quality"]):
            yield from fault(("pairs", row, "quality", number), quality, _QUALITY)
        yield from fault(("pairs", row, "site"), pair["site"], _SITE)


def _slot_faults(rules: Rules, slots: Mapping[str, Any]) -> Iterator[Fault]:
    lists = [
        (("cues", row, "phrases"), g["phrases"]) for row, g in enumerate(rules.get("cues", ()))
    ]
    for place, phrases in [*lists, (("ends",), rules.get("ends", ()))]:
        for number, phrase in enumerate(phrases):
            for slot in _SLOT.findall(phrase):
                if slot not in slots:
                    text = f"there is no slot {{{slot}}}; slots: {', '.join(slots)}"
                    yield (*place, number), text
            if re.search(r"[{}]", _SLOT.sub("", phrase)):
                yield (*place, number), "a slot is written as one name in braces, such as {study}"


def _absent(place: Place, less: Iterable[str], here: Iterable[str]) -> Iterator[Fault]:
    known = list(here)
    for number, phrase in enumerate(less):
        if phrase not in known:
            yield (*place, number), f"'{phrase}' is not in the shipped list; {_like(phrase, known)}"


def _absent_pairs(less: Iterable[Rules], here: Iterable[Rules]) -> Iterator[Fault]:
    known = pairs_by_meaning(here)
    for number, pair in enumerate(less):
        for finding, quality, site in pairs_by_meaning([pair]).keys() - known.keys():
            others = [f"{q} of {s}" for f, q, s in known if f == finding]
            there = ", ".join(others) or "none"
            text = f"there is no pair {quality} of {site}; for {finding} there are: {there}"
            yield ("pairs", number), text


def _absent_cues(less: Iterable[Rules], here: Iterable[Rules]) -> Iterator[Fault]:
    known = cue_phrases(here)
    for row, group in enumerate(less):
        meaning = cue_meaning(group)
        for number, phrase in enumerate(group["phrases"]):
            if phrase in known.get(meaning, ()):
                continue
            others = [" ".join(other) for other, phrases in known.items() if phrase in phrases]
            there = f"under {' and under '.join(others)}" if others else "nowhere else"
            text = f"'{phrase}' is no cue under {' '.join(meaning)}; it stands {there}"
            yield ("cues", row, "phrases", number), text


def _like(word: str, known: Iterable[str]) -> str:
    """Return the names that there are; of many, those that look like the one that was meant."""
    names = list(known)
    if len(names) <= 12:
        return ", ".join(names) or "none"
    near = get_close_matches(word, names, n=4, cutoff=0.4)
    return f"{', '.join(near or names[:4])} ... ({len(names)} in all)"
