"""The review: decisions are never lost, nobody else gets in, and it works by keyboard."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from chromium import chromium, watched_page
from endplate.codes import FINDINGS
from endplate.errors import EndplateError
from endplate.page.run_folder import load_run, read_worklist
from endplate.review import known_decisions, merge, merge_decisions
from endplate.review.desk import Desk, RefusedError
from endplate.review.server import create_app
from endplate.review.state import state
from endplate.review.store import StaleError, Store, decisions, in_force
from run_folders import Patient, typical, without_modic, write_run

AUDIT = Path(__file__).with_name("audit.js").read_text("utf-8")
TOKEN = "t" * 32
MARKER = "MARKERPATIENT"


def patients() -> list[Patient]:
    listed = [typical(n, "candidate" if n % 2 else "needs_information") for n in range(1, 15)]
    marked = typical(77, "needs_review")._replace(patient_id=MARKER)
    return [*listed, marked, *(without_modic(n) for n in range(20))]


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_run(tmp_path / "run", patients())


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "review.sqlite")


def add(store: Store, patient: str, decision: str, *, reviewer: str = "Ana", **more: Any) -> Any:
    data = {"decision": decision, **({"reason": "other"} if decision == "reject" else {})}
    asked = {"kind": "decision", "data": data, "request": os.urandom(8).hex(), **more}
    return store.add(reviewer=reviewer, patient_id=patient, **asked)


# --- the store -----------------------------------------------------------------------------------


def test_undo_is_a_row_and_brings_back_what_was(store):
    add(store, "P1", "accept")
    add(store, "P1", "reject")
    undo = store.undo("Ana", "undo-0001")
    assert (undo.kind, undo.patient_id, undo.undoes) == ("undo", "P1", 2)
    assert decisions(store.events())["P1"]["Ana"].data == {"decision": "accept"}
    assert len(store.events()) == 3
    store.undo("Ana", "undo-0002")
    assert store.undo("Ana", "undo-0003") is None
    assert decisions(store.events()) == {}


def test_nobody_undoes_what_another_has_decided(store):
    add(store, "P1", "accept", reviewer="Ana")
    assert store.undo("Ben", "undo-0001") is None
    assert len(in_force(store.events())) == 1


@settings(deadline=None, max_examples=30)  # each step goes to the disk
@given(st.lists(st.sampled_from(["accept", "reject", "unsure", "undo"]), max_size=12))
def test_undo_behaves_like_a_stack(tmp_path_factory, steps):
    store = Store(tmp_path_factory.mktemp("store") / "review.sqlite")
    stack: list[str] = []
    for n, step in enumerate(steps):
        if step == "undo":
            store.undo("Ana", f"undo-{n:04}")
            stack[-1:] = []
        else:
            add(store, "P1", step)
            stack.append(step)
    assert [event.data["decision"] for event in in_force(store.events())] == stack


@pytest.mark.parametrize("statement", ["DELETE FROM event", "UPDATE event SET data = '{}'"])
def test_rows_are_neither_changed_nor_deleted(store, tmp_path, statement):
    add(store, "P1", "accept")
    with (
        sqlite3.connect(tmp_path / "review.sqlite") as db,
        pytest.raises(sqlite3.IntegrityError, match="never"),
    ):
        db.execute(statement)


def test_a_request_sent_twice_counts_once(store):
    first = add(store, "P1", "accept", request="same-name")
    assert add(store, "P1", "accept", request="same-name") == first
    assert len(store.events()) == 1


def test_a_second_tab_that_has_not_seen_a_decision_is_told(store):
    first = add(store, "P1", "accept", seen=0)
    with pytest.raises(StaleError):
        add(store, "P1", "reject", seen=0)
    add(store, "P1", "reject", seen=first.id)
    add(store, "P1", "accept", reviewer="Ben", seen=0)  # another reviewer's are no obstacle
    add(store, "P2", "accept", seen=0)
    assert len(store.events()) == 4


def test_many_writers_at_once_lose_nothing(store, tmp_path):
    def write(name: str) -> None:
        own = Store(tmp_path / "review.sqlite")
        for n in range(25):
            add(own, f"P{n}", "accept", reviewer=name)

    threads = [threading.Thread(target=write, args=(f"R{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.events()) == 100
    assert len({event.id for event in store.events()}) == 100


def test_the_files_are_private(store, tmp_path):
    held = sqlite3.connect(tmp_path / "review.sqlite")
    held.execute("SELECT * FROM event").fetchall()  # keeps the -wal file alive
    add(store, "P1", "accept")
    files = sorted(tmp_path.glob("review.sqlite*"))
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    held.close()


def test_a_damaged_or_newer_store_is_refused_in_one_line(tmp_path):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is no database at all" * 50)
    with pytest.raises(EndplateError, match="Keep a copy"):
        Store(broken)
    newer = tmp_path / "newer.sqlite"
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(EndplateError, match="newer Endplate"):
        Store(newer)


# --- back into the worklist ----------------------------------------------------------------------


def test_decisions_come_into_the_worklist_and_survive_a_new_run(folder):
    before = (folder / "worklist.csv").read_bytes()
    store = Store.of(folder)
    add(store, "P00001", "accept")
    add(store, "P00002", "reject")
    add(store, "P00002", "reject", reviewer="Ben")
    add(store, "P00003", "accept")
    add(store, "P00003", "unsure", reviewer="Ben")
    note = {"kind": "note", "data": {"text": '=HYPERLINK("x")\nsecond line'}}
    store.add(reviewer="Ana", patient_id="P00001", request="note-0001", **note)
    for _ in range(2):
        assert merge_decisions(folder) == 3
        rows = read_worklist(folder / "worklist.csv")
        assert rows["P00001"]["decision"] == "accept"
        assert rows["P00001"]["decided_by"] == "Ana"
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", rows["P00001"]["decided_on"])
        assert rows["P00001"]["notes"] == '=HYPERLINK("x")\nsecond line'
        assert rows["P00002"]["decision"] == "reject: another reason (see the note)"
        assert rows["P00002"]["decided_by"] == "Ana; Ben"
        assert rows["P00003"]["decision"] == "disagreement: accept (Ana); unsure (Ben)"
        assert b"'=HYPERLINK" in (folder / "worklist.csv").read_bytes()
        write_run(folder, patients())  # a new run writes an empty list
        assert (folder / "worklist.csv").read_bytes() == before


def test_a_merge_touches_no_other_cell(folder):
    before = read_worklist(folder / "worklist.csv")
    add(Store.of(folder), "P00001", "accept")
    merge_decisions(folder)
    after = read_worklist(folder / "worklist.csv")
    assert list(after) == list(before)
    changed = {
        (patient, name)
        for patient, row in after.items()
        for name, value in row.items()
        if value != before[patient][name]
    }
    assert changed == {("P00001", name) for name in ("decision", "decided_by", "decided_on")}


def test_an_undone_decision_leaves_the_worklist(folder):
    store = Store.of(folder)
    add(store, "P00001", "accept")
    merge_decisions(folder)
    store.undo("Ana", "undo-0001")
    merge_decisions(folder)
    assert read_worklist(folder / "worklist.csv")["P00001"]["decision"] == ""


def test_what_the_clinic_typed_by_hand_stays(folder):
    worklist = folder / "worklist.csv"
    with worklist.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["patient_id"] in ("P00005", "P00006"):
            row["decision"], row["decided_by"] = "called her", "Sr. Mary"
    with worklist.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert set(known_decisions(folder)) == {"P00005", "P00006"}
    add(Store.of(folder), "P00005", "accept")
    merge_decisions(folder)
    assert read_worklist(worklist)["P00006"]["decision"] == "called her"
    known = known_decisions(folder)
    assert known["P00006"]["decided_by"] == "Sr. Mary"
    assert known["P00005"]["decision"] == "accept"
    assert known_decisions(folder.parent / "new") == {}


def test_a_new_list_that_comes_in_between_is_not_put_back(folder, monkeypatch):
    add(Store.of(folder), "P00001", "accept")
    worklist = folder / "worklist.csv"
    read, new = merge._read, patients()[:3]

    def overtaken(path: Path) -> Any:
        monkeypatch.setattr(merge, "_read", read)
        old = read(path)
        write_run(folder, new)  # a run ends while the old list is being filled
        return old

    monkeypatch.setattr(merge, "_read", overtaken)
    assert merge_decisions(folder) == 1
    rows = read_worklist(worklist)
    assert len(rows) == 3
    assert rows["P00001"]["decision"] == "accept"


def test_a_worklist_that_is_open_elsewhere_loses_no_decision(folder, monkeypatch):
    notes: list[str] = []
    desk = Desk(folder, on_note=notes.append)
    add(Store.of(folder), "P00001", "accept")

    def locked(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(merge, "_fill", locked)
    desk.write()
    assert "could not be written (Permission denied)" in notes[0]
    monkeypatch.undo()
    Desk(folder, on_note=pytest.fail)
    assert read_worklist(folder / "worklist.csv")["P00001"]["decision"] == "accept"


def test_without_a_store_nothing_is_written(folder):
    before = (folder / "worklist.csv").stat().st_mtime_ns
    assert merge_decisions(folder) == 0
    assert (folder / "worklist.csv").stat().st_mtime_ns == before
    assert not (folder / "review.sqlite").exists()


# --- who sees what -------------------------------------------------------------------------------


def test_others_decisions_appear_after_ones_own_and_never_when_blind(store):
    add(store, "P1", "accept", reviewer="Ana")
    assert state(store.events(), "Ben", blind=False)["others"] == []
    add(store, "P1", "reject", reviewer="Ben")
    assert state(store.events(), "Ben", blind=False)["others"] == [
        {"reviewer": "Ana", "decision": "accept", "reason": ""}
    ]
    assert state(store.events(), "Ben", blind=True)["others"] == []


def test_a_blinded_desk_gives_nothing_of_the_judgement(folder):
    add(Store.of(folder), "P00001", "accept", reviewer="Ana")
    desk = Desk(folder, sample=8, blind=True, on_note=pytest.fail)
    told = desk.index()
    assert len(told["rows"]) == 15 + 8
    text = json.dumps([told, [desk.case(n) for n in range(23)]])
    for word in ("candidate", "needs_", "judgements", "Ask for", "Book the", '"sample"', "Ana"):
        assert word not in text, word
    order = [row[told["columns"].index("patient_id")] for row in told["rows"]]
    listed = [not name.startswith("N") for name in order]
    assert listed != sorted(listed, reverse=True)  # mixed


def test_an_open_desk_shows_nobodys_decisions_in_the_list(folder):
    add(Store.of(folder), "P00001", "accept", reviewer="Ana")
    desk = Desk(folder, on_note=pytest.fail)
    assert "accept" not in json.dumps(desk.index()["rows"])
    assert read_worklist(folder / "worklist.csv")["P00001"]["decision"] == "accept"


def test_the_sample_stays_the_same_when_the_server_starts_again(folder):
    first = Desk(folder, sample=6, on_note=pytest.fail).index()["rows"]
    again = Desk(folder, on_note=pytest.fail).index()["rows"]
    assert again == first
    assert len(Desk(folder, sample=9, on_note=pytest.fail).index()["rows"]) == 15 + 9


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"case": 99}, "no such patient"),
        ({"case": "0"}, "a number is needed"),
        ({"patient_id": "P00002"}, "Reload"),
        ({"reviewer": " "}, "reviewer's name"),
        ({"reviewer": "A\u202ena"}, "reviewer's name"),
        ({"kind": "drop table"}, "Unknown kind"),
        ({"data": []}, "Unknown kind"),
        ({"data": {"decision": "maybe"}}, "choose one of accept"),
        ({"data": {"decision": "reject"}}, "needs a reason"),
        ({"data": {"decision": "reject", "reason": "x"}}, "needs a reason"),
        ({"request": "x"}, "Reload"),
        ({"kind": "note", "data": {"text": "x" * 4001}}, "4,000 characters"),
        ({"kind": "checked", "data": {"report_id": "P00003-1"}}, "not one of the patient's"),
        ({"kind": "correction", "data": {"report_id": "P00001-2"}}, "what was missed"),
        (
            {"kind": "correction", "data": {"report_id": "P00001-2", "place": 99, "now": None}},
            "no such finding",
        ),
        (
            {
                "kind": "correction",
                "data": {
                    "report_id": "P00001-2",
                    "place": None,
                    "now": {"finding": "x", "level": "", "modic_type": "", "status": "present"},
                },
            },
            "finding: choose one of",
        ),
    ],
)
def test_senseless_requests_are_refused_and_leave_no_row(folder, changed, message):
    desk = Desk(folder, on_note=pytest.fail)
    asked = {
        "case": desk.index()["rows"].index(
            next(row for row in desk.index()["rows"] if "P00001" in row)
        ),
        "patient_id": "P00001",
        "reviewer": "Ana",
        "kind": "decision",
        "data": {"decision": "accept"},
        "request": "request-1",
        "seen": 0,
    }
    with pytest.raises(RefusedError, match=re.escape(message)):
        desk.add({**asked, **changed})
    assert Store.of(folder).events() == []
    assert desk.add(asked)["decision"] == "accept"


def test_a_folder_that_is_no_run_is_refused_and_left_alone(tmp_path):
    with pytest.raises(EndplateError, match=r"no run\.json here"):
        Desk(tmp_path, on_note=pytest.fail)
    assert list(tmp_path.iterdir()) == []


# --- who gets in ---------------------------------------------------------------------------------


@pytest.fixture
def client(folder) -> Iterator[TestClient]:
    desk = Desk(folder, on_note=pytest.fail)
    app = create_app(desk, token=TOKEN, port=8000)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        yield client


ORIGIN = {"origin": "http://127.0.0.1:8000"}
EVENT = {
    "case": 0,
    "patient_id": "P00001",
    "reviewer": "Ana",
    "kind": "decision",
    "data": {"decision": "accept"},
    "request": "request-1",
    "seen": 0,
}


def start(client: TestClient) -> None:
    answer = client.get("/", params={"token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/"):
        assert part in cookie
    assert TOKEN not in cookie


@pytest.mark.parametrize("path", ["/", "/api/run", "/api/cases/0", "/static/page.css", "/x"])
def test_nothing_without_the_token(client, path):
    assert client.get(path).status_code == 403
    assert client.get("/", params={"token": TOKEN[:-1]}).status_code == 403
    assert client.get(path, headers={"cookie": "endplate-8000=guess"}).status_code == 403
    start(client)
    assert client.get(path).status_code == (404 if path == "/x" else 200)


def test_odd_cookies_of_other_programs_do_no_harm(client):
    answer = client.get("/", params={"token": TOKEN})
    ours = answer.headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    for cookies in (f"a[b]={{}}; {ours}", f"=; ;; {ours}; x"):
        assert client.get("/api/run", headers={"cookie": cookies}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:8001", "evil.example:8000", ""]
)
def test_another_host_name_is_refused(client, host):
    start(client)
    for path in ("/api/run", f"/?token={TOKEN}"):
        assert client.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "https://127.0.0.1:8000"},
        {**ORIGIN, "sec-fetch-site": "cross-site"},
        {**ORIGIN, "sec-fetch-site": "same-site"},
    ],
)
def test_another_site_cannot_decide(client, folder, headers):
    start(client)
    for path in ("/api/events", "/api/undo", "/api/session"):
        assert client.post(path, json=EVENT, headers=headers).status_code == 403
    assert Store.of(folder).events() == []


def test_a_form_cannot_decide(client, folder):
    start(client)
    plain = {**ORIGIN, "content-type": "text/plain"}
    assert client.post("/api/events", content=json.dumps(EVENT), headers=plain).status_code == 415
    assert client.post("/api/events", data={"case": "0"}, headers=ORIGIN).status_code == 415
    assert Store.of(folder).events() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"a":' * 2000])
def test_a_broken_body_is_refused(client, body):
    start(client)
    headers = {**ORIGIN, "content-type": "application/json"}
    assert client.post("/api/events", content=body, headers=headers).status_code in (400, 500)


def test_a_long_body_is_refused(client):
    start(client)
    event = {**EVENT, "data": {"decision": "x" * 70_000}}
    assert client.post("/api/events", json=event, headers=ORIGIN).status_code == 413


def test_every_answer_carries_the_policy(client):
    start(client)
    answers = [client.get(path) for path in ("/", "/api/run", "/static/app.js", "/nowhere")]
    answers.append(client.post("/api/events", json={}, headers=ORIGIN))
    answers.append(httpx.Response(200, headers=client.get("/", params={"token": "no"}).headers))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    page = client.get("/").text
    assert "<script>" not in page
    assert "style=" not in page
    assert MARKER not in page


def test_a_fault_says_nothing_of_the_patient(folder, capsys):
    desk = Desk(folder, on_note=pytest.fail)

    def fail(_: object) -> None:
        raise KeyError(MARKER)

    desk.add = fail  # type: ignore[assignment,method-assign]
    app = create_app(desk, token=TOKEN, port=8000)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.get("/", params={"token": TOKEN})
        answer = client.post("/api/events", json=EVENT, headers=ORIGIN)
    assert answer.status_code == 500
    told = capsys.readouterr()
    assert MARKER not in answer.text + told.out + told.err
    assert "KeyError at test_review.py" in told.err


# --- in the browser, with the real command -------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


class Server:
    """``endplate review`` as a program of its own, so that it can be killed."""

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        self.log = folder.parent / "server.log"
        command = [sys.executable, "-c", "from endplate.cli import main; main()", "review"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*command, str(folder), "--port", str(port), *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.log.read_text()
        self.origin = self.address.partition("/?")[0]
        self.port = int(self.origin.rpartition(":")[2])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)


@contextmanager
def server(folder: Path, *options: str, port: int = 0) -> Iterator[Server]:
    one = Server(folder, *options, port=port)
    try:
        yield one
    finally:
        one.stop()


def title(page: Any) -> str:
    return page.locator("#patient-title").inner_text()


def press(page: Any, key: str) -> None:
    """Press a decision's key and wait until the next patient stands there."""
    before = title(page)
    page.keyboard.press(key)
    if key == "r":
        page.locator("dialog").wait_for()
        page.keyboard.press("2")
    page.wait_for_function(
        "name => document.getElementById('patient-title')?.textContent !== name", arg=before
    )


def enter(page: Any, address: str, name: str) -> None:
    """Open the address, give the name, open the first patient, all by keyboard."""
    page.goto(address)
    page.locator("#reviewer-name").wait_for()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    page.locator("tbody tr[data-i]").first.focus()
    page.keyboard.press("Enter")
    page.locator("#patient-title").wait_for()


@pytest.mark.browser
def test_ten_patients_by_keyboard_with_the_server_killed_in_between(browser, folder):
    first = Server(folder)
    decided: dict[str, str] = {}
    keys = ["a", "r", "u", "a", "a", "r", "a", "u", "r", "a"]
    words = {"a": "accept", "r": "reject", "u": "unsure"}
    try:
        with watched_page(browser, first.origin) as page:
            enter(page, first.address, "Ana")
            for key in keys[:5]:
                decided[title(page)] = words[key]
                press(page, key)
            first.kill()
            with server(folder, port=first.port) as second:
                page.goto(second.address)
                page.locator("#progress", has_text="5 of 15 decided").wait_for()
                page.locator("select[data-filter=decision]").select_option("open")
                page.locator("tbody tr[data-i]").first.focus()
                page.keyboard.press("Enter")
                page.locator("#patient-title").wait_for()
                for key in keys[5:]:
                    decided[title(page)] = words[key]
                    press(page, key)
                page.locator("#progress", has_text="10 of 15 decided").wait_for()
                assert not re.search(r"P\d{5}", page.url)
                second.kill()
    finally:
        first.stop()
    assert len(decided) == 10
    found = decisions(Store.of(folder).events())
    assert {p: told["Ana"].data["decision"] for p, told in found.items()} == decided
    rejected = [told["Ana"].data for told in found.values() if told["Ana"].data.get("reason")]
    assert {row["reason"] for row in rejected} == {"wrong_type"}
    merge_decisions(folder)
    rows = read_worklist(folder / "worklist.csv")
    assert {p: rows[p]["decision"].split(":")[0] for p in decided} == decided
    log = first.log.read_text()
    assert not re.search(r"P\d{5}|MARKER|GET|POST|Modic", log)


@pytest.mark.browser
def test_undo_note_correction_missed_and_checked(browser, folder):
    with server(folder) as one, watched_page(browser, one.origin) as page:
        enter(page, one.address, "Ana")
        patient = title(page)
        press(page, "a")
        page.keyboard.press("z")
        page.wait_for_function(
            "name => document.getElementById('patient-title')?.textContent === name", arg=patient
        )
        page.locator("#status", has_text="not decided yet").wait_for()
        page.keyboard.press("n")
        page.locator("#note-text").fill("call first")
        page.keyboard.press("Control+Enter")
        page.locator(".decide", has_text="call first").wait_for()
        # without a chosen finding the key says what to do
        page.keyboard.press("c")
        page.locator("#saying", has_text="Choose a finding first").wait_for()
        page.keyboard.press("]")
        page.keyboard.press("]")
        page.keyboard.press("c")
        page.locator("dialog select[name=level]").select_option("L5-S1")
        page.get_by_role("button", name="Save the correction").click()
        page.locator(".corrections", has_text="level L4-L5, present → ").wait_for()
        page.keyboard.press("m")
        page.locator("dialog select[name=finding]").select_option("schmorl_node")
        page.locator("dialog select[name=level]").select_option("L3-L4")
        page.get_by_role("button", name="Save the finding").click()
        page.locator(".corrections li", has_text="missed: Schmorl").wait_for()
        page.keyboard.press("f")
        page.get_by_role("button", name="Findings checked ✓").wait_for()
        page.keyboard.press("Escape")
        page.locator("#home").wait_for()
    kinds = [event.kind for event in in_force(Store.of(folder).events())]
    assert kinds == ["note", "correction", "correction", "checked"]
    change = Store.of(folder).events(patient)[3].data
    assert (change["was"]["level"], change["now"]["level"]) == ("L4-L5", "L5-S1")
    assert change["was"]["start"] > 0
    assert read_worklist(folder / "worklist.csv")[patient]["notes"] == "call first"


@pytest.mark.browser
def test_two_tabs_cannot_overwrite_each_other_unseen(browser, folder):
    with server(folder, "--reviewer", "Ana") as one:
        context = browser.new_context()
        tabs = []
        for address in (one.address, one.origin):
            page = context.new_page()
            page.goto(address)
            page.locator("tbody tr[data-i]").first.click()
            page.locator("#patient-title").wait_for()
            tabs.append(page)
        first, second = tabs
        patient = title(first)
        assert title(second) == patient
        press(first, "a")
        second.keyboard.press("u")
        second.locator("#saying", has_text="another tab").wait_for()
        assert "accepted" in second.locator("#status").inner_text()
        assert title(second) == patient
        press(second, "u")
        context.close()
    told = [event.data["decision"] for event in Store.of(folder).events(patient)]
    assert told == ["accept", "unsure"]


@pytest.mark.browser
def test_a_decision_waits_for_a_server_that_is_away(browser, folder):
    first = Server(folder, "--reviewer", "Ana")
    context = browser.new_context()
    page = context.new_page()
    page.goto(first.address)
    page.locator("tbody tr[data-i]").first.click()
    page.locator("#patient-title").wait_for()
    patient = title(page)
    first.kill()
    page.keyboard.press("a")
    page.locator("#trouble", has_text="not saved yet").wait_for()
    with server(folder, port=first.port):
        # the new server has another token: it refuses, and that is said
        page.locator("#trouble", has_text="open the address").wait_for(timeout=15_000)
    context.close()
    assert Store.of(folder).events(patient) == []


@pytest.mark.browser
def test_a_blinded_second_reviewer_and_kappa(browser, folder):
    from endplate.review.agreement import agreement

    with server(folder, "--sample", "4") as one, watched_page(browser, one.origin) as page:
        enter(page, one.address, "Ana")
        assert page.locator(".badge").count() > 0
        for key in "aaara":
            press(page, key)
    with (
        server(folder, "--blind", "--sample", "4") as one,
        watched_page(browser, one.origin) as page,
    ):
        enter(page, one.address, "Ben")
        assert page.locator(".badge").count() == 0
        assert page.locator("#progress").inner_text() == "0 of 19 decided"
        for n in range(18):
            press(page, "r" if n % 3 == 0 else "a")
        assert "Ana" not in page.locator("body").inner_text()
    found = agreement(load_run(folder), Store.of(folder).events())
    ((first, second, kappa),) = found.kappas
    assert (first, second) == ("Ana", "Ben")
    assert kappa.both >= 4
    assert kappa.value is None or -1 <= kappa.value <= 1
    sampled = [stratum.read for _, stratum in found.sampled]
    assert sum(sampled) in (3, 4)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_review_is_readable_and_named(browser, folder, scheme):
    size = {"width": 640, "height": 800}
    with (
        server(folder, "--reviewer", "Ana") as one,
        watched_page(browser, one.origin, color_scheme=scheme, viewport=size) as page,
    ):
        page.goto(one.address)
        page.locator("tbody tr[data-i]").first.click()
        page.locator("#patient-title").wait_for()
        for keys in ("", "r", "n", "m", "?"):
            for key in keys:
                page.keyboard.press(key)
                page.locator("dialog").wait_for()
            # two scripts, as the policy allows no evaluation of text in the page itself
            assert page.evaluate(AUDIT + "; unnamed()") == []
            assert page.evaluate(AUDIT + "; lowContrast()") == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.keyboard.press("Escape")
            if not keys:  # Escape without a dialog goes back to the list
                page.locator("tbody tr[data-i]").first.click()
                page.locator("#patient-title").wait_for()
            time.sleep(0.05)


def test_the_dialog_offers_every_code():
    script = files("endplate.page").joinpath("static/review-dialogs.js").read_text("utf-8")
    listed = script[script.index("FINDING_CODES = [") : script.index("];")]
    assert tuple(re.findall(r'"(\w+)"', listed)) == FINDINGS
