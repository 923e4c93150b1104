"""What a criterion in a pack can ask: a closed set of conditions, as data.

A condition is a mapping with one key that says its kind. Nothing here is code: no expression, no
pattern, no name that is not in a closed list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from endplate.codes import LEVELS
from endplate.criteria.fields import (
    Basis,
    Body,
    Bounds,
    Component,
    EndplateName,
    FindingCode,
    Grade,
    Level,
    Limits,
    Status,
    Strict,
    Text,
    check_id,
    fact_of,
)
from endplate.facts import FACTS

MAX_DEPTH: Final = 8
MAX_CONDITIONS: Final = 60

#: Units a pack may write, as (unit of the fact, factor); only exact conversions.
_UNITS: Final = {"years": {"months": 12.0}}


class Grey(Limits):
    """A range in which the answer is open, and why."""

    why: Text


class NumberTest(Limits):
    """A numeric fact lies within limits; inside the grey zone the answer is open."""

    fact: Annotated[str, fact_of("number")]
    unit: str
    grey: Grey | None = None

    @model_validator(mode="after")
    def _check_unit(self) -> NumberTest:
        own = FACTS[self.fact].unit
        allowed = (own, *(unit for unit, into in _UNITS.items() if own in into))
        if self.unit not in allowed:
            message = f"unit {self.unit!r} does not fit {self.fact}; allowed: {', '.join(allowed)}"
            raise ValueError(message)
        return self

    @property
    def factor(self) -> float:
        """What one pack unit is in units of the fact."""
        own = FACTS[self.fact].unit
        return 1.0 if self.unit == own else _UNITS[self.unit][own]


class ChoiceTest(Strict):
    """A fact is one of some words."""

    fact: Annotated[str, fact_of("choice")]
    is_: Annotated[tuple[str, ...], Field(alias="is", min_length=1)]

    @model_validator(mode="after")
    def _check_words(self) -> ChoiceTest:
        _check_allowed(self.fact, self.is_)
        return self


class ContainsTest(Strict):
    """A set of facts holds some words: all of them, or at least so many.

    What is not listed is open, unless the pack says that the list is complete.
    """

    fact: Annotated[str, fact_of("set")]
    of: Annotated[tuple[str, ...], Field(min_length=1)]
    at_least: Annotated[int, Field(strict=True, ge=1)] | None = None
    unlisted: Literal["unknown", "not_met"] = "unknown"

    @model_validator(mode="after")
    def _check_words(self) -> ContainsTest:
        _check_allowed(self.fact, self.of)
        if self.at_least is not None and self.at_least > len(self.of):
            message = f"asks for {self.at_least} of only {len(self.of)}"
            raise ValueError(message)
        return self


def _check_allowed(fact: str, words: tuple[str, ...]) -> None:
    allowed = FACTS[fact].values
    strange = [word for word in words if word not in allowed]
    if strange:
        message = f"{fact} is never {', '.join(strange)}; allowed: {', '.join(allowed)}"
        raise ValueError(message)


class DateTest(Bounds):
    """A date lies so long before or after the index study (same day: zero)."""

    fact: Annotated[str, fact_of("date")]
    side: Literal["before", "after"]
    unit: Literal["days", "months"] = "days"

    @model_validator(mode="after")
    def _check_whole(self) -> DateTest:
        limits = (self.at_least, self.above, self.at_most, self.below)
        if any(limit is not None and not 0 <= limit <= 36_500 for limit in limits):
            message = "limits of a date window lie between 0 and 36500"
            raise ValueError(message)
        if self.unit == "months" and any(limit is not None and limit % 1 for limit in limits):
            message = "months are counted by the calendar: give whole numbers"
            raise ValueError(message)
        return self


class FindingTest(Strict):
    """The index study shows a finding that fits every attribute given.

    Affirmed findings count and hedged ones are open, unless ``status`` lists what counts; ``past``
    also counts what is only told of the past, ``studies: any`` what older studies say. With
    ``review`` a report alone never decides: what fits is open until a person has looked.
    """

    code: Annotated[tuple[FindingCode, ...], Field(min_length=1)]
    level: tuple[Level, ...] = ()
    levels: Literal["any", "all"] = "any"
    vertebra: tuple[Body, ...] = ()
    endplate: tuple[EndplateName, ...] = ()
    grade: tuple[Grade, ...] = ()
    size_mm: Limits | None = None
    acuity: tuple[Literal["acute", "chronic", "undated"], ...] = ()
    basis: tuple[Basis, ...] = ()
    section: tuple[Literal["findings", "impression", "addendum"], ...] = ()
    status: tuple[Status, ...] = ()
    past: bool = False
    studies: Literal["index", "any"] = "index"
    review: Text | None = None

    @model_validator(mode="after")
    def _check_levels(self) -> FindingTest:
        if self.levels == "all" and not self.level:
            message = "levels: all needs a list of levels under level"
            raise ValueError(message)
        return self


class ModicTest(Strict):
    """The index MRI shows a Modic change with one of some components at one of some levels.

    What makes it open (no type, no level, doubt, contradiction, transitional anatomy, no MRI) is
    the same for every pack; see :mod:`endplate.criteria.domain`. Only ``described: accepted`` is
    the pack's to say: whether a change that is described, not named, is enough.
    """

    types: Annotated[tuple[Component, ...], Field(min_length=1)]
    level: tuple[Level, ...] = ()
    outside: tuple[Level, ...] = ()
    levels: Literal["any", "all"] = "any"
    endplate: tuple[EndplateName, ...] = ()
    described: Literal["accepted", "unknown"] = "unknown"

    @model_validator(mode="after")
    def _check_levels(self) -> ModicTest:
        if bool(self.level) == bool(self.outside):
            message = "give either level (where it counts) or outside (where it does not)"
            raise ValueError(message)
        if self.levels == "all" and not self.level:
            message = "levels: all needs a list of levels under level"
            raise ValueError(message)
        return self

    @property
    def wanted(self) -> tuple[str, ...]:
        """The levels where a change counts."""
        return self.level or tuple(level for level in LEVELS if level not in self.outside)


class BodiesTest(Bounds):
    """The number of vertebral bodies that Modic changes imply, or whether they are adjacent."""

    types: Annotated[tuple[Component, ...], Field(min_length=1)]
    level: tuple[Level, ...] = ()
    adjacent: bool | None = None
    described: Literal["accepted", "unknown"] = "unknown"

    @model_validator(mode="after")
    def _check_question(self) -> BodiesTest:
        if self.limited == (self.adjacent is not None):
            message = "give either a limit of the number or adjacent: true"
            raise ValueError(message)
        return self


class AskTest(Strict):
    """What no report and no table can tell: always open, with the question to ask."""

    question: Text
    about: Literal["report", "clinical"] = "clinical"


class AtLeast(Strict):
    """At least `n` of several conditions are met."""

    n: Annotated[int, Field(strict=True, ge=1)]
    of: Annotated[tuple[Condition, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_count(self) -> AtLeast:
        if self.n > len(self.of):
            message = f"asks for {self.n} of only {len(self.of)} conditions"
            raise ValueError(message)
        return self


class Condition(Strict):
    """One condition: a mapping with exactly one of these keys.

    ``coded`` names a flag of the code maps: something that is coded, but decides nothing by itself.
    """

    all: Annotated[tuple[Condition, ...], Field(min_length=1)] | None = None
    any: Annotated[tuple[Condition, ...], Field(min_length=1)] | None = None
    not_: Annotated[Condition | None, Field(alias="not")] = None
    at_least: AtLeast | None = None
    number: NumberTest | None = None
    choice: ChoiceTest | None = None
    contains: ContainsTest | None = None
    answered_yes: Annotated[str, fact_of("answer")] | None = None
    answered_no: Annotated[str, fact_of("answer")] | None = None
    coded: Annotated[str, BeforeValidator(check_id)] | None = None
    date: DateTest | None = None
    finding: FindingTest | None = None
    modic: ModicTest | None = None
    bodies: BodiesTest | None = None
    ask: AskTest | None = None

    @model_validator(mode="after")
    def _check_one(self) -> Condition:
        if len(self.model_fields_set) != 1 or self.test is None:
            kinds = ", ".join(field.alias or name for name, field in _fields())
            message = f"a condition has exactly one key; allowed: {kinds}"
            raise ValueError(message)
        return self

    @property
    def kind(self) -> str:
        """The one key that is given."""
        return next(iter(self.model_fields_set))

    @property
    def test(self) -> Any:
        """What stands under that key."""
        return getattr(self, self.kind)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions inside this one."""
        if self.kind == "not_":
            return (self.test,)
        if self.kind == "at_least":
            return tuple(self.test.of)
        return tuple(self.test) if self.kind in ("all", "any") else ()

    def walk(self, depth: int = 1) -> Iterator[tuple[int, Condition]]:
        """Yield this condition and all inside it with their depths."""
        yield depth, self
        for part in self.parts:
            yield from part.walk(depth + 1)


def _fields() -> list[tuple[str, Any]]:
    return list(Condition.model_fields.items())


AtLeast.model_rebuild()
Condition.model_rebuild()
