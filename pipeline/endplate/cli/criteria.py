"""``endplate criteria``: the packs, what is in them, whether they hold, how they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from endplate.criteria.inherit import Criterion

app = typer.Typer(help="List, show, check and compare criteria packs.", no_args_is_help=True)

PackName = Annotated[
    str, typer.Argument(help="A shipped pack, or a pack file.", show_default=False)
]


@app.command("list")
def list_packs() -> None:
    """List the shipped packs; the first is the default."""
    from endplate.criteria import load_packs, pack_names

    table = _table("pack", "version", "status", "criteria", "title", "source")
    for pack in load_packs(pack_names()):
        status = "draft" if pack.draft else "verified"
        row = (pack.id, pack.version, status, str(len(pack.criteria)), pack.title)
        table.add_row(*row, pack.source.title)
    _print(table)


@app.command()
def show(pack: PackName) -> None:
    """Show every criterion of a pack: what it asks, what silence means, where it is from."""
    from endplate.criteria import load_pack

    loaded = load_pack(pack)
    status = "draft" if loaded.draft else "verified"
    _say(f"{loaded.id} {loaded.version} ({status}): {loaded.title}")
    if loaded.extends:
        _say(f"Extends: {loaded.extends}")
    _say(loaded.about)
    _say(f"Source: {loaded.source.title}, {loaded.source.date} {loaded.source.url}".rstrip())
    _say(f"Retrieved: {loaded.source.retrieved}; {status}: {loaded.verification.by}")
    for criterion in loaded.criteria:
        _say("")
        _say(f"{criterion.kind} {criterion.id} [{criterion.clazz}]")
        _say(f"  {criterion.statement}")
        _say(f"  asked for: {criterion.threshold}")
        _say(f"  silence: {criterion.silence.replace('_', ' ')}")
        dated = f"{criterion.source.date}; retrieved {criterion.source.retrieved}"
        _say(f"  source: {criterion.source.title} ({dated}) {criterion.source.url}".rstrip())
        _say(f"  {criterion.verification.status}: {criterion.verification.by}")


@app.command()
def check(
    files: Annotated[
        list[str], typer.Argument(help="Shipped packs, or pack files.", show_default=False)
    ],
) -> None:
    """Check packs and judge their examples; exit code 1 when one comes out otherwise."""
    from endplate.criteria import load_pack
    from endplate.criteria.examples import check_examples

    failed = 0
    for name in files:
        pack = load_pack(name)
        checks = check_examples(pack)
        wrong = [example for example in checks if example.differences]
        failed += len(wrong)
        _say(f"{pack.id} {pack.version}: {len(pack.criteria)} criteria, {len(checks)} examples")
        for example in wrong:
            _say(f"  {example.name}: {'; '.join(example.differences)}")
        if not checks:
            _say("  no examples: add a case and its verdict, so that a slip shows")
    if failed:
        _say(f"{failed} examples come out otherwise than the pack says")
        raise typer.Exit(1)


@app.command()
def compare(
    packs: Annotated[
        list[str], typer.Argument(help="Two or more packs or pack files.", show_default=False)
    ],
) -> None:
    """Compare packs: a table of criterion by pack."""
    from endplate.criteria import load_packs

    loaded = load_packs(packs)
    table = _table("criterion", *(f"{pack.id} {pack.version}" for pack in loaded))
    rows = [{criterion.id: criterion for criterion in pack.criteria} for pack in loaded]
    for name in dict.fromkeys(name for row in rows for name in row):
        table.add_row(name, *(_cell(row.get(name)) for row in rows))
    _print(table)


def _cell(criterion: Criterion | None) -> str:
    """Return what a pack asks under one criterion, marked when the source was not read."""
    if criterion is None:
        return "-"
    draft = " (draft)" if criterion.verification.status == "draft" else ""
    return f"{criterion.kind}: {criterion.threshold}{draft}"


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(show_lines=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print(table: Table) -> None:
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        # a pipe has no width of its own; tables must not be folded to 80 columns
        console = Console(width=200, markup=False, highlight=False)
    console.print(table)


def _say(line: str) -> None:
    """Print a line; nothing in a pack can steer the terminal."""
    typer.echo("".join(c if c.isprintable() else "\ufffd" for c in line))
