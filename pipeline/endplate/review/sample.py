"""Patients who are not on the list, drawn at random: without them nobody knows what it misses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

#: Not on the list, although endplate change is on record: the criteria could be wrong.
JUDGED: Final = "endplate change on record"
#: Not on the list, as no endplate change was read: the reader could be wrong.
UNREAD: Final = "no endplate change read"
STRATA: Final = (JUDGED, UNREAD)


def stratum(patient: Mapping[str, Any], listed: Iterable[str]) -> str:
    """Return the stratum of a patient; empty when he is listed or has no study to look at."""
    if patient["patient_id"] in listed or not patient.get("report_id"):
        return ""
    return JUDGED if patient.get("modic") or patient.get("endplate") else UNREAD


def populations(
    patients: Mapping[str, Mapping[str, Any]], listed: Iterable[str]
) -> dict[str, list[str]]:
    """Return the patients of each stratum."""
    listed = set(listed)
    groups: dict[str, list[str]] = {name: [] for name in STRATA}
    for patient_id, row in patients.items():
        if name := stratum(row, listed):
            groups[name].append(patient_id)
    return groups


def draw(
    patients: Mapping[str, Mapping[str, Any]], listed: Iterable[str], size: int
) -> list[tuple[str, str]]:
    """Return `size` patients with their strata, half from each as far as there are enough.

    The order is that of a hash of the id: as good as random, the same in every run, and a larger
    sample contains the smaller one.
    """
    groups = {name: sorted(ids, key=_lot) for name, ids in populations(patients, listed).items()}
    half = size // 2
    first = min(len(groups[JUDGED]), max(half, size - len(groups[UNREAD])))
    counts = {JUDGED: first, UNREAD: size - first}
    drawn = [(patient, name) for name in STRATA for patient in groups[name][: counts[name]]]
    return sorted(drawn, key=lambda pair: _lot(pair[0]))


def _lot(patient_id: str) -> str:
    return hashlib.sha256(f"endplate sample {patient_id}".encode()).hexdigest()
