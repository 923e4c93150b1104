"""``endplate diff``: what changed from one run to the next, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from endplate.diff import Change, RunDiff


def diff(
    old: Annotated[Path, typer.Argument(help="The folder of the earlier run.", show_default=False)],
    new: Annotated[Path, typer.Argument(help="The folder of the later run.", show_default=False)],
    limit: Annotated[
        int, typer.Option(min=0, help="Patients shown under each heading; 0 shows all.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON, all patients.")] = False,
) -> None:
    """Tell who is new on the worklist, who left it, whose verdict changed, and because of what."""
    import json

    from endplate.diff import compare_runs

    difference = compare_runs(old, new)
    if as_json:
        typer.echo(json.dumps(difference.as_record(), indent=1, ensure_ascii=False))
        return
    for line in _lines(difference, limit):
        # a value of a table may hold characters that steer the terminal
        typer.echo("".join(c if c.isprintable() else "\ufffd" for c in line))


def _lines(difference: RunDiff, limit: int) -> Iterator[str]:
    made_of = "; ".join(difference.made_of) or "nothing: the same inputs, reader and packs"
    yield f"Changed between the runs: {made_of}"
    yield (
        f"Worklist by {difference.pack}: {difference.listed_before:,} patients before, "
        f"{difference.listed_now:,} now; {len(difference.joined):,} new, "
        f"{len(difference.left):,} left, {len(difference.moved):,} with another verdict, "
        f"{difference.unchanged:,} as before"
    )
    groups = {
        "New on the list": difference.joined,
        "Left the list": difference.left,
        "Another verdict": difference.moved,
    }
    for heading, changes in groups.items():
        if changes:
            yield ""
            yield f"{heading}:"
            yield from _told(changes, limit or len(changes))


def _told(changes: Sequence[Change], limit: int) -> Iterator[str]:
    for change in changes[:limit]:
        before, now = (
            verdict.replace("_", " ") or "not there" for verdict in (change.before, change.now)
        )
        yield f"  {change.patient_id}: {before} → {now}"
        for cause in change.causes:
            yield f"      {cause.kind}: {cause.text}"
        if not change.causes:
            yield "      no single cause: see what changed between the runs"
    if len(changes) > limit:
        yield f"  ... and {len(changes) - limit:,} more; --limit 0 shows all"
