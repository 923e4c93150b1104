"""Patients who are not on the list, drawn at random: without them nobody knows what it misses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

#: Not on the list, although endplate change is on record: the criteria could be wrong.
JUDGED: Final = "endplate change on record"
#: Not on the list, as no endplate change was read: the reader could be wrong.
UNREAD: Final = "no endplate change read"
STRATA: Final = (JUDGED, UNREAD)


def populations(unlisted: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the patients of each stratum; those without a study to look at are in none."""
    groups: dict[str, list[str]] = {name: [] for name in STRATA}
    for row in unlisted:
        if row.get("report_id"):
            on_record = row.get("modic") or row.get("endplate")
            groups[JUDGED if on_record else UNREAD].append(row["patient_id"])
    return groups


def draw(groups: Mapping[str, Sequence[str]], size: int) -> list[tuple[str, str]]:
    """Return `size` patients with their strata, half from each as far as there are enough.

    The order is that of a hash of the id: as good as random, the same in every run, and a larger
    sample contains the smaller one.
    """
    lots = {name: sorted(ids, key=_lot) for name, ids in groups.items()}
    half = size // 2
    first = min(len(lots[JUDGED]), max(half, size - len(lots[UNREAD])))
    counts = {JUDGED: first, UNREAD: size - first}
    drawn = [(patient, name) for name in STRATA for patient in lots[name][: counts[name]]]
    return sorted(drawn, key=lambda pair: _lot(pair[0]))


def _lot(patient_id: str) -> str:
    return hashlib.sha256(f"endplate sample {patient_id}".encode()).hexdigest()
