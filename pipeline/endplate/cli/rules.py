"""``endplate rules``: check a site's own rules, and see what the reader makes of a text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from endplate.cli import options

if TYPE_CHECKING:
    from endplate.reader.stages import Seen, SeenCue, SeenMention

app = typer.Typer(help="Check the reader's rules, and try them on a text.", no_args_is_help=True)


@app.command()
def check(
    folder: Annotated[
        Path,
        typer.Argument(help="A site's own rules, or a complete set of rules.", show_default=False),
    ],
) -> None:
    """Validate a folder of rules; every fault is listed with its line and what is allowed."""
    from endplate.reader.lexicon import check_rules

    found = check_rules(folder)
    kind = "a complete set" if found.complete else "on top of the shipped rules"
    files = "1 file" if found.files == 1 else f"{found.files} files"
    entries = "1 entry" if found.entries == 1 else f"{found.entries:,} entries"
    typer.echo(f"{entries} in {files}, OK ({kind})")


@app.command("try")
def try_text(
    text: Annotated[str, typer.Argument(help="A passage or a report.", show_default=False)],
    rules: options.Rules = None,
) -> None:
    """Show what each stage of the reader made of a text, and the findings."""
    from rich.console import Console

    from endplate import reader
    from endplate.cli.marked import findings_table
    from endplate.reader.stages import stages
    from endplate.records import Report

    reads = reader.load(rules)
    for number, seen in enumerate(stages(reads, text), start=1):
        _show(number, seen)
    findings = reads.read(Report("text", text)).findings
    if not findings:
        typer.echo("No finding of the spine.")
        return
    console = Console()
    if not console.is_terminal:
        # a pipe has no width of its own; tables must not be folded to 80 columns
        console = Console(width=160)
    console.print(findings_table(findings))


def _show(number: int, seen: Seen) -> None:
    _say(f"{number}. {seen.section}{'' if seen.read else ', holds no finding'}: {seen.text}")
    _list("under", list(seen.heading))
    _list("read as", [f"{said} = {norm}" for said, norm in seen.respelled])
    _list("terms", [f"{said} [{', '.join(labels)}]" for said, labels in seen.terms])
    _list("places", [f"{said} = {levels}" for said, levels in seen.places])
    _list("cues", [_cue(cue) for cue in seen.cues])
    _list("mentions", [_mention(mention) for mention in seen.mentions])
    _say("")


def _mention(mention: SeenMention) -> str:
    status = mention.status or "not counted"
    because = f' because of "{mention.cue}"' if mention.cue else ""
    return f"{mention.text} = {mention.finding}, {status}{because}"


def _cue(cue: SeenCue) -> str:
    if not cue.senses:
        return f"{cue.text} (ends the reach of others)"
    senses = " or ".join(" ".join(sense) for sense in dict.fromkeys(cue.senses))
    return f"{cue.text} ({senses}) over: {cue.scope or 'nothing'}"


def _list(title: str, entries: list[str]) -> None:
    for entry in entries:
        _say(f"   {title:<9} {entry}")
        title = ""


def _say(line: str) -> None:
    """Print a line; nothing in the text can steer the terminal."""
    from endplate.cli.marked import harmless

    typer.echo(harmless(" ".join(line.split("\n"))))
