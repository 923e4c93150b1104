"""Kleene's strong three-valued logic: what is not known never decides, unless it cannot matter."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Truth(enum.Enum):
    """The truth of a condition or of a criterion."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"

    def __invert__(self) -> Truth:
        """Return the negation; unknown stays unknown."""
        return _NEGATION[self]

    @classmethod
    def of(cls, value: bool) -> Truth:
        """Return the truth of something that is known."""
        return cls.MET if value else cls.NOT_MET


_NEGATION = {
    Truth.MET: Truth.NOT_MET,
    Truth.NOT_MET: Truth.MET,
    Truth.UNKNOWN: Truth.UNKNOWN,
}


def all_of(truths: Iterable[Truth]) -> Truth:
    """Return the conjunction: one failure decides it; nothing at all is met."""
    result = Truth.MET
    for truth in truths:
        if truth is Truth.NOT_MET:
            return Truth.NOT_MET
        if truth is Truth.UNKNOWN:
            result = Truth.UNKNOWN
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """Return the disjunction: one success decides it; nothing at all is not met."""
    result = Truth.NOT_MET
    for truth in truths:
        if truth is Truth.MET:
            return Truth.MET
        if truth is Truth.UNKNOWN:
            result = Truth.UNKNOWN
    return result


def at_least(count: int, truths: Iterable[Truth]) -> Truth:
    """Return whether at least `count` of the truths are met, whatever the unknown ones are."""
    met = possible = 0
    for truth in truths:
        met += truth is Truth.MET
        possible += truth is not Truth.NOT_MET
    if met >= count:
        return Truth.MET
    return Truth.UNKNOWN if possible >= count else Truth.NOT_MET
