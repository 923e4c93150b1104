"""What a passage names: terms of the lexicon, and mentions of findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Term(NamedTuple):
    """A phrase of the lexicon in a passage; token indices, end exclusive."""

    start: int
    end: int
    labels: frozenset[str]


@dataclass(slots=True)
class Mention:
    """A finding as a passage names it.

    ``head`` are the tokens that cues are asked about; ``start`` and ``end`` also take in the place
    where it stands beside. ``spot`` is the number of its level where the structure of the line
    gives it, ``decided`` tells that its status is given (a ticked box, a value). ``types`` are
    Modic types in the order told, ``choice`` marks "1 or 2". ``like`` is the mention before it that
    it repeats at another level ("similar changes at L5-S1").
    """

    finding: str
    head: tuple[int, int]
    start: int
    end: int
    site: Term | None = None
    types: list[str] = field(default_factory=list)
    choice: bool = False
    basis: str = ""
    status: str = "present"
    cue: str = ""
    needs_disc: bool = False
    at_disc: bool = False
    spot: int | None = None
    decided: bool = False
    like: Mention | None = None
