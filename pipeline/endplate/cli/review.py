"""``endplate review``: decide on a worklist in the browser, on this machine only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def review(
    folder: Annotated[
        Path, typer.Argument(help="The folder that `endplate screen` wrote.", show_default=False)
    ],
    reviewer: Annotated[
        str, typer.Option(help="Your name; the page asks for it otherwise.", show_default=False)
    ] = "",
    sample: Annotated[
        int,
        typer.Option(
            min=0,
            help="Read this many patients who are not on the list as well, drawn at random: "
            "without them `endplate agreement` cannot tell what the list misses.",
        ),
    ] = 0,
    blind: Annotated[
        bool,
        typer.Option(
            "--blind",
            help="Blinded reading: hides the program's judgement and other reviewers' decisions, "
            "and mixes listed and sampled patients.",
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    reports: Annotated[
        list[Path] | None,
        typer.Option(help="Where the report texts are now, if they have moved. May be repeated."),
    ] = None,
) -> None:
    """Serve the worklist on 127.0.0.1 for decisions by keyboard; Ctrl-C ends it.

    Decisions are kept in FOLDER/review.sqlite at once, and written into worklist.csv.
    """
    from endplate.errors import EndplateError

    try:
        from endplate.review.desk import Desk
        from endplate.review.server import serve
    except ImportError as error:
        message = "The review needs the extra 'review': pip install 'endplate[review]'"
        raise EndplateError(message) from error

    def say(line: str) -> None:
        typer.echo(line, err=True)

    desk = Desk(folder, sample=sample, blind=blind, reports=reports or [], on_note=say)

    def started(address: str) -> None:
        say("Open this address in a browser of this machine; end with Ctrl-C:")
        typer.echo(address)

    serve(desk, port=port, reviewer=reviewer, on_start=started)
