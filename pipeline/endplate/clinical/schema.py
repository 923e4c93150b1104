"""What the files under ``models/codes`` may hold; unknown keys and wrong types are refused."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Facts with this prefix are flags: shown, never judged.
FLAG: Final = "flag_"

TableKind = Literal["conditions", "procedures", "observations"]
LONG_TABLES: Final[tuple[TableKind, ...]] = ("conditions", "procedures", "observations")

Days = int | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Window(_Strict):
    """Days before and after the index study in which a row counts; None is without limit."""

    before_days: Days = Field(ge=0)
    after_days: Days = Field(ge=0)

    @property
    def unlimited(self) -> bool:
        """Whether a row counts whenever it was, and so without a date too."""
        return self.before_days is None and self.after_days is None

    def holds(self, days: int) -> bool:
        """Return whether a row `days` after the index study (negative: before it) counts."""
        return (self.before_days is None or -days <= self.before_days) and (
            self.after_days is None or days <= self.after_days
        )


class Flag(_Strict):
    """Something to show beside the verdict; a safety flag is also named in the next step."""

    label: str
    ask: str = ""
    safety: bool = False


class CodeRule(Window):
    """Which codes set which fact or flag."""

    id: str
    codes: list[str] = Field(min_length=1)
    prefixes: list[str] = []
    parents: list[str] = []
    fact: str = ""
    value: str = ""
    date_fact: str = ""
    flag: str = ""
    active: bool = False
    checked: bool = True

    @property
    def sets(self) -> str:
        """The name of the fact that the rule sets, also for a flag."""
        return self.fact or FLAG + self.flag


class CodeFile(_Strict):
    """``conditions.yaml`` or ``procedures.yaml``."""

    version: str
    title: str
    flags: dict[str, Flag]
    rules: list[CodeRule]


class OtherUnit(_Strict):
    """A column whose name says that its cells are in another unit than the fact."""

    fact: str
    unit: str


class ColumnFile(_Strict):
    """``columns.yaml``: the wide table."""

    version: str
    names: dict[str, list[str]]
    in_other_units: dict[str, OtherUnit]
    words: dict[str, dict[str, list[str]]]
    answers: dict[str, list[str]]
    empty: list[str]
    ignored: list[str]


class LongTable(_Strict):
    """How one kind of long table is recognised, and the names of its columns by role."""

    file_words: list[str]
    only_here: list[str]
    code: list[str]
    date: list[str]
    system: list[str] = []
    end_date: list[str] = []
    value: list[str] = []
    unit: list[str] = []


class TableFile(_Strict):
    """``tables.yaml``: the long tables."""

    version: str
    patient: list[str]
    conditions: LongTable
    procedures: LongTable
    observations: LongTable
    systems: dict[str, list[str]]

    def of_kind(self, kind: TableKind) -> LongTable:
        """Return the description of one kind of long table."""
        table: LongTable = getattr(self, kind)
        return table


class Measure(_Strict):
    """The names of a measurement, its units as factors to the fact's own, and its window."""

    names: list[str]
    units: dict[str, float]
    named_units: dict[str, str] = {}
    window: Window


class MeasureFile(_Strict):
    """``observations.yaml``."""

    version: str
    facts: dict[str, Measure]
