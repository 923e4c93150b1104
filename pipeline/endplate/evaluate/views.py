"""The tables of an evaluation, before any output format: text, Markdown and HTML show the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Final, NamedTuple
from unicodedata import category

from endplate.codes import FINDINGS, LEVELS, SECTIONS, STATUSES
from endplate.evaluate.detection import MODIC_TESTS, STATES, Detection
from endplate.evaluate.evaluation import Evaluation
from endplate.evaluate.intervals import Rate
from endplate.evaluate.mistakes import KINDS
from endplate.evaluate.scoring import MAIN_GROUPS, Score, Scores

ROW_COLUMNS: Final = ("in gold", "right", "false", "missed", "precision", "recall", "F1")
TEST_COLUMNS: Final = ("in gold", "sensitivity", "specificity", "PPV", "F1")

_TEST_NAMES: Final = {
    "any_modic": "any Modic change",
    "type_1": "type 1, alone or mixed",
    "type_2": "type 2, alone or mixed",
    "type_3": "type 3, alone or mixed",
    "mixed": "mixed type",
    "unspecified": "type not told",
}


class Estimate(NamedTuple):
    """A figure with its 95 % interval; ``known`` is False where nothing was counted."""

    value: float
    low: float
    high: float
    known: bool = True

    def __str__(self) -> str:
        if not self.known:
            return "–"
        return f"{self.value:.3f} ({self.low:.2f}–{self.high:.2f})"


Cell = str | int | Estimate


class Table(NamedTuple):
    """A table; in a ``matrix`` the diagonal is right and all else is wrong."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    matrix: bool = False


def summary(evaluation: Evaluation) -> Table:
    """Return one line for each gold file, and the total when there are several."""
    sets = dict(evaluation.files)
    if len(sets) > 1:
        sets["all together"] = evaluation.total
    rows = tuple(
        (
            name,
            scores.reports,
            scores.groups["all"].counts.tp + scores.groups["all"].counts.fn,
            *(_f1(scores.groups[group]) for group in MAIN_GROUPS),
            _estimate(scores.exact),
        )
        for name, scores in sets.items()
    )
    return Table(
        "F1 by set",
        "Rows are compared as sets of (finding, level, Modic type, status) per report. Intervals "
        f"are 95 %: of F1 by {evaluation.resamples} bootstrap draws of whole reports, else Wilson.",
        ("set", "reports", "rows", "Modic F1", "core F1", "all F1", "reports exact"),
        rows,
    )


def tables(scores: Scores) -> Iterator[Table]:
    """Yield the tables of one set, the most important first; those without a row are left out."""
    groups = scores.groups
    named: Sequence[tuple[str, str, str, Sequence[str]]] = (
        ("Groups", "group", "", MAIN_GROUPS),
        ("By status", "status", "status:", STATUSES),
        ("By finding", "finding", "finding:", FINDINGS),
        ("By level", "level", "level:", (*LEVELS, "none")),
        ("By section", "section", "section:", (*SECTIONS, "not told")),
    )
    notes = {
        "By level": "A row at a wrong level is missed at one level and false at another.",
        "By section": "Where the row was found. Recall is known only when the gold tells sections.",
    }
    for title, head, prefix, names in named:
        told = {name: groups[prefix + name] for name in names if prefix + name in groups}
        rows = tuple(
            (name, *_row_cells(score))
            for name, score in told.items()
            if score.recall is not None or score.precision.of
        )
        if rows:
            yield Table(title, notes.get(title, ""), (head, *ROW_COLUMNS), rows)
    yield _tests(
        "Modic types by report",
        "Is the type present in the report at all? What annotators left open is left out.",
        {name: scores.report_level[name] for name in MODIC_TESTS},
    )
    yield _tests(
        "Modic types by level",
        "Is the type present at the level? Each report counts with five lumbar discs, and with "
        "other levels that are named.",
        scores.level_level,
    )
    yield _confusion(scores)
    findings = {name: test for name, test in scores.report_level.items() if name not in MODIC_TESTS}
    yield _tests("Findings by report", _means(findings), findings)
    yield _further(scores)
    if scores.mistakes:
        yield _kinds(scores)


def _means(findings: Mapping[str, Detection]) -> str:
    """Return the means over findings, the figure that published work gives."""
    told = [test for test in findings.values() if test.tp + test.fn]
    note = "Is the finding present in the report at all?"
    if not told:
        return note
    sensitivity = fmean(test.sensitivity.value for test in told)
    specificity = fmean(test.specificity.value for test in told)
    return (
        f"{note} Mean over the {len(told)} findings that the gold has: sensitivity "
        f"{sensitivity:.3f}, specificity {specificity:.3f}."
    )


def _tests(title: str, note: str, tests: Mapping[str, Detection]) -> Table:
    rows = tuple(
        (
            _TEST_NAMES.get(name, name),
            test.tp + test.fn,
            _estimate(test.sensitivity),
            _estimate(test.specificity),
            _estimate(test.ppv),
            f"{test.f1:.3f}" if test.tp + test.fp + test.fn else "–",
        )
        for name, test in tests.items()
    )
    return Table(title, note, ("present", *TEST_COLUMNS), rows)


def _confusion(scores: Scores) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (wanted, *(found[state] for state in STATES)) for wanted, found in scores.confusion.items()
    )
    note = (
        'A line for what gold says of a level, a column for what was found. "None": nothing is '
        'said of Modic change there now; "absent": it is denied.'
    )
    return Table("Confusion of Modic types by level", note, ("gold", *STATES), rows, matrix=True)


def _further(scores: Scores) -> Table:
    rates = {"offsets give back the text": scores.evidence, **scores.details}
    rows = tuple((name, rate.of, _estimate(rate)) for name, rate in rates.items())
    note = "Of the rows that were found: their evidence, and the columns that the gold states."
    return Table("Beyond the key", note, ("column", "rows", "right"), rows)


def _kinds(scores: Scores) -> Table:
    counts: Counter[tuple[str, str]] = Counter()
    for mistake in scores.mistakes:
        key = mistake.wanted or mistake.found
        counts[key.finding if key else "", mistake.kind] += 1
    by_finding = Counter[str]()
    for (finding, _), count in counts.items():
        by_finding[finding] += count
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (finding, *(counts[finding, kind] for kind in KINDS), total)
        for finding, total in by_finding.most_common()
    )
    note = (
        "A row with one wrong column is one mistake here, but one false and one missed row above."
    )
    return Table("Kinds of mistakes", note, ("finding", *KINDS, "in all"), rows)


def _row_cells(score: Score) -> Iterable[Cell]:
    tp, fp, fn = score.counts
    if score.recall is None:
        return ("–", tp, fp, "–", _estimate(score.precision), "–", "–")
    return (tp + fn, tp, fp, fn, _estimate(score.precision), _estimate(score.recall), _f1(score))


def _estimate(rate: Rate) -> Estimate:
    return Estimate(rate.value, rate.low, rate.high, known=rate.of > 0)


def _f1(score: Score) -> Cell:
    if score.f1 is None or score.f1_low is None or score.f1_high is None:
        return "–"
    return Estimate(score.f1, score.f1_low, score.f1_high, known=sum(score.counts) > 0)


def printable(text: str) -> str:
    """Return report text that is safe to show: no control characters and no broken Unicode.

    A terminal obeys escape characters, and a lone surrogate cannot be written as UTF-8.
    """
    whole = text.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if category(char)[0] == "C" and char not in "\n\t" else char
        for char in whole
    )
