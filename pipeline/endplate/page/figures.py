"""The numbers behind the figures of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from endplate.codes import LEVELS, MODIC_TYPES

#: Upper border in days and name of each bar of the MRI's age.
AGES: Final = (
    (91, "under 3 months"),
    (183, "3 to 6 months"),
    (365, "6 to 12 months"),
    (731, "1 to 2 years"),
    (1826, "2 to 5 years"),
)
OLDEST: Final = "over 5 years"
UNDATED: Final = "undated"

#: Levels that are always drawn, so that an empty one shows as empty.
LUMBAR: Final = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")

MOST_MISSING: Final = 8


def parse_modic(cell: object) -> list[tuple[str, str]]:
    """Return level and type of each part of a ``modic`` cell (``L4-L5:2; L5-S1:1?``).

    The question mark of a type that the report is not certain of is left out.
    """
    parts = [part.strip() for part in str(cell or "").split(";") if part.strip()]
    return [
        (level.strip(), kind.strip().rstrip("?"))
        for level, _, kind in (part.partition(":") for part in parts)
    ]


def modic_table(cells: Mapping[str, int]) -> dict[str, Any]:
    """Return patients by level (top to bottom) and Modic type.

    `cells` says how many patients have each ``modic`` cell. A patient counts once at each level
    and type, whatever his verdict.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for cell, patients in cells.items():
        for level, kind in set(parse_modic(cell)):
            counts[level, kind or "unspecified"] += patients
    levels = [name for name in LEVELS if name in LUMBAR or any(key[0] == name for key in counts)]
    others = sorted({level for level, _ in counts} - set(levels))
    if others:
        levels += others
    types = [*MODIC_TYPES, *sorted({kind for _, kind in counts} - set(MODIC_TYPES))]
    return {
        "levels": levels,
        "types": types,
        "counts": [[counts[level, kind] for kind in types] for level in levels],
    }


def age_bars(days: Iterable[int | None]) -> list[tuple[str, int]]:
    """Return how many index studies are how old."""
    counts: Counter[str] = Counter()
    for age in days:
        name = UNDATED if age is None else next((n for top, n in AGES if age < top), OLDEST)
        counts[name] += 1
    names = [name for _, name in AGES] + [OLDEST]
    return [(name, counts[name]) for name in names] + (
        [(UNDATED, counts[UNDATED])] if counts[UNDATED] else []
    )


def missing_most(results: Sequence[Mapping[str, Any]], pack: str) -> list[tuple[str, int]]:
    """Return the criteria of a pack that are unknown most often, with the number of patients."""
    counts = Counter(
        str(row.get("statement") or row.get("criterion"))
        for row in results
        if row.get("pack") == pack and row.get("standing") == "open"
    )
    return counts.most_common(MOST_MISSING)
