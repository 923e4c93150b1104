"""An evaluation on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from endplate.evaluate.as_json import Changes
from endplate.evaluate.evaluation import Evaluation
from endplate.evaluate.mistakes import Mistake
from endplate.evaluate.views import Table, printable, summary, tables

if TYPE_CHECKING:
    from rich.console import Console


def print_evaluation(console: Console, evaluation: Evaluation, *, errors: int = 0) -> None:
    """Print all tables, and as many mistakes with their sentences as asked for (patient data)."""
    console.print(f"Scored: {evaluation.source}", markup=False, highlight=False)
    _print_table(console, summary(evaluation))
    for table in tables(evaluation.total):
        _print_table(console, table)
    _print_mistakes(console, evaluation.total.mistakes[:errors])


def print_changes(console: Console, changes: Changes) -> None:
    """Print what differs from an earlier evaluation."""
    if not changes.same_gold:
        console.print("The earlier evaluation was made on other gold: figures compare loosely.")
    rows = tuple(
        (name, f"{then:.4f}", f"{now:.4f}", f"{now - then:+.4f}")
        for name, (then, now) in changes.metrics.items()
    )
    columns = ("metric", "earlier", "now", "change")
    note = "" if rows else "No figure has changed."
    _print_table(console, Table("Changes", note, columns, rows))
    for head, mistakes in (("gone", changes.fixed), ("new", changes.new)):
        console.print(f"Mistakes {head}: {len(mistakes)}")
        for mistake in mistakes:
            console.print(f"  {printable(mistake)}", markup=False, highlight=False)


def _print_table(console: Console, table: Table) -> None:
    from rich import box
    from rich.table import Table as RichTable

    drawn = RichTable(
        title=table.title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        caption=table.note,
        caption_justify="left",
    )
    for index, column in enumerate(table.columns):
        drawn.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(_cell, row))
    console.print(drawn)


def _cell(cell: object) -> str:
    from rich.markup import escape

    return escape(printable(str(cell)))


def _print_mistakes(console: Console, mistakes: Sequence[Mistake]) -> None:
    for mistake in mistakes:
        lines = [f"{mistake.report_id}: {mistake.kind}"]
        lines += [f"  wanted  {mistake.wanted}"] if mistake.wanted else []
        lines += [f"  found   {mistake.found}"] if mistake.found else []
        if mistake.sentence:
            told = "in" if mistake.sure else "perhaps in"
            lines.append(f"  {told}  {' '.join(mistake.sentence.split())}")
        console.print(printable("\n".join(lines)), markup=False, highlight=False)
