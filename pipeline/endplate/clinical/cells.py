"""From the text of a cell to a value: numbers with units, answers, words, sets, dates.

A cell that cannot be what its column says raises :class:`CellError`, whose message says why; the
caller names table, row and column, and sets the value aside.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Final

from endplate.clinical.codemaps import CodeMaps, plain_name
from endplate.facts import FACTS, FactType
from endplate.sources.dates import DateOrder, parse_date

#: A value of a fact, by its kind: number, answer, choice, set, date.
Value = float | bool | str | frozenset[str] | dt.date

# Bounded repeats only: a cell may be of any length and hostile.
_NUMBER: Final = re.compile(r"([+-]?\d{1,9}(?:[.,]\d{1,9})?)\s{0,3}(\S.{0,30})?")
_MINUS: Final = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-"})
_MAX_CELL: Final = 500


class CellError(ValueError):
    """A cell does not hold what its column promises."""


class CellReader:
    """Reads the cells of one fact.

    Parameters
    ----------
    maps : CodeMaps
        Words, units and what counts as empty.
    latest : date
        A later date is a date in the future.
    date_order : {'dmy', 'mdy'}, optional
        Decides dates such as 04/05/2023.
    """

    def __init__(self, maps: CodeMaps, latest: dt.date, date_order: DateOrder | None) -> None:
        self._maps = maps
        self._latest = latest
        self._date_order = date_order
        self._empty = frozenset(word.casefold() for word in maps.columns.empty)
        self._answers = {
            plain_name(word): answer == "yes"
            for answer, words in maps.columns.answers.items()
            for word in words
        }

    def is_empty(self, text: str) -> bool:
        """Return whether a cell says nothing."""
        return text.strip().casefold() in self._empty

    def parser(self, fact: str, unit: str = "") -> Callable[[str], Value | None]:
        """Return what turns a cell of a fact into its value; None for an empty cell.

        `unit` is the unit of a number whose cell names none; empty for the fact's own.
        """
        declared = FACTS[fact]
        words = self._words(fact, declared)
        readers: dict[str, Callable[[str], Value]] = {
            "number": lambda text: self.number(fact, text, unit),
            "answer": self._answer,
            "date": self.date,
            "choice": lambda text: _choice(text, words, declared),
            "set": lambda text: _set(text, words, declared),
        }
        read = readers[declared.kind]

        def parse(text: str) -> Value | None:
            if self.is_empty(text):
                return None
            if len(text) > _MAX_CELL:
                message = "too long for a value"
                raise CellError(message)
            return read(text.strip())

        return parse

    def number(self, fact: str, text: str, unit: str = "") -> float:
        """Return a number in the fact's own unit, within what is possible.

        The unit in the cell (``21/50``, ``65 mm``) counts before `unit`.
        """
        match = _NUMBER.fullmatch(text.translate(_MINUS).strip())
        if match is None:
            message = "is not a number"
            raise CellError(message)
        value = float(match[1].replace(",", ".")) * self._factor(fact, match[2] or unit)
        value = round(value, 2)  # factors such as 12/52 are inexact, and no fact is finer
        declared = FACTS[fact]
        if not declared.lowest <= value <= declared.highest:
            message = f"is outside {declared.lowest:g} to {declared.highest:g} {declared.unit}"
            raise CellError(message)
        return value

    def date(self, text: str) -> dt.date:
        """Return a date that is not in the future."""
        try:
            day = parse_date(text, self._date_order)
        except ValueError as error:
            raise CellError(str(error)) from None
        if day is None:
            message = "is not a date"
            raise CellError(message)
        if day > self._latest:
            message = "is a date in the future"
            raise CellError(message)
        return day

    def _factor(self, fact: str, unit: str) -> float:
        unit = unit.strip()
        if not unit or unit == FACTS[fact].unit:
            return 1.0
        measure = self._maps.measures.get(fact)
        units: Mapping[str, float] = measure.units if measure else {}
        for name, factor in units.items():
            if plain_name(name) == plain_name(unit):
                return factor
        known = ", ".join(name for name in units if name) or FACTS[fact].unit or "none"
        message = f"has a unit that cannot be converted; known units: {known}"
        raise CellError(message)

    def _answer(self, text: str) -> bool:
        answer = self._answers.get(plain_name(text))
        if answer is None:
            message = "is neither yes nor no"
            raise CellError(message)
        return answer

    def _words(self, fact: str, declared: FactType) -> dict[str, str]:
        synonyms = self._maps.columns.words.get(fact, {})
        return {
            plain_name(name): word
            for word in declared.values
            for name in (word, *synonyms.get(word, ()))
        }


def _choice(text: str, words: Mapping[str, str], declared: FactType) -> str:
    word = words.get(plain_name(text))
    if word is None:
        message = f"is none of {', '.join(declared.values)}"
        raise CellError(message)
    return word


def _set(text: str, words: Mapping[str, str], declared: FactType) -> frozenset[str]:
    parts = [part for part in re.split(r"[;|,]", text) if part.strip()]
    if [plain_name(part) for part in parts] == ["none"]:
        return frozenset()
    return frozenset(_choice(part, words, declared) for part in parts)
