"""``endplate agreement``: how right the worklist is, by the decisions of its reviewers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from endplate.evaluate.intervals import Rate
    from endplate.page.run_folder import RunFolder
    from endplate.review.agreement import Agreement
    from endplate.review.statistics import Stratum
    from endplate.review.store import Event


def agreement(
    folder: Annotated[
        Path, typer.Argument(help="A run folder with decisions of `endplate review`.")
    ],
    gold: Annotated[
        Path | None,
        typer.Option(
            help="Write the reports that a reviewer has marked as fully checked, with their "
            "corrected findings, as gold for `endplate evaluate`. The file holds report texts."
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all figures as JSON, without patients.")
    ] = None,
    reports: Annotated[
        list[Path] | None,
        typer.Option(help="Where the report texts are now, if they have moved (for --gold)."),
    ] = None,
) -> None:
    """Measure a worklist by its reviewers: precision, recall, agreement, common errors.

    Precision is of the patients who were decided, with Wilson's 95 % interval. Recall needs
    decisions on patients who are not on the list (`endplate review --sample`).
    """
    import json

    from endplate.errors import EndplateError
    from endplate.page.run_folder import load_run
    from endplate.review.agreement import agreement as measure
    from endplate.review.agreement import as_json
    from endplate.review.merge import merge_decisions
    from endplate.review.store import FILE, Store
    from endplate.tables import write_text

    run = load_run(folder)
    if not (folder / FILE).exists():
        message = f"{folder}: no decisions yet. Make them with `endplate review {folder}`."
        raise EndplateError(message)
    events = Store.of(folder).events()
    merge_decisions(folder)
    found = measure(run, events)
    _print(found)
    if json_file:
        write_text(json_file, json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n")
    if gold:
        _write_gold(gold, run, events, reports or [])


def _print(found: Agreement) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        # a pipe has no width of its own; tables must not be folded to 80 columns
        console = Console(width=120)
    console.print(
        f"{found.decided:,} listed patients decided: {found.precision.of:,} clearly, "
        f"{found.unsure:,} unsure, {found.disputed:,} disputed between reviewers."
    )
    table = Table("Precision of the list", "right", "of", "share", "95 % interval", box=None)
    rows = [("all", found.precision), ("all, clinical rejections counted as right", found.reading)]
    rows += [(f"{group} {name}", value) for group, part in found.by.items() for name, value in part]
    for name, value in rows:
        table.add_row(escape(name), str(value.hits), str(value.of), *_share(value))
    console.print(table)
    console.print(_recall_words(found))
    for first, second, kappa in found.kappas:
        worth = "not defined" if kappa.value is None else f"{kappa.value:.2f}"
        console.print(
            escape(
                f"{first} and {second}: the same on {kappa.same} of {kappa.both} patients, "
                f"Cohen's kappa {worth}."
            )
        )
    for title, counts in (("Rejected because", found.reasons), ("Corrected", found.corrections)):
        if counts:
            console.print(f"{title}:")
            for name, count in counts:
                console.print(escape(f"  {count:>4}  {name}"))
    if found.traits:
        console.print("What rejected patients have more often than accepted ones:")
        for trait in found.traits:
            console.print(
                escape(
                    f"  {trait.name}: {trait.rejected} of {trait.of_rejected} rejected, "
                    f"{trait.accepted} of {trait.of_accepted} accepted"
                )
            )


def _share(value: Rate) -> tuple[str, str]:
    if not value.of:
        return "", ""
    return f"{value.value:.2f}", f"{value.low:.2f} to {value.high:.2f}"


def _recall_words(found: Agreement) -> str:
    read = "; ".join(
        f"{one.right} of {one.read} read belong on it ({name}, {one.population:,} patients)"
        for name, one in found.sampled
    )
    if found.recall is None:
        strata = [*found.listed, *found.sampled]
        unread = [f"{name} ({one.population:,})" for name, one in strata if _unread(one)]
        missing = f"nobody has decided on any of: {'; '.join(unread)}" if unread else "none fits"
        return (
            f"Recall: not known, {missing}. A random sample of those who are not on the list is "
            "read with `endplate review --blind --sample 40`."
        )
    value = found.recall
    return (
        f"Recall of the list: {value.value:.2f} "
        f"(95 % interval {value.low:.2f} to {value.high:.2f}), about "
        f"{value.missed:.0f} patients missed. Of those not on the list: {read}."
    )


def _unread(stratum: Stratum) -> bool:
    return bool(stratum.population) and not stratum.read


def _write_gold(target: Path, run: RunFolder, events: list[Event], reports: list[Path]) -> None:
    import json

    from endplate.page.run_folder import load_findings
    from endplate.page.texts import report_texts
    from endplate.review.gold import gold_of
    from endplate.tables import write_text

    def say(line: str) -> None:
        typer.echo(line, err=True)

    wanted = {event.data["report_id"] for event in events if "report_id" in event.data}
    findings = load_findings(run.path, wanted)
    texts = report_texts(run.run, findings, wanted, given=reports, on_note=say)
    gold = gold_of(events, findings, texts)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in gold.rows]
    write_text(target, "".join(lines))
    say(f"{target}: {len(gold.rows):,} checked reports as gold.")
    if gold.unchecked:
        say(
            f"{len(gold.unchecked):,} corrected reports are left out, as nobody has marked all "
            "their findings as checked (key f)."
        )
    if gold.without_text:
        say(f"{len(gold.without_text):,} checked reports are left out, as their text is gone.")
