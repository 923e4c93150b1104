"""What may stand in the reader's rule files: their keys, and the codes that they may name.

A file of an overlay has the same form as the shipped one, with any part of it left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import ErrorDetails

from endplate.codes import FINDINGS, LEVELS, SECTIONS

MAX_PHRASE: Final = 120


def _one_of(allowed: Iterable[str]) -> AfterValidator:
    codes = tuple(allowed)

    def check(value: str) -> str:
        if value not in codes:
            message = f"'{value}' is not allowed; allowed: {', '.join(codes)}"
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _single(word: str) -> str:
    if " " in word:
        message = f"'{word}' is more than one word; phrases belong under misheard"
        raise ValueError(message)
    return word


# The reader looks everything up in lower case: a phrase with a capital would never be found.
Phrase = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=MAX_PHRASE),
]
Phrases = list[Phrase]
Word = Annotated[Phrase, AfterValidator(_single)]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
FindingCode = Annotated[str, _one_of(FINDINGS)]
#: A disc, or the discs from one body to the sacrum.
LevelCode = Annotated[str, _one_of([*LEVELS, "L4-S1", "L3-S1", "L2-S1", "L1-S1"])]
SectionCode = Annotated[str, _one_of(SECTIONS)]
RegionLetter = Annotated[str, _one_of("CTLS")]
ModalityCode = Annotated[str, _one_of(["MR", "CT", "XR", "US", "NM", "XA"])]
Category = Annotated[
    str,
    _one_of(
        [
            "negated",
            "resolved",
            "uncertain",
            "historical",
            "converted",
            "present",
            "indication",
            "planned",
            "skipped",
        ]
    ),
]
Direction = Annotated[str, _one_of(["forward", "backward", "bidirectional"])]
Reach = Annotated[str, _one_of(["clause", "phrase"])]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Spelling(_Part):
    """One spelling for each word."""

    spelling: dict[Word, list[Word]] = {}
    tolerant: list[Word] = []
    protected: list[Word] = []
    misheard: dict[Phrase, Phrases] = {}


class Terms(_Part):
    """The words of a report by meaning, in four groups."""

    sites: dict[Label, Phrases] = {}
    elsewhere: dict[Label, Phrases] = {}
    qualities: dict[Label, Phrases] = {}
    things: dict[Label, Phrases] = {}


class Pair(_Part):
    """A quality said of a place is a finding."""

    finding: FindingCode
    quality: list[Label] = Field(min_length=1)
    site: Label
    loose: bool = False
    at_disc: bool = False


class Findings(_Part):
    """Which words make a finding."""

    things: dict[FindingCode, list[Label]] = {}
    pairs: list[Pair] = []
    fillers: Phrases = []


class Levels(_Part):
    """How levels are said."""

    regions: dict[RegionLetter, Phrases] = {}
    numbers: dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{1,12}$")], int] = {}
    names: dict[LevelCode, Phrases] = {}
    range: Phrases = []
    upon: Phrases = []
    same: Phrases = []
    both: Phrases = []
    former: Phrases = []
    latter: Phrases = []
    above: Phrases = []
    below: Phrases = []
    foreign: Phrases = []
    none: Phrases = []


class Sections(_Part):
    """Headings."""

    sections: dict[SectionCode, Phrases] = {}
    subheadings: Phrases = []
    columns: Phrases = []
    denials: Phrases = []
    openers: Phrases = []
    legend: Phrases = []


class CueGroup(_Part):
    """Cues that do the same."""

    category: Category
    direction: Direction
    reach: Reach
    phrases: Phrases = Field(min_length=1)
    only: list[FindingCode] = Field(default=[], min_length=1)
    weak: bool = False


class Assertion(_Part):
    """Cues that decide the status of a finding."""

    slots: dict[Label, Phrases] = {}
    cues: list[CueGroup] = []
    ends: Phrases = []


class Regions(_Part):
    """What a report is of."""

    modality: dict[ModalityCode, Phrases] = {}
    lumbar: Phrases = []
    whole: Phrases = []
    cervical: Phrases = []
    thoracic: Phrases = []
    column: Phrases = []
    other: Phrases = []


class Asides(_Part):
    """What says nothing of a finding."""

    images: Phrases = []
    planes: Phrases = []
    seen: Phrases = []
    units: Phrases = []


class Signal(_Part):
    """Signal, and what explains it."""

    low: list[Word] = []
    high: list[Word] = []
    intermediate: list[Word] = []
    fat_suppressed: list[Word] = []
    links: Phrases = []
    causes: list[Word] = []
    edematous: Phrases = []
    explained: Phrases = []


#: Every rule file by its name without ``.yaml``.
FILES: Final[dict[str, type[BaseModel]]] = {
    "spelling": Spelling,
    "terms": Terms,
    "findings": Findings,
    "levels": Levels,
    "sections": Sections,
    "assertion": Assertion,
    "regions": Regions,
    "asides": Asides,
    "signal": Signal,
}

#: Mappings in which a phrase means one thing only.
EXCLUSIVE: Final = frozenset(
    [
        ("spelling", "spelling"),
        ("spelling", "misheard"),
        ("findings", "things"),
        ("levels", "regions"),
        ("levels", "names"),
        ("sections", "sections"),
        ("regions", "modality"),
    ]
)

#: Files whose lists become patterns: an empty one would match everywhere.
NEVER_EMPTY: Final = frozenset(["levels", "sections", "regions", "asides", "signal"])

_EXPECTED: Final = {
    "string_type": "one phrase is expected here (a phrase with a colon or comma needs quotes)",
    "string_too_short": "an empty phrase",
    "string_too_long": f"longer than {MAX_PHRASE} characters; a phrase is a few words",
    "list_type": "a list is expected: [first phrase, second phrase]",
    "dict_type": "names with a value each are expected: name: value",
    "model_type": "names with a value each are expected: name: value",
    "model_attributes_type": "names with a value each are expected: name: value",
    "too_short": "an empty list",
    "missing": "is missing",
    "bool_parsing": "true or false is expected",
    "int_parsing": "a whole number is expected",
    "string_pattern_mismatch": "a name is written in small letters, digits and _",
}


def fault_message(model: type[BaseModel], fault: ErrorDetails) -> str:
    """Return a fault that pydantic found in the words of somebody who edits a list of phrases."""
    kind = fault["type"]
    if kind == "extra_forbidden":
        return f"unknown key; allowed: {', '.join(_keys_at(model, fault['loc']))}"
    return _EXPECTED.get(kind, fault["msg"].removeprefix("Value error, "))


def _keys_at(model: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    parts: dict[str, type[BaseModel]] = {"pairs": Pair, "cues": CueGroup}
    if len(place) > 1 and place[0] in parts:
        return list(parts[place[0]].model_fields)
    return [*model.model_fields, "off", "version"]
