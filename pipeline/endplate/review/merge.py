"""Write the decisions back into ``worklist.csv``, also after a new run."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from endplate.review.store import FILE, REASONS, Event, Store, decisions, in_force
from endplate.tables import MAX_CELL, csv_text, table_writer
from endplate.worklist import CLINIC_COLUMNS


def known_decisions(folder: Path) -> dict[str, dict[str, str]]:
    """Return the clinic's cells that a new worklist in `folder` has to carry on, by patient.

    They come from ``review.sqlite``; where it knows nothing of a patient, from what the clinic
    typed into the worklist that is there now. Empty for a new folder.
    """
    stored = clinic_cells(Store.of(folder).events()) if (folder / FILE).exists() else {}
    worklist = folder / "worklist.csv"
    typed = {}
    if worklist.exists():
        cells = ((row["patient_id"], _clinic(row)) for row in _read(worklist)[1])
        typed = {patient: row for patient, row in cells if any(row.values())}
    return {**typed, **stored}


def merge_decisions(folder: Path) -> int:
    """Fill the clinic's columns of a run's worklist from ``review.sqlite``.

    Returns
    -------
    int
        How many rows were filled. Rows of which the store knows nothing stay as they are, what
        the clinic typed by hand included.
    """
    worklist = folder / "worklist.csv"
    if not worklist.exists() or not (folder / FILE).exists():
        return 0
    cells = clinic_cells(Store.of(folder).events())
    return _fill(worklist, cells) if cells else 0


def clinic_cells(events: Sequence[Event]) -> dict[str, dict[str, str]]:
    """Return the clinic's cells of every patient with a decision, a note, or an undone one.

    Reviewers who agree share one word; where they differ each has his own, so that nobody takes
    a disagreement for a decision.
    """
    decided = decisions(events)
    noted: dict[str, list[Event]] = defaultdict(list)
    for event in in_force(events):
        if event.kind == "note":
            noted[event.patient_id].append(event)
    return {
        patient: _cells(decided.get(patient, {}), noted.get(patient, ()))
        for patient in dict.fromkeys(event.patient_id for event in events)
    }


def _cells(decided: Mapping[str, Event], notes: Sequence[Event]) -> dict[str, str]:
    words = {name: _word(event) for name, event in decided.items()}
    if len(set(words.values())) > 1:
        said = "; ".join(f"{word} ({name})" for name, word in words.items())
        decision = f"disagreement: {said}"
    else:
        decision = next(iter(words.values()), "")
    latest = {event.reviewer: event for event in notes}  # a note replaces the one before
    text = {name: str(event.data.get("text", "")) for name, event in latest.items()}
    return {
        "decision": decision,
        "decided_by": "; ".join(words),
        "decided_on": "; ".join(dict.fromkeys(event.at[:10] for event in decided.values())),
        "notes": "; ".join(
            f"{name}: {note}" if len(text) > 1 else note for name, note in text.items() if note
        ),
    }


def _word(event: Event) -> str:
    reason = event.data.get("reason")
    word = str(event.data["decision"])
    return f"{word}: {REASONS.get(reason, reason)}" if reason else word


def _clinic(row: Mapping[str, str]) -> dict[str, str]:
    return {name: row.get(name) or "" for name in CLINIC_COLUMNS}


def _fill(worklist: Path, cells: Mapping[str, Mapping[str, str]]) -> int:
    """Rewrite the worklist with the clinic's cells; everything else stays as it is.

    A run that has written a new list in the meantime must not find the old one put back: then the
    new one is filled instead.
    """
    while True:
        seen = _version(worklist)
        columns, rows = _read(worklist)
        known = [row for row in rows if row["patient_id"] in cells]
        for row in known:
            row.update(cells[row["patient_id"]])
        more = [name for name in CLINIC_COLUMNS if name not in columns]
        try:
            with table_writer(worklist, [*columns, *more]) as table:
                for row in rows:
                    table.write(row)
                if _version(worklist) != seen:
                    raise _OvertakenError
        except _OvertakenError:
            continue
        return len(known)


class _OvertakenError(Exception):
    """The worklist was written by somebody else while it was being filled."""


def _version(worklist: Path) -> tuple[int, int, int]:
    state = worklist.stat()
    return state.st_ino, state.st_mtime_ns, state.st_size


def _read(worklist: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return columns and rows, the cells as they were before they were made safe."""
    csv.field_size_limit(MAX_CELL * 8)
    with worklist.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        rows = [{name: csv_text(row[name]) for name in reader.fieldnames or ()} for row in reader]
    return list(reader.fieldnames or ()), rows
