"""Make the README's screenshots: ``python tests/screenshots.py RUN_FOLDER OUT_FOLDER``.

RUN_FOLDER is a run of the samples; it is copied, as the review adds a decision.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from chromium import chromium
from commands import endplate
from test_review import Server

WIDTH, SCALE = 1440, 0.75
#: Patients whose findings, and whose history, show what the page can do.
PATIENT, HISTORY = "P139", "P101"


def main(run: Path, out: Path) -> None:
    """Write four pictures to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        folder = Path(scratch) / "run"
        shutil.copytree(run, folder)
        (folder / "review.sqlite").unlink(missing_ok=True)
        done = endplate("report", folder)
        assert done.returncode == 0, done.stderr
        page_file = (folder / "report.html").as_uri()
        _report(browser, page_file, "light", "", out / "overview-light.png")
        _report(browser, page_file, "dark", "list", out / "worklist-dark.png")
        _report(browser, page_file, "light", PATIENT, out / "patient-light.png")
        _review(browser, folder, out / "review-dark.png")


def _report(browser: Any, url: str, scheme: str, what: str, out: Path) -> None:
    page = _page(browser, scheme)
    page.goto(url)
    if what == "list":
        page.locator(".figures summary").first.click()
    elif what:
        _open(page, what)
        page.evaluate("document.querySelector('.patient-name').scrollIntoView()")
    page.screenshot(path=out)
    page.context.close()


def _review(browser: Any, folder: Path, out: Path) -> None:
    server = Server(folder, "--reviewer", "Dr. Reader")
    try:
        page = _page(browser, "dark")
        page.goto(server.address)
        _open(page, HISTORY)
        page.keyboard.press("n")
        page.locator("#note-text").fill("Ask for the pain diary.")
        page.keyboard.press("Control+Enter")
        page.locator(".decide", has_text="pain diary").wait_for()
        page.screenshot(path=out)
        page.context.close()
    finally:
        server.stop()


def _page(browser: Any, scheme: str) -> Any:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": 1080}, device_scale_factor=SCALE, color_scheme=scheme
    )
    return context.new_page()


def _open(page: Any, patient: str) -> None:
    page.get_by_role("searchbox").fill(patient)
    page.locator("tbody tr[data-i]").first.click()
    page.locator("#patient-title").wait_for()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
