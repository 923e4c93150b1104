"""How sure a measured share is: Wilson's interval, and a bootstrap by report for F1.

F1 has no closed interval, and the rows of one report stand or fall together, so whole reports are
drawn again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

#: The standard normal quantile of a two-sided 95 % interval.
Z95: Final = 1.959963984540054

RESAMPLES: Final = 2000
SEED: Final = 20_260


class Rate(NamedTuple):
    """A share with its counts and its 95 % interval (all between 0 and 1).

    Nothing counted (``of`` is 0) is a share of 1 with an interval of 0 to 1: no error was made, and
    nothing is known.
    """

    hits: int
    of: int
    value: float
    low: float
    high: float


class Counts(NamedTuple):
    """True positive, false positive and false negative rows of a report or of a whole gold."""

    tp: int = 0
    fp: int = 0
    fn: int = 0


def rate(hits: int, of: int) -> Rate:
    """Return `hits` of `of` as a share with Wilson's 95 % interval."""
    low, high = wilson(hits, of)
    return Rate(hits, of, hits / of if of else 1.0, low, high)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return Wilson's score interval for a share; (0, 1) when nothing was counted.

    Examples
    --------
    >>> [round(bound, 3) for bound in wilson(45, 50)]
    [0.786, 0.957]
    """
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    spread = Z95**2 / of
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    # rounding must not push a bound past the share itself at 0 and at 1
    return min(max(0.0, centre - half), share), max(min(1.0, centre + half), share)


def f1(counts: Counts) -> float:
    """Return the harmonic mean of precision and recall; 1 when there was nothing to find."""
    found, wanted = counts.tp + counts.fp, counts.tp + counts.fn
    precision = counts.tp / found if found else 1.0
    recall = counts.tp / wanted if wanted else 1.0
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def bootstrap_f1(
    reports: Sequence[Sequence[Counts]], resamples: int = RESAMPLES, seed: int = SEED
) -> list[tuple[float, float]]:
    """Return the 95 % percentile interval of F1 of each group.

    Parameters
    ----------
    reports : sequence of sequence of Counts
        For each report the counts of each group, the groups in the same order everywhere.
    resamples : int
        How many times as many reports are drawn with replacement.
    seed : int
        Makes the intervals repeatable.

    Notes
    -----
    A group without any error gives 1 to 1: draws of perfect reports are perfect. The intervals of
    precision and recall say then how much is known.
    """
    import numpy as np

    if not reports:
        return []
    counts = np.asarray(reports, dtype=np.int64)
    drawn_f1 = np.empty((resamples, counts.shape[1]))
    random = np.random.default_rng(seed)
    flat = counts.reshape(len(reports), -1)
    even = np.full(len(reports), 1 / len(reports))
    # a hundred draws at a time: memory stays small however large the gold is
    for first in range(0, resamples, 100):
        size = min(100, resamples - first)
        drawn = random.multinomial(len(reports), even, size=size) @ flat
        tp, fp, fn = np.moveaxis(drawn.reshape(size, -1, 3), 2, 0)
        rows = 2 * tp + fp + fn
        drawn_f1[first : first + size] = np.where(rows, 2 * tp / np.maximum(rows, 1), 1.0)
    low, high = np.percentile(drawn_f1, (2.5, 97.5), axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))
