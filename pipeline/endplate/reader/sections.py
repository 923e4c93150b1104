"""Section headings: which section a passage stands in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from endplate.reader.alternation import alternation, openers
from endplate.reader.words import flatten

_EDGE: Final = " \t*_#=-–—.:>[]()"
_HEADING: Final = re.compile(
    r"^(?P<title>[^:\n]{1,60}?)\s*(?P<colon>:|(?<=\w)\s+[-–—]\s)", re.DOTALL
)

_NUMBER: Final = re.compile(r"^(?:\d{1,2}|[ivx]{1,4}|[a-h])[.)]\s*")
#: Dictated: "Findings. The disc ...".
_SPOKEN: Final = re.compile(r"[A-Z][A-Za-z]+\.")
_FURTHER: Final = re.compile(r"\s*(?:[(/,&@]|\band\b|\d)")


class SectionRules:
    """Recognises headings.

    Parameters
    ----------
    rules : mapping
        The content of ``sections.yaml``.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._sections = {
            title: section for section, titles in rules["sections"].items() for title in titles
        }
        self._subheadings = frozenset(rules["subheadings"])
        titles = alternation([*self._sections, *self._subheadings])
        #: Matches a heading in lower case; a dash may end one that has no number.
        self.pattern = (
            rf"\W{{0,4}}(?P<number>\d{{1,2}}[.)]\s*)?{titles}"
            r"(?:\b[^:\n]{0,30}(?::|$)|(?(number)(?!)|\s*(?::|-\s|$)))"
        )
        self.columns = re.compile(rf"\W*{alternation(rules['columns'])}\W*")
        self._openers = re.compile(rf"{alternation(rules['openers'])}(?=[\s:])\s*:?", re.IGNORECASE)
        legend = rules["legend"]
        self._legend = re.compile(rf"{openers(legend)}(?<!\w){alternation(legend)}(?!\w)")

    def section(self, title: str) -> str:
        """Return the section that a heading opens, or an empty text."""
        bare = _NUMBER.sub("", " ".join(flatten(title).strip(_EDGE).split()))
        if bare in self._sections:
            return self._sections[bare]
        # "ADDENDUM (15 March)", "IMPRESSION AND PLAN", "CLINICAL HISTORY/INDICATION"
        cut = _FURTHER.split(bare, maxsplit=1)[0].strip()
        if cut in self._sections and cut not in ("clinical", "contrast", "date", "name", "note"):
            return self._sections[cut]
        words = bare.split()
        if 1 < len(words) <= 5:
            for size in (3, 2, 1):
                tail, head = " ".join(words[-size:]), " ".join(words[:size])
                if tail in (
                    "impression",
                    "conclusion",
                    "findings",
                    "indication",
                    "history",
                    "technique",
                    "addendum",
                ):
                    return self._sections[tail]
                if head in (
                    "impression",
                    "conclusion",
                    "addendum",
                    "clinical indication",
                    "clinical history",
                ):
                    return self._sections[head]
        return ""

    def subheading(self, title: str) -> bool:
        """Tell whether a title names a part of the findings."""
        return flatten(title).strip(_EDGE) in self._subheadings

    def heading(self, text: str) -> tuple[str, int]:
        """Return the section that a passage opens, and where its own text starts (0 if none)."""
        match = _HEADING.match(text)
        if match:
            section = self.section(match.group("title"))
            if section and (match.group("colon") == ":" or len(match.group("title").split()) <= 2):
                return section, match.end()
        opener = self._openers.match(text)
        if opener:
            return "indication", opener.end()
        if len(text) <= 60 and len(text.split()) <= 6:
            section = self.section(text)
            if section and (not text.rstrip().endswith(".") or _SPOKEN.fullmatch(text)):
                return section, len(text)
        return "", 0

    def legend(self, flat: str) -> bool:
        """Tell whether a line explains a scheme; a title of one does not yet."""
        match = self._legend.search(flat)
        return match is not None and not (match.group().endswith(":") and match.end() == len(flat))


class SectionTracker:
    """Follows the section from passage to passage.

    Findings, impression and addendum hold until the next heading. The sections before them hold
    for their own line, for further lines of the paragraph while a heading is still to come, and,
    with the heading alone on its line, for the paragraph below it: reports without a "Findings"
    heading go on with the findings after that.
    """

    _FRONT: Final = frozenset(["indication", "technique", "comparison", "other"])

    def __init__(self) -> None:
        self._section = "findings"
        self._line = self._paragraph = -1
        self._alone = False

    def open(self, section: str, line: int, paragraph: int, *, alone: bool) -> None:
        """Note a heading; `alone` tells that nothing follows it on its line."""
        self._section, self._line, self._paragraph, self._alone = section, line, paragraph, alone

    def at(self, line: int, paragraph: int, *, heading_follows: bool, starts_body: bool) -> str:
        """Return the section of a passage.

        `starts_body` tells that it opens with a level or the name of a structure ("Discs:").
        """
        if starts_body and self._section in self._FRONT and line != self._line:
            self._section = "findings"
        if self._section in self._FRONT and line != self._line:
            if self._alone:
                self._alone, self._line, self._paragraph = False, -1, paragraph
            elif paragraph != self._paragraph or (
                self._line >= 0 and not (heading_follows and self._section != "other")
            ):
                self._section = "findings"
        return self._section
