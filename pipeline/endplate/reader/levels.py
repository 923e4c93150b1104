"""The grammar of levels: discs, bodies, endplates, ranges, lists, shorthand, references.

Works on the flattened text of one passage (see :func:`endplate.reader.words.flatten`); every
pattern is linear. A :class:`Place` is one coordinated list of levels (``L3-4, L4-5 and L5-S1``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from endplate.codes import LEVELS
from endplate.reader.alternation import alternation, openers
from endplate.reader.spine import (
    COUNTS,
    KNOWN_BODIES,
    segment_above,
    segment_below,
    segment_beside,
    segments_between,
)

_GRADE: Final = (
    r"(?:(?:mild|moderate|severe|marked|minimal|slight|advanced)(?:ly)?(?:[ -](?:to[ -])?"
    r"(?:moderate|severe|marked))?\s+)(?:(?:left|right|bilateral)(?:[ -]sided)?\s+)?"
)
#: "Moderate L3-4 and severe left L4-5 stenosis": what both levels stand before.
_GRADED: Final = re.compile(rf"(?<!\w){_GRADE}$")
_JOIN_GRADED: Final = re.compile(rf"\s*,?\s*(?:and\s+)?{_GRADE}")
_DOWNWARDS: Final = re.compile(
    r"\s*(?:downwards?|down(?= ?[.,;)]|$)|and below|and downwards?|down to the sacrum|caudally)\b"
)
#: "Is otherwise intact" speaks of the level that was named.
_OTHERWISE: Final = re.compile(
    r"otherwise\s+(?:intact|normal|unremarkable|preserved|well|maintained|negative|clear|patent)"
)
_ON_SACRUM: Final = re.compile(r"\s*(?:on|over|upon)\s+(?:the\s+)?sacrum")
_ROOT_LIST: Final = re.compile(r"\s*(?:and|or|,|&|/)\s*(?:the\s+)?(?:left\s+|right\s+)?")
_ROMAN: Final = re.compile(r"[iv]+")
_PLACED: Final = re.compile(r"\b(?:at|in)\b")
#: "Modic 1 at L4-5, L3-4 normal", "at L5-S1, the L3-4 endplates are spared"
_AT: Final = re.compile(r"(?:at|in|of|on)\s+(?:the\s+)?$")
#: Characters before a level in which that stands.
_BEFORE: Final = 8
_OWN_CLAUSE: Final = re.compile(
    r"\s*(?:(?:discs?|end[ -]?plates?|levels?)\s+)?(?:(?:is|are|remains?|appears?)\s+)?"
    r"(?:normal|unremarkable|spared|preserved|intact|clear|uninvolved|unaffected)\b"
)
_CLAUSE: Final = re.compile(r"\s*,?\s*(?:a|an|there|we|the disc|shows?)\b")


@dataclass(slots=True, init=False)
class Item:
    """One level of a list.

    ``segments`` are disc segments; ``body`` is a vertebral body named alone, ``endplate`` the side
    of it where told. An item with neither lies outside of the region read (``C5-6``, ``T7``).
    """

    start: int
    end: int
    segments: list[str]
    body: str
    endplate: str

    def __init__(
        self,
        start: int,
        end: int,
        segments: list[str] | None = None,
        body: str = "",
        endplate: str = "",
    ) -> None:
        self.start = start
        self.end = end
        self.segments = [] if segments is None else segments
        self.body = body
        self.endplate = endplate


@dataclass(slots=True, init=False)
class Place:
    """A coordinated list of levels, or a reference to levels named before.

    ``kind`` is ``named``, ``foreign`` (only levels above T10), ``same``, ``both``, ``former``,
    ``latter``, ``above``, ``below`` or ``none`` (explicitly no level in particular).
    """

    start: int
    end: int
    kind: str
    items: list[Item]

    def __init__(
        self,
        start: int,
        end: int,
        kind: str = "named",
        items: list[Item] | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.kind = kind
        self.items = [] if items is None else items

    @property
    def segments(self) -> list[str]:
        """Disc segments that may count, in the order told, each once."""
        told = [s for item in self.items for s in item.segments if s in LEVELS]
        return list(dict.fromkeys(told))

    @property
    def bodies(self) -> list[str]:
        """Bodies named alone, in the order told, each once."""
        told = [item.body for item in self.items if item.body in KNOWN_BODIES]
        return list(dict.fromkeys(told))


_SIDE: Final = r"(?:superior|inferior|upper|lower|sup|inf|cranial|caudal|top|bottom)"
_SIDES: Final = rf"(?P<side>(?:both|{_SIDE})(?:\s*(?:and|&|/|,)\s*{_SIDE})?)\.?"
_PLATE: Final = (
    r"(?:(?:vertebral|bony|articular)\s+)?(?:end[\s-]?pl?a[tl]?l?t?es?|eps?\b|endplate|plates?\b|"
    r"platforms?|plateaus?|plateaux|corners?|surfaces?|aspects?|margins?|parts?)"
)
_SIDE_BEFORE: Final = re.compile(
    rf"{_SIDES}\s+(?:\w+\s+)?{_PLATE}\s*(?:[\w']+\s+){{0,3}}(?:(?:of|at|in|along|on|"
    rf"involving|to|from|within)\s+)?(?:the\s+)?"
    r"(?:(?:vertebral\s+)?bod(?:y|ies)\s+(?:of\s+)?|vertebrae?\s+)?$"
)
_S1_PLATE: Final = re.compile(r"\s+(?:end[\s-]?)?plate\b")
_PLATES_BEFORE: Final = re.compile(r"\bend\s?-?\s?plates\s+of\s+(?:the\s+)?$")
_UNDER_BEFORE: Final = re.compile(
    r"\bunder\s?surfaces?\s+of\s+(?:the\s+)?(?:bod(?:y|ies)\s+of\s+)?$"
)
_CORNER_BEFORE: Final = re.compile(
    r"(?:(?:antero|postero)-?\s?(?P<side>superior|inferior))(?:ly)?\s+(?:corners?|margins?|"
    r"aspects?|"
    r"end\s?plates?)\s+(?:of\s+)?(?:the\s+)?(?:(?:vertebral\s+)?bod(?:y|ies)\s+(?:of\s+)?)?$"
)
_SIDE_JUST_BEFORE: Final = re.compile(rf"\b(?:antero-?|postero-?)?{_SIDES}\s+$")
_SIDE_AFTER: Final = re.compile(
    rf"^(?:'s)?\s*(?:vertebral\s+body|vertebral|vertebra|body|anterior|posterior|left|"
    rf"right)?\s*{_SIDES}\s+"
    rf"(?:\w+\s+)?(?:{_PLATE}|(?:and|&|/)\s*(?:the\s+)?\w{{1,3}}\d{{1,2}}\s+{_SIDE}\s+{_PLATE})"
)
#: "L1 sup: Schmorl", "L4 inf + L5 sup"
_SIDE_SHORT: Final = re.compile(
    r"^\s(?P<side>sup|inf|superior|inferior)\b[.]?(?=\s*(?:[-:,;+&)=]|and\b|$))"
)
_PLATE_AFTER: Final = re.compile(rf"^\s*(?:vertebral\s+|body\s+)*{_PLATE}")
#: "Endplate defect (inferior L3)"
_PLATE_OPENS: Final = re.compile(rf"\b{_PLATE}\s+(?:\w+\s+)?[(]?\s*{_SIDE}\s+$")
_ROOT_AFTER: Final = re.compile(
    r"^\s*[)]?\s*(?:left\s+|right\s+|exiting\s+|traversing\s+|descending\s+|exit\s+|"
    r"spinal\s+|sided\s+)*"
    r"(?:nerves?\b|roots?\b|nerve|nn\b|radic\w*|dermatom\w*|rootlets?|ganglion|"
    r"distribution|neuropathy|"
    r"impingement|compression\b(?!\s+(?:fracture|deform))|compromise|contact|irritation|side\b)"
)
_ROOT_BEFORE: Final = re.compile(
    r"(?:\broots?|\bnerves?|radiculopathy|ganglion|dermatome|radicular\s\w+|radicular)\s*"
    r"(?:of\s+|on\s+|at\s+)?(?:the\s+)?(?:left\s+|right\s+)?[(]?\s*$"
)
_FORAMEN_AFTER: Final = re.compile(
    r"^\s*(?:left\s+|right\s+|exit\s+|neural\s+|bilateral\s+)*(?:foram\w+|neuro-?foram\w+|"
    r"exit foram\w+)"
)
_SEQUENCE_AFTER: Final = re.compile(
    r"^\s*-?\s?(?:w\b|wi\b|weight\w*|hyper\w*|hypo\w*|iso\w*|bright\w*|dark\w*|low\b|"
    r"high\b|signal|fs\b|fse\b|tse\b|"
    r"fat|stir|sequence\w*|images?\b|sagittal|axial|intens\w+|intermediate|ax\b|sag\b|tirm|"
    r"post|pre|space\b|dixon|relaxation)"
)
_NOT_BEFORE: Final = re.compile(
    r"(?:types?|grades?|modic|mc|stage|class|pfirrmann|castellvi|series|images?|im|score|nrs|vas|"
    r"figure|fig|slice|slices|tesla|aged?|gravida|para|over|under|than|every|past|last|"
    r"\bx)\s*[-:#]?\s*(?:[123i]{1,3}\s*(?:and|or|,|/|to)\s*)?$"
)
_UNIT_AFTER: Final = re.compile(
    r"^\s*(?:mm\b|cm\b|m\b|%|x\b|\*|ml\b|cc\b|/\d|-\d|/7\b|/52|/12|weeks?|months?|years?|"
    r"yrs?|days?|hours?|"
    r"wks?|th\b|st\b|nd\b|rd\b|degrees?|°|of\s+the|times?|tesla|mg)"
)
_JOIN_PLATES: Final = re.compile(
    rf"(?:\s*{_SIDE})?(?:\s*{_PLATE})?\s*(?:,|and|&|/|\+|"
    rf"as well as)\s*(?:the\s+)?(?:{_SIDE}\s+)?(?:{_PLATE}\s+)?(?:(?:of|at|"
    rf"in)\s+)?(?:the\s+)?"
)
_JOIN: Final = re.compile(
    r"[\s,;&+/>().]*(?:(?:and|or|nor|as well as|plus|also|both|at|in|of|the|"
    r"(?:to|in) (?:a )?lesser (?:extent|degree)|"
    r"more than|greater than|less than|smaller|milder|less marked|less so|levels?|vertebrae?|"
    r"vertebral|bod(?:y|ies)|and also|then|on|"
    r"diffusely|focally|mildly|slightly|minimally|predominantly|mainly|on the (?:left|right)|"
    r"discs?|particularly|especially|disc spaces?|left|right|bilateral|anteriorly|posteriorly|"
    r"centrally|with (?:lesser|milder|minor|smaller) (?:changes?|involvement)|"
    r"an? (?:tiny|small|minor) (?:focus|area))\b[\s,;&+/>()]*)*"
)


class LevelGrammar:
    """Finds the places that a passage speaks of.

    Parameters
    ----------
    words : mapping
        The content of ``levels.yaml``.
    """

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._region = {
            form: letter for letter, forms in words["regions"].items() for form in forms
        }
        self._number = {str(n): n for n in range(1, 13)} | dict(words["numbers"])
        self._names = {
            phrase: level for level, phrases in words["names"].items() for phrase in phrases
        }
        self._references = {
            phrase: kind
            for kind in ("same", "both", "former", "latter", "above", "below", "none", "foreign")
            for phrase in words[kind]
        }
        region = "|".join(sorted(map(re.escape, self._region), key=len, reverse=True))
        number = "|".join(["1[0-2]", "[1-9]", *(rf"{word}\b" for word in words["numbers"])])
        body = rf"(?:{region})[ .]?-?(?:{number})"
        self.atom = re.compile(
            rf"{openers([*self._region, *self._names, *'12345'])}(?<![a-z0-9])(?:"
            rf"(?P<si>(?:l[ ]?5|l[ ]v)[ ]?[-/][ ]?s[ ]?i)(?![a-z0-9])"
            rf"|(?P<first>(?:{region})[ .]{{0,2}}-?(?:{number}))(?![0-9])"
            rf"(?P<rest>(?:(?:[ ]?[-/][ \n]*|[ ]|)(?:{region})?[ .]?(?:{number})(?![0-9]|"
            rf"\.\d|[ ]?mm|[ ]?cm|[ ]?%))*)"
            rf"|(?P<packed>l[1-5][2-5s]1?|l51)(?![a-z0-9])"
            rf"|(?<![\w./-])(?P<short>[1-5][ ]?[-/][ ]?(?:{region})?[1-5]"
            r"(?:[ ]?[-/][ ]?s?[1-5])?)"
            r"(?![\d]|\.\d)"
            rf"|\b(?P<name>{alternation(self._names)})\b)"
        )
        self._body = re.compile(rf"(?:({region})[ .]{{0,2}}-?)?({number})")
        self._range = re.compile(
            rf"\s*(?:levels?\s*)?(?:{'|'.join(map(re.escape, words['range']))})\s*(?:the\s+)?"
        )
        self._upon = re.compile(rf"\s*(?:{'|'.join(map(re.escape, words['upon']))})\s*(?:the\s+)?")
        first = openers([*self._references, "at both", "there", "here"])
        self._reference = re.compile(
            rf"{first}\b(?:{alternation(self._references)}\b"
            r"|\bat both(?=\s*[,.;)]|\s*$)"
            r"|\bt?here\b(?=\s*[,.;)]|\s*$|\s+(?:and|with|too|as)\b)|\bhere\b(?=\s+(?:have|"
            r"has|show)))"
        )
        self._references["at both"] = "both"
        first = openers([*self._region, *self._names, *"12345"])
        self._gate = re.compile(
            rf"{first}(?:{body}|[1-5] ?[-/] ?[1-5s]|{alternation(self._names)})"
        )

    def __call__(self, flat: str) -> list[Place]:
        """Return the places of a flattened passage, in order, not overlapping."""
        places = self._named(flat) if self._gate.search(flat) else []
        taken = [(place.start, place.end) for place in places]
        for match in self._reference.finditer(flat):
            if _OTHERWISE.match(flat, match.start()):
                continue
            if not any(a < match.end() and match.start() < b for a, b in taken):
                places.append(
                    Place(match.start(), match.end(), self._references.get(match.group(), "same"))
                )
        if len(places) > len(taken):
            places.sort(key=lambda place: place.start)
        return places

    def may_speak(self, flat: str) -> bool:
        """Tell whether a flattened passage may name a level or refer to one."""
        return bool(self._gate.search(flat) or self._reference.search(flat))

    def starts_with_level(self, flat: str) -> re.Match[str] | None:
        """Return the match of a level at the very start of a flattened text."""
        match = self.atom.match(flat)
        return match if match and not match.group("name") else None

    # ------------------------------------------------------------------ named levels

    def _named(self, flat: str) -> list[Place]:
        items: list[Item] = []
        masked: list[bool] = []
        at = 0
        while match := self.atom.search(flat, at):
            found = self._items(flat, match)
            # "Modic 1 - L4-5": no level starts with the type
            at = match.end() if found or not match.group("short") else match.start() + 1
            for item in found:
                items.append(item)
                masked.append(self._is_root(flat, item))
                at = item.end  # what the atom took too much is read again
        # "the L5 and S1 roots": what is said of the last holds for the list
        for i in range(len(items) - 2, -1, -1):
            gap = flat[items[i].end : items[i + 1].start]
            if masked[i + 1] and items[i].body and _ROOT_LIST.fullmatch(gap):
                masked[i] = True
        items = [item for item, root in zip(items, masked, strict=True) if not root]
        for item in items:
            if item.segments and _DOWNWARDS.match(flat, item.end):
                item.segments = segments_between(item.segments[0].split("-")[0], "S1")
            if item.body == "L5" and _ON_SACRUM.match(flat, item.end):
                item.body, item.segments = "", ["L5-S1"]
        places: list[Place] = []
        for item in items:
            if places:
                last = places[-1]
                gap = flat[last.end : item.start]
                if self._merge(last, item, gap):
                    last.end = item.end
                    continue
                graded = _JOIN_GRADED.fullmatch(gap) and _GRADED.search(
                    flat[max(0, last.start - 40) : last.start]
                )
                if not self._parted(flat, last, item) and (
                    graded
                    or _JOIN_PLATES.fullmatch(gap)
                    or (_JOIN.fullmatch(gap) and self._coordinated(flat, gap, item))
                ):
                    last.items.append(item)
                    last.end = item.end
                    continue
            places.append(Place(item.start, item.end, items=[item]))
        for place in places:
            self._sides(flat, place)
            if "l6" in flat:  # with six bodies the sacrum begins below L6
                for item in place.items:
                    if item.body == "S1" and item.endplate == "superior":
                        item.segments = ["L6-S1"]
                    elif item.body == "L5" and item.endplate == "inferior":
                        item.segments = ["L5-L6"]
            if not place.segments and not place.bodies:
                place.kind = "foreign"
        return places

    @staticmethod
    def _parted(flat: str, last: Place, item: Item) -> bool:
        """Tell whether a comma parts two statements: "Modic 1 at L4-5, L3-4 normal"."""
        return (
            flat[last.end : item.start] in (", ", ", the ")
            and _OWN_CLAUSE.match(flat, item.end) is not None
            and _AT.search(flat[max(0, last.start - _BEFORE) : last.start]) is not None
        )

    @staticmethod
    def _coordinated(flat: str, gap: str, item: Item) -> bool:
        if ";" in gap or re.search(r"\.\s", gap):
            return False
        if gap.strip() in ("(", "of", "in", "at", "disc", "the", "level", "levels"):
            return False
        # "at L3-4 a bulge and at L4-5 a protrusion": the second level opens a clause of its own
        return not (_PLACED.search(gap) and _CLAUSE.match(flat, item.end))

    def _merge(self, last: Place, item: Item, gap: str) -> bool:
        """Take `item` as the far end of a range, or as the body below a slipped one."""
        before = last.items[-1]
        if self._range.fullmatch(gap):
            ends = self._ends(before), self._ends(item)
            if all(ends):
                (upper, _), (_, lower) = ends  # type: ignore[misc]
                segments = segments_between(upper, lower)
                if segments:
                    last.items[-1] = Item(before.start, item.end, segments)
                    return True
        if self._upon.fullmatch(gap) and before.body and item.body:
            segments = segments_between(before.body, item.body)
            if len(segments) == 1:
                last.items[-1] = Item(before.start, item.end, segments)
                return True
        return False

    @staticmethod
    def _ends(item: Item) -> tuple[str, str] | None:
        if item.body:
            return item.body, item.body
        if item.segments:
            return item.segments[0].split("-")[0], item.segments[-1].split("-")[1]
        return None

    def _items(self, flat: str, match: re.Match[str]) -> list[Item]:
        start, end = match.span()
        if match.group("name"):
            return [
                Item(start, end, segments_between(*self._names[match.group("name")].split("-")))
            ]
        if match.group("si"):
            return [Item(start, end, ["L5-S1"])]
        if match.group("packed"):
            digits = match.group("packed")[1:].replace("s", "")
            if len(digits) < 2:
                return []
            upper, lower = int(digits[0]), int(digits[-1])
            bodies = self._pair("L", upper, "S" if "s" in match.group("packed") else "", lower)
            return [Item(start, end, segments_between(*bodies))] if bodies else []
        if match.group("short"):
            return self._short(flat, match)
        return self._chain(flat, match)

    def _short(self, flat: str, match: re.Match[str]) -> list[Item]:
        start, end = match.span()
        before = flat[max(0, start - 24) : start]
        if _NOT_BEFORE.search(before) or _UNIT_AFTER.match(flat[end:]):
            return []
        numbers = [int(n) for n in re.findall(r"\d", match.group())]
        if any(b != a + 1 and (a, b) != (5, 1) for a, b in itertools.pairwise(numbers)):
            return []
        supported = re.search(
            r"(?:\b(?:at|level|levels|disc|discs|the|of|l|and|to|through|from|both|on|in)|"
            r"[,&(]|^)\s*$",
            before,
        ) or re.match(r"\s*(?:levels?|discs?|:)", flat[end:])
        if not supported:
            return []
        if not re.search(r"(?:level|disc)\w*\s*$", before) and not re.match(
            r"\s*(?:levels?|discs?)\b", flat[end:]
        ):
            # bare figures need a spinal neighbourhood
            if not re.search(
                r"\b[lsdt]\s?\d|\d\s?[-/]\s?[s1-5]\b.*\d\s?[-/]\s?[s1-5]\b|disc|bulge|"
                r"protrusion|modic|\bmc\b|endplate|stenosis|facet|herniat|lumbar",
                flat,
            ):
                return []
            if re.match(r"\s*(?:/|-)\s*\d", flat[end:]) or re.search(r"\d\s*[/-]\s*$", before):
                return []
        segments: list[str] = []
        for a, b in itertools.pairwise(numbers):
            pair = self._pair("L", a, "", b)
            if pair:
                segments += segments_between(*pair)
        return [Item(start, end, segments)] if segments else []

    def _pair(self, region: str, upper: int, other: str, lower: int) -> tuple[str, str] | None:
        if not other:
            if lower > upper:
                other = region
            elif region == "L" and lower == 1:
                other = "S"
            elif region == "T" and lower == 1:
                other = "L"
            elif region == "C" and lower == 1:
                other = "T"
            else:
                other = region
        if not (1 <= upper <= COUNTS[region] and 1 <= lower <= COUNTS[other]):
            return None
        a, b = f"{region}{upper}", f"{other}{lower}"
        return (a, b) if a != b else None

    def _chain(self, flat: str, match: re.Match[str]) -> list[Item]:
        """Read ``L4``, ``L4-5``, ``L4-L5-S1``, ``L3-S1``, ``L four five`` ..."""
        start = match.start()
        parts = self._body.finditer(flat, start, match.end())
        first = next(parts, None)
        if first is None:
            return []
        region = self._region.get(first.group(1) or "", "")
        upper = self._number[first.group(2)]
        if not region or upper > COUNTS[region]:
            return []
        # a word for a number must not be the start of another word or a count ("s one of")
        bodies = [f"{region}{upper}"]
        ends_at = first.end()
        blank = False
        for part in parts:
            letter = self._region.get(part.group(1) or "", "")
            number = self._number[part.group(2)]
            separator, end = flat[ends_at : part.start()], part.end()
            if not letter and first.group(2).isdigit() and _ROMAN.fullmatch(part.group(2)):
                break  # "L4/5 - II": a type
            if len(bodies) == 1:
                blank = " " in separator
            elif not letter and " " in separator and not blank:
                break  # "L4/5 - 2"
            last_region, last_number = bodies[-1][0], int(bodies[-1][1:])
            if letter == "T" and number <= 2 and last_region != "T":
                break  # "L2-L3 - T1 dark, T2 bright": a sequence
            bare = not re.search(r"[-/]", separator)
            if bare and separator == "" and not letter:
                break
            if (
                bare
                and not letter
                and (number != last_number + 1 and (last_number, number) not in ((5, 1), (12, 1)))
            ):
                break  # "L4 5 mm", "L5 3 cysts": only neighbours may stand without a dash
            if bare and letter and letter == last_region and number != last_number + 1:
                break
            pair = self._pair(last_region, last_number, letter, number)
            if pair is None or (bare and len(segments_between(*pair)) != 1):
                break
            bodies.append(pair[1])
            ends_at = end
        if (
            region in "TD"
            and upper <= 2
            and (len(bodies) == 1 or all(body in ("T1", "T2") for body in bodies))
        ):
            return []  # T1 and T2 are sequences
        if len(bodies) == 1:
            if _SEQUENCE_AFTER.match(flat[ends_at:]) and region == "T":
                return []
            return [Item(start, ends_at, body=bodies[0])]
        segments: list[str] = []
        for a, b in itertools.pairwise(bodies):
            segments += segments_between(a, b)
        return [Item(start, ends_at, segments)]

    # ------------------------------------------------------------------ bodies and endplates

    @staticmethod
    def _is_root(flat: str, item: Item) -> bool:
        after = flat[item.end : item.end + 60]
        before = flat[max(0, item.start - 40) : item.start]
        if _ROOT_AFTER.match(after):
            # "L4-5 nerve root" is the level that compresses, unless a body alone is named
            return bool(item.body)
        return bool(item.body and _ROOT_BEFORE.search(before))

    @staticmethod
    def _sides(flat: str, place: Place) -> None:
        """Turn bodies into segments where one endplate, a foramen or two neighbours are named."""
        before = flat[max(0, place.start - 80) : place.start]
        listed = _SIDE_BEFORE.search(before) or _CORNER_BEFORE.search(before)
        behind = _SIDE_AFTER.match(flat[place.end : place.end + 60])
        # "the inferior L2 and superior L3 endplates"
        plates = _PLATE_AFTER.match(flat[place.end : place.end + 30])
        # "D11 and D12 lower end plates"
        shared = behind if behind is not None and behind.group().endswith("s") else None
        # "the cover plates of L1 and L2"
        every = _named_side(before[-60:], "", "") if len(place.items) > 1 else ""
        for item in place.items:
            if not item.body or item.body not in KNOWN_BODIES:
                continue
            after = flat[item.end : item.end + 60]
            alone = item.body if len(place.items) == 1 else ""
            named = every or _named_side(flat[max(0, item.start - 60) : item.start], alone, after)
            if named:
                item.endplate = named
                item.segments = [segment_beside(item.body, named)]
                continue
            match = _SIDE_AFTER.match(after) or _SIDE_SHORT.match(after) or shared
            if match is None:
                just = _SIDE_JUST_BEFORE.search(flat[max(0, item.start - 30) : item.start])
                if just and (plates or _PLATE_AFTER.match(after) or _PLATE_OPENS.search(before)):
                    match = just
            match = (
                match or _SIDE_BEFORE.search(flat[max(0, item.start - 80) : item.start]) or listed
            )
            if match:
                side = match.group("side")
                upper = bool(re.search(r"super|upper|sup\b|cranial|top|both", side))
                lower = bool(re.search(r"infer|lower|inf\b|caudal|bottom|both", side))
                item.endplate = "both" if upper and lower else "superior" if upper else "inferior"
                if upper:
                    item.segments.append(segment_above(item.body))
                if lower:
                    item.segments.append(segment_below(item.body))
            elif item.body == "S1" and _S1_PLATE.match(after):  # it has no other in the spine
                item.endplate = "superior"
                item.segments.append(segment_above(item.body))
            elif _PLATES_BEFORE.search(before) and len(place.items) == 1:  # "the endplates of L3"
                item.endplate = "both"
                item.segments += [segment_above(item.body), segment_below(item.body)]
            elif _FORAMEN_AFTER.match(after):
                item.segments.append(segment_below(item.body))
                item.body = ""


def _named_side(before: str, body: str, after: str) -> str:
    """Return the side that a name of its own tells: undersurface, cover plate, S1's endplate."""
    if _UNDER_BEFORE.search(before):
        return "inferior"
    plate = re.search(r"\b(cover|base)\s*-?plates?\s+(?:of\s+)?(?:the\s+)?$", before)
    if plate:
        return "superior" if plate.group(1) == "cover" else "inferior"
    plate = re.match(r"\s*(cover|base)\s*-?plate", after)
    if plate:  # "the L5 cover plate"
        return "superior" if plate.group(1) == "cover" else "inferior"
    if body == "S1" and re.match(r"\s*end\s?-?\s?plate", after):
        return "superior"
    return ""
