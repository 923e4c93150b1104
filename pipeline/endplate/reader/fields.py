"""A level that stands in a field of its own, below the finding: "Type: Modic 1 / Levels: L4-5"."""

from __future__ import annotations

from collections.abc import Sequence
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
    above = [
        row
        for row in rows
        if row.passage.paragraph == here.paragraph
        and 0 < here.line - row.passage.line <= _ABOVE
        and row.finding in CORE_FINDINGS
        and not any(row.place)
    ]
    if any(row.types for row in above):  # "Modic changes: yes / Type: 1"
        for row in [row for row in above if row.finding == "modic_change" and not row.types]:
            rows.remove(row)
            above.remove(row)
    for row in above:
        at = rows.index(row)
        rows[at : at + 1] = [replace(row, level=segment) for segment in _segments(unit)]


def _segments(unit: Unit) -> Sequence[str]:
    return list(dict.fromkeys(s for disc in unit.levels.discs for s in disc))
