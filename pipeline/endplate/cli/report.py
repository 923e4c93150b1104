"""``endplate report``: a screening run as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[
        Path, typer.Argument(help="The folder that `endplate screen` wrote.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write the page.", show_default="FOLDER/report.html"),
    ] = None,
    reports: Annotated[
        list[Path] | None,
        typer.Option(
            help="Where the report texts are now, if they have moved since the run. "
            "May be repeated. Without them the page shows the sentences that the run kept."
        ),
    ] = None,
) -> None:
    """Write a run as one self-contained page: figures, worklist, reports, criteria.

    The page needs no server and loads nothing from a network. It holds report texts, that is
    patient data: treat the file as you treat the reports.
    """
    from endplate.page.write import write_page

    target = out or folder / "report.html"
    shown = write_page(
        folder, target, reports=reports or [], on_note=lambda note: typer.echo(note, err=True)
    )
    typer.echo(f"{target}: {shown:,} patients. The page holds patient data.")
