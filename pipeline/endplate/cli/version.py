"""``endplate version``: what exactly would read and judge."""

from __future__ import annotations

from typing import Annotated

import typer


def version(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Print the versions of the program and its libraries, and the hash of every rule file."""
    import json
    import platform
    from importlib.metadata import version as version_of

    from endplate import __version__
    from endplate.knowledge import content_hash, models_dir

    versions = {
        "endplate": __version__,
        "python": platform.python_version(),
        "spacy": version_of("spacy"),
        "medspacy": version_of("medspacy"),
    }
    models = models_dir()
    hashes = {
        path.relative_to(models).as_posix(): content_hash(path)
        for path in sorted(models.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    if as_json:
        typer.echo(json.dumps({**versions, "models": hashes}, indent=1))
        return
    for name, number in versions.items():
        typer.echo(f"{name:10} {number}")
    width = max(map(len, hashes), default=0)
    for name, digest in hashes.items():
        typer.echo(f"{name:{width}}  sha256:{digest}")
