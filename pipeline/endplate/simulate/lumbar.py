"""Simulated lumbar MRI reports, with their truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from textwrap import fill
from typing import Final, NamedTuple

from endplate.simulate.grammar import Phrases, Statement, lumbar_file, pick

LEVELS: Final = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")

#: The first line of every simulated report.
NOTICE: Final = "SYNTHETIC REPORT OF A SIMULATED PATIENT"

#: How often a level has findings, against the chances in the file.
_WEAR: Final = {"L1-L2": 0.3, "L2-L3": 0.6, "L3-L4": 0.9, "L4-L5": 1.35, "L5-S1": 1.3}

#: What comes into the impression.
_WEIGHTY: Final = frozenset(
    ("modic_change", "disc_extrusion", "disc_protrusion", "spinal_stenosis", "spondylolisthesis")
)

#: A row of the truth: finding, level, Modic type, status.
Truth = tuple[str, str, str, str]


class LumbarReport(NamedTuple):
    """A report and what it means."""

    title: str
    text: str
    truth: tuple[Truth, ...]


class LumbarWriter:
    """Writes lumbar MRI reports."""

    def __init__(self) -> None:
        self.styles = len(lumbar_file().styles)
        self._phrases = Phrases(lumbar_file().words)

    def write(
        self, modic: Mapping[str, str], uncertain: str, wear: float, style: int, chance: Random
    ) -> LumbarReport:
        """Write a report.

        Parameters
        ----------
        modic : mapping
            Level to Modic type, for the levels that have one.
        uncertain : str
            A level with a doubtful Modic change, or empty.
        wear : float
            How worn the spine is; 1 is a middle-aged one.
        style : int
            The house.
        chance : Random
            Decides everything else.
        """
        return _Report(self._phrases, style, chance).write(modic, uncertain, wear)


class _Report:
    """One report while it is written."""

    def __init__(self, phrases: Phrases, style: int, chance: Random) -> None:
        self._file = lumbar_file()
        self._house = self._file.styles[style]
        self._phrases = phrases
        self._chance = chance
        self._truth: dict[Truth, None] = {}

    def write(self, modic: Mapping[str, str], uncertain: str, wear: float) -> LumbarReport:
        levels = {level: self._statements(level, modic, uncertain, wear) for level in LEVELS}
        title = pick(self._file.titles, self._chance)
        bodies = (
            self._one_of(self._file.indications),
            _sentence(self._say("{sequences} {scanner}").strip()),
            self._say(pick(self._file.comparisons, self._chance)),
            self._findings(levels, some_modic=bool(modic or uncertain)),
            self._impression(levels),
        )
        sections = [
            f"{heading}{_wrapped(body, self._house.wrap)}"
            for heading, body in zip(self._house.headings, bodies, strict=True)
        ]
        closing = self._say("{closing}")
        text = "\n\n".join(part for part in (f"{NOTICE}\n{title}", *sections, closing) if part)
        return LumbarReport(title, f"{text}\n", tuple(self._truth))

    def _statements(
        self, level: str, modic: Mapping[str, str], uncertain: str, wear: float
    ) -> list[Statement]:
        """Return what is to be said of a level, the disc first."""
        random, worn = self._chance.random, _WEAR[level] * wear
        statements = [s for s in self._file.findings.values() if random() < s.chance * worn]
        if level in modic:
            statements.insert(1, pick(self._file.modic[modic[level]], self._chance))
        elif level == uncertain:
            statements.append(pick(self._file.modic_uncertain, self._chance))
        return statements

    def _findings(self, levels: Mapping[str, Sequence[Statement]], *, some_modic: bool) -> str:
        random = self._chance.random
        opening = [self._say("{align}."), self._say("{conus}.")]
        opening += [self._one_of([s]) for s in self._file.general if random() < 0.6]
        if not some_modic and random() < 0.4:
            opening.append(self._one_of(self._file.modic_denied))
        lines = [" ".join(opening)]
        for level in reversed(LEVELS) if self._house.upwards else LEVELS:
            written = written_level(level, self._house.level)
            if levels[level]:
                lines.append(self._laid_out(written, [self._told(s, level) for s in levels[level]]))
            else:
                lines.append(f"{written}: {self._one_of(self._file.normal_levels, level)}")
        return "\n".join([*lines, self._say("{soft}. {soft}.")])

    def _laid_out(self, level: str, phrases: Sequence[str]) -> str:
        """Return the phrases on a level as the house writes them."""
        if self._house.layout == "prose":
            *first, last = phrases
            return f"At {level} there is {', '.join(first)}{' and ' if first else ''}{last}."
        if self._house.layout == "bullets":
            return "\n".join([level, *(f"- {_sentence(phrase)}" for phrase in phrases)])
        return f"{level}: {' '.join(map(_sentence, phrases))}"

    def _impression(self, levels: Mapping[str, Sequence[Statement]]) -> str:
        """Say the weighty findings once more, in fresh words."""
        items = [
            _sentence(f"{self._told(s, level)} at {written_level(level, self._house.level)}")
            for level in reversed(LEVELS)
            for s in levels[level]
            if any(row.finding in _WEIGHTY for row in s.rows)
        ]
        return "\n".join(
            self._house.items.replace("{n}", str(number)) + item
            for number, item in enumerate(items or ["No significant abnormality."], 1)
        )

    def _one_of(self, statements: Sequence[Statement], level: str = "") -> str:
        return _sentence(self._told(pick(statements, self._chance), level))

    def _told(self, statement: Statement, level: str) -> str:
        """Say a statement, and note its truth."""
        for row in statement.rows:
            self._truth[row.finding, level, row.modic_type, row.status] = None
        return self._say(pick(statement.say, self._chance))

    def _say(self, phrase: str) -> str:
        return self._phrases.say(phrase, self._chance)


def written_level(level: str, like: str) -> str:
    """Write a level as a house does: `like` is how it writes L4-L5."""
    upper, lower = level.split("-")
    if "L5" not in like and lower != "S1":
        lower = lower[1:]
    return f"{upper}{like[2]}{lower}"


def _sentence(phrase: str) -> str:
    return f"{phrase[0].upper()}{phrase[1:]}{'' if phrase.endswith('.') else '.'}"


def _wrapped(body: str, width: int) -> str:
    return "\n".join(fill(line, width) for line in body.split("\n")) if width else body
