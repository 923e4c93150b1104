"""Phrases with slots, as ``models/simulate`` holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Final, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from endplate.errors import KnowledgeError, Problem
from endplate.knowledge import models_dir

#: Slots that take a number: from, to.
_NUMBERS: Final = {
    "mm": (2, 14),
    "cm": (15, 140),
    "percent": (10, 90),
    "months": (3, 120),
    "years": (1, 20),
    "days": (2, 700),
    "age": (22, 88),
}

_SLOT: Final = re.compile(r"\{(\w+)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TruthRow(_Strict):
    """A row of the truth without its level."""

    finding: str
    modic_type: str = ""
    status: str = "present"


class Statement(_Strict):
    """One thing to say, in several ways, and what it means."""

    rows: tuple[TruthRow, ...]
    say: tuple[str, ...]
    chance: float = 1.0


class Style(_Strict):
    """How a house writes its reports.

    The headings are those of indication, technique, comparison, findings and impression.
    """

    level: Literal["L4-L5", "L4-5", "L4/5", "L4/L5"]
    layout: Literal["lines", "prose", "bullets"]
    wrap: int
    items: str
    upwards: bool
    headings: tuple[str, str, str, str, str]


class LumbarFile(_Strict):
    """``lumbar_mri.yaml``."""

    version: str
    words: dict[str, tuple[str, ...]]
    findings: dict[str, Statement]
    modic: dict[str, tuple[Statement, ...]]
    modic_uncertain: tuple[Statement, ...]
    modic_denied: tuple[Statement, ...]
    general: tuple[Statement, ...]
    normal_levels: tuple[Statement, ...]
    indications: tuple[Statement, ...]
    styles: tuple[Style, ...]
    titles: tuple[str, ...]
    comparisons: tuple[str, ...]


class Exam(_Strict):
    """An examination that is no lumbar MRI: one phrase out of each group."""

    procedure: str
    modality: str
    share: float
    groups: tuple[tuple[str, ...], ...]


class OtherFile(_Strict):
    """``other_exams.yaml``."""

    version: str
    words: dict[str, tuple[str, ...]]
    exams: tuple[Exam, ...]


class Measure(_Strict):
    """A questionnaire or measurement of ``patients.yaml``."""

    name: str
    unit: str
    low: int
    high: int


class PatientFile(_Strict):
    """``patients.yaml``."""

    version: str
    spine_patients: float
    lumbar_share_of_their_studies: float
    studies: tuple[int, ...]
    modic_levels: dict[str, float]
    modic_types: dict[str, int]
    modic_uncertain: float
    tables: dict[Literal["clinical", "long"], float]
    conditions: tuple[str, ...]
    procedures: tuple[str, ...]
    observations: tuple[Measure, ...]


_M = TypeVar("_M", LumbarFile, OtherFile, PatientFile)


@cache
def lumbar_file() -> LumbarFile:
    """Return the phrases of lumbar MRI reports."""
    return _load("lumbar_mri.yaml", LumbarFile)


@cache
def other_file() -> OtherFile:
    """Return the phrases of all other reports."""
    return _load("other_exams.yaml", OtherFile)


@cache
def patient_file() -> PatientFile:
    """Return how patients are made."""
    return _load("patients.yaml", PatientFile)


class Phrases:
    """Says phrases: every slot is filled anew each time.

    Parameters
    ----------
    words : mapping
        Slot to its words, which may hold slots themselves.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._words = words
        self._cut: dict[str, list[str]] = {}

    def say(self, phrase: str, chance: Random) -> str:
        """Return a phrase with its slots filled."""
        pieces = self._cut.get(phrase)
        if pieces is None:
            pieces = self._cut[phrase] = _SLOT.split(phrase)
        if len(pieces) == 1:
            return phrase
        said = list(pieces)
        for place in range(1, len(pieces), 2):
            slot = pieces[place]
            if slot in _NUMBERS:
                low, high = _NUMBERS[slot]
                said[place] = str(low + int(chance.random() * (high - low)))
            else:
                said[place] = self.say(pick(self._words[slot], chance), chance)
        return "".join(said)


T = TypeVar("T")


def pick(items: Sequence[T], chance: Random) -> T:
    """Return one of the items (three times as fast as random.choice, which matters by now)."""
    return items[int(chance.random() * len(items))]


def _load(name: str, model: type[_M]) -> _M:
    path: Path = models_dir() / "simulate" / name
    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        problems = [
            Problem(name, ".".join(map(str, fault["loc"])), fault["msg"])
            for fault in error.errors()
        ]
        title = f"{name} cannot be used:"
        raise KnowledgeError(title, problems) from None
