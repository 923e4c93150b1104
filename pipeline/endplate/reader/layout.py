"""Lines, list items, table cells and sentences of a report, by offset.

Reports are lists more than prose: headings, bullets, numbered impressions, ``L4-5:`` lines,
hard-wrapped lines, cells, lines with no final period.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from endplate.reader.asides import Source
from endplate.reader.grid import Grid
from endplate.reader.lines import Lines
from endplate.reader.memory import Memory
from endplate.reader.passage import Passage, one_line, trim

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
_SAYS: Final = re.compile(r"\w|[☐☑☒]")
_PARTS_WORDS: Final = re.compile(r"[(\[/,;:]")
_NUMBERED: Final = re.compile(r"(?:modic|type|grade|and|[-–—/])\W*\w$", re.IGNORECASE)
_ITEM: Final = re.compile(r"[(\[]?(?:\d{1,2}|[ivx]{1,4}|[a-h])")
_ANSWER: Final = re.compile(r"(?:yes|no|none|nil|present|absent)\s*(?:[.,;(]|$)", re.IGNORECASE)
#: What a "no" behind it is the value of: "Modic: no."
_VALUE: Final = re.compile(r"[:?-]\s*no$", re.IGNORECASE)
_INITIALS: Final = re.compile(r"(?:[a-z]\.)+[a-z]")
#: Characters of the longest passage: what is worked out about a pair of words stays bounded.
_LONGEST: Final = 1500
#: Lines whose sentences are remembered; they are soon found anew.
_LINES: Final = 5_000


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
        self._sentences = Memory(_sentences, limit=_LINES)
        self._columns = columns
        self._level = level

    def __call__(self, source: Source) -> list[Passage]:
        """Return the passages of a report in their order."""
        text = source.plain
        passages: list[Passage] = []
        grid: Grid | None = None
        for number, line in enumerate(self._lines(source)):
            if line.table:
                grid = grid or Grid(text, self._columns, self._level)
                row = grid.row(line, number)
                if row is not None:
                    passages.extend(row)
                    continue
            elif grid is not None:
                grid.pause(line)
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


def _sentences(line: str) -> list[tuple[int, int, str]]:
    """Return the sentences of a line: where they start and end in it, and what they say."""
    return [(a, b, one_line(line[a:b])) for a, b in _cut(line) if _SAYS.search(line, a, b)]


def _cut(line: str) -> Iterator[tuple[int, int]]:
    parted = _MAY_SPLIT.search(line) is not None
    if not parted and len(line) <= _LONGEST:
        mark = _STOP.search(line)
        if mark is None or mark.end() == len(line):
            yield trim(line, 0, len(line))
            return
    at = 0
    for match in [*(_SPLITTER.finditer(line) if parted else ()), None]:
        stop = match.start() if match else len(line)
        begin = at
        for cut in _sentence_ends(line, at, stop):
            a, b = trim(line, begin, cut)
            while b - a > _LONGEST:  # no sentence, but a page without stops
                blank = line.rfind(" ", a, a + _LONGEST)
                middle = blank if blank > a else a + _LONGEST
                yield a, middle
                a, b = trim(line, middle, b)
            yield a, b
            begin = cut
        at = match.end() if match else len(line)
