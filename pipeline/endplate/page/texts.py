"""Find the report texts of a run again: its folder holds sentences only, its inputs the texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from endplate.errors import EndplateError
from endplate.page.highlight import offsets_agree
from endplate.page.run_folder import Row
from endplate.run_record import input_sha256
from endplate.sources import ColumnMap, open_reports


def report_texts(
    run: Row,
    findings: Mapping[str, Sequence[Mapping[str, Any]]],
    wanted: Collection[str],
    *,
    given: Sequence[Path] = (),
    on_note: Callable[[str], None],
) -> dict[str, str]:
    """Return the texts of the `wanted` reports, as far as the inputs of the run still have them.

    Parameters
    ----------
    run : mapping
        The content of ``run.json``: it names the inputs with their hashes.
    findings : mapping
        Report id to its findings. A text is taken only when every finding stands in it at its
        offsets, so that no page ever marks the wrong words.
    given : sequence of Path
        Where the reports are now, if they have moved.
    on_note : callable
        Takes one-line remarks; none holds report text.
    """
    known = {entry["path"]: entry.get("sha256", "") for entry in _inputs(run)}
    paths = _given(given, known, on_note) if given else _unchanged(known, on_note)
    if not paths:
        return {}
    texts: dict[str, str] = {}
    moved = 0
    missing = set(wanted)
    try:
        for report in open_reports(
            paths, _columns(run), on_reject=lambda _: None, on_note=lambda _: None
        ):
            if report.report_id not in missing:
                continue
            if offsets_agree(report.text, findings.get(report.report_id, ())):
                texts[report.report_id] = report.text
            else:
                moved += 1
            missing.discard(report.report_id)
            if not missing:
                break
    except EndplateError as error:
        on_note(f"the reports cannot be read again, their sentences are shown: {error}")
    if moved:
        on_note(f"{moved:,} reports are not as the run read them; their sentences are shown")
    return texts


def _inputs(run: Row) -> list[Row]:
    return [entry for entry in run.get("inputs", ()) if entry.get("kind", "reports") == "reports"]


def _unchanged(known: Mapping[str, str], on_note: Callable[[str], None]) -> list[Path]:
    """Return the inputs that are still what the run read."""
    usable = []
    for name, digest in known.items():
        path = Path(name)
        if not path.exists():
            on_note(f"{name}: no longer there; give the reports with --reports")
        elif digest and input_sha256(path) != digest:
            on_note(
                f"{name}: changed since the run; its sentences are shown instead of its reports"
            )
        else:
            usable.append(path)
    return usable


def _given(
    given: Sequence[Path], known: Mapping[str, str], on_note: Callable[[str], None]
) -> list[Path]:
    digests = {digest for digest in known.values() if digest}
    for path in given:
        if not path.exists():
            message = f"{path}: no such file or folder (--reports)"
            raise EndplateError(message)
        if digests and input_sha256(path) not in digests:
            on_note(f"{path}: not the file that the run read; only reports that agree are shown")
    return list(given)


def _columns(run: Row) -> ColumnMap:
    """Return how the report tables are written, as the run was told."""
    told = run.get("columns") or {}
    return ColumnMap(**{name: told[name] for name in ColumnMap._fields if told.get(name)})
