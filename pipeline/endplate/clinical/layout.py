"""What a clinical table is, and which of its columns holds what."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from endplate.clinical.codemaps import CodeMaps, plain_name
from endplate.clinical.schema import LONG_TABLES, TableKind
from endplate.errors import EndplateError
from endplate.facts import FACTS
from endplate.sources.notes import shown


class FactColumn(NamedTuple):
    """A column of the wide table, the fact in it, and the unit of cells that name none."""

    name: str
    fact: str
    unit: str


class WideLayout(NamedTuple):
    """The columns of a wide table; `unknown` ones are not read."""

    patient: str
    columns: tuple[FactColumn, ...]
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        renamed = [f"{c.fact} from {shown(c.name)}" for c in self.columns if c.name != c.fact]
        said = [f"wide table with {len(self.columns)} facts", f"patient from {shown(self.patient)}"]
        return ", ".join(said + renamed)


class LongLayout(NamedTuple):
    """The columns of a long table by role; an absent column is empty."""

    kind: TableKind
    patient: str
    code: str
    date: str
    system: str
    end_date: str
    value: str
    unit: str

    def __str__(self) -> str:
        roles = [f"{role} from {shown(name)}" for role, name in self._found()]
        return f"{self.kind}, {', '.join(roles)}"

    @property
    def needed(self) -> list[str]:
        """The columns worth reading."""
        return [name for _, name in self._found()]

    def _found(self) -> Iterator[tuple[str, str]]:
        pairs = zip(self._fields[1:], self[1:], strict=True)
        return ((role, name) for role, name in pairs if name)


def recognise(path: Path, columns: Sequence[str], maps: CodeMaps) -> WideLayout | LongLayout:
    """Return what a table is; raise EndplateError when it can be none, naming what is missing."""
    patient = _first(columns, maps.tables.patient)
    if not patient:
        message = (
            f"{path}: no column with the patient's id; name one of them patient_id. "
            f"Columns: {_listed(columns)}"
        )
        raise EndplateError(message)
    wide = _wide(patient, columns, maps)
    kind = _long_kind(path, columns, maps)
    # A wide table may have a column "score" or "diagnosis", a long one sex and date of birth.
    if kind is None or len(wide.columns) > 2:
        if not wide.columns:
            message = (
                f"{path}: no known column beside {shown(patient)}. A wide table has columns such "
                f"as {', '.join(list(FACTS)[:5])}; long tables have code and date, or name, value "
                f"and date. Columns: {_listed(columns)}"
            )
            raise EndplateError(message)
        return wide
    return _long(kind, patient, columns, maps)


def nearest_column(name: str, maps: CodeMaps) -> str:
    """Return the known column that an unknown name is most like; empty when none is near."""
    known = {
        plain_name(alias): fact
        for fact, names in maps.columns.names.items()
        for alias in (fact, *names)
    }
    close = difflib.get_close_matches(plain_name(name), known, n=1, cutoff=0.7)
    return known[close[0]] if close else ""


def _wide(patient: str, columns: Sequence[str], maps: CodeMaps) -> WideLayout:
    known: dict[str, tuple[int, str, str]] = {}
    for fact, names in maps.columns.names.items():
        for place, name in enumerate((fact, *names)):
            known[plain_name(name)] = (place, fact, "")
    for name, other in maps.columns.in_other_units.items():
        known[plain_name(name)] = (len(known), other.fact, other.unit)
    ignored = {plain_name(name) for name in (*maps.columns.ignored, *maps.tables.patient)}
    found, unknown = [], []
    for column in columns:
        plain = plain_name(column)
        if plain in known:
            place, fact, unit = known[plain]
            found.append((place, FactColumn(column, fact, unit)))
        elif column != patient and plain not in ignored:
            unknown.append(column)
    found.sort(key=lambda entry: entry[0])
    return WideLayout(patient, tuple(column for _, column in found), tuple(unknown))


def _long_kind(path: Path, columns: Sequence[str], maps: CodeMaps) -> TableKind | None:
    """Return the kind of long table that a file is, by columns only it has, else by file name."""
    fitting = [kind for kind in LONG_TABLES if _is_complete(kind, columns, maps)]
    telling = [k for k in fitting if _first(columns, maps.tables.of_kind(k).only_here)]
    if len(telling) == 1:
        return telling[0]
    name = path.name.casefold()
    possible = telling or fitting
    named = [k for k in possible if any(w in name for w in maps.tables.of_kind(k).file_words)]
    return next(iter(named or possible), None)


def _is_complete(kind: TableKind, columns: Sequence[str], maps: CodeMaps) -> bool:
    table = maps.tables.of_kind(kind)
    has_value = kind != "observations" or bool(_first(columns, table.value))
    return bool(_first(columns, table.code)) and has_value


def _long(kind: TableKind, patient: str, columns: Sequence[str], maps: CodeMaps) -> LongLayout:
    table = maps.tables.of_kind(kind)
    return LongLayout(
        kind=kind,
        patient=patient,
        code=_first(columns, table.code),
        date=_first(columns, table.date),
        system=_first(columns, table.system),
        end_date=_first(columns, table.end_date),
        value=_first(columns, table.value),
        unit=_first(columns, table.unit),
    )


def _first(columns: Iterable[str], names: Iterable[str]) -> str:
    """Return the column that has the first of some names; empty when none has."""
    by_name = {plain_name(column): column for column in columns}
    return next((by_name[n] for n in map(plain_name, names) if n in by_name), "")


def _listed(columns: Sequence[str], limit: int = 30) -> str:
    names = [shown(name) for name in columns[:limit]]
    more = len(columns) - limit
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
