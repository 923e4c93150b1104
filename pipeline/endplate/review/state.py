"""What a reviewer sees of the events: his own, and the others' once he has decided himself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from endplate.review.store import Event, in_force


def states(events: Iterable[Event], reviewer: str, *, blind: bool) -> dict[str, dict[str, Any]]:
    """Return the state of every patient that a reviewer has touched."""
    by_patient: dict[str, list[Event]] = {}
    for event in events:
        by_patient.setdefault(event.patient_id, []).append(event)
    return {
        patient: state(rows, reviewer, blind=blind)
        for patient, rows in by_patient.items()
        if any(row.reviewer == reviewer for row in rows)
    }


def state(events: Sequence[Event], reviewer: str, *, blind: bool) -> dict[str, Any]:
    """Return what a reviewer sees of one patient's events.

    Others' decisions appear only after the reviewer's own, so that nobody decides by looking at
    what is decided already; in a blinded reading not even then. ``seen`` is the newest event of the
    reviewer: he sends it along, and a decision made in another tab in between is noticed.
    """
    mine = [event for event in events if event.reviewer == reviewer]
    told: dict[str, Any] = {
        "decision": "",
        "reason": "",
        "note": "",
        "checked": [],
        "corrections": [],
        "others": [],
        "seen": mine[-1].id if mine else 0,
    }
    for event in in_force(mine):
        if event.kind == "decision":
            told["decision"] = event.data["decision"]
            told["reason"] = event.data.get("reason", "")
        elif event.kind == "note":
            told["note"] = event.data["text"]
        elif event.kind == "checked":
            told["checked"].append(event.data["report_id"])
        elif event.kind == "correction":
            told["corrections"].append(dict(event.data))
    if told["decision"] and not blind:
        others = [e for e in in_force(events) if e.reviewer != reviewer and e.kind == "decision"]
        latest = {event.reviewer: event for event in others}
        told["others"] = [
            {
                "reviewer": name,
                "decision": event.data["decision"],
                "reason": event.data.get("reason", ""),
            }
            for name, event in latest.items()
        ]
    return told
