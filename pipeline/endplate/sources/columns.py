"""Which column holds what: the site's word first, then the known names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from endplate.sources.dates import DateOrder
from endplate.sources.notes import shown
from endplate.sources.table import SourceError
from endplate.sources.words import column_names

ROLES: Final = ("id", "text", "patient", "date", "modality", "procedure", "accession", "status")

_SHOWN_COLUMNS: Final = 30


class ColumnMap(NamedTuple):
    """How a site's report tables are written; None leaves it to be recognised.

    The first eight are column names, `sep` is the separator of CSV files, and `date_order` decides
    dates such as 04/05/2023.
    """

    id: str | None = None
    text: str | None = None
    patient: str | None = None
    date: str | None = None
    modality: str | None = None
    procedure: str | None = None
    accession: str | None = None
    status: str | None = None
    sep: str | None = None
    date_order: DateOrder | None = None


class Recognised:
    """The columns of one file by role.

    Parameters
    ----------
    columns : ColumnMap
        What the site has named.
    names : iterable of str
        The columns of the file.

    Raises
    ------
    SourceError
        A named column is not there, or no column holds the text.
    """

    def __init__(self, columns: ColumnMap, names: Iterable[str]) -> None:
        self._columns = columns
        self._names = dict.fromkeys(names)
        self.by_role = self._find()
        for role in ROLES:
            name = getattr(columns, role)
            if name is not None and role not in self.by_role:
                message = f"no {role} column: there is no {shown(name)}; columns: {self._listed()}"
                raise SourceError(message)
        if "text" not in self.by_role:
            message = f"no text column: name it with --text-column; columns: {self._listed()}"
            raise SourceError(message)

    def __str__(self) -> str:
        found = [f"{role} from {shown(names[0])}" for role, names in self.by_role.items()]
        missing = [role for role in ROLES if role not in self.by_role]
        return ", ".join(found) + (f"; no column for {', '.join(missing)}" if missing else "")

    @property
    def needed(self) -> list[str]:
        """The columns worth reading."""
        return list(dict.fromkeys(names[0] for names in self.by_role.values()))

    def values(self, cells: Mapping[str, object]) -> dict[str, object]:
        """Return role -> cell of a row; roles without a cell are left out."""
        if not cells.keys() <= self._names.keys():  # JSON lines may bring new keys at any time
            self._names.update(dict.fromkeys(cells))
            self.by_role = self._find()
        return {
            role: cells[name]
            for role, names in self.by_role.items()
            if (name := next((n for n in names if n in cells), None)) is not None
        }

    def _find(self) -> dict[str, tuple[str, ...]]:
        """Return role -> columns that serve, the preferred one first."""
        known = column_names()
        found = {}
        for role in ROLES:
            own = getattr(self._columns, role)
            wanted = [
                _plain(name) for name in ((own,) if own is not None else getattr(known, role))
            ]
            matching = [name for name in self._names if _plain(name) in wanted]
            matching.sort(key=lambda name: (name != own, wanted.index(_plain(name))))
            if matching:
                found[role] = tuple(matching)
        return found

    def _listed(self) -> str:
        names = [shown(name) for name in self._names]
        more = len(names) - _SHOWN_COLUMNS
        return ", ".join(names[:_SHOWN_COLUMNS]) + (f" and {more} more" if more > 0 else "")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
