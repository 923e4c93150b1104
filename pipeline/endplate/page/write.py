"""Write the page of a run: one HTML file that needs no server and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from endplate.errors import EndplateError
from endplate.page.payload import collect, created, detail, embed, index
from endplate.page.run_folder import load_run
from endplate.tables import atomic_file

#: The scripts of every page, in the order in which they build on each other.
SCRIPTS: Final = (
    "dom.js",
    "words.js",
    "charts.js",
    "spine.js",
    "list-filter.js",
    "worklist.js",
    "report-text.js",
    "criteria.js",
    "patient.js",
    "app.js",
)

#: Patients in one block of data; a block is parsed when one of its patients is opened.
CHUNK: Final = 50


def write_page(
    folder: Path,
    out: Path,
    *,
    reports: Sequence[Path] = (),
    on_note: Callable[[str], None],
) -> int:
    """Write the page of a run folder to `out` (mode 0600) and return how many patients it shows.

    Parameters
    ----------
    reports : sequence of Path
        Where the reports are now, if they are no longer where the run read them.
    on_note : callable
        Takes one-line remarks without patient data.
    """
    run = load_run(folder)
    pages = collect(run, run.worklist, reports=reports, on_note=on_note)
    details = (detail(pages, patient) for patient in run.worklist)
    style = asset("page.css")
    script = "\n".join(asset(name) for name in (*SCRIPTS, "start-report.js"))
    content = (
        environment()
        .get_template("report.html")
        .generate(
            title="Endplate worklist",
            created=created(run),
            programs={k: str(v)[:12] for k, v in (run.run.get("program") or {}).items()},
            packs=list(run.run.get("packs", ())),
            policy=_policy(script, style),
            style=style,
            script=script,
            index=embed({**index(run, run.worklist), "chunk": CHUNK}),
            chunks=_chunks(details),
        )
    )
    with atomic_file(out) as file:
        file.writelines(piece.encode() for piece in content)
    return len(run.worklist)


def asset(name: str) -> str:
    """Return a style sheet or script of the page."""
    return (resources.files("endplate.page") / "static" / name).read_text("utf-8")


def environment() -> Any:
    """Return the templates, with every value escaped."""
    try:
        import jinja2
    except ImportError as error:
        message = "The page needs the extra 'review': pip install 'endplate[review]'"
        raise EndplateError(message) from error
    return jinja2.Environment(
        loader=jinja2.PackageLoader("endplate.page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _policy(script: str, style: str) -> str:
    """Return the content security policy: this script, this style, and no request at all."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    return (
        f"default-src 'none'; script-src 'sha256-{digest(script)}'; "
        f"style-src 'sha256-{digest(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _chunks(details: Iterator[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    block: list[dict[str, Any]] = []
    number = 0
    for one in details:
        block.append(one)
        if len(block) == CHUNK:
            yield number, embed(block)
            block, number = [], number + 1
    if block:
        yield number, embed(block)
