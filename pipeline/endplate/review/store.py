"""The decisions of a run folder: a SQLite file to which rows are only ever added.

An undo is a row of its own, so every state that anybody has seen can be told again. The file lies
beside the worklist as ``review.sqlite`` and outlives a new run.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from endplate.errors import EndplateError

FILE: Final = "review.sqlite"
SCHEMA: Final = 1

KINDS: Final = ("decision", "note", "correction", "checked", "undo")
DECISIONS: Final = ("accept", "reject", "unsure")

#: Why a patient is rejected. The first group are errors of the program, the others are not.
REASONS: Final = {
    "not_there": "the report names no such change (denied, past, or something else)",
    "wrong_type": "another Modic type",
    "wrong_level": "another level",
    "wrong_study": "not a lumbar MRI, or not the newest",
    "rule": "a criterion was judged wrongly",
    "other_cause": "another cause of pain, or a clinical reason against it",
    "too_old": "the MRI is too old or not enough",
    "treated": "already treated or already known to the clinic",
    "other": "another reason (see the note)",
}
PROGRAM_ERRORS: Final = ("not_there", "wrong_type", "wrong_level", "wrong_study", "rule")

_DDL: Final = """
CREATE TABLE event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('decision', 'note', 'correction', 'checked', 'undo')),
  data TEXT NOT NULL,
  undoes INTEGER REFERENCES event (id),
  request TEXT NOT NULL UNIQUE
);
CREATE INDEX event_patient ON event (patient_id, reviewer);
CREATE TABLE sample (
  patient_id TEXT PRIMARY KEY,
  stratum TEXT NOT NULL,
  drawn_at TEXT NOT NULL
);
CREATE TRIGGER event_is_kept BEFORE DELETE ON event
  BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER event_is_fixed BEFORE UPDATE ON event
  BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
"""


class Event(NamedTuple):
    """One row: who did what to which patient. ``undoes`` names the row that it takes back."""

    id: int
    at: str
    reviewer: str
    patient_id: str
    kind: str
    data: Mapping[str, Any]
    undoes: int | None
    request: str


class StaleError(Exception):
    """The patient has been decided elsewhere (another tab) since the reviewer last looked."""


class Store:
    """The events of one run folder.

    A connection is opened for each use: SQLite's own locks keep several tabs and several programs
    apart, and what a call has returned is on the disk (``synchronous=FULL``).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        path.chmod(0o600)  # SQLite gives its -wal and -shm files the same mode
        with self._open() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                message = f"{path}: written by a newer Endplate (schema {version}, known {SCHEMA})."
                raise EndplateError(message)
            if version == 0:
                self._create(db)

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the store of a run folder, made if there is none yet."""
        return cls(folder / FILE)

    def add(
        self,
        *,
        reviewer: str,
        patient_id: str,
        kind: str,
        data: Mapping[str, Any],
        request: str,
        seen: int | None = None,
    ) -> Event:
        """Append one event and return it.

        Parameters
        ----------
        request : str
            A name that the caller makes up for this one click: sent again after a lost answer, it
            is not counted twice.
        seen : int, optional
            The newest event of this patient and reviewer that the caller knows; 0 for none.

        Raises
        ------
        StaleError
            When a newer one is there. Nothing is written.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            known = db.execute("SELECT * FROM event WHERE request = ?", (request,)).fetchone()
            if known:
                return _event(known)
            if seen is not None:
                (newest,) = db.execute(
                    "SELECT coalesce(max(id), 0) FROM event WHERE patient_id = ? AND reviewer = ?",
                    (patient_id, reviewer),
                ).fetchone()
                if newest > seen:
                    raise StaleError
            return self._insert(db, reviewer, patient_id, kind, data, None, request)

    def undo(self, reviewer: str, request: str) -> Event | None:
        """Take back the reviewer's newest event that still counts; None when there is none."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            known = db.execute("SELECT * FROM event WHERE request = ?", (request,)).fetchone()
            if known:
                return _event(known)
            mine = _events(db, "WHERE reviewer = ?", (reviewer,))
            active = in_force(mine)
            if not active:
                return None
            last = active[-1]
            return self._insert(db, reviewer, last.patient_id, "undo", {}, last.id, request)

    def events(self, patient_id: str | None = None) -> list[Event]:
        """Return all events (of a patient), oldest first, undone ones and undos included."""
        with self._open() as db:
            if patient_id is None:
                return _events(db)
            return _events(db, "WHERE patient_id = ?", (patient_id,))

    def add_sample(self, drawn: Sequence[tuple[str, str]]) -> None:
        """Keep a drawn sample: patient ids with their stratum. Known patients stay as they are."""
        with self._open() as db:
            db.executemany(
                "INSERT OR IGNORE INTO sample VALUES (?, ?, ?)",
                [(patient, stratum, _now()) for patient, stratum in drawn],
            )

    def sample(self) -> dict[str, str]:
        """Return the sampled patients with their strata, in the order of the draw."""
        with self._open() as db:
            return dict(db.execute("SELECT patient_id, stratum FROM sample ORDER BY rowid"))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        except sqlite3.Error as error:
            message = f"{self._path}: cannot be opened ({error})."
            raise EndplateError(message) from error
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            yield db
            if db.in_transaction:
                db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            message = f"{self._path}: {error}. Keep a copy of the file before anything else."
            raise EndplateError(message) from error
        finally:
            db.close()  # an open transaction is rolled back

    @staticmethod
    def _create(db: sqlite3.Connection) -> None:
        db.executescript(f"BEGIN IMMEDIATE; {_DDL} PRAGMA user_version = {SCHEMA}; COMMIT;")

    @staticmethod
    def _insert(
        db: sqlite3.Connection,
        reviewer: str,
        patient_id: str,
        kind: str,
        data: Mapping[str, Any],
        undoes: int | None,
        request: str,
    ) -> Event:
        text = json.dumps(data, ensure_ascii=False, sort_keys=True)
        row = (_now(), reviewer, patient_id, kind, text, undoes, request)
        cursor = db.execute(
            "INSERT INTO event (at, reviewer, patient_id, kind, data, undoes, request)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        return _event((cursor.lastrowid, *row))


def in_force(events: Sequence[Event]) -> list[Event]:
    """Return the events that count: neither undone nor undos, oldest first."""
    undone = {event.undoes for event in events if event.kind == "undo"}
    return [event for event in events if event.kind != "undo" and event.id not in undone]


def decisions(events: Sequence[Event]) -> dict[str, dict[str, Event]]:
    """Return the decision in force of each patient and reviewer."""
    found: dict[str, dict[str, Event]] = {}
    for event in in_force(events):
        if event.kind == "decision":
            found.setdefault(event.patient_id, {})[event.reviewer] = event
    return found


def _events(db: sqlite3.Connection, where: str = "", values: Sequence[object] = ()) -> list[Event]:
    rows = db.execute(f"SELECT * FROM event {where} ORDER BY id", values)  # noqa: S608 - our own words
    return [_event(row) for row in rows]


def _event(row: Sequence[Any]) -> Event:
    at, reviewer, patient_id, kind, data, undoes, request = row[1:]
    return Event(row[0], at, reviewer, patient_id, kind, json.loads(data), undoes, request)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
