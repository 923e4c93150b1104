"""Templates: blanks that nobody filled in, and boxes that somebody ticked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.mentions import Mention

#: "[ ]", "____", "***", "[1/2/3]", "{mild/moderate/severe}", "[level]"; but not what stands for a
#: name, an age or a date that was taken out: "___ year old", "MRI from ___", "[**3/4**]", "<DATE>".
_BLANK: Final = re.compile(
    r"\[\s*\](?!\s*\w)"
    r"|(?<!\bin )(?<!\bon )(?<!\bfrom )(?<!\bdated )(?<!\bsince )(?<!\bto )"
    r"(?<!\bdr\. )(?<!\bdr )(?<!_)"
    r"_{3,}(?! ?-? ?(?:years?|y/?o)\b)"
    r"|\*{3,}|\[(?!\*\*|[ltsd]\d ?/ ?[ltsd]?\d\])[^\]\n]{0,60}/[^\]\n]{0,60}\]"
    r"|\{[^}\n]{0,60}[/|][^}\n]{0,60}\}"
    r"|<(?!(?:date|time|name|person|patient|doctor|hospital|location|age|id|mrn|phone)\b)[^>\n]{0,40}>"
    r"|\[(?:level|type|grade|side|severity|no|select[^\]]{0,20})\]",
    re.IGNORECASE,
)
_MAY_BE_BLANK: Final = re.compile(r"[\[_*{<]")
_NO_VALUE: Final = re.compile(
    r"[^:\n]{2,60}:\s*(?:n/?a|not assessed|not applicable|not evaluated|-+|\?+|tbd)?\s*\.?",
    re.IGNORECASE,
)
_BOX: Final = re.compile(r"\[(?P<a>[ xX✓✔]?)\]|\((?P<b>[xX✓✔ ])\)|(?P<c>[☐☑☒□■✓✔✗])")
_DENIES: Final = re.compile(r"\b(?:no|none|not|without|normal)\b", re.IGNORECASE)
#: Characters before a box in which the options beside it stand.
_OPTIONS: Final = 200
_TICKS: Final = frozenset("xX✓✔☑☒■✗")


def blanks(text: str) -> int:
    """Return how many places of a template are left open in a text."""
    return len(_BLANK.findall(text)) if _MAY_BE_BLANK.search(text) else 0


def unanswered(text: str) -> bool:
    """Tell whether a text is a heading without a value ("Scoliosis:", "MODIC: N/A")."""
    return _NO_VALUE.fullmatch(text) is not None


class Boxes:
    """The tick boxes of a passage: ``[x] Modic 2  [ ] Modic 3``, ``☐ no  ☒ yes``.

    Attributes
    ----------
    spans : list of tuple of int
        Where what stands behind the ticked ones starts and ends.
    """

    def __init__(self, body: str, found: Sequence[re.Match[str]]) -> None:
        self._body = body
        self._found = found
        self._ticked = [
            m for m in found if _TICKS & set(m.group("a") or m.group("b") or m.group("c") or "")
        ]
        ends = [*(m.start() for m in found[1:]), len(body)]
        self.spans = [
            (m.end(), end) for m, end in zip(found, ends, strict=True) if m in self._ticked
        ]
        self._chosen = [body[start:end].strip().lower() for start, end in self.spans]

    @classmethod
    def of(cls, body: str) -> Boxes | None:
        """Return the boxes of a passage; None when brackets in it offer no choice."""
        found = list(_BOX.finditer(body))
        if not found:
            return None
        boxes = cls(body, found)
        is_choice = len(found) > 1 or boxes._ticked or any(m.group("c") for m in found)
        return boxes if is_choice else None

    def keep(self, mention: Mention, at: int) -> bool:
        """Tell whether a mention at offset `at` of the passage counts; a "no" denies it."""
        box = next((m for m in reversed(self._found) if m.end() <= at), None)
        # "[x] Yes  [ ] No  Details: type 1 at L5-S1": what is told behind a colon is no option
        detail = box is not None and box not in self._ticked and ":" in self._body[box.end() : at]
        if box is not None and not detail:
            first = max(self._found[0].end(), box.start() - _OPTIONS)
            if _DENIES.search(self._body, first, box.start()):
                # "[ ] no stenosis  [x] stenosis": each option denies for itself
                denied = _DENIES.match(self._body[box.end() : at + 1].lstrip())
                mention.status, mention.cue = ("absent" if denied else "present"), "box"
                mention.decided = True
            return box in self._ticked
        if any(re.match(r"(?:yes|present|y\b)", words) for words in self._chosen):
            mention.decided = mention.decided or detail
            return True
        if any(re.match(r"(?:no|absent|none|n\b|nil)", words) for words in self._chosen):
            mention.status, mention.cue, mention.decided = "absent", "box", True
            return True
        return False
