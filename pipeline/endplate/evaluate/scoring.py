"""Compare findings with gold: sets of (finding, level, modic_type, status) per report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from endplate.codes import CORE_FINDINGS
from endplate.evaluate.detection import (
    Confusion,
    Detection,
    confusion_by_level,
    detect_by_level,
    detect_by_report,
)
from endplate.evaluate.intervals import (
    RESAMPLES,
    SEED,
    Counts,
    Rate,
    bootstrap_f1,
    f1,
    rate,
)
from endplate.evaluate.mistakes import Mistake, mistakes_of
from endplate.evaluate.rows import GoldReport, Key, key_of
from endplate.records import Finding

#: Groups that are always there, even when the gold has no row of them.
MAIN_GROUPS: Final = ("modic", "core", "all")


class Score(NamedTuple):
    """Row-level precision, recall and F1 of one group of rows, with counts and 95 % intervals.

    ``recall`` and ``f1`` are None where they cannot be known: by section, when the gold does not
    tell the sections of the rows that were missed.
    """

    counts: Counts
    precision: Rate
    recall: Rate | None
    f1: float | None
    f1_low: float | None
    f1_high: float | None


class Compared(NamedTuple):
    """One report after comparison."""

    gold: GoldReport
    found: tuple[Finding, ...]
    must: frozenset[Key]
    may: frozenset[Key]
    got: frozenset[Key]

    @property
    def hit(self) -> frozenset[Key]:
        """Wanted and found."""
        return self.must & self.got

    @property
    def wrong(self) -> frozenset[Key]:
        """Found, and neither wanted nor optional."""
        return self.got - self.must - self.may

    @property
    def missed(self) -> frozenset[Key]:
        """Wanted and not found."""
        return self.must - self.got


@dataclass(frozen=True, slots=True)
class Scores:
    """All that is measured on one gold.

    Attributes
    ----------
    groups : dict
        ``modic``, ``core``, ``all``, ``finding:…``, ``status:…``, ``level:…``, ``section:…``.
    report_level : dict
        Is the finding present in the report at all: Modic types first, then every finding.
    level_level : dict
        Is the Modic type present at the level.
    confusion : Confusion
        What was found at a level (columns) for what gold says of it (rows).
    details : dict
        Columns beyond the key, of the rows that were found and whose gold states them.
    evidence : Rate
        Found rows whose offsets give back their text inside their sentence.
    """

    reports: int
    exact: Rate
    core_exact: Rate
    groups: dict[str, Score]
    report_level: dict[str, Detection]
    level_level: dict[str, Detection]
    confusion: Confusion
    details: dict[str, Rate]
    evidence: Rate
    mistakes: tuple[Mistake, ...]


def score(
    gold: Iterable[GoldReport],
    findings: Iterable[Finding],
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Scores:
    """Score findings against gold.

    Parameters
    ----------
    gold : iterable of GoldReport
        The annotated reports (see :func:`endplate.evaluate.load_gold`).
    findings : iterable of Finding
        Rows of the findings table; rows of reports that are not in the gold do not count.
    resamples, seed : int
        Of the bootstrap behind the interval of F1.
    """
    return summarise(compare(gold, findings), resamples=resamples, seed=seed)


def compare(gold: Iterable[GoldReport], findings: Iterable[Finding]) -> list[Compared]:
    """Put each gold report beside its findings."""
    by_report: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_report[finding.report_id].append(finding)
    compared = []
    for report in gold:
        found = tuple(
            finding
            for finding in by_report.get(report.report_id, ())
            if finding.finding == "modic_change" or not report.modic_only
        )
        must = frozenset(row.key for row in report.rows if not row.optional)
        may = frozenset(row.key for row in report.rows if row.optional)
        compared.append(Compared(report, found, must, may, frozenset(map(key_of, found))))
    return compared


def summarise(
    compared: Sequence[Compared], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Scores:
    """Count, rate and list the mistakes of compared reports, whatever their order."""
    # the draws of the bootstrap go by position, so the same reports must stand in the same order
    compared = sorted(compared, key=lambda one: (one.gold.report_id, sorted(one.must)))
    exact = sum(not one.wrong and not one.missed for one in compared)
    core_exact = sum(not any(map(_is_core, one.wrong | one.missed)) for one in compared)
    return Scores(
        reports=len(compared),
        exact=rate(exact, len(compared)),
        core_exact=rate(core_exact, len(compared)),
        groups=_score_groups(compared, resamples, seed),
        report_level=detect_by_report(compared),
        level_level=detect_by_level(compared),
        confusion=confusion_by_level(compared),
        details=_score_details(compared),
        evidence=_score_evidence(compared),
        mistakes=tuple(mistake for one in compared for mistake in mistakes_of(one)),
    )


def _is_core(key: Key) -> bool:
    return key.finding in CORE_FINDINGS


def _groups_of(key: Key, section: str) -> list[str]:
    groups = ["all", f"finding:{key.finding}", f"status:{key.status}"]
    groups += [f"level:{key.level or 'none'}", f"section:{section}"]
    if _is_core(key):
        groups.append("core")
    if key.finding == "modic_change":
        groups.append("modic")
    return groups


def _sections_of(one: Compared) -> dict[Key, str]:
    """Return the section of each key: that of the gold, else of its first mention found."""
    sections: dict[Key, str] = {}
    for finding in sorted(one.found, key=lambda row: row.start):
        sections.setdefault(key_of(finding), finding.section)
    for row in one.gold.rows:
        if row.details.get("section"):
            sections[row.key] = row.details["section"]
    return sections


def _score_groups(compared: Sequence[Compared], resamples: int, seed: int) -> dict[str, Score]:
    per_report = []
    sections_missing = False
    for one in compared:
        sections = _sections_of(one)
        sections_missing |= any(key not in sections for key in one.missed)
        tallies: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for kind, keys in (("tp", one.hit), ("fp", one.wrong), ("fn", one.missed)):
            for key in keys:
                for group in _groups_of(key, sections.get(key, "not told")):
                    tallies[group][kind] += 1
        per_report.append({group: Counts(**tally) for group, tally in tallies.items()})

    names = [*MAIN_GROUPS, *sorted({name for one in per_report for name in one} - {*MAIN_GROUPS})]
    matrix = [[one.get(name, Counts()) for name in names] for one in per_report]
    intervals = bootstrap_f1(matrix, resamples, seed) or [(0.0, 1.0)] * len(names)
    groups = {}
    for index, (name, interval) in enumerate(zip(names, intervals, strict=True)):
        column = [row[index] for row in matrix]
        total = Counts(*(sum(part) for part in zip(*column, strict=True))) if column else Counts()
        recall_known = not (sections_missing and name.startswith("section:"))
        groups[name] = _score_of(total, interval, recall_known=recall_known)
    return groups


def _score_of(counts: Counts, interval: tuple[float, float], *, recall_known: bool) -> Score:
    precision = rate(counts.tp, counts.tp + counts.fp)
    if not recall_known:
        return Score(counts, precision, None, None, None, None)
    return Score(counts, precision, rate(counts.tp, counts.tp + counts.fn), f1(counts), *interval)


def _score_details(compared: Sequence[Compared]) -> dict[str, Rate]:
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for one in compared:
        for row in one.gold.rows:
            same = [finding for finding in one.found if key_of(finding) == row.key]
            if not same:
                continue
            for name, value in row.details.items():
                asked[name] += 1
                # a finding may be told several times; one telling with the value is enough
                right[name] += any(getattr(finding, name) == value for finding in same)
    return {name: rate(right[name], asked[name]) for name in sorted(asked)}


def _score_evidence(compared: Sequence[Compared]) -> Rate:
    checked = [(one.gold.text, row) for one in compared if one.gold.text for row in one.found]
    if not any(row.end for _, row in checked):
        return rate(0, 0)  # another program's table without offsets
    right = sum(
        bool(row.text)
        and text[row.start : row.end] == row.text
        and row.text in row.sentence
        and row.sentence in text
        for text, row in checked
    )
    return rate(right, len(checked))
