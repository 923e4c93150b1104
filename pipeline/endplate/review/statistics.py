"""The arithmetic of agreement: kappa, and a recall from a stratified sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.random import Generator
    from numpy.typing import NDArray

#: Draws behind the interval of recall.
DRAWS: Final = 10_000
SEED: Final = 20_260


class Kappa(NamedTuple):
    """Agreement of two reviewers. ``value`` is None where kappa is not defined."""

    both: int
    same: int
    value: float | None


class Stratum(NamedTuple):
    """A part of the patients, of whom `read` were read and `right` belong on the list."""

    population: int
    read: int
    right: int


class Recall(NamedTuple):
    """An estimated share with its 95 % interval, and the patients behind it."""

    value: float
    low: float
    high: float
    on_list: float
    missed: float


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> Kappa:
    """Return Cohen's kappa of two reviewers' decisions on the same patients.

    Kappa is not defined without a pair, nor when both gave every patient the same one answer:
    chance alone would then agree as well.

    Notes
    -----
    Cohen, Educ Psychol Meas 1960;20:37-46: (observed - expected) / (1 - expected).
    """
    both = len(pairs)
    same = sum(first == second for first, second in pairs)
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    # whole numbers, so that "chance agrees always" is told exactly
    chance = sum(count * seconds[answer] for answer, count in firsts.items())
    if chance == both * both:
        return Kappa(both, same, None)
    return Kappa(both, same, (both * same - chance) / (both * both - chance))


def recall(listed: Sequence[Stratum], unlisted: Sequence[Stratum]) -> Recall | None:
    """Return the share of the patients who belong on the list that are on it.

    Each stratum counts with its whole population: a sampled patient stands for
    ``population / read`` others. None when a stratum with patients has nobody read, or when
    nobody read belongs on the list.

    Notes
    -----
    The interval comes from draws of each stratum's rate (Jeffreys' Beta(right + 1/2, wrong + 1/2)):
    it stays honest where a sample has found no missed patient at all. A stratum that was read
    whole is known and is not drawn.
    """
    import numpy as np

    strata = [*listed, *unlisted]
    if any(one.population and not one.read for one in strata):
        return None
    on_list = sum(map(_expected, listed))
    missed = sum(map(_expected, unlisted))
    if not on_list + missed:
        return None
    random = np.random.default_rng(SEED)
    drawn = [np.zeros(DRAWS)] * 2
    for side, part in enumerate((listed, unlisted)):
        for stratum in part:
            drawn[side] = drawn[side] + _drawn(stratum, random)
    low, high = np.percentile(drawn[0] / (drawn[0] + drawn[1]), (2.5, 97.5))
    value = on_list / (on_list + missed)
    return Recall(value, min(float(low), value), max(float(high), value), on_list, missed)


def _expected(stratum: Stratum) -> float:
    return stratum.population * stratum.right / stratum.read if stratum.read else 0.0


def _drawn(stratum: Stratum, random: Generator) -> NDArray[np.float64]:
    """Return draws of how many patients of a stratum belong on the list."""
    import numpy as np

    rest = stratum.population - stratum.read
    wrong = stratum.read - stratum.right
    if rest <= 0:
        return np.full(DRAWS, float(stratum.right))
    rates = random.beta(stratum.right + 0.5, wrong + 0.5, DRAWS)
    return stratum.right + rest * rates
