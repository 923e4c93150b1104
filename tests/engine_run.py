"""Runs a small archive into a folder, as a program of its own that tests can kill.

    python engine_run.py FOLDER COUNT READER [WORKERS]

The archive holds poison: one report in it kills its worker, one makes the reader fail.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import engine_readers
from endplate.engine.archive import Done, read_archive
from endplate.engine.folder import run_folder
from endplate.records import Report, Source

MADE_BY = {"program": "1", "rules": "a"}


def archive(count: int, step: int = 1) -> list[Report]:
    """Reports of which every third has two findings; with a step, only every so manieth."""
    texts = {7: "RAISE", 11: "DIE"}
    return [
        Report(
            f"r{i}",
            texts.get(i, f"modic change {i} " * (2 if i % 3 == 0 else 0) or f"normal {i}"),
            source=Source("archive.csv", i + 1),
        )
        for i in range(0, count, step)
    ]


def run(
    folder: Path,
    reports: list[Report],
    *,
    reader: str = "word_reader",
    workers: int = 1,
    made_by: dict[str, str] = MADE_BY,
    restart: bool = False,
) -> list[Done]:
    """Read all, join the table, and return what was done."""
    with run_folder(folder, made_by, restart=restart) as kept:
        done = list(
            read_archive(
                reports, kept, workers=workers, factory=getattr(engine_readers, reader), mean=16
            )
        )
        kept.finish([batch.name for batch in done], folder / "findings.parquet")
    return done


def results(folder: Path) -> dict[str, bytes]:
    """The files of a run by name, except its lock."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != ".lock"
    }


def outcomes(done: list[Done]) -> Iterator[object]:
    for batch in done:
        yield from batch.outcomes


if __name__ == "__main__":
    folder, count, reader, *rest = sys.argv[1:]
    if "small-files" in rest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
    run(Path(folder), archive(int(count)), reader=reader, workers=2)
