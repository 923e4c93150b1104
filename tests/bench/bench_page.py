"""How fast is the page with 5,000 patients? Run: ``python tests/bench/bench_page.py [PATIENTS]``.

Prints the seconds to write the page, its size, when something and when the list is seen, and the
slowest of several filters, sorts and scrolls, measured in headless Chromium. Exits with 1 when the
list takes 2 seconds or a filter 200 milliseconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from chromium import chromium
from endplate.page.write import write_page
from run_folders import Exam, Patient, typical, write_run

FIRST_PAINT = 2.0
FILTER = 0.2
RUNS = 5

#: What an average report has beside its findings.
_FILLER = "The conus medullaris ends at a normal level. Soft tissues are normal.\n" * 24

# milliseconds from the start of the navigation until rows of the list stand there, painted
_LISTED = """() => new Promise((done) => {
  const look = () => document.querySelector('tbody tr[data-i]')
    ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
  look();
})"""

_PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
  const entry = list.getEntriesByName('first-contentful-paint')[0];
  if (entry) done(entry.startTime);
}).observe({ type: 'paint', buffered: true }))"""

_TIMED = """(action) => new Promise((done) => {
  const [name, value] = action.split(/:(.*)/);
  const search = document.getElementById('search');
  const box = document.querySelector('.scroller');
  const start = performance.now();
  if (name === 'filter') {
    search.value = value;
    search.dispatchEvent(new Event('input', { bubbles: true }));
  } else if (name === 'sort') document.querySelector(`[data-sort=${value}]`).click();
  else box.scrollTop = Number(value) * box.scrollHeight;
  // the frame that shows the result has been painted when the next one begins
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""


def patients(count: int) -> list[Patient]:
    """Return a list with reports of about 2,000 characters."""
    verdicts = ("candidate", "needs_information", "needs_information", "needs_review")
    levels, kinds = ("L4-L5", "L5-S1", "L3-L4", "L4-L5", "L2-L3"), ("1", "2", "1/2")
    made = []
    for n in range(count):
        one = typical(n, verdicts[n % 4], levels[n % 5], kinds[n % 3])
        exams = tuple(Exam(e.text + _FILLER, e.mentions, e.date) for e in one.exams)
        made.append(one._replace(exams=exams))
    return made


def main(count: int) -> int:
    """Measure and print; return the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        run = write_run(Path(scratch) / "run", patients(count))
        out = Path(scratch) / "page.html"
        start = time.perf_counter()
        write_page(run, out, on_note=print)
        print(f"{count:,} patients: written in {time.perf_counter() - start:.1f} s, ", end="")
        print(f"{out.stat().st_size / 1e6:.1f} MB")
        with chromium() as browser:
            paint = _median(browser, out, _PAINT)
            listed = _median(browser, out, _LISTED)
            slowest = _interactions(browser, out)
    print(f"first paint {paint:.2f} s, list shown {listed:.2f} s (medians of {RUNS})")
    for name, seconds in slowest.items():
        print(f"{name}: {seconds * 1000:.0f} ms at worst")
    return int(slowest["filter"] >= FILTER or max(paint, listed) >= FIRST_PAINT)


def _median(browser: Any, file: Path, moment: str) -> float:
    """Return the seconds until a moment, the median of several fresh pages."""
    seconds = []
    for _ in range(RUNS):
        page = browser.new_page()
        page.goto(file.as_uri(), wait_until="commit")
        seconds.append(float(page.evaluate(moment)) / 1000)
        page.close()
    return statistics.median(seconds)


def _interactions(browser: Any, file: Path) -> dict[str, float]:
    page = browser.new_page()
    page.goto(file.as_uri())
    page.locator("tbody tr[data-i]").first.wait_for()

    def worst(actions: list[str]) -> float:
        return max(float(page.evaluate(_TIMED, action)) for action in actions) / 1000

    words = ["l5-s1", "p0", "modic type 2", "p00012", "nothing like it", ""]
    found = {
        "filter": worst([f"filter:{word}" for word in words]),
        "sort": worst([f"sort:{name}" for name in ("patient", "mri", "modic", "next", "rank")]),
        "scroll": worst(["scroll:0.5", "scroll:1", "scroll:0"]),
    }
    start = time.perf_counter()
    page.locator("tbody tr[data-i]").nth(3).click()
    page.locator("#patient-title").wait_for()
    found["open a patient"] = time.perf_counter() - start
    page.close()
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
