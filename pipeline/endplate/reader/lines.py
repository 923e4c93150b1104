"""The lines of a report: bullets, headings, table rows, and what a page's width has parted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from endplate.reader.asides import Source
from endplate.reader.memory import Memory


@dataclass(slots=True)
class Line:
    """A logical line by offset; `parts` are the physical lines that it was joined from."""

    start: int
    end: int
    paragraph: int = 0
    bullet: bool = False
    table: bool = False
    parts: int = 1


_BULLET: Final = re.compile(
    r"[ ]*(?:(?P<mark>[*•·▪◦●■□➢➤►»>–—-]{1,2}(?=[ ]?[^\s|-])|[ov](?=[ ][A-Z]))"
    r"|(?P<number>(?:\[\d{1,2}\]|[(]?(?:\d{1,2}|[a-hA-H]|[ivxIVX]{1,4})[).])(?=\s|[A-Z(])"
    r"|\d{1,2}[ ]?[-:][ ](?=[A-Z])|\#\d{1,2}[.:)]?(?=\s)))[ ]*"
)
_MARKUP: Final = re.compile(r"[ ]*(?:\*\*|__|#{1,4}[ ]|<b>|<strong>)")
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
_PIECE: Final = re.compile(r"[^\r\n\v\f\u2028\u2029]+|\r\n|[\r\n\v\f\u2028\u2029]")
_BARRED: Final = re.compile(r"\S +\| +\S")
_GAP: Final = re.compile(r"\S {3,}(?=\S)|\t")
_FIRST_WORD: Final = re.compile(r"\S+")
#: What a number is still missing after.
_COUNTS: Final = re.compile(
    r"\b(?:images?|series|slices?|se|im|about|approximately|measuring|measures|up to|grade|type)"
    r"\s*$",
    re.IGNORECASE,
)
_NEW_SENTENCE: Final = re.compile(r"[.]\s+[A-Z][a-z]")
_LEVEL_FIRST: Final = re.compile(r"[LTDS]\s?\d")
_NO_VALUE: Final = re.compile(r"(?::|[.]{3,}|-{2,})\s*(?:no|-+)$", re.IGNORECASE)
_DASH: Final = re.compile(r"[:\s]-$")
_NOTED: Final = re.compile(r"\b(?:noted|seen|identified|present)\b")


#: The shape of a line is that of all that differ from it in their numbers ("1." opens a list).
SAME_FIGURES: Final = str.maketrans("023456789", "4" * 9)


class _Look(NamedTuple):
    """What the text of a line tells of its own beginning and end."""

    bullet: bool
    markup: bool
    table: bool
    heading: bool
    continues: bool
    verb_first: bool
    whole: bool
    hangs: bool
    counts: bool
    stops: bool
    tied: bool
    first_word: int


class Lines:
    """Cuts a report into logical lines: lines that only the width of a page has parted are one.

    Parameters
    ----------
    heading : compiled pattern
        Matches, at the start of a line in any case, a section heading or a level heading.
    """

    def __init__(self, heading: re.Pattern[str]) -> None:
        self._heading = heading
        self._look = Memory(self._read)

    def __call__(self, source: Source) -> list[Line]:
        """Return the logical lines of a report."""
        text = source.plain
        lines = _physical_lines(text)
        lengths = _lengths(source, lines)
        lower = sum(text[line.start].islower() for line in lines)
        # In notes typed without capitals a small letter says nothing about the line before.
        speaks = lower * 2 <= len(lines) or len(_NEW_SENTENCE.findall(text)) > len(lines) // 8
        looks = [self._look(text[line.start : line.end].translate(SAME_FIGURES)) for line in lines]
        width = _page_width(lengths, looks)
        joined: list[Line] = []
        above, long = "", 0
        before: _Look | None = None
        for line, look, length in zip(lines, looks, lengths, strict=True):
            body = text[line.start : line.end]
            line.bullet, line.table = look.bullet, look.table
            if (
                before is not None
                and joined[-1].paragraph == line.paragraph
                and self._goes_on(
                    above, before, body, look, wraps=long + 1 + look.first_word > width, speaks=speaks
                )
            ):
                joined[-1].parts += 1
                joined[-1].end = line.end
            else:
                joined.append(line)
            above, long, before = body, length, look
        return joined

    def _read(self, body: str) -> _Look:
        word = _FIRST_WORD.match(body)
        continues = _CONTINUES.match(body) is not None or body[0] in "(,;&"
        return _Look(
            bullet=_BULLET.match(body) is not None,
            markup=_MARKUP.match(body) is not None,
            table=is_table_row(body),
            heading=self._heading.match(body) is not None,
            continues=continues,
            verb_first=_VERB_FIRST.match(body) is not None,
            # "dissicating disc material noted" is a sentence, for all its small letter
            whole=not continues and _NOTED.search(body) is not None,
            hangs=_HANGS.search(body[-40:]) is not None and not _NO_VALUE.search(body[-40:]),
            counts=_COUNTS.search(body[-40:]) is not None,
            stops=body[-1] in ".!?:" or body.endswith(("**", "__")),
            tied=body[-1] == "-" and not _DASH.search(body[-2:]),
            first_word=len(word.group()) if word else 0,
        )

    @staticmethod
    def _goes_on(
        above: str, before: _Look, body: str, look: _Look, *, wraps: bool, speaks: bool
    ) -> bool:
        """Tell whether a line goes on with the one above."""
        comma = above[-1] == "," and body[0].isupper() and not _LEVEL_FIRST.match(body)
        hangs = before.hangs and not comma
        tied = before.tied and body[0].isalnum()
        counted = before.counts and body[0].isdigit()
        if (look.bullet and not (tied or counted)) or look.markup or look.table or before.table:
            return False
        title = body.isupper() and not _LEVEL_FIRST.match(body)
        inside = speaks and body[0].islower() and not before.stops
        if look.heading and not (tied or inside or (hangs and not title)):
            return False
        if before.stops:
            return wraps and above[-1] != ":"
        small = body[0].islower() and ((speaks and not look.whole) or look.continues)
        return small or hangs or counted or wraps or tied or look.verb_first


def _lengths(source: Source, lines: Sequence[Line]) -> list[int]:
    """Return how long the lines are on the page (the last one, of two that share an aside)."""
    if source.plain is source.text:
        return [line.end - line.start for line in lines]
    lengths = []
    for line in lines:
        written = source.written(line.start, line.end)
        lengths.append(len(written) - written.rfind("\n") - 1)
    return lengths


def _page_width(lengths: Sequence[int], looks: Sequence[_Look]) -> int:
    """Return how long a line of a page can be; very long where nothing tells.

    A line that opens with a heading may be longer: some houses put the heading before text that
    was wrapped without it.
    """
    full = [n for n in lengths if 55 <= n <= 110]
    if len(full) < 3 or max(lengths) > 112:
        return 10_000
    bare = [
        n for n, look in zip(lengths, looks, strict=True) if 55 <= n <= 110 and not look.heading
    ]
    return max(bare if len(bare) >= 3 else full)


def _physical_lines(text: str) -> list[Line]:
    lines: list[Line] = []
    paragraph = breaks = 0
    for match in _PIECE.finditer(text):
        start, end = match.span()
        body = match.group().strip()
        # A line break between two texts is no blank line; two in a row are.
        if not body:
            breaks += 1
            continue
        if breaks > 1 and lines:
            paragraph += 1
        breaks = 0
        if len(body) < end - start:
            start += match.group().index(body[0])
            end = start + len(body)
        lines.append(Line(start, end, paragraph))
    return lines


def is_table_row(body: str) -> bool:
    """Tell whether a line is one of a table, by its bars or the gaps between its cells."""
    bars = body.count("|")
    if bars:
        return bars >= 2 or _BARRED.search(body) is not None
    if "\t" not in body and "   " not in body:
        return False
    return len(_GAP.findall(body)) >= 2


def bullet_end(body: str) -> int:
    """Return where the text of a list item starts; 0 where a line is none."""
    mark = _BULLET.match(body)
    return mark.end() if mark else 0
