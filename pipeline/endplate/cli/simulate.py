"""``endplate simulate``: a synthetic archive for trials."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Kind(StrEnum):
    """The formats of the simulated reports."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    CSV = "csv"


def simulate(
    count: Annotated[int, typer.Argument(metavar="N", min=1, help="Reports.", show_default=False)],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="A new or empty folder.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(min=0, help="Decides everything.")] = 1,
    kind: Annotated[Kind, typer.Option("--format", help="Of the reports.")] = Kind.PARQUET,
) -> None:
    """Make a synthetic archive: reports, clinical tables, and the truth beside them.

    Every patient and every word is invented, and every file says so.
    """
    from endplate.cli.messages import say
    from endplate.cli.watching import watching
    from endplate.simulate import simulate as make

    with watching(total=count) as watch:
        made = make(count, out, seed=seed, kind=kind.value, on_patient=lambda n: watch.batch(n, 0))
    say(
        f"Synthetic: {made.reports:,} reports of {made.patients:,} patients in {out}, "
        f"{made.lumbar:,} of them lumbar MRI ({made.lumbar / made.reports:.1%})."
    )
