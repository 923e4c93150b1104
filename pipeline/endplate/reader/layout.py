"""Lines, list items, table cells and sentences of a report, by offset.

Reports are lists more than prose: headings, bullets, numbered impressions, ``L4-5:`` lines,
hard-wrapped lines, cells, lines with no final period. A :class:`Passage` is the unit that the
rest of the reader works on: a sentence, a list item or a table cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from endplate.reader.asides import Source
from endplate.reader.lines import Line, Lines
from endplate.reader.memory import Memory
from endplate.reader.words import flatten


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
        Offsets of the first cell of the table row that this cell stands in.
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


_ABBREVIATIONS: Final = frozenset(
    "dr mr mrs ms prof vs approx e.g i.e eg ie fig lt rt mod min sev esp incl resp st ca cf al"
    " no nr ref est max post ant lat sup inf bilat sag ax cor wt diff neg"
    " jan feb mar apr jun jul aug sep sept oct nov dec med".split()
)
# A sentence ends at . ! or ? before white space, or before a capital where the blank is missing.
_STOP: Final = re.compile(r"[.!?][.!?]*(?:(?=[)\]\"'*]*(?:\s|$))|(?<=[.])(?=[A-Z][a-z]|L\d))")
#: No passage is parted otherwise where none of these stands.
_MAY_SPLIT: Final = re.compile(r"[/•▪●■➢➤►0-9](?:(?<=[•▪●■➢➤►])|(?<=/)/|(?<=[0-9])[.)]\s)")
_SPLITTER: Final = re.compile(
    r"\s*/{2,}\s*|(?<=\S)\s*[•▪●■➢➤►]\s*|(?<=[.;])\s+(?=\(?\d{1,2}[.)]\s+[A-Z])|(?<=[A-Za-z]{4}:)\s+(?=\(?1[.)]\s+[A-Z][\w-]*\s+\w)"
)
_CELLS: Final = re.compile(r"[ ]*\|[ ]*|[ ]*\t[ \t]*|(?<=\S)[ ]{3,}(?=\S)")
_BOX: Final = re.compile(r"\[[ xX✓✔]?\]|\([xX✓✔ ]\)|[☐☑☒□■✓✔✗](?=\s*\w)")
_BAR: Final = re.compile(r"\|")
_WORD: Final = re.compile(r"\w")
_SAYS: Final = re.compile(r"\w|[☐☑☒]")
_PARTS_WORDS: Final = re.compile(r"[(\[/,;:]")
_NUMBERED: Final = re.compile(r"(?:modic|type|grade|and|-|/)\W*\w$", re.IGNORECASE)
_ITEM: Final = re.compile(r"[(\[]?(?:\d{1,2}|[ivx]{1,4}|[a-h])")
_ANSWER: Final = re.compile(r"(?:yes|no|none|nil|present|absent)\s*(?:[.,;(]|$)", re.IGNORECASE)
#: What a "no" behind it is the value of: "Modic: no."
_VALUE: Final = re.compile(r"[:?-]\s*no$", re.IGNORECASE)
_INITIALS: Final = re.compile(r"(?:[a-z]\.)+[a-z]")
#: Characters of the longest passage: what is worked out about a pair of words stays bounded.
_LONGEST: Final = 1500


def _sentence_ends(text: str, start: int, end: int) -> list[int]:
    """Return the offsets at which a sentence of ``text[start:end]`` ends."""
    ends: list[int] = []
    begin = start
    for match in _STOP.finditer(text, start, end):
        at = match.start()
        mark = match.group()
        if len(mark) > 3:
            continue  # a dotted leader
        last = text[max(begin, at - 7) : at]
        if mark == "." and len(last) == 7 and last.isalpha():  # longer than any abbreviation
            begin = match.end()
            ends.append(begin)
            continue
        word = _last_word(text[max(begin, at - 24) : at])
        after = text[match.end() : min(end, match.end() + 24)].lstrip(")]\"'* \n\t")
        if mark[0] == "?" and (not word or not after[:1].isupper() or _ANSWER.match(after)):
            continue  # "? Modic" asks about what follows, "Modic? No." is answered
        if mark == ".":
            answers = word == "no" and _VALUE.search(text[max(begin, at - 8) : at])
            opens = word in ("no", "post", "max", "min") and after[:1].isupper() and at - begin > 12
            if word in _ABBREVIATIONS and not (answers or opens):
                continue
            if (
                len(word) == 1
                and word.isalpha()
                and not _NUMBERED.search(text[max(begin, at - 16) : at])
            ):
                continue  # an initial: "the C. spine"
            if (word.isdigit() or _ITEM.fullmatch(word)) and at - begin <= len(word) + 1:
                continue  # the number of a list item
            if _INITIALS.fullmatch(word):
                continue
        ends.append(match.end())
        begin = match.end()
    ends.append(end)
    return ends


def _last_word(text: str) -> str:
    """Return the word that a text ends with, in lower case; empty behind white space."""
    if not text or text[-1].isspace():
        return ""
    return _PARTS_WORDS.split(text.rsplit(None, 1)[-1])[-1].lower()


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and (text[start].isspace()):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


class Layout:
    """Cuts a report into passages.

    Parameters
    ----------
    heading : compiled pattern
        Matches, in lower case at the start of a line, a section heading or a level heading.
    columns : compiled pattern
        Matches, in lower case, a cell that names a table column.
    level : compiled pattern
        Matches, in lower case, a cell that is a level.
    """

    def __init__(
        self, heading: re.Pattern[str], columns: re.Pattern[str], level: re.Pattern[str]
    ) -> None:
        self._lines = Lines(heading)
        self._sentences = Memory(_sentences)
        self._columns = columns
        self._level = level

    def __call__(self, source: Source) -> list[Passage]:
        """Return the passages of a report in their order."""
        text = source.plain
        passages: list[Passage] = []
        header: list[tuple[int, int]] = []
        header_paragraph = -1
        for number, line in enumerate(self._lines(source)):
            if (
                line.table
                and line.parts == 1
                and not _BOX.search(body := text[line.start : line.end])
            ):
                cells = self._cells(text, line)
                named = sum(bool(self._columns.fullmatch(flatten(text[a:b]))) for a, b in cells)
                if len(cells) >= 2 and not _WORD.search(body):
                    continue  # the rule under a table's head
                if named >= 2:
                    header, header_paragraph = cells, line.paragraph
                    continue
                if len(cells) >= 2 and ("|" in body or header or self._level.match(flatten(body))):
                    if header and line.paragraph > header_paragraph + 1:
                        header = []
                    passages.extend(self._row(text, line, number, cells, header))
                    continue
            header = header if line.paragraph == header_paragraph else []
            start = line.start + line.bullet
            first = True
            bullet = line.bullet > 0
            for a, b, said in self._sentences[text[start : line.end]]:
                passages.append(
                    Passage(
                        said,
                        start + a,
                        start + b,
                        number,
                        line.paragraph,
                        first,
                        None,
                        None,
                        False,
                        bullet,
                    )
                )
                first = False
        return passages

    @staticmethod
    def _cells(text: str, line: Line) -> list[tuple[int, int]]:
        body = text[line.start : line.end]
        pipes = "|" in body
        cells, at = [], 0
        pattern = _BAR if pipes else _CELLS
        for match in [*pattern.finditer(body), None]:
            stop = match.start() if match else len(body)
            a, b = _trim(text, line.start + at, line.start + stop)
            if not pipes and a == b:
                pass
            else:
                cells.append((a, b))
            at = match.end() if match else len(body)
        if pipes:
            if cells and cells[0][0] == cells[0][1]:
                cells = cells[1:]
            if cells and cells[-1][0] == cells[-1][1]:
                cells = cells[:-1]
        return cells

    @staticmethod
    def _row(
        text: str,
        line: Line,
        number: int,
        cells: list[tuple[int, int]],
        header: list[tuple[int, int]],
    ) -> list[Passage]:
        aligned = header if len(header) == len(cells) else []
        return [
            Passage(
                one_line(text[a:b]),
                a,
                b,
                number,
                line.paragraph,
                first=i == 0,
                column=aligned[i] if aligned and i else None,
                row=cells[0] if i else None,
                cell=True,
            )
            for i, (a, b) in enumerate(cells)
            if a < b
        ]


def one_line(text: str) -> str:
    """Read the end of a line inside a passage as a blank, unless a hyphen hangs there."""
    return text if "\n" not in text or "-\n" in text else text.replace("\n", " ")


def _sentences(line: str) -> list[tuple[int, int, str]]:
    """Return the sentences of a line: where they start and end in it, and what they say."""
    return [(a, b, one_line(line[a:b])) for a, b in _cut(line) if _SAYS.search(line, a, b)]


def _cut(line: str) -> Iterator[tuple[int, int]]:
    parted = _MAY_SPLIT.search(line) is not None
    if not parted and len(line) <= _LONGEST:
        mark = _STOP.search(line)
        if mark is None or mark.end() == len(line):
            yield _trim(line, 0, len(line))
            return
    at = 0
    for match in [*(_SPLITTER.finditer(line) if parted else ()), None]:
        stop = match.start() if match else len(line)
        begin = at
        for cut in _sentence_ends(line, at, stop):
            a, b = _trim(line, begin, cut)
            while b - a > _LONGEST:  # no sentence, but a page without stops
                blank = line.rfind(" ", a, a + _LONGEST)
                middle = blank if blank > a else a + _LONGEST
                yield a, middle
                a, b = _trim(line, middle, b)
            yield a, b
            begin = cut
        at = match.end() if match else len(line)
