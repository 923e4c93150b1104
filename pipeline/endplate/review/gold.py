"""Corrected findings as gold for ``endplate evaluate``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from endplate.review.store import Event, in_force

Key = tuple[str, str, str, str]

_FIELDS: Final = ("finding", "level", "modic_type", "status")


class Gold(NamedTuple):
    """Gold rows, and what could not become gold.

    ``unchecked`` are reports with corrections that nobody marked as fully checked: what else
    stands in them is not known. ``without_text`` are checked reports whose text is gone.
    """

    rows: tuple[dict[str, Any], ...]
    unchecked: tuple[str, ...]
    without_text: tuple[str, ...]


def gold_of(
    events: Sequence[Event],
    findings: Mapping[str, Sequence[Mapping[str, Any]]],
    texts: Mapping[str, str],
) -> Gold:
    """Return the checked reports with their corrected findings.

    A report that several reviewers have checked holds what all of them say; a finding on which
    they differ is marked ``optional``, so that scoring punishes neither reading.
    """
    checked: dict[str, set[str]] = defaultdict(set)
    corrections: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in in_force(events):
        if event.kind == "checked":
            checked[event.data["report_id"]].add(event.reviewer)
        elif event.kind == "correction":
            corrections[event.data["report_id"], event.reviewer].append(event)
    rows, gone = [], []
    for report_id, reviewers in checked.items():
        if report_id not in texts:
            gone.append(report_id)
            continue
        read = {_key(finding) for finding in findings.get(report_id, ())}
        opinions = [corrected(read, corrections[report_id, name]) for name in sorted(reviewers)]
        rows.append(_gold_row(report_id, texts[report_id], opinions))
    unchecked = {report for report, _ in corrections if corrections[report, _]} - set(checked)
    return Gold(tuple(rows), tuple(sorted(unchecked)), tuple(gone))


def corrected(read: Iterable[Key], corrections: Iterable[Event]) -> set[Key]:
    """Return the findings of a report after one reviewer's corrections, oldest first."""
    found = set(read)
    for event in corrections:
        if event.data["was"]:
            found.discard(_key(event.data["was"]))
        if event.data["now"]:
            found.add(_key(event.data["now"]))
    return found


def _gold_row(report_id: str, text: str, opinions: Sequence[set[Key]]) -> dict[str, Any]:
    said = sorted(set().union(*opinions))
    return {
        "id": report_id,
        "text": text,
        "findings": [_gold_finding(key, all(key in one for one in opinions)) for key in said],
    }


def _gold_finding(key: Key, agreed: bool) -> dict[str, Any]:
    finding, level, modic_type, status = key
    row: dict[str, Any] = {"finding": finding, "level": level or None, "status": status}
    if modic_type:
        row["modic_type"] = modic_type
    if not agreed:
        row["optional"] = True
    return row


def _key(row: Mapping[str, Any]) -> Key:
    finding, level, modic_type, status = (str(row.get(name) or "") for name in _FIELDS)
    return finding, level, modic_type, status
