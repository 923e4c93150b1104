"""What the review server does, without a word about HTTP."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from endplate.codes import FINDINGS, LEVELS, MODIC_TYPES, STATUSES
from endplate.errors import EndplateError
from endplate.page.payload import LIST_COLUMNS, Pages, collect, detail, index, reports_of
from endplate.page.run_folder import check_run, load_run, unlisted
from endplate.review.merge import merge_decisions
from endplate.review.sample import draw, populations
from endplate.review.state import state, states
from endplate.review.store import DECISIONS, REASONS, Event, Store
from endplate.worklist import CLINIC_COLUMNS

#: What a blinded reader may see of a row: the patient, and when he was examined.
_OPEN_COLUMNS: Final = ("patient_id", "report_id", "study_date", "mri_age_days")

#: How long a decision waits for its neighbours before the worklist is written, in seconds.
WRITE_AFTER: Final = 1.0

MAX_NAME: Final = 80
MAX_NOTE: Final = 4000


class RefusedError(Exception):
    """A request that cannot be carried out; the message is for the reviewer."""


class Desk:
    """A run folder on the reviewer's desk.

    Parameters
    ----------
    folder : Path
        What ``endplate screen`` wrote.
    sample : int
        How many patients who are not on the list are to be read as well.
    blind : bool
        Whether the program's judgement and the other reviewers' decisions are hidden, and listed
        and sampled patients come in one mixed order.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sample: int = 0,
        blind: bool = False,
        reports: Sequence[Path] = (),
        on_note: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self.blind = blind
        self._on_note = on_note
        check_run(folder)  # before a store comes into being where there is no run
        self._store = Store.of(folder)
        if sample:
            self._store.add_sample(draw(populations(unlisted(folder)), sample))
        run = load_run(folder, also=self._store.sample())
        listed = set(run.worklist)
        sampled = [p for p in self._store.sample() if p in run.patients and p not in listed]
        self._order = [*run.worklist, *sampled]
        if blind:
            self._order.sort(key=lambda patient: hashlib.sha256(patient.encode()).digest())
        self._places = {patient: place for place, patient in enumerate(self._order)}
        self._pages: Pages = collect(run, self._order, reports=reports, on_note=on_note)
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self.write()

    def index(self) -> dict[str, Any]:
        """Return the list and the overview, without anybody's decisions."""
        told = index(self._pages.folder, self._order)
        told["title"] = "Endplate review"
        hidden = set(CLINIC_COLUMNS)
        if self.blind:
            hidden |= {*LIST_COLUMNS, "rank", "queue"} - set(_OPEN_COLUMNS)
            for name in ("cards", "flow", "figures"):
                del told[name]
        for row in told["rows"]:
            for place, name in enumerate(told["columns"]):
                if name in hidden:
                    row[place] = ""
        return {**told, "blind": self.blind, "reasons": REASONS}

    def case(self, place: int) -> dict[str, Any]:
        """Return the details of the patient at a place of the list."""
        told = detail(self._pages, self._patient(place))
        if self.blind:
            hidden = set(LIST_COLUMNS) - set(_OPEN_COLUMNS)
            told = {name: value for name, value in told.items() if name not in hidden}
            del told["judgements"]
        return told

    def states(self, reviewer: str) -> dict[int, dict[str, Any]]:
        """Return the reviewer's state of each patient that he has touched, by place."""
        reviewer = _name(reviewer)
        found = states(self._store.events(), reviewer, blind=self.blind)
        return {self._places[p]: told for p, told in found.items() if p in self._places}

    def state(self, place: int, reviewer: str) -> dict[str, Any]:
        """Return the reviewer's state of the patient at a place of the list."""
        events = self._store.events(self._patient(place))
        return state(events, _name(reviewer), blind=self.blind)

    def add(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Add the event that a page asks for and return the patient's new state.

        Raises
        ------
        RefusedError
            What is asked makes no sense.
        endplate.review.store.StaleError
            The patient was decided elsewhere in between.
        """
        place, reviewer = _integer(asked, "case"), _name(asked.get("reviewer"))
        patient = self._patient(place)
        # the page may be older than the server: numbers alone could name another patient
        if asked.get("patient_id") != patient:
            message = "The list has changed. Reload the page."
            raise RefusedError(message)
        kind = str(asked.get("kind"))
        data = asked.get("data")
        checks = {
            "decision": self._decision,
            "note": self._note,
            "correction": self._correction,
            "checked": self._checked,
        }
        if kind not in checks or not isinstance(data, Mapping):
            message = f"Unknown kind of entry: {kind[:40]}."
            raise RefusedError(message)
        self._store.add(
            reviewer=reviewer,
            patient_id=patient,
            kind=kind,
            data=checks[kind](patient, data),
            request=_request(asked),
            seen=_integer(asked, "seen"),
        )
        self._write_soon()
        return self.state(place, reviewer)

    def undo(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Take back the reviewer's last entry; return what it was, and the patient's new state."""
        reviewer = _name(asked.get("reviewer"))
        undone = self._store.undo(reviewer, _request(asked))
        if undone is None:
            return {"case": None}
        self._write_soon()
        place = self._places.get(undone.patient_id)
        if place is None:
            return {"case": None, "kind": self._kind(undone)}
        return {
            "case": place,
            "kind": self._kind(undone),
            "state": self.state(place, reviewer),
        }

    def write(self) -> None:
        """Write the decisions into the worklist now. They are safe in the store in any case."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            try:
                merge_decisions(self._folder)
            except (OSError, EndplateError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                self._on_note(
                    f"worklist.csv could not be written ({why}); is it open elsewhere? "
                    "The decisions are safe in review.sqlite and will be written next time."
                )

    def _write_soon(self) -> None:
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(WRITE_AFTER, self.write)
                self._timer.daemon = True
                self._timer.start()

    def _patient(self, place: int) -> str:
        if not 0 <= place < len(self._order):
            message = "There is no such patient on this list. Reload the page."
            raise RefusedError(message)
        return self._order[place]

    def _kind(self, undo: Event) -> str:
        return next((e.kind for e in self._store.events() if e.id == undo.undoes), "")

    def _decision(self, _: str, data: Mapping[str, Any]) -> dict[str, str]:
        decision, reason = _one_of(data, "decision", DECISIONS), str(data.get("reason") or "")
        if decision != "reject":
            return {"decision": decision}
        if reason not in REASONS:
            message = "A rejection needs a reason."
            raise RefusedError(message)
        return {"decision": decision, "reason": reason}

    def _note(self, _: str, data: Mapping[str, Any]) -> dict[str, str]:
        text = str(data.get("text") or "").strip()
        if len(text) > MAX_NOTE:
            message = f"A note can have {MAX_NOTE:,} characters."
            raise RefusedError(message)
        return {"text": text}

    def _checked(self, patient: str, data: Mapping[str, Any]) -> dict[str, str]:
        return {"report_id": self._report(patient, data)}

    def _correction(self, patient: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return a correction with what the program had read, from our own records."""
        report_id = self._report(patient, data)
        was: dict[str, Any] | None = None
        if data.get("place") is not None:
            found = self._pages.findings.get(report_id, ())
            place = _integer(data, "place")
            if not 0 <= place < len(found):
                message = "There is no such finding in this report. Reload the page."
                raise RefusedError(message)
            was = _row(found[place]) | {"start": found[place]["start"], "end": found[place]["end"]}
        now = data.get("now")
        if now is None and was is None:
            message = "Say what was missed."
            raise RefusedError(message)
        told = _checked_row(now) if isinstance(now, Mapping) else None
        if was and told and all(was[name] == value for name, value in told.items()):
            message = "Nothing was changed."
            raise RefusedError(message)
        quote = str(data.get("quote") or "")[:500]
        return {"report_id": report_id, "was": was, "now": told, "quote": quote}

    def _report(self, patient: str, data: Mapping[str, Any]) -> str:
        report_id = str(data.get("report_id"))
        known = {report["report_id"] for report in reports_of(self._pages.folder, patient)}
        if report_id not in known:
            message = "This report is not one of the patient's."
            raise RefusedError(message)
        return report_id


def _row(finding: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(finding[name]) for name in ("finding", "level", "modic_type", "status")}


def _checked_row(row: Mapping[str, Any]) -> dict[str, str]:
    told = {
        "finding": _one_of(row, "finding", FINDINGS),
        "level": _one_of(row, "level", ("", *LEVELS)),
        "modic_type": _one_of(row, "modic_type", ("", *MODIC_TYPES)),
        "status": _one_of(row, "status", STATUSES),
    }
    if told["finding"] != "modic_change":
        told["modic_type"] = ""
    elif not told["modic_type"]:
        told["modic_type"] = "unspecified"
    return told


def _one_of(data: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    value = data.get(name)
    if value not in allowed:
        message = f"{name}: choose one of {', '.join(filter(None, allowed))}."
        raise RefusedError(message)
    return str(value)


def _integer(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        message = f"{name}: a number is needed."
        raise RefusedError(message)
    return value


def _name(value: object) -> str:
    name = " ".join(str(value or "").split())
    if not name or len(name) > MAX_NAME or not name.isprintable():
        message = f"Give the reviewer's name (up to {MAX_NAME} characters)."
        raise RefusedError(message)
    return name


def _request(asked: Mapping[str, Any]) -> str:
    value = asked.get("request")
    if not isinstance(value, str) or not 8 <= len(value) <= 64:
        message = "The page is not of this version. Reload it."
        raise RefusedError(message)
    return value
