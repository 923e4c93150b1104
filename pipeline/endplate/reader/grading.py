"""Grade and acuity: how severe, how many millimetres, how old."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.mentions import Mention

_ORDER: Final = ("mild", "moderate", "severe")
_SEVERITY: Final = {
    "mild": "mild", "minimal": "mild", "minimally": "mild", "slight": "mild", "slightly": "mild",
    "minor": "mild", "trace": "mild", "moderate": "moderate", "severe": "severe",
    "marked": "severe", "markedly": "severe", "critical": "severe", "advanced": "severe",
    "gross": "severe",
}  # fmt: skip
#: Words for how severe something is.
GRADES: Final = frozenset(_SEVERITY)
_STENOSES: Final = frozenset(["spinal_stenosis", "lateral_recess_stenosis", "foraminal_stenosis"])
_MEASURED: Final = frozenset(
    ["disc_protrusion", "disc_extrusion", "disc_herniation", "disc_bulge", "spondylolisthesis"]
)
_GRADES: Final = {
    "i": "1", "ii": "2", "iii": "3", "iv": "4", "1": "1", "2": "2", "3": "3", "4": "4",
    "one": "1", "two": "2", "three": "3", "four": "4",
}  # fmt: skip
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_PARTS: Final = frozenset([",", ";", ".", "and", "with"])
#: Either side of the body.
HANDS: Final = frozenset(["left", "right"])
_ARTICLES: Final = frozenset(["a", "an"])
_ACUTE: Final = frozenset("acute subacute recent fresh new unhealed".split())
_CHRONIC: Final = frozenset(
    "old chronic healed remote longstanding prior previous stable unchanged".split()
)


def grade(
    mention: Mention, mentions: Sequence[Mention], norms: Sequence[str], a: int, b: int
) -> str:
    """Return the grade of a mention in the tokens `a` to `b`, or an empty text.

    ``mild``, ``moderate``, ``severe`` for a stenosis (the higher of a range), ``1`` to ``4`` for a
    listhesis.
    """
    if mention.finding == "spondylolisthesis":
        return _meyerding(norms[max(a, mention.start - 8) : min(b, mention.end + 16)])
    if mention.finding in _STENOSES and mention.status != "absent":
        before = [m.head[1] for m in mentions if m.head[1] <= mention.start]
        return _severity(mention, norms, max([a, *before]), b)
    return ""


def measure(
    mention: Mention, mentions: Sequence[Mention], norms: Sequence[str], a: int, b: int
) -> int | None:
    """Return the token that tells the millimetres of a mention, if any.

    What stands behind the next mention, before a comma, or with an article measures another thing.
    """
    if mention.finding not in _MEASURED:
        return None
    first, last = mention.start, min(b, mention.end + 12)
    ends = [
        t for t in range(mention.end, last - 1) if norms[t] in _PARTS and norms[t + 1] in _ARTICLES
    ]
    while first > max(a, mention.start - 5) and norms[first - 1] not in _PARTS:
        first -= 1
    last = min([last, *ends, *(m.start for m in mentions if m.start >= mention.end)])
    token = _millimetres(norms[first:last])
    return None if token is None else first + token


def _meyerding(window: Sequence[str]) -> str:
    for word, after in itertools.pairwise(window):
        if word in ("grade", "gr", "meyerding") and after in _GRADES:
            return _GRADES[after]
    return ""


def _millimetres(window: Sequence[str]) -> int | None:
    for i, word in enumerate(window):
        if i and word in ("mm", "mms", "millimeter", "millimeters", "millimetre", "millimetres"):
            j = i - 2 if window[i - 1] == "-" else i - 1
            while j >= 2 and window[j - 1] in ("x", "*") and _NUMBER.fullmatch(window[j - 2]):
                j -= 2  # "5 x 12 mm": the first is the depth
            if j >= 0 and _NUMBER.fullmatch(window[j]):
                return j
    return None


def _severity(mention: Mention, norms: Sequence[str], a: int, b: int) -> str:
    first, last = mention.start, mention.end
    site = mention.site
    if site is not None and "and" in norms[site.end : mention.head[0]]:
        # "severe canal and moderate foraminal stenosis"
        own = [_SEVERITY[n] for n in norms[max(a, site.start - 2) : site.start] if n in _SEVERITY]
        if own:
            return own[-1]
    told = [_SEVERITY[n] for n in norms[first:last] if n in _SEVERITY]
    if not told:
        for t in range(first - 1, max(a, first - 6) - 1, -1):
            if norms[t] in _SEVERITY:
                told.append(_SEVERITY[norms[t]])
            elif norms[t] in (",", ";", ".", "with", "at", "in", "causing"):
                break
            elif norms[t] == "and" and told and norms[t - 1] not in HANDS:
                # "severe canal and moderate foraminal stenosis", not "moderate right and mild left"
                break
    if not told:
        after = norms[last : min(b, last + 14)]
        for i, n in enumerate(after):
            if n in (";", ".") or (n == "," and i > 2 and "where" not in after):
                break
            if n in _SEVERITY and {"is", "are", ":"} & set(after[:i]):
                told = [_SEVERITY[n]]
                break
    return max(told, key=_ORDER.index) if told else ""


def acuity(mention: Mention, norms: Sequence[str], a: int, b: int) -> str:
    """Return ``acute`` or ``chronic`` for a fracture, or an empty text where it is not told."""
    if mention.finding != "vertebral_fracture":
        return ""
    first, last = mention.start, mention.end
    while first > max(a, mention.start - 7) and norms[first - 1] not in (";", "."):
        first -= 1
    while last < min(b, mention.end + 14) and norms[last] not in (";", "."):
        last += 1
    near = set(norms[first:last])
    if near & _ACUTE:
        return "acute"
    if near & _CHRONIC:
        return "chronic"
    if near & {"edema", "edematous"}:
        return "chronic" if near & {"no", "without"} else "acute"
    return ""
