"""``endplate explain``: one patient of a run, told as a clinician would."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explain(
    patient: Annotated[str, typer.Argument(help="The patient's id.", show_default=False)],
    out: Annotated[
        Path, typer.Option(help="The folder that `endplate screen` wrote.", show_default=False)
    ],
) -> None:
    """Tell one patient's case: verdict, every criterion with its reason, what would change it."""
    from endplate.explain import explain as told

    for line in told(out, patient):
        # a report may hold characters that steer the terminal
        typer.echo("".join(c if c.isprintable() else "\ufffd" for c in line))
