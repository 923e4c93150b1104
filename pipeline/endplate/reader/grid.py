"""Tables: their cells, and the heading of the column and of the row that a cell stands under.

A row is mostly a level, with a column for each finding. Some houses turn it: a column for each
level, and a row for each finding.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from endplate.reader.lines import Line
from endplate.reader.passage import Passage, one_line, trim
from endplate.reader.words import flatten

_CELLS: Final = re.compile(r"[ ]*\|[ ]*|[ ]*\t[ \t]*|(?<=\S)[ ]{3,}(?=\S)")
_BAR: Final = re.compile(r"\|")
_BOX: Final = re.compile(r"\[[ xX✓✔]?\]|\([xX✓✔ ]\)|[☐☑☒□■✓✔✗](?=\s*\w)")
_WORD: Final = re.compile(r"\w")

Cell = tuple[int, int]


class _Head(NamedTuple):
    """The head of a table: its cells, and whether they are levels."""

    cells: list[Cell]
    levels: bool


_HEADLESS: Final = _Head([], levels=False)


class Grid:
    """Follows the tables of a report from line to line.

    Parameters
    ----------
    text : str
        The plain report.
    columns : compiled pattern
        Matches, in lower case, a cell that names a table column.
    level : compiled pattern
        Matches, in lower case, a cell that is a level.
    """

    def __init__(self, text: str, columns: re.Pattern[str], level: re.Pattern[str]) -> None:
        self._text = text
        self._columns = columns
        self._level = level
        self._head = _HEADLESS
        self._paragraph = -1

    def pause(self, line: Line) -> None:
        """Note a line that is no row; the head holds for its own paragraph."""
        if line.paragraph != self._paragraph:
            self._head = _HEADLESS

    def row(self, line: Line, number: int) -> list[Passage] | None:
        """Return the cells of a line as passages, none of a head; None where it is no row."""
        body = self._text[line.start : line.end]
        cells = [] if line.parts > 1 or _BOX.search(body) else self._cells(line)
        flat = [flatten(self._text[a:b]) for a, b in cells]
        if len(cells) >= 2:
            if not _WORD.search(body):
                return []  # the rule under a table's head
            named = sum(self._columns.fullmatch(cell) is not None for cell in flat)
            if named >= 2 and not self._turned(cells):
                return self._start(line, _Head(cells, levels=False))
            levels = [self._level.fullmatch(cell) is not None for cell in flat]
            if not self._head.cells and sum(levels) >= 2 and all(levels[1:]):
                names = cells if levels[0] else cells[1:]
                return self._start(line, _Head(names, levels=True))
            if "|" in body or self._head.cells or self._level.match(flatten(body)):
                if line.paragraph > self._paragraph + 1:
                    self._head = _HEADLESS
                return self._passages(line, number, cells)
        self.pause(line)
        return None

    def _turned(self, cells: list[Cell]) -> bool:
        """Tell whether a row stands below levels: its first cell names what the others answer."""
        return self._head.levels and len(cells) == len(self._head.cells) + 1

    def _start(self, line: Line, head: _Head) -> list[Passage]:
        self._head, self._paragraph = head, line.paragraph
        return []

    def _cells(self, line: Line) -> list[Cell]:
        text, body = self._text, self._text[line.start : line.end]
        pipes = "|" in body
        cells: list[Cell] = []
        at = 0
        for match in [*(_BAR if pipes else _CELLS).finditer(body), None]:
            stop = match.start() if match else len(body)
            a, b = trim(text, line.start + at, line.start + stop)
            if pipes or a < b:
                cells.append((a, b))
            at = match.end() if match else len(body)
        if pipes:
            bordered = cells[0][0] == cells[0][1]
            cells = cells[bordered:]
            # "L2-3 | none |" has an empty last cell where the head names one
            named = len(cells) == len(self._head.cells) and not bordered
            if cells and cells[-1][0] == cells[-1][1] and not named:
                cells = cells[:-1]
        return cells

    def _passages(self, line: Line, number: int, cells: list[Cell]) -> list[Passage]:
        names = self._head.cells
        turned = self._turned(cells)
        aligned = not self._head.levels and len(names) == len(cells)
        return [
            Passage(
                one_line(self._text[a:b]),
                a,
                b,
                number,
                line.paragraph,
                first=i == 0,
                column=(cells[0] if turned else names[i]) if i and (turned or aligned) else None,
                row=(names[i - 1] if turned else cells[0]) if i else None,
                cell=True,
            )
            for i, (a, b) in enumerate(cells)
            if a < b
        ]
