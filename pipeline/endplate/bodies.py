"""From disc levels and endplates to vertebral bodies, and from bodies to procedure units.

Pure functions without state. The arithmetic is the project's case guideline: a disc level names
its two bodies, one endplate names its own, and CPT 64628 covers the first two bodies, 64629 each
further one. Which bodies are treated is a physician's decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from endplate.codes import BODIES
from endplate.records import Finding

#: Disc levels between the bodies L3 to S1, where the devices are cleared and the trials enrolled.
LABEL_LEVELS: Final = ("L3-L4", "L4-L5", "L5-S1")

_ORDER: Final = {body: place for place, body in enumerate(BODIES)}


def bodies_of_level(level: str) -> tuple[str, ...]:
    """Return the upper and the lower body of a disc level (``L4-L5`` → L4, L5)."""
    upper, _, lower = level.partition("-")
    return tuple(body for body in (upper, lower) if body in _ORDER)


def bodies_of_finding(finding: Finding) -> tuple[str, ...]:
    """Return the bodies a finding lies in: a named body or its endplate alone, else the disc's two.

    "Inferior endplate of L4" is L4 only; "L4-L5" is L4 and L5.
    """
    if finding.vertebra in _ORDER:
        return (finding.vertebra,)
    return bodies_of_level(finding.level)


def implied_bodies(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the bodies that findings imply, each once, from top to bottom."""
    bodies = {body for finding in findings for body in bodies_of_finding(finding)}
    return tuple(sorted(bodies, key=_ORDER.__getitem__))


def are_adjacent(bodies: Iterable[str]) -> bool:
    """Return whether bodies follow each other without a gap.

    L5 and S1 are neighbours unless L6 is among the bodies: L6 exists only in transitional spines.
    """
    named = set(bodies)
    column = [body for body in BODIES if body != "L6" or "L6" in named]
    places = sorted(column.index(body) for body in named)
    return all(after - before == 1 for before, after in pairwise(places))


def cpt_units(bodies: Iterable[str]) -> dict[str, int]:
    """Return procedure codes with their units for a set of bodies; empty for none.

    64628 stands for the first two bodies (also when there is only one), 64629 for each further.
    """
    count = len(set(bodies))
    units = {"64628": 1} if count else {}
    if count > 2:
        units["64629"] = count - 2
    return units


def modic_components(modic_type: str) -> frozenset[str]:
    """Return the single types in a Modic type (``1/2`` → 1 and 2); none for ``unspecified``."""
    return frozenset(part for part in modic_type.split("/") if part in ("1", "2", "3"))


def has_type_1_or_2(modic_type: str) -> bool:
    """Return whether a Modic type has a type 1 or type 2 component."""
    return not modic_components(modic_type).isdisjoint(("1", "2"))


def merge_types(types: Iterable[str]) -> str:
    """Return one Modic type for several said of the same level (``1`` and ``2`` → ``1/2``).

    ``unspecified`` gives way to a type. All three at once is ``1/2/3``, which no single report
    row can hold but two rows can; no type at all is empty.
    """
    said = [kind for kind in types if kind]
    parts = sorted({part for kind in said for part in modic_components(kind)})
    return "/".join(parts) if parts else ("unspecified" if said else "")
