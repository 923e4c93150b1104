"""The kinds of value that a pack may hold: ids, words from closed lists, numbers, limits."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from endplate.codes import BASES, BODIES, ENDPLATES, FINDINGS, LEVELS, STATUSES
from endplate.facts import FACTS

_ID_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def check_id(value: object) -> object:
    """Check an id or a name: short, and fit for a file name and a column."""
    if not isinstance(value, str) or not value or not set(value) <= _ID_LETTERS or len(value) > 60:
        message = "an id has 1 to 60 small letters, digits, - or _"
        raise ValueError(message)
    return value


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1, max_length=500)]


def word_from(allowed: tuple[str, ...], what: str) -> BeforeValidator:
    """Return the check of a word from a closed list; YAML's bare 1 and 2 are words too."""

    def check(value: object) -> object:
        word = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if word not in allowed:
            message = f"{word!r} is no {what}; allowed: {', '.join(allowed)}"
            raise ValueError(message)
        return word

    return BeforeValidator(check)


FindingCode = Annotated[str, word_from(FINDINGS, "finding code")]
Level = Annotated[str, word_from(LEVELS, "level")]
Body = Annotated[str, word_from(BODIES, "vertebral body")]
EndplateName = Annotated[str, word_from(ENDPLATES, "endplate")]
Component = Annotated[str, word_from(("1", "2", "3"), "Modic component")]
Basis = Annotated[str, word_from(BASES, "basis")]
Status = Annotated[str, word_from(STATUSES, "status")]
Grade = Annotated[str, word_from(("mild", "moderate", "severe", "1", "2", "3", "4"), "grade")]


def fact_of(kind: str) -> BeforeValidator:
    """Return the check of the name of a fact of some kind."""
    names = tuple(sorted(name for name, fact in FACTS.items() if fact.kind == kind))
    return word_from(names, f"{kind} fact")


class Strict(BaseModel):
    """A part of a pack: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bounds(Strict):
    """Bounds of a number, if any: ``at_least`` and ``at_most`` include theirs."""

    at_least: Number | None = None
    above: Number | None = None
    at_most: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _check_limits(self) -> Bounds:
        lower = [limit for limit in (self.at_least, self.above) if limit is not None]
        upper = [limit for limit in (self.at_most, self.below) if limit is not None]
        if len(lower) > 1 or len(upper) > 1:
            message = "give one lower (at_least, above) and one upper limit (at_most, below)"
            raise ValueError(message)
        if lower and upper and lower[0] > upper[0]:
            message = f"nothing is above {lower[0]:g} and below {upper[0]:g}"
            raise ValueError(message)
        return self

    @property
    def limited(self) -> bool:
        """Whether any limit is given."""
        limits = (self.at_least, self.above, self.at_most, self.below)
        return any(limit is not None for limit in limits)

    def hold(self, number: float) -> bool:
        """Return whether a number lies within the limits."""
        return (
            (self.at_least is None or number >= self.at_least)
            and (self.above is None or number > self.above)
            and (self.at_most is None or number <= self.at_most)
            and (self.below is None or number < self.below)
        )

    def said(self, unit: str = "") -> str:
        """Return the limits in words: ``at least 25 and at most 70 years``."""
        words = (
            ("at least", self.at_least),
            ("above", self.above),
            ("at most", self.at_most),
            ("below", self.below),
        )
        limits = " and ".join(f"{word} {limit:g}" for word, limit in words if limit is not None)
        return f"{limits} {unit}".strip()


class Limits(Bounds):
    """At least one bound of a number."""

    @model_validator(mode="after")
    def _check_limited(self) -> Limits:
        if not self.limited:
            message = "give a limit: at_least, above, at_most or below"
            raise ValueError(message)
        return self
