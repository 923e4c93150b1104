"""``endplate evaluate``: how right is the reading, on a site's own gold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from endplate.cli import options
from endplate.cli.messages import say
from endplate.errors import EndplateError

if TYPE_CHECKING:
    from endplate.evaluate import Evaluation, GoldFile


def evaluate(
    gold: Annotated[
        list[Path],
        typer.Argument(
            help="Annotated reports: JSON lines (id, text, findings), or a spreadsheet saved as "
            "CSV (report_id, level, modic_type, status). Several files are scored one by one and "
            "together.",
            show_default=False,
        ),
    ],
    findings: Annotated[
        Path | None,
        typer.Option(help="Score this findings table (csv, parquet, jsonl) and read nothing."),
    ] = None,
    reports: Annotated[
        list[Path] | None,
        typer.Option(help="Where the texts are, when the gold holds none. May be repeated."),
    ] = None,
    rules: options.Rules = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all figures and mistakes as JSON.")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write one self-contained page.")
    ] = None,
    markdown_file: Annotated[
        Path | None, typer.Option("--markdown", help="Write the tables, without report text.")
    ] = None,
    errors: Annotated[
        int, typer.Option(min=0, help="Print this many mistakes with their sentences.")
    ] = 0,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=VALUE",
            help="Exit with 1 when a metric of all gold together is below VALUE, such as "
            "modic.f1=0.97 or finding:disc_bulge.recall=0.9. May be repeated.",
        ),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Show what has changed since this earlier --json file.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the bootstrap behind F1's interval.")
    ] = 20260,
) -> None:
    """Score the reading against annotated reports: by finding, status, level and section."""
    from rich.console import Console

    from endplate.evaluate.as_html import to_html
    from endplate.evaluate.as_json import changes_since, to_json
    from endplate.evaluate.as_markdown import to_markdown
    from endplate.evaluate.as_text import print_changes, print_evaluation
    from endplate.evaluate.gates import failures, parse_gates

    gates = parse_gates(fail_under or ())
    outputs = {json_file: to_json, html_file: to_html, markdown_file: to_markdown}
    _spare(outputs, [*gold, *(reports or []), findings, compare])
    if findings and rules:
        message = "--rules changes nothing with --findings: nothing is read; leave one out"
        raise EndplateError(message)
    evaluation = _evaluation(gold, findings, reports or [], rules, seed)
    changes = changes_since(compare, evaluation) if compare else None
    for file, render in outputs.items():
        if file:
            _write(file, render(evaluation))

    console = Console()
    if not console.is_terminal:
        # a pipe has no width of its own; tables must not be folded to 80 columns
        console = Console(width=140)
    print_evaluation(console, evaluation, errors=errors)
    if changes:
        print_changes(console, changes)
    failed = failures(gates, evaluation.total)
    for line in failed:
        say(f"Below the gate: {line}")
    if failed:
        raise typer.Exit(1)


def _spare(outputs: Iterable[Path | None], inputs: Iterable[Path | None]) -> None:
    """Refuse an output that would replace an input: gold is dear."""
    existing = [file for file in inputs if file and file.exists()]
    for output in outputs:
        if output and output.exists() and any(output.samefile(file) for file in existing):
            message = f"{output} is an input; name another file for the output"
            raise EndplateError(message)


def _evaluation(
    gold: list[Path], findings: Path | None, reports: list[Path], rules: Path | None, seed: int
) -> Evaluation:
    from endplate.evaluate import evaluate as score_all
    from endplate.evaluate import load_gold, read_findings, read_gold, with_texts

    files = load_gold(gold, need_text=not findings and not reports)
    if reports:
        files = with_texts(files, _texts(reports, files))
    if findings:
        rows = read_findings(findings, {one.report_id for file in files for one in file.reports})
        return score_all(
            files, {file.name: rows for file in files}, source=findings.name, seed=seed
        )
    from endplate import reader

    reading = reader.load(rules)
    source = f"the reader, fingerprint {reading.fingerprint}"
    return score_all(files, read_gold(files, reading), source=source, seed=seed)


def _texts(reports: list[Path], gold: list[GoldFile]) -> dict[str, str]:
    from endplate.sources import open_reports

    wanted = {report.report_id for file in gold for report in file.reports}
    found = open_reports(
        reports,
        on_reject=lambda reject: say(f"{reject.file}, row {reject.row}: {reject.reason}"),
        on_note=say,
    )
    return {report.report_id: report.text for report in found if report.report_id in wanted}


def _write(file: Path, content: str) -> None:
    from endplate.tables import atomic_file

    with atomic_file(file) as handle:
        handle.write(content.encode())
