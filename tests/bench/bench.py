"""Measures speed, memory and start-up on simulated reports; prints and writes a table.

    make bench                     all but the million
    make bench BENCH=--million     with it

Measured is the program as it is installed: with its reader compiled, in build/compiled, where there
is a C compiler. How fast it reads without is measured beside it.

Ratios are of the same process and reports, in turns, and the median of these: the speed of a shared
machine swings. Every report is read once only: no measurement profits from a report that was seen
before, but the reader remembers passages, so it is measured at the start of an archive and further
on. Rates on one core are by processor time, so that other work on the machine counts little; the
others are by the clock on the wall.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from endplate.garbage import collect_rarely
from endplate.reader.lexicon import load_lexicon
from endplate.records import Report
from endplate.simulate.patients import Clinic

SEED = 2026
#: Turns in which works are timed that are compared; the median is told.
TURNS = 5
#: Lumbar MRI reports that one core reads, and how many of them are timed at either end.
ARCHIVE, SLICE = 24_000, 3_000
ENDPLATE = str(Path(sys.executable).with_name("endplate"))
COMPILED = Path("build/compiled").resolve()


@dataclass
class Table:
    """The rows of the result: what, how much, against what."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, what: str, figure: str, note: str = "") -> None:
        self.rows.append((what, figure, note))
        print(f"{what:<58} {figure:>18}  {note}", flush=True)

    def markdown(self, heading: str) -> str:
        lines = [heading, "", "| what | measured | |", "| --- | ---: | --- |"]
        lines += [f"| {what} | {figure} | {note} |" for what, figure, note in self.rows]
        return "\n".join(lines) + "\n"


def archive(seed: int) -> Iterator[Report]:
    for patient in Clinic(seed).patients():
        yield from patient.reports


def lumbar(seed: int) -> Iterator[Report]:
    for patient in Clinic(seed).patients():
        for report, truth in zip(patient.reports, patient.truth, strict=True):
            if truth is not None:
                yield report


def repetition(reports: Sequence[Report]) -> str:
    """How much of the text stands more than once: the share of words in distinct sentences."""
    sentences = [s for r in reports for s in re.split(r"(?<=[.:;])\s+|\n+", r.text) if s]
    words = sum(len(s.split()) for s in sentences)
    distinct = sum(len(s.split()) for s in set(sentences))
    share = f"{distinct / words:.0%} of them in distinct sentences"
    return f"{words / len(reports):.0f} words a report, {share}"


def rate(work: Callable[[Report], object], reports: Sequence[Report]) -> float:
    """Reports a second of processor time."""
    start = process_time()
    for report in reports:
        work(report)
    return len(reports) / (process_time() - start)


def rates(
    works: Sequence[tuple[Callable[[Report], object], Sequence[Report]]],
) -> list[list[float]]:
    """Reports a second of some works, in turns: a list for each turn. No report is read twice."""
    return [[rate(work, reports[turn::TURNS]) for work, reports in works] for turn in range(TURNS)]


def finding_phrases() -> list[str]:
    """The phrases of our own lexicon that name a finding by themselves."""
    things = load_lexicon().terms["things"]
    return sorted({phrase for phrases in things.values() for phrase in phrases})


def stock_medspacy(phrases: Sequence[str]) -> Callable[[Report], object]:
    """medspaCy as it comes (PyRuSH, target matcher, ConText) with sectionizer and literal rules."""
    with suppress(ImportError):
        from loguru import logger

        logger.disable("PyRuSH")  # it would write the reports to stderr
    import medspacy
    from medspacy.ner import TargetRule

    nlp = medspacy.load()
    nlp.add_pipe("medspacy_sectionizer")
    nlp.get_pipe("medspacy_target_matcher").add([TargetRule(p, "FINDING") for p in phrases])
    return lambda report: nlp(report.text)


def lumbar_archive() -> tuple[list[Report], list[Report]]:
    """Some reports to warm up with, and those that are measured."""
    reports = list(islice(lumbar(SEED), 200 + ARCHIVE))
    return reports[:200], reports[200:]


def reading() -> Iterator[list[list[float]]]:
    """Reports a second that one core reads, at both ends of an archive, then of a mixed one.

    With the first two go the bare tokenizer and stock medspaCy on the same reports, turn by turn.
    """
    import spacy

    import endplate.reader

    reader = endplate.reader.load()
    tokenizer, stock = spacy.blank("en"), stock_medspacy(finding_phrases())
    collect_rarely()  # as the workers of a run do
    warm_up, reports = lumbar_archive()
    for before, start in ((warm_up, 0), (reports[SLICE:-SLICE], len(reports) - SLICE)):
        between = rate(reader.read, before)
        part = reports[start : start + SLICE]
        works = [(reader.read, part), (lambda r: tokenizer(r.text), part), (stock, part[:200])]
        yield rates(works)
    yield [[between]]
    yield rates([(reader.read, list(islice(archive(SEED + 1), 30_000)))])


def plain_reading() -> list[list[list[float]]]:
    """The same without a C compiler, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--reading"],
        check=True,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    return json.loads(done.stdout)


def one_core(table: Table) -> None:
    """Full reading of lumbar MRI reports against the bare tokenizer and stock medspaCy."""
    _, reports = lumbar_archive()
    table.add("lumbar MRI reports", f"{len(reports):,}", repetition(reports))
    builds = [("Python only", plain_reading())]
    if COMPILED.is_dir():
        builds.insert(0, ("compiled", list(reading())))
    for how, figures in builds:
        first, last, [[between]], mixed = figures
        compare(table, how, f"the first {SLICE:,}", first)
        compare(table, how, f"the last {SLICE:,}", last)
        ends = SLICE / median_of(first, 0) + SLICE / median_of(last, 0)
        whole = ARCHIVE / (ends + (ARCHIVE - 2 * SLICE) / between)
        stock = median(turn[2] for turn in [*first, *last])
        bare = median(turn[1] for turn in [*first, *last])
        note = f"{whole / stock:.0f} × medspaCy, {whole / bare:.1f} × the tokenizer"
        table.add(f"one core, full findings, {how}, all {ARCHIVE:,}", f"{whole:,.0f} /s", note)
        note = f"{median_of(mixed, 0) / whole:.1f} × lumbar"
        table.add(f"mixed archive, one core, {how}", f"{median_of(mixed, 0):,.0f} /s", note)


def median_of(turns: Sequence[Sequence[float]], at: int) -> float:
    return median(turn[at] for turn in turns)


def compare(table: Table, how: str, which: str, turns: Sequence[Sequence[float]]) -> None:
    """Add the rates of reader, tokenizer and stock medspaCy, and how they compare turn by turn."""
    ratios = [median(turn[0] / turn[at] for turn in turns) for at in (2, 1)]
    note = f"{ratios[0]:.0f} × medspaCy, {ratios[1]:.1f} × the tokenizer"
    what = f"one core, full findings, {how}, {which}"
    table.add(what, f"{median_of(turns, 0):,.0f} /s", note)
    others = f"{median_of(turns, 2):,.1f} /s; {median_of(turns, 1):,.0f} /s"
    table.add("  stock medspaCy; bare tokenizer", others, "in turns with it")


def two_processes(table: Table) -> None:
    """The same lumbar reports by one worker process and by two."""
    from endplate.engine.reading import shipped_reader
    from endplate.engine.workers import read_in_processes

    def seconds(workers: int, reports: list[Report]) -> float:
        batches = [("", reports[start : start + 100]) for start in range(0, len(reports), 100)]
        stream = read_in_processes(batches, workers=workers, rules=None, factory=shipped_reader)
        for _ in range(2 * workers):  # the workers have started when their first batches are back
            next(stream)
        start = perf_counter()
        done = sum(len(outcomes) for _, outcomes in stream)
        return (perf_counter() - start) / done

    reports = list(islice(lumbar(SEED + 2), 9000))
    one, two = seconds(1, reports[:3000]), seconds(2, reports[3000:])
    table.add("two worker processes against one", f"{one / two:.2f} ×", f"{1 / two:,.0f} lumbar /s")


def screening(table: Table, size: int, folder: Path) -> tuple[int, float, int]:
    """The whole of `endplate screen` on a simulated archive; return size, seconds and peak MB."""
    made, out = folder / f"archive{size}", folder / f"run{size}"
    subprocess.run(
        [ENDPLATE, "simulate", str(size), "--out", made], check=True, stderr=subprocess.DEVNULL
    )
    command = [ENDPLATE, "screen", str(made / "synthetic_reports.parquet"), "--out", str(out)]
    for name in ("clinical", "conditions", "procedures", "observations"):
        command += ["--clinical", str(made / f"synthetic_{name}.csv")]
    command += ["--workers", str(os.cpu_count()), "--profile"]
    start = perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = perf_counter() - start
    counts = json.loads((out / "run.json").read_text())["counts"]
    assert counts["reports"]["read"] == counts["reports"]["used"] == size
    peak = re.search(r"Peak memory: ([\d,]+) MB, and ([\d,]+) MB", done.stdout)
    memory = f"peak {peak[1]} MB, workers {peak[2]} MB each" if peak else ""
    table.add(
        f"screen {size:,} mixed reports, {os.cpu_count()} cores",
        f"{seconds:,.1f} s",
        f"{size / seconds:,.0f} /s; {memory}",
    )
    print(done.stdout[done.stdout.index("Where the time went") :])
    return size, seconds, int(peak[1].replace(",", "")) if peak else 0


def on_paper(table: Table, runs: Sequence[tuple[int, float, int]], size: int) -> None:
    """What a larger archive would take, by how the last two runs grew."""
    (some, sooner, less), (more, later, most) = runs[-2:]
    seconds = later + (later - sooner) / (more - some) * (size - more)
    memory = most + (most - less) / (more - some) * (size - more)
    note = f"not run: by the growth from {some:,} to {more:,}; peak {memory / 1000:.1f} GB"
    table.add(f"screen {size:,} on paper", f"{seconds / 60:,.0f} min", note)


def start_up(table: Table, folder: Path) -> None:
    """From the command to the first finding on disk."""
    text = folder / "report.txt"
    text.write_text(next(lumbar(SEED)).text)
    command = [ENDPLATE, "extract", str(text), "--out", str(folder / "findings.csv")]
    seconds = []
    for _ in range(5):
        start = perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(perf_counter() - start)
    table.add("start-up to the first finding", f"{min(seconds):.2f} s", "best of 5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--million", action="store_true", help="screen 10^6 reports, too")
    parser.add_argument("--reading", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=Path("build/bench.md"))
    options = parser.parse_args()
    if options.reading:
        print(json.dumps(list(reading())))
        return
    if COMPILED.is_dir() and os.environ.get("PYTHONPATH") != str(COMPILED):
        compiled = {**os.environ, "PYTHONPATH": str(COMPILED)}
        os.execve(sys.executable, [sys.executable, *sys.argv], compiled)
    table = Table()
    one_core(table)
    two_processes(table)
    with tempfile.TemporaryDirectory() as folder:
        start_up(table, Path(folder))
        sizes = (10_000, 100_000, *([1_000_000] if options.million else []))
        runs = [screening(table, size, Path(folder)) for size in sizes]
        on_paper(table, runs, 10_000_000)
    heading = (
        f"Simulated reports. Python {platform.python_version()}, spaCy {version('spacy')}, "
        f"medspaCy {version('medspacy')}, {os.cpu_count()} cores, {platform.machine()}"
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(table.markdown(heading))
    print(f"\n{options.out} written")


if __name__ == "__main__":
    main()
