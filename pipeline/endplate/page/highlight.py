"""Cut a report at the borders of its findings, so that a page can mark them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: A piece of text with the places (in the list of findings) of the findings that cover it.
Segment = tuple[str, tuple[int, ...]]


def segments(text: str, findings: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """Return `text` in pieces, each with the findings that cover it.

    The pieces joined are the text. They are cut here and not in the browser because offsets count
    code points, and JavaScript counts UTF-16 units.
    """
    starts: dict[int, list[int]] = {}
    ends: dict[int, list[int]] = {}
    for place, finding in enumerate(findings):
        start, end = int(finding["start"]), int(finding["end"])
        if 0 <= start < end <= len(text):
            starts.setdefault(start, []).append(place)
            ends.setdefault(end, []).append(place)
    pieces: list[Segment] = []
    open_now: set[int] = set()
    at = 0
    for border in sorted({*starts, *ends, len(text)}):
        if border > at:
            pieces.append((text[at:border], tuple(sorted(open_now))))
        open_now.difference_update(ends.get(border, ()))
        open_now.update(starts.get(border, ()))
        at = border
    return pieces


def offsets_agree(text: str, findings: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether every finding stands in `text` where it says."""
    return all(text[int(f["start"]) : int(f["end"])] == f["text"] for f in findings)


def from_sentences(findings: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """Return the stored sentences of findings as pieces, for a report whose text is gone.

    Each sentence comes once, in the order of the report; a finding is marked where its words
    first stand in its sentence.
    """
    pieces: list[Segment] = []
    by_sentence: dict[str, list[int]] = {}
    for place in sorted(range(len(findings)), key=lambda n: int(findings[n]["start"])):
        by_sentence.setdefault(str(findings[place]["sentence"]), []).append(place)
    for sentence, places in by_sentence.items():
        local: list[dict[str, Any]] = [{"start": 0, "end": 0} for _ in findings]
        for place in places:
            words = str(findings[place]["text"])
            start = sentence.find(words)
            if start >= 0:
                local[place] = {"start": start, "end": start + len(words)}
        pieces += segments(sentence, local)
        pieces.append(("\n", ()))
    return pieces
