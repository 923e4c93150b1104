"""Lines, list items, table cells and sentences of a report, by offset.

Reports are lists more than prose: headings, bullets, numbered impressions, ``L4-5:`` lines,
hard-wrapped lines, cells, lines with no final period. A :class:`Passage` is the unit that the
rest of the reader works on: a sentence, a list item or a table cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from endplate.reader.words import flatten


@dataclass(slots=True)
class Passage:
    """One sentence, item or cell.

    Attributes
    ----------
    start, end : int
        Offsets in the report, end exclusive, white space trimmed.
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

    start: int
    end: int
    line: int
    paragraph: int
    first: bool = True
    column: tuple[int, int] | None = None
    row: tuple[int, int] | None = None
    cell: bool = False
    bullet: bool = False


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    bullet: bool = False
    numbered: bool = False
    paragraph: int = 0
    parts: list[tuple[int, int]] = field(default_factory=list)


_BULLET: Final = re.compile(
    r"[ ]*(?:(?P<mark>[*•·▪◦●■□➢➤►»>–—-]{1,2}(?=[ ]?[^\s|-])|[ov](?=[ ][A-Z]))"
    r"|(?P<number>(?:\[\d{1,2}\]|[(]?(?:\d{1,2}|[a-hA-H]|[ivxIVX]{1,4})[).])(?=\s|[A-Z(])"
    r"|\d{1,2}[ ]?[-:][ ](?=[A-Z])|\#\d{1,2}[.:)]?(?=\s)))[ ]*"
)
_MARKUP: Final = re.compile(r"[ ]*(?:\*\*|__|#{1,4}[ ]|<b>|<strong>)")
_ABBREVIATIONS: Final = frozenset(
    "dr mr mrs ms prof vs approx e.g i.e eg ie fig lt rt mod min sev esp incl resp st ca cf al"
    " no nr ref est max post ant lat sup inf bilat sag ax cor wt diff neg"
    " jan feb mar apr jun jul aug sep sept oct nov dec med".split()
)
# A sentence ends at . ! or ? before white space, or before a capital where the blank is missing.
_STOP: Final = re.compile(r"[.!?]+(?=[)\]\"'*]*(?:\s|$))|[.](?=[A-Z][a-z])|[.](?=L\d)")
_SPLITTER: Final = re.compile(
    r"\s*/{2,}\s*|(?<=\S)\s*[•▪●■➢➤►]\s*|(?<=[.;])\s+(?=\(?\d{1,2}[.)]\s+[A-Z])|(?<=[A-Za-z]{4}:)\s+(?=\(?1[.)]\s+[A-Z][\w-]*\s+\w)"
)
_CELLS: Final = re.compile(r"[ ]*\|[ ]*|[ ]*\t[ \t]*|(?<=\S)[ ]{3,}(?=\S)")
_CONTINUES: Final = re.compile(
    r"(?:and|or|with|without|of|at|in|on|to|from|by|the|a|an|which|that|causing|resulting|due|as|than|"
    r"is|are|was|level|levels|changes?|respectively|nerve|roots?|between|but|also|both|likely|"
    r"more|most|left|right|endplates?|discs?|seen|noted|without|into|for|also|associated)\b",
    re.IGNORECASE,
)
_VERB_FIRST: Final = re.compile(
    r"(?:(?:mild|moderate|severe|slight|significant|large|most|main|marked)(?:ly)?\s+)?(?:fibrosis\s+)?"
    r"(?:compress|abutt|narrow|encroach|caus|indent|efface?|effac|contact|displac|imping|result|extend|involv|migrat|produc|lead)\w*ing\b",
    re.IGNORECASE,
)
_HANGS: Final = re.compile(
    r"(?:[,(&/+-]|\b(?:and|or|with|without|of|at|in|on|to|from|by|the|a|an|no|which|that|is|are|"
    r"mild|moderate|severe|left|right|bilateral|type|modic|no|between|causing|lt|rt|small|"
    r"disc|nerve|spinal|neural|foraminal|canal|also|mildly|diffuse))\s*$",
    re.IGNORECASE,
)
#: What a number is still missing after.
_COUNTS: Final = re.compile(
    r"\b(?:images?|series|slices?|se|im|about|approximately|measuring|measures|up to|grade|type)\s*$",
    re.IGNORECASE,
)
_LEVEL_FIRST: Final = re.compile(r"[LTDS]\s?\d", re.IGNORECASE)
_NEW_SENTENCE: Final = re.compile(r"[.]\s+[A-Z][a-z]")
_BOX: Final = re.compile(r"\[[ xX✓✔]?\]|\([xX✓✔ ]\)|[☐☑☒□■✓✔✗](?=\s*\w)")


def _physical_lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    paragraph = 0
    for match in re.finditer(r"[^\r\n\v\f\u2028\u2029]+|(?:\r\n|[\r\n\v\f\u2028\u2029])", text):
        piece = match.group()
        if piece[0] in "\r\n\v\f\u2028\u2029":
            lines.append(_Line(match.start(), match.start()))
            continue
        start, end = match.start(), match.end()
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        lines.append(_Line(start, end))
    # A line break between two texts is no blank line; two in a row are.
    kept: list[_Line] = []
    breaks = 0
    for line in lines:
        if line.start == line.end:
            breaks += 1
            continue
        if breaks > 1:
            paragraph += 1
        breaks = 0
        line.paragraph = paragraph
        kept.append(line)
    return kept


def _is_table_row(body: str) -> bool:
    return (
        body.count("|") >= 2
        or re.search(r"\S +\| +\S", body) is not None
        or len(re.findall(r"\S[ ]{3,}(?=\S)|\t", body)) >= 2
    )


def _join_wrapped(text: str, lines: list[_Line], heading: re.Pattern[str]) -> list[_Line]:
    """Join lines that only the width of a page has parted."""
    lengths = [line.end - line.start for line in lines]
    full = [n for n in lengths if 55 <= n <= 110]
    # A heading may have been put before lines that were wrapped without it.
    bare = [
        line.end - line.start
        for line in lines
        if 55 <= line.end - line.start <= 110 and not heading.match(text[line.start : line.end])
    ]
    width = max(bare if len(bare) >= 3 else full) if len(full) >= 3 else 10_000
    if max(lengths, default=0) > 112:
        width = 10_000
    lower = sum(text[line.start].islower() for line in lines)
    # In notes typed without capitals a small letter says nothing about the line before.
    speaks = lower * 2 <= len(lines) or len(_NEW_SENTENCE.findall(text)) > len(lines) // 8
    joined: list[_Line] = []
    for _i, line in enumerate(lines):
        body = text[line.start : line.end]
        mark = _BULLET.match(body)
        line.bullet = bool(mark)
        line.numbered = bool(mark and mark.group("number"))
        if joined and joined[-1].paragraph == line.paragraph:
            last = joined[-1]
            above = text[last.parts[-1][0] : last.parts[-1][1]]
            stopped = above[-1] in ".!?:" or above.endswith(("**", "__"))
            first = re.match(r"\S+", body)
            word = first.group() if first else ""
            wraps = len(above) + 1 + len(word) > width
            comma = above[-1] == "," and body[0].isupper() and not re.match(r"[LTDS]\s?\d", body)
            hangs = (
                bool(_HANGS.search(above))
                and not comma
                and not re.search(r":\s*(?:no|-+)$", above, re.I)
            )
            goes_on = bool(_CONTINUES.match(body)) or body[0] in "(,;&"
            tied = above[-1] == "-" and body[:1].isalnum() and not re.search(r"[:\s]-$", above)
            counts = bool(_COUNTS.search(above)) and body[0].isdigit()
            own = (
                (line.bullet and not tied and not (line.numbered and counts))
                or _MARKUP.match(body)
                or _is_table_row(body)
                or _is_table_row(above)
            )
            title = body.isupper() and not _LEVEL_FIRST.match(body)
            led_on = tied or (hangs and not title) or (body[0].islower() and speaks and not stopped)
            if not own and not led_on and heading.match(body):
                own = True
            # "dissicating disc material noted" is a sentence of its own, for all its small letter
            whole = bool(re.search(r"\b(?:noted|seen|identified|present)\b", body)) and not goes_on
            small = body[0].islower() and speaks and not whole
            if not own and (
                (
                    not stopped
                    and (
                        small
                        or hangs
                        or counts
                        or (goes_on and body[0].islower())
                        or wraps
                        or tied
                        or _VERB_FIRST.match(body)
                    )
                )
                or (stopped and wraps and above[-1] != ":")
            ):
                last.parts.append((line.start, line.end))
                last.end = line.end
                continue
        line.parts = [(line.start, line.end)]
        joined.append(line)
    return joined


def _sentence_ends(text: str, start: int, end: int) -> list[int]:
    """Return the offsets at which a sentence of ``text[start:end]`` ends."""
    ends: list[int] = []
    begin = start
    for match in _STOP.finditer(text, start, end):
        at = match.start()
        mark = match.group()
        before = re.search(r"[^\s(\[/,;:]*$", text[max(begin, at - 24) : at])
        word = before.group().lower() if before else ""
        after = text[match.end() : min(end, match.end() + 24)].lstrip(")]\"'* \n\t")
        if len(mark) > 3:
            continue  # a dotted leader
        if mark[0] == "?" and (not word or not after[:1].isupper()):
            continue  # "? Modic" asks about what follows
        if mark == ".":
            if word in _ABBREVIATIONS and not (
                word in ("no", "post", "max", "min") and after[:1].isupper() and at - begin > 12
            ):
                continue
            if (
                len(word) == 1
                and word.isalpha()
                and not re.search(
                    r"(?:modic|type|grade|and|-|/)\W*\w$",
                    text[max(begin, at - 16) : at],
                    re.IGNORECASE,
                )
            ):
                continue  # an initial: "the C. spine"
            if (
                word.isdigit() or re.fullmatch(r"[(\[]?(?:\d{1,2}|[ivx]{1,4}|[a-h])", word)
            ) and at - begin <= len(word) + 1:
                continue  # the number of a list item
            if re.fullmatch(r"(?:[a-z]\.)+[a-z]", word):
                continue
        ends.append(match.end())
        begin = match.end()
    ends.append(end)
    return ends


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
        Matches, at the start of a line in any case, a section heading or a level heading.
    columns : compiled pattern
        Matches, in lower case, a cell that names a table column.
    level : compiled pattern
        Matches, in lower case, a cell that is a level.
    """

    def __init__(
        self, heading: re.Pattern[str], columns: re.Pattern[str], level: re.Pattern[str]
    ) -> None:
        self._heading = heading
        self._columns = columns
        self._level = level

    def __call__(self, text: str) -> list[Passage]:
        """Return the passages of a report in their order."""
        passages: list[Passage] = []
        header: list[tuple[int, int]] = []
        header_paragraph = -1
        for number, line in enumerate(_join_wrapped(text, _physical_lines(text), self._heading)):
            body = text[line.start : line.end]
            if len(line.parts) == 1 and _is_table_row(body) and not _BOX.search(body):
                cells = self._cells(text, line)
                named = sum(bool(self._columns.fullmatch(flatten(text[a:b]))) for a, b in cells)
                if len(cells) >= 2 and not re.search(r"\w", body):
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
            mark = _BULLET.match(body)
            start = line.start + (mark.end() if mark else 0)
            first = True
            for a, b in self._sentences(text, start, line.end):
                passages.append(
                    Passage(a, b, number, line.paragraph, first=first, bullet=line.bullet)
                )
                first = False
        return passages

    @staticmethod
    def _cells(text: str, line: _Line) -> list[tuple[int, int]]:
        body = text[line.start : line.end]
        pipes = "|" in body
        cells, at = [], 0
        pattern = re.compile(r"\|") if pipes else _CELLS
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
        line: _Line,
        number: int,
        cells: list[tuple[int, int]],
        header: list[tuple[int, int]],
    ) -> list[Passage]:
        aligned = header if len(header) == len(cells) else []
        return [
            Passage(
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

    @staticmethod
    def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
        pieces: list[tuple[int, int]] = []
        at = start
        for match in [*_SPLITTER.finditer(text, start, end), None]:
            stop = match.start() if match else end
            begin = at
            for cut in _sentence_ends(text, at, stop):
                a, b = _trim(text, begin, cut)
                if a < b and re.search(r"\w|[☐☑☒]", text[a:b]):
                    pieces.append((a, b))
                begin = cut
            at = match.end() if match else end
        return pieces
