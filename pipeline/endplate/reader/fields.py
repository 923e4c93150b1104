"""A level that stands in a field of its own, below the finding: "Type: Modic 1 / Levels: L4-5"."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from endplate.codes import CORE_FINDINGS
from endplate.reader.rows import Row
from endplate.reader.sheet import Unit

#: How far above the finding may stand, in lines.
_ABOVE: Final = 3


def names_levels(unit: Unit) -> bool:
    """Tell whether a unit is a field that names levels and nothing else."""
    norms = unit.norms
    if norms[:1] != ["level"] or norms[1:2] != [":"] or not unit.levels.told:
        return False
    within = {t for spot in unit.levels.told for t in range(spot.start, spot.end)}
    return all(
        t in within or not norm[:1].isalnum() or norm == "and"
        for t, norm in enumerate(norms[2:], start=2)
    )


def give_levels(rows: list[Row], unit: Unit) -> None:
    """Give the levels of such a field to the core findings right above that have none."""
    here = unit.passage
    first = len(rows)
    while first and here.line - rows[first - 1].passage.line <= _ABOVE:
        first -= 1

    def asks(row: Row) -> bool:
        near = row.passage.paragraph == here.paragraph and row.passage.line < here.line
        return near and row.finding in CORE_FINDINGS and not any(row.place)

    segments = list(dict.fromkeys(s for disc in unit.levels.discs for s in disc))
    typed = any(row.types for row in rows[first:] if asks(row))
    told: list[Row] = []
    for row in rows[first:]:
        if not asks(row):
            told.append(row)
        elif row.types or row.finding != "modic_change" or not typed:
            told += [replace(row, level=segment) for segment in segments]
        # else "Modic changes: yes", above "Type: 1"
    rows[first:] = told
