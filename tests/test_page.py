"""The page of a run: what it says, that it is safe, and that a browser shows it."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromium import chromium, watched_page
from endplate.errors import EndplateError
from endplate.page.figures import age_bars, modic_table, parse_modic
from endplate.page.highlight import from_sentences, offsets_agree, segments
from endplate.page.payload import collect, detail, embed
from endplate.page.run_folder import load_run
from endplate.page.write import write_page
from run_folders import (
    Exam,
    Mention,
    Patient,
    findings_of,
    modic,
    typical,
    without_modic,
    write_run,
)

AUDIT = Path(__file__).with_name("audit.js").read_text("utf-8")

HOSTILE = Exam(
    "FINDINGS: </script><script>window.hacked=1</script><img src=x onerror=window.hacked=1> "
    "&lt;b&gt; &amp; <!-- </mark> \u202eesrever\u202c \u2028 \x07 ${1} {{7*7}} 😀 Modic type 2 "
    "changes at L5-S1.\n" + "x" * 1_000_000,
    (modic("Modic type 2 changes", "L5-S1", "2"),),
)
HOSTILE_ID = '=<b onclick="x()">1</b>'

RICH = Exam(
    "CLINICAL HISTORY: low back pain.\n\nFINDINGS: No fracture.\n"
    "L3-L4: Schmorl's node of the superior endplate of L4.\n"
    "L4-L5: Modic type 1 changes with endplate erosion.\n"
    "L5-S1: Modic type 2 changes. Possible discitis.\n",
    (
        Mention("fracture", "vertebral_fracture", {"status": "absent"}),
        Mention(
            "Schmorl's node",
            "schmorl_node",
            {"level": "L3-L4", "vertebra": "L4", "endplate": "superior"},
        ),
        modic("Modic type 1 changes", "L4-L5", "1"),
        Mention("endplate erosion", "endplate_erosion", {"level": "L4-L5"}),
        modic("Modic type 2 changes", "L5-S1", "2"),
        Mention("discitis", "spinal_infection", {"level": "L5-S1", "status": "uncertain"}),
    ),
)


def patients() -> list[Patient]:
    """Return a list on which every verdict, level and type occurs, and some who are not on it."""
    verdicts = ("candidate", "needs_information", "needs_review", "urgent_review")
    levels = ("L4-L5", "L5-S1", "L3-L4", "L2-L3")
    many = [
        typical(n, verdicts[n % 4], levels[n // 3 % 4], ("1", "2", "1/2", "3")[n // 5 % 4])
        for n in range(1, 61)
    ]
    rich = Patient("RICH", "candidate", (RICH,), modic="L4-L5:1; L5-S1:2", bodies="L4 L5 S1")
    hostile = Patient(HOSTILE_ID, "candidate", (HOSTILE,), modic="L5-S1:2", bodies="L5 S1")
    return [*many, rich, hostile, *(without_modic(n) for n in range(10))]


def page_of(run: Path, **options: Any) -> tuple[Path, list[str]]:
    notes: list[str] = []
    out = run.parent / "page.html"
    write_page(run, out, on_note=notes.append, **options)
    return out, notes


def embedded(html: str, name: str) -> Any:
    block = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.S)
    assert block
    return json.loads(block[1])


# --- pieces of text ------------------------------------------------------------------------------


@given(st.text(), st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=8))
def test_pieces_joined_are_the_text_and_cover_every_finding(text, spans):
    findings = [{"start": start, "end": end} for start, end in spans]
    pieces = segments(text, findings)
    assert "".join(piece for piece, _ in pieces) == text
    for place, (start, end) in enumerate(spans):
        covered = "".join(piece for piece, places in pieces if place in places)
        assert covered == (text[start:end] if 0 <= start < end <= len(text) else "")


def test_a_text_with_characters_beyond_the_basic_plane_is_cut_at_code_points():
    exam = Exam("😀😀 Modic type 1 at L4-L5", (modic("Modic type 1", "L4-L5", "1"),))
    row = findings_of("r", exam)[0]._asdict()
    assert ("Modic type 1", (0,)) in segments(exam.text, [row])
    assert offsets_agree(exam.text, [row])
    assert not offsets_agree(" " + exam.text, [row])


def test_sentences_stand_in_for_a_text_that_is_gone():
    rows = [row._asdict() for row in findings_of("r", RICH)]
    pieces = from_sentences(rows)
    assert ("Modic type 1 changes", (2,)) in pieces
    assert "".join(piece for piece, _ in pieces).count("Schmorl") == 1


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("L4-L5:2; L5-S1:1/2", [("L4-L5", "2"), ("L5-S1", "1/2")]),
        ("", []),
        (None, []),
        ("L4-L5", [("L4-L5", "")]),
    ],
)
def test_a_modic_cell_is_taken_apart(cell, parts):
    assert parse_modic(cell) == parts


def test_figures_count_patients():
    table = modic_table({"L4-L5:2; L5-S1:1?": 1, "L4-L5:2": 1, "": 7})
    levels = dict(zip(table["levels"], table["counts"], strict=True))
    assert levels["L4-L5"][table["types"].index("2")] == 2
    assert levels["L5-S1"][table["types"].index("1")] == 1
    assert sum(map(sum, table["counts"])) == 3
    bars = dict(age_bars([0, 90, 91, 5000, None]))
    assert bars["under 3 months"] == 2
    assert bars["3 to 6 months"] == 1
    assert bars["over 5 years"] == 1
    assert bars["undated"] == 1


# --- the file ------------------------------------------------------------------------------------


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_embedded_data_cannot_leave_its_element_and_comes_back(value):
    text = embed(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_embedded_half_surrogates_do_not_stop_the_page():
    assert json.loads(embed("a\ud83db")) == "a\ufffdb"


def test_the_page_holds_the_whole_list_and_is_private(tmp_path):
    run = write_run(tmp_path / "run", patients())
    out, notes = page_of(run)
    html = out.read_text("utf-8")
    index = embedded(html, "run")
    assert len(index["rows"]) == 62
    assert sum(index["figures"]["verdicts"].values()) == 72
    assert [step["n"] for step in index["flow"]] == [132, 72, 62]
    assert notes == []
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert html.count("<script") == 2 + 2  # index, program, two blocks of patients
    assert "http://" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in html


def test_texts_come_from_the_inputs_of_the_run(tmp_path):
    run = write_run(tmp_path / "run", patients())
    folder = load_run(run)
    pages = collect(folder, folder.worklist, on_note=pytest.fail)
    shown = detail(pages, "RICH")["studies"][0]
    assert shown["from"] == "report"
    assert "".join(text for text, _ in shown["segments"]) == RICH.text


def test_without_the_inputs_the_sentences_are_shown_and_that_is_said(tmp_path):
    run = write_run(tmp_path / "run", patients(), texts=False)
    out, notes = page_of(run)
    assert len(notes) == 1
    assert "--reports" in notes[0]
    details = [one for n in (0, 1) for one in embedded(out.read_text("utf-8"), f"cases-{n}")]
    rich = next(one for one in details if one["patient_id"] == "RICH")
    assert rich["studies"][0]["from"] == "sentences"
    assert any("Modic type 1" in text for text, _ in rich["studies"][0]["segments"])


def test_changed_inputs_are_not_shown(tmp_path):
    run = write_run(tmp_path / "run", patients())
    source = tmp_path / "run-reports.jsonl"
    source.write_text(source.read_text("utf-8").replace("Schmorl", "No schmorl"), "utf-8")
    folder = load_run(run)
    notes: list[str] = []
    pages = collect(folder, folder.worklist, on_note=notes.append)
    assert pages.texts == {}
    assert "changed since the run" in notes[0]
    # named by hand they are read, but a report that differs from the run is left out
    pages = collect(folder, folder.worklist, reports=[source], on_note=notes.append)
    assert "RICH-1" not in pages.texts
    assert "P00001-2" in pages.texts
    assert any("1 reports are not as the run read them" in note for note in notes)


@pytest.mark.parametrize("missing", ["run.json", "patients.parquet", "worklist.csv"])
def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path, missing):
    run = write_run(tmp_path / "run", patients()[:2])
    (run / missing).unlink()
    with pytest.raises(EndplateError, match=f"no {missing} here"):
        page_of(run)


@pytest.mark.parametrize("broken", ["run.json", "patients.parquet"])
def test_a_damaged_run_is_refused_in_one_line(tmp_path, broken):
    run = write_run(tmp_path / "run", patients()[:2])
    (run / broken).write_bytes(b"no good")
    with pytest.raises(EndplateError, match="not readable"):
        page_of(run)


def test_an_empty_list_still_makes_a_page(tmp_path):
    run = write_run(tmp_path / "run", [without_modic(1)])
    out, _ = page_of(run)
    assert embedded(out.read_text("utf-8"), "run")["rows"] == []


# --- in the browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    run = write_run(tmp_path_factory.mktemp("page") / "run", patients())
    return page_of(run)[0]


@pytest.fixture(params=["light", "dark"])
def scheme(request) -> str:
    return request.param


def open_patient(page: Any, patient_id: str) -> None:
    page.get_by_role("searchbox").fill(patient_id)
    page.locator("tbody tr[data-i]").first.click()
    page.locator("#patient-title").wait_for()


@pytest.mark.browser
def test_the_page_opens_filters_sorts_and_shows_a_patient(browser, page_file, scheme):
    with watched_page(browser, page_file.as_uri(), color_scheme=scheme) as page:
        page.goto(page_file.as_uri())
        rows = page.locator("tbody tr[data-i]")
        assert page.locator("#count").inner_text() == "62 patients"
        assert page.locator(".numbers li").count() == 7
        assert page.locator("figure").count() == 5
        # filter by verdict, level and word
        page.get_by_role("button", name="Candidate 17").click()
        assert page.locator("#count").inner_text() == "17 of 62 patients"
        page.locator("select[data-filter=level]").select_option("L5-S1")
        page.locator("select[data-filter=type]").select_option("2")
        texts = page.locator("tbody .c-modic").all_inner_texts()
        assert texts
        assert all("L5-S1 type 2" in text for text in texts)
        assert set(page.locator("tbody .c-verdict").all_inner_texts()) == {"✓\nCandidate"}
        page.reload()
        # sort by MRI date, both ways
        page.get_by_role("button", name="MRI").click()
        dates = [text[:10] for text in page.locator("tbody .c-mri").all_inner_texts()]
        assert dates == sorted(dates)
        page.get_by_role("button", name="MRI").click()
        dates = [text[:10] for text in page.locator("tbody .c-mri").all_inner_texts()]
        assert dates == sorted(dates, reverse=True)
        assert page.locator("th[aria-sort=descending]").inner_text().startswith("MRI")
        # open a patient: the sentence, the marks, the drawing
        open_patient(page, "RICH")
        assert page.locator("#patient-title").inner_text() == "RICH"
        assert "RICH" not in page.url
        marks = page.locator(".report mark")
        assert "Modic type 1 changes" in marks.nth(2).inner_text()
        assert marks.nth(2).get_attribute("data-levels") == "L4-L5"
        strips = page.locator('.spine-level[data-level="L4-L5"] .marrow')
        assert strips.count() == 2
        assert strips.first.get_attribute("data-type") == "1"
        assert strips.first.get_attribute("fill") == "url(#m1)"
        assert (
            page.locator('.spine-level[data-level="L5-S1"] .marrow').first.get_attribute("fill")
            == "url(#m2)"
        )
        assert page.locator('.spine-level[data-level="L3-L4"] .node').count() == 1
        assert sorted(
            page.locator(".body.implied").evaluate_all("all => all.map(b => b.dataset.body)")
        ) == ["L4", "L5", "S1"]
        assert "L4-L5: Modic 1, endplate erosion" in page.locator(".spine").get_attribute(
            "aria-label"
        )
        # choosing a level lights its words
        page.locator('.spine-level[data-level="L5-S1"]').focus()
        page.keyboard.press("Enter")
        assert page.locator("mark.lit").all_inner_texts()[0].startswith("Modic type 2 changes")
        page.keyboard.press("Escape")
        page.locator("#home").wait_for()
        assert rows.first.inner_text().split() != []


@pytest.mark.browser
def test_the_list_works_by_keyboard_alone(browser, page_file):
    with watched_page(browser, page_file.as_uri()) as page:
        page.goto(page_file.as_uri())
        page.locator("tbody tr[data-i]").first.focus()
        for _ in range(40):
            page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.dataset.i") == "40"
        shown = page.evaluate("document.activeElement.querySelector('.pid').textContent")
        page.keyboard.press("Enter")
        page.locator("#patient-title").wait_for()
        assert page.locator("#patient-title").inner_text() == shown
        page.keyboard.press("]")
        assert page.evaluate("document.activeElement.tagName") == "MARK"
        page.keyboard.press("j")
        page.wait_for_function(
            "name => document.getElementById('patient-title').textContent !== name", arg=shown
        )
        page.keyboard.press("k")
        page.wait_for_function(
            "name => document.getElementById('patient-title').textContent === name", arg=shown
        )
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.activeElement.dataset.i === '40'")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "search"


@pytest.mark.browser
def test_hostile_text_is_shown_as_text(browser, page_file):
    with watched_page(browser, page_file.as_uri()) as page:
        page.goto(page_file.as_uri())
        open_patient(page, "onclick")
        assert page.locator("#patient-title").inner_text() == HOSTILE_ID
        report = page.locator(".report")
        text = report.inner_text()
        for words in (
            "</script><script>window.hacked=1</script>",
            "<img src=x",
            "&lt;b&gt; &amp; <!--",
            "</mark>",
            "{{7*7}}",
        ):
            assert words in text
        assert "⟦U+202E⟧esrever⟦U+202C⟧" in text
        assert "⟦U+0007⟧" in text
        assert report.locator("mark").inner_text().startswith("Modic type 2 changes")
        assert report.locator("script, img").count() == 0
        assert page.evaluate("window.hacked") is None
        page.get_by_role("button", name="more characters").click()
        assert report.inner_text().count("x" * 1000) > 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
@pytest.mark.parametrize("route", ["", "RICH"])
def test_contrast_names_and_reflow(browser, page_file, scheme, route):
    # 640 pixels are what 1280 are at 200 %
    with watched_page(
        browser, page_file.as_uri(), color_scheme=scheme, viewport={"width": 640, "height": 800}
    ) as page:
        page.goto(page_file.as_uri())
        if route:
            open_patient(page, route)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(AUDIT + "; unnamed()") == []
        assert page.evaluate(AUDIT + "; lowContrast()") == []


@pytest.mark.browser
def test_the_audit_itself_finds_faults(browser):
    page = browser.new_page()
    page.set_content("<button></button><p style='color: #888'>grey</p><p>black</p>")
    assert len(page.evaluate(AUDIT + "; unnamed()")) == 1
    assert len(page.evaluate(AUDIT + "; lowContrast()")) == 1
    page.close()


@pytest.mark.browser
def test_print_holds_every_row(browser, page_file):
    with watched_page(browser, page_file.as_uri()) as page:
        page.goto(page_file.as_uri())
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.locator("tbody tr[data-i]").count() == 62
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.locator("tbody tr[data-i]").count() < 62
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.browser
def test_studies_over_time_can_be_looked_at(browser, page_file):
    with watched_page(browser, page_file.as_uri()) as page:
        page.goto(page_file.as_uri())
        open_patient(page, "P00001")
        studies = page.locator(".timeline button")
        assert studies.count() == 2
        assert "index study" in studies.nth(1).inner_text().lower()
        studies.nth(0).click()
        assert page.locator("#report-title").inner_text() == "Report P00001-1"
        assert page.locator(".spine .implied").count() == 0
