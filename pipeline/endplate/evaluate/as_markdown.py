"""An evaluation as Markdown: figures only, no report text, fit for a README."""

from __future__ import annotations

from endplate.evaluate.evaluation import Evaluation
from endplate.evaluate.views import Table, printable, summary, tables


def to_markdown(evaluation: Evaluation) -> str:
    """Return the tables of an evaluation, the summary by set first."""
    shown = [summary(evaluation), *tables(evaluation.total)]
    return "\n".join(map(_table, shown))


def _table(table: Table) -> str:
    lines = [f"### {table.title}", ""]
    if table.note:
        lines += [table.note, ""]
    lines.append(_line(table.columns))
    lines.append(_line(("---", *("---:" for _ in table.columns[1:]))))
    lines += [_line(tuple(map(str, row))) for row in table.rows]
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(printable(cell).replace("|", "\\|") for cell in cells) + " |"
