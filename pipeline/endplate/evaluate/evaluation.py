"""An evaluation: scores of each gold file and of all together, with what they were made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from endplate.evaluate.gold import GoldFile
from endplate.evaluate.intervals import RESAMPLES, SEED
from endplate.evaluate.scoring import Scores, compare, summarise
from endplate.records import Finding, Report

if TYPE_CHECKING:
    from endplate.reader import Reader


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores with their origin.

    Attributes
    ----------
    source : str
        What was scored: the reader with its fingerprint, or the name of a findings table.
    files : dict
        The scores of each gold file by its name.
    total : Scores
        Those of all reports together.
    """

    source: str
    gold: tuple[GoldFile, ...]
    files: dict[str, Scores]
    total: Scores
    resamples: int
    seed: int


def evaluate(
    gold: Sequence[GoldFile],
    findings: Mapping[str, Sequence[Finding]],
    source: str,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Evaluation:
    """Score each gold file against its findings (by the file's name), and all of them together."""
    compared = {file.name: compare(file.reports, findings[file.name]) for file in gold}
    everything = [one for of_file in compared.values() for one in of_file]
    return Evaluation(
        source,
        tuple(gold),
        {
            name: summarise(of_file, resamples=resamples, seed=seed)
            for name, of_file in compared.items()
        },
        summarise(everything, resamples=resamples, seed=seed),
        resamples,
        seed,
    )


def read_gold(gold: Iterable[GoldFile], reader: Reader) -> dict[str, list[Finding]]:
    """Let the reader read the texts of the gold; return its findings by file."""
    return {
        file.name: [
            finding
            for report in file.reports
            for finding in reader.read(Report(report.report_id, report.text)).findings
        ]
        for file in gold
    }
