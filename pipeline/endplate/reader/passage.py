"""The passage: the unit that the reader works on, a sentence, a list item or a table cell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, init=False)
class Passage:
    """One sentence, item or cell.

    Attributes
    ----------
    text : str
        What it says, on one line.
    start, end : int
        Offsets in the plain report, end exclusive, white space trimmed.
    line : int
        Number of the logical line (hard-wrapped lines count as one).
    paragraph : int
        Number of the paragraph; a blank line starts another.
    first : bool
        Whether it is the first passage of its line.
    column : tuple of int or None
        Offsets of the table heading that this cell stands under.
    row : tuple of int or None
        Offsets of the level that this cell stands beside: the first cell of its row or, in a table
        with a column for each level, the head of its column; none in the first cell of a row.
    cell : bool
        Whether it is a cell of a table.
    bullet : bool
        Whether its line is a list item.
    """

    text: str
    start: int
    end: int
    line: int
    paragraph: int
    first: bool
    column: tuple[int, int] | None
    row: tuple[int, int] | None
    cell: bool
    bullet: bool

    def __init__(
        self,
        text: str,
        start: int,
        end: int,
        line: int,
        paragraph: int,
        first: bool = True,
        column: tuple[int, int] | None = None,
        row: tuple[int, int] | None = None,
        cell: bool = False,
        bullet: bool = False,
    ) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.line = line
        self.paragraph = paragraph
        self.first = first
        self.column = column
        self.row = row
        self.cell = cell
        self.bullet = bullet


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without the white space at its ends."""
    while start < end and (text[start].isspace()):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def one_line(text: str) -> str:
    """Read the end of a line inside a passage as a blank, unless a hyphen hangs there."""
    return text if "\n" not in text or "-\n" in text else text.replace("\n", " ")
