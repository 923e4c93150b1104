"""Image references, amounts and markup: what a report holds that says nothing of a finding.

Reports differ in these more than in all else, and what is made of a text is remembered by its
words (:mod:`endplate.reader.memory`). So the reader reads a report without its asides; a
:class:`Source` leads back from there to the report as written.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final

from endplate.reader.alternation import alternation
from endplate.reader.words import lower

#: What every amount is read as.
_AMOUNT: Final = "8"
#: What exports leave in a text: tags of HTML, escapes of HL7. No text without one of these has any.
_MARKS: Final = ("<", "&", "\\.")
_MARKUP: Final = re.compile(
    r"(?P<line></?(?:br|p|div|li|ul|ol|tr|table|tbody|h[1-6]|hr)\b[^<>\n]{0,99}>|\\\.(?:br|sp|par)\\)"
    r"|(?P<blank></?t[dh]\b[^<>\n]{0,99}>|&(?:nbsp|#160);)|(?P<amp>&amp;)"
    r"|</?(?:b|i|u|em|strong|span|font|html|body|pre|sub|sup)\b[^<>\n]{0,99}>",
    re.IGNORECASE,
)
_READ_AS: Final = {"line": "\n", "blank": " ", "amp": "&", None: ""}

#: What explains the grades of a scheme: "(1 = oedema, 2 = fat)".
_KEY: Final = r"\s?(?:(?:modic|type|grade)\s)?[0-4i]{1,3}\s?=[^()\n]{2,200}"

#: Where an aside starts and ends, and what the character before it is read as, if not as itself.
Aside = tuple[int, int, str]


class Source:
    """A report as written and as it is read.

    Attributes
    ----------
    text : str
        As written.
    plain : str
        Without asides, every amount a single figure.
    joins : bool
        Whether an aside went over the end of a line.
    """

    def __init__(self, text: str, asides: Sequence[Aside] = ()) -> None:
        """Take out the asides."""
        self.text = text
        self.plain = text
        self.joins = False
        self._at: list[int] = []
        self._hidden = [0]
        self._number: list[bool] = []
        if asides:
            pieces: list[str] = []
            behind = hidden = 0
            for start, end, read_as in asides:
                pieces.append(text[behind : start - 1] + read_as if read_as else text[behind:start])
                self._at.append(start - hidden)
                self._number.append(read_as == _AMOUNT)
                self.joins = self.joins or "\n" in text[start:end]
                hidden += end - start
                self._hidden.append(hidden)
                behind = end
            pieces.append(text[behind:])
            self.plain = "".join(pieces)

    def start(self, at: int) -> int:
        """Return where in the text as written a plain offset lies; asides before it are over."""
        return at + self._hidden[bisect_right(self._at, at)]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the text as written a plain span lies; an aside behind it is outside."""
        if not self._at:
            return start, end
        place = bisect_left(self._at, end)
        if place < len(self._at) and self._at[place] == end and self._number[place]:
            place += 1
        return self.start(start), end + self._hidden[place]

    def written(self, start: int, end: int) -> str:
        """Return a plain span as written, with the aside behind it."""
        return self.text[self.start(start) : self.start(end)]


class Asides:
    """Finds asides.

    Parameters
    ----------
    words : mapping
        The content of ``asides.yaml``.
    """

    def __init__(self, words: Mapping[str, Any]) -> None:
        def any_of(key: str) -> str:
            return alternation(words[key]).replace(r"\ ", r"\s+")

        image = (
            rf"(?:{any_of('planes')}\s+){{0,3}}{any_of('images')}\b"
            r"[ .:#]{0,2}\s?\d{1,4}(?:\s?(?:-|/|,|to|and)\s?\d{1,4}\b)?(?![\d/]|-\d|\s?[mc]m\b)"
        )
        images = rf"{image}(?:(?:\s?[,;/]\s?|\s+(?:of|on|in)\s+|\s){image})?"
        seen = rf"(?:{any_of('seen')}\s+){{0,3}}"
        inside = rf"\s?(?:{seen}(?:on|in|at)\s+)?{images}\s?"
        # Every branch opens with a letter of its own: so the search passes over the rest quickly.
        self._image = re.compile(
            rf"\((?<= \(){inside}\)|\[(?<= \[){inside}\]|,\s{seen}(?:on|in)\s+{images}"
            rf"|on(?<= on)\s+{images}|in(?<= in)\s+{images}"
            rf"|\((?<= \(){_KEY}\)"
        )
        self._amount = re.compile(
            r"[0-9](?<![\w.,/-][0-9])[0-9]{0,3}(?:[.][0-9]{1,2})?"
            rf"(?=[ \n-]{{0,2}}{any_of('units')}(?![a-z]))"
        )

    def read(self, text: str) -> Source:
        """Return a report with what is said in it aside."""
        low = lower(text)
        found = [(m.start() + 1, m.end(), _AMOUNT) for m in self._amount.finditer(low)]
        for match in self._image.finditer(low):
            start, end = match.span()
            found.append((start - (low[start] != ","), end, ""))
        found += _marks(text)
        found.sort()
        return Source(text, _parted(found))


def unmarked(text: str) -> str:
    """Return a text without markup; its lines end where that says so."""
    return Source(text, _marks(text)).plain


def _marks(text: str) -> list[Aside]:
    found: list[Aside] = []
    if not any(mark in text for mark in _MARKS):
        return found
    for match in _MARKUP.finditer(text):
        read_as = _READ_AS[match.lastgroup]
        found.append((match.start() + bool(read_as), match.end(), read_as))
    return found


def _parted(asides: Sequence[Aside]) -> list[Aside]:
    """Leave out what lies inside of what comes before it."""
    kept: list[Aside] = []
    behind = 0
    for aside in asides:
        if aside[0] >= behind:
            kept.append(aside)
            behind = aside[1]
    return kept
