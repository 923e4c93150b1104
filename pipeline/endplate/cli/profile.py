"""Tells where the time and the memory of a run went."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from endplate.engine.clock import Clock


def print_profile(clock: Clock) -> None:
    """Print the time of each stage, and the memory."""
    from rich.console import Console
    from rich.table import Table

    from endplate.engine.clock import peak_megabytes, worker_seconds

    console = Console()
    seconds = clock.seconds
    total = sum(seconds.values())
    table = Table("stage", "seconds", "share", title="Where the time went", title_justify="left")
    for stage, spent in seconds.items():
        table.add_row(stage, f"{spent:,.2f}", f"{spent / total:.0%}")
    own, workers = peak_megabytes()
    table.add_section()
    table.add_row("all", f"{total:,.2f}", "100%")
    table.add_row("workers (processor)", f"{worker_seconds():,.2f}", "")
    console.print()
    console.print(table)
    console.print(f"Peak memory: {own:,.0f} MB, and {workers:,.0f} MB in the largest worker")
