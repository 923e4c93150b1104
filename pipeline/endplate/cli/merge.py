"""``endplate merge``: the shares of several machines become one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def merge(
    shards: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="What `endplate extract --shard i/n --out` wrote.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where to put them together.", show_default=False)
    ],
) -> None:
    """Put the shares of an archive together that several machines have read.

    `endplate screen` with the same reports and the same --out then has nothing left to read.
    """
    from endplate.cli.messages import say
    from endplate.engine.shards import merge as put_together

    rows = put_together(shards, out, say=say)
    say(f"Findings: {rows:,} rows in {out / 'findings.parquet'}")
