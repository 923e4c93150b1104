"""What a passage names: terms of the lexicon, and mentions of findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Term(NamedTuple):
    """A phrase of the lexicon in a passage; token indices, end exclusive."""

    start: int
    end: int
    labels: frozenset[str]


@dataclass(slots=True, init=False)
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
    site: Term | None
    types: list[str]
    choice: bool
    basis: str
    status: str
    cue: str
    needs_disc: bool
    at_disc: bool
    spot: int | None
    decided: bool
    like: Mention | None

    def __init__(
        self,
        finding: str,
        head: tuple[int, int],
        start: int,
        end: int,
        site: Term | None = None,
        types: list[str] | None = None,
        choice: bool = False,
        basis: str = "",
        status: str = "present",
        cue: str = "",
        needs_disc: bool = False,
        at_disc: bool = False,
        spot: int | None = None,
        decided: bool = False,
        like: Mention | None = None,
    ) -> None:
        self.finding = finding
        self.head = head
        self.start = start
        self.end = end
        self.site = site
        self.types = [] if types is None else types
        self.choice = choice
        self.basis = basis
        self.status = status
        self.cue = cue
        self.needs_disc = needs_disc
        self.at_disc = at_disc
        self.spot = spot
        self.decided = decided
        self.like = like
