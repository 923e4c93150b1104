"""The lines of a report: bullets, headings, table rows, and what a page's width has parted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from endplate.reader.asides import Source
from endplate.reader.words import lower


@dataclass(slots=True, init=False)
class Line:
    """A logical line by offset.

    ``bullet`` are the characters of its bullet or number, ``parts`` the physical lines that it was
    joined from.
    """

    start: int
    end: int
    paragraph: int
    bullet: int
    table: bool
    parts: int

    def __init__(
        self,
        start: int,
        end: int,
        paragraph: int = 0,
        bullet: int = 0,
        table: bool = False,
        parts: int = 1,
    ) -> None:
        self.start = start
        self.end = end
        self.paragraph = paragraph
        self.bullet = bullet
        self.table = table
        self.parts = parts


_BULLET: Final = re.compile(
    r"[ ]*(?:(?P<mark>[*•·▪◦●■□➢➤►»>–—-]{1,2}(?=[ ]?[^\s|-])|[ov](?=[ ][A-Z]))"
    r"|(?P<number>(?:\[\d{1,2}\]|[(]?(?:\d{1,2}|[a-hA-H]|[ivxIVX]{1,4})[).])(?=\s|[A-Z(])"
    r"|\d{1,2}[ ]?[-:][ ](?=[A-Z])|\d{1,2}\.\d{1,2}[.)]?(?=[ ][A-Z](?!\b|esla))"
    r"|\#\d{1,2}[.:)]?(?=\s)))[ ]*"
)
_MARKUP: Final = re.compile(r"[ ]*(?:\*\*|__|#{1,4}[ ]|<b>|<strong>)")
_CONTINUES: Final = re.compile(
    r"(?:and|or|with|without|of|at|in|on|to|from|by|the|a|an|which|that|causing|resulting|due|as|than|"
    r"is|are|was|level|levels|changes?|respectively|nerve|roots?|between|but|also|both|likely|"
    r"more|most|left|right|endplates?|discs?|seen|noted|without|into|for|also|associated)\b"
)
_VERB_FIRST: Final = re.compile(
    r"(?:(?:mild|moderate|severe|slight|significant|large|most|main|marked)(?:ly)?\s+)?(?:fibrosis\s+)?"
    r"(?:compress|abutt|narrow|encroach|caus|indent|efface?|effac|contact|displac|imping|result|extend|involv|migrat|produc|lead)\w*ing\b"
)
_HANGS: Final = re.compile(
    r"(?:[,(&/+-]|\b(?:and|or|with|without|of|at|in|on|to|from|by|the|a|an|no|which|that|is|are|"
    r"mild|moderate|severe|left|right|bilateral|type|modic|no|between|causing|lt|rt|small|new|early|"
    r"disc|nerve|spinal|neural|foraminal|canal|also|mildly|diffuse))\s*$"
)
#: Every other end of a line, one for one ("\r\n" ends one line).
_ODD_BREAKS: Final = "\r\v\f\u2028\u2029"
_ODD_BREAK: Final = re.compile(r"\r(?!\n)|[\v\f\u2028\u2029]")
_BARRED: Final = re.compile(r"\S +\| +\S")
_GAP: Final = re.compile(r"\S {3,}(?=\S)|\t")
_FIRST_WORD: Final = re.compile(r"\S+")
#: What a number is still missing after.
_COUNTS: Final = re.compile(
    r"\b(?:images?|series|slices?|se|im|about|approximately|measuring|measures|up to|grade|type)"
    r"\s*$"
)
_NEW_SENTENCE: Final = re.compile(r"[.]\s+[A-Z][a-z]")
#: "Foraminal stenosis: L5-S1 left"; two of these, one below the other, are two.
_FIELD: Final = re.compile(r"[A-Z][A-Za-z']+(?:[ /-][A-Za-z']+){0,3}:\s")
#: "Erosion: absent     Schmorl's node: L1"
_SECOND_FIELD: Final = re.compile(
    r"(?<! ) {3,}+(?=[A-Z][A-Za-z']+(?:[ /-][A-Za-z']+){0,3}: ?\S)"
    r"(?!(?:Level|Side|Grade|Type|Severity|Location|Size|Details?|Comments?|Notes?|If yes)\b)"
)
#: "L2/3 no", above "L3/4 type 2".
_VALUED_LEVEL: Final = re.compile(r"[LTDS]\s?\d[-/\sLTDS\d]{1,6}[-:\s]\s*\w+(?:\s\w+)?$")
_LEVEL_FIRST: Final = re.compile(r"[LTDS]\s?\d")
_NO_VALUE: Final = re.compile(r"(?::|[.]{3,}|-{2,})\s*(?:no|-+)$")
#: "L5/S1 yes, other levels no", above another field.
_ENDS_IN_VALUE: Final = re.compile(r"\b(?:no|yes|none|nil)$")
#: What goes on with "Modic" at the end of a line.
_TYPE_FIRST: Final = re.compile(r"(?i:types?|changes?|grade|end ?plate|signal)\b|[I1-3]+\b")
#: "Narrowed with type I / Modic signal"
_OF_TYPE: Final = re.compile(r"\btype (?:i{1,3}|[123])$")
_MODIC: Final = re.compile(r"Modic (?!.{0,20}:)")
_DASH: Final = re.compile(r"[:\s]-$")
_NOTED: Final = re.compile(r"\b(?:noted|seen|identified|present)\b")

#: What opens the place of a name in a de-identified report.
_TAKEN_OUT: Final = "[**"
#: No page is wider, in characters.
_PAGE: Final = 112
#: Longer than any line: nothing was wrapped.
_NO_PAGE: Final = 2**31


class Lines:
    """Cuts a report into logical lines: lines that only the width of a page has parted are one.

    Parameters
    ----------
    heading : compiled pattern
        Matches, in lower case at the start of a line, a section heading or a level heading.
    """

    def __init__(self, heading: re.Pattern[str]) -> None:
        self._heading = heading

    def __call__(self, source: Source) -> list[Line]:
        """Return the logical lines of a report."""
        text = source.plain
        lines = _physical_lines(text)
        if not lines:
            return lines
        low = lower(text)
        lengths = _lengths(source, lines)
        small = sum(text[line.start].islower() for line in lines)
        # In notes typed without capitals a small letter says nothing about the line before.
        speaks = small * 2 <= len(lines) or len(_NEW_SENTENCE.findall(text)) > len(lines) // 8
        tables = any(mark in text for mark in ("|", "\t", "   "))
        width = self._page_width(source, low, lines, lengths)
        page = _Page(text, low, self._heading, width, speaks=speaks)
        joined: list[Line] = []
        above: Line | None = None
        length = 0
        for line, long in zip(lines, lengths, strict=True):
            bullet = _BULLET.match(text, line.start, line.end)
            line.bullet = bullet.end() - line.start if bullet else 0
            line.table = tables and is_table_row(text[line.start : line.end])
            if (
                above is not None
                and line.paragraph == above.paragraph
                and page.goes_on(above, length, line)
            ):
                joined[-1].parts += 1
                joined[-1].end = line.end
            else:
                joined.append(line)
            above, length = line, long
        return joined

    def _page_width(
        self, source: Source, low: str, lines: Sequence[Line], lengths: Sequence[int]
    ) -> int:
        """Return how long a line of a page can be; very long where nothing tells.

        A line that opens with a heading may be longer: some houses put the heading before text
        that was wrapped without it. So may a line whose names were taken out after it was wrapped.
        """
        if _TAKEN_OUT in source.text:
            whole = [
                (line, n)
                for line, n in zip(lines, lengths, strict=True)
                if _TAKEN_OUT not in source.text[source.start(line.start) : source.start(line.end)]
            ]
            lines, lengths = [line for line, _ in whole], [n for _, n in whole]
        full = [n for n in lengths if 55 <= n <= 110]
        if len(full) < 3 or max(lengths) > _PAGE:
            return _NO_PAGE
        bare = [
            n
            for n, line in zip(lengths, lines, strict=True)
            if 55 <= n <= 110 and not self._heading.match(low, line.start, line.end)
        ]
        return max(bare if len(bare) >= 3 else full)


@dataclass(slots=True)
class _Page:
    """What tells whether a line of a report goes on with the one above.

    ``low`` is the text in lower case, ``width`` the longest line of the page; ``speaks`` tells that
    a small letter at the start of a line says something.
    """

    text: str
    low: str
    heading: re.Pattern[str]
    width: int
    speaks: bool

    def goes_on(self, above: Line, length: int, line: Line) -> bool:
        """Tell whether a line goes on with the one above, of the same paragraph.

        `length` is how many characters that one has on the page.
        """
        text, start = self.text, line.start
        if line.table or above.table:
            return False
        last = text[above.end - 1]
        if last in ".!?:" and (
            last == ":" or length + 1 + line.end - start <= self.width or self.width == _NO_PAGE
        ):
            return False  # a sentence ends, and the page does not end it
        if _MARKUP.match(self.low, start, line.end):
            return False
        tail = self.low[max(above.start, above.end - 40) : above.end]
        if _FIELD.match(text, start, line.end) and (
            _FIELD.match(text, above.start, above.end) or _ENDS_IN_VALUE.search(tail)
        ):
            return False
        if _VALUED_LEVEL.match(text, above.start, above.end) and _LEVEL_FIRST.match(text, start):
            return False
        first = text[start]
        tied = last == "-" and first.isalnum() and not _DASH.search(tail[-2:])
        counted = first.isdigit() and _COUNTS.search(tail) is not None
        if line.bullet and not (tied or counted):
            return False
        word = _FIRST_WORD.match(text, start, line.end)
        wraps = length + 1 + (len(word.group()) if word else 0) > self.width
        stops = last in ".!?:" or tail.endswith(("**", "__"))
        if stops and (last == ":" or not wraps):
            return False
        body = text[start : line.end]
        if (first == "(" and not stops) or (_OF_TYPE.search(tail) and _MODIC.match(body)):
            return True
        comma = last == "," and first.isupper() and not _LEVEL_FIRST.match(body)
        named = tail.endswith("modic") and first.isupper() and not _TYPE_FIRST.match(body)
        hangs = (
            not comma
            and not named
            and _HANGS.search(tail) is not None
            and not _NO_VALUE.search(tail)
        )
        inside = self.speaks and first.islower() and not stops
        if not (tied or inside) and self.heading.match(self.low, start, line.end):
            alike = text[above.start : above.end].isupper()  # where all is in capitals
            title = body.isupper() and not alike and not _LEVEL_FIRST.match(body)
            if not hangs or title:
                return False
        if stops or hangs or counted or wraps or tied:
            return True
        if not first.islower():
            return _VERB_FIRST.match(self.low, start, line.end) is not None
        continues = _CONTINUES.match(self.low, start, line.end) is not None
        # "dissicating disc material noted" is a sentence, for all its small letter
        whole = not continues and _NOTED.search(body.partition(". ")[0]) is not None
        small = (self.speaks and not whole) or continues
        return small or _VERB_FIRST.match(self.low, start, line.end) is not None


def _lengths(source: Source, lines: Sequence[Line]) -> list[int]:
    """Return how long the lines are on the page (the last one, of two that share an aside)."""
    lengths = [line.end - line.start for line in lines]
    if not source.joins and max(lengths) > _PAGE:
        return lengths  # longer than a page is wide: nothing was wrapped
    lengths.clear()
    for line in lines:
        start, end = source.start(line.start), source.start(line.end)
        lengths.append(end - max(start, source.text.rfind("\n", start, end) + 1))
    return lengths


def _physical_lines(text: str) -> list[Line]:
    lines: list[Line] = []
    paragraph = at = 0
    gap = False
    if any(mark in text for mark in _ODD_BREAKS):
        text = _ODD_BREAK.sub("\n", text)
    for raw in text.split("\n"):
        body = raw.strip()
        if body:
            if gap and lines:
                paragraph += 1
            gap = False
            start = at
            if len(body) < len(raw):
                start += raw.index(body[0])
            apart = "   " in body and _FIELD.match(body) is not None
            cut = _SECOND_FIELD.search(body) if apart else None
            if cut is not None:
                lines.append(Line(start, start + cut.start(), paragraph))
                start, body = start + cut.end(), body[cut.end() :]
            lines.append(Line(start, start + len(body), paragraph))
        else:
            gap = True
        at += len(raw) + 1
    return lines


def is_table_row(body: str) -> bool:
    """Tell whether a line is one of a table, by its bars or the gaps between its cells."""
    bars = body.count("|")
    if bars:
        return bars >= 2 or _BARRED.search(body) is not None
    if "\t" not in body and "   " not in body:
        return False
    return len(_GAP.findall(body)) >= 2
