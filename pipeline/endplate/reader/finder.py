"""Everything that a passage names: composed mentions, Modic changes, signal pairs, values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from endplate.codes import CORE_FINDINGS
from endplate.reader.anaphora import denied
from endplate.reader.composer import Composer
from endplate.reader.conversions import stated
from endplate.reader.grading import GRADES
from endplate.reader.mentions import Mention, Term
from endplate.reader.modic import read_types
from endplate.reader.sheet import Unit
from endplate.reader.signal import Signals
from endplate.reader.status import NONE
from endplate.reader.templates import Boxes
from endplate.reader.values import DENIED, headings, title_end, values
from endplate.reader.wording import Wording

#: What is spoken of where the text before is about endplates, and the place is not said again.
ENDPLATES: Final = Term(0, 0, frozenset(["endplate"]))

#: What a type that stands right behind it is said of.
_QUALITIES: Final = (
    ("fatty", "endplate_fatty_change"),
    ("edema", "endplate_edema"),
    ("sclerosis", "endplate_sclerosis"),
)
_JOINS: Final = frozenset([",", "but", "and", ";"])
#: What may stand for a finding named before.
_STANDS_IN: Final = GRADES | NONE | {"another", "further", "others", "ditto"}
#: What parts the values behind a heading, or is one.
_ANSWERS: Final = DENIED | {","}
#: What parts a place from its value.
_DASHES: Final = (["-"], [":"], ["="])
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


class Finder:
    """Finds the mentions of units.

    Parameters
    ----------
    rules : mapping
        The content of ``findings.yaml``.
    signals : Signals
    """

    def __init__(self, rules: Mapping[str, Any], signals: Signals) -> None:
        self._compose = Composer(rules)
        self._stenoses = self._compose.findings_at("stenosis")
        self._signals = signals

    def named(
        self,
        terms: Sequence[Term],
        norms: Sequence[str],
        title: Sequence[Term] = (),
        field: Sequence[Term] = (),
        *,
        titled_modic: bool = False,
    ) -> list[Mention]:
        """Return what a passage names, in order.

        `title` are the terms of a column heading, `field` those of the heading of its line;
        `titled_modic` tells that the column is of Modic types.
        """
        a, b = 0, len(norms)
        modic = stated(terms, norms, titled=titled_modic)
        inside = {t for m in modic for t in range(*m.head)}
        plain = [
            t
            for t in terms
            if not (t.start in inside and t.labels & {"change", "degenerative", "degenerate"})
        ]
        found = [
            m
            for m in self._compose(plain, norms, a, b, title, field)
            if m.finding != "endplate_degeneration"
            or not any(
                x.head[0] - 8 <= m.head[0] <= x.head[1] + 6 and not _next_level(norms, x.head[1])
                for x in modic
            )
        ]
        found += [
            Mention(finding, (t.start, t.end), t.start, t.end)
            for t in plain  # "fatty type 2 change", "fibrovascular (type 1) change"
            for label, finding in _QUALITIES
            if label in t.labels
            and any(
                t.start < m.head[0] <= t.end or norms[t.end : m.head[0]] in (["("], [","])
                for m in modic
            )
            and not any(m.finding == finding for m in found)
        ]
        for signal in self._signals(terms, norms, title):
            twins = [m for m in found if m.finding == signal.finding]
            if not twins:
                found.append(signal)
            elif not any(m.basis == "described" for m in twins):
                twin = twins[0]
                twin.types, twin.basis = signal.types, "described"
                if signal.head < twin.head:
                    twin.head, twin.start, twin.end = signal.head, signal.start, signal.end
        found = sorted([*found, *modic], key=lambda m: m.head)
        return sorted([*found, *_ellipses(found, norms, a, b)], key=lambda m: m.head)

    def find(self, unit: Unit, below: Sequence[str], *, titled_modic: bool) -> list[Mention]:
        """Return a unit's mentions; `below` are the findings of a heading above its line."""
        wording = unit.wording
        title = [Term(0, 0, t.labels) for t in unit.column.terms] if unit.column else []
        if not title and unit.spots and any(f in CORE_FINDINGS for f in below):
            title = [ENDPLATES]  # "L2-3: low on T1, bright on T2" in a list of endplates
        field = unit.field.terms if unit.field else ()
        mentions = self.named(wording.terms, wording.norms, title, field, titled_modic=titled_modic)
        if wording.boxes is None:
            if unit.column is not None and not mentions:
                return self._answers(unit, unit.column)
            return self._valued(unit, mentions, below)
        if "modic_change" in below and not mentions:
            return _ticked(wording, wording.boxes)
        return [m for m in mentions if wording.boxes.keep(m, wording.starts[m.head[0]])]

    def _answers(self, unit: Unit, column: Wording) -> list[Mention]:
        """Return what a cell says of the findings that its column names: "none", "mild"."""
        asked = self.named(column.terms, column.norms)
        names = list(dict.fromkeys(m.finding for m in asked if m.finding != "modic_change"))
        if names == ["spinal_stenosis"] and (
            narrowed := self._narrowed(unit.terms, 0, len(unit.norms))
        ):
            names = [narrowed]  # "foraminal, moderate" below "Stenosis"
        return values(0, len(unit.norms), unit.norms, unit.spots, [], names, read_types)

    def _valued(self, unit: Unit, mentions: list[Mention], below: Sequence[str]) -> list[Mention]:
        """Add what valued pieces say: "L4-5 mild, L5-S1 none" behind or below a heading."""
        norms, spots = unit.norms, unit.spots
        a, b = 0, len(norms)
        colon = title_end(a, b, norms)
        # "L3-4: type II", and "L3-4 type II" in a list below "Modic changes:"
        leads = bool(spots) and spots[0].leads and not mentions
        answer = unit.wording.denies and not unit.wording.titled
        if below and (bare := _bare_levels(unit, below)):
            return bare
        if below and (unit.headed or leads or answer):
            start = colon if unit.headed or answer else spots[0].end
            return mentions + values(start, b, norms, spots, mentions, below, read_types)
        modic = any("modic" in t.labels and t.end <= colon for t in unit.terms)
        titles = headings(mentions, modic, colon) if colon > a and not unit.headed else []
        if titles == ["spinal_stenosis"] and (made := self._site_by_site(unit, colon)):
            return made
        places = [s for s in spots if s.start >= colon and s.place.kind in ("named", "foreign")]
        answered = titles and places and not _ANSWERS.isdisjoint(norms[colon:b])
        if len(places) < 2 and not answered:
            return mentions
        behind = [m for m in mentions if m.head[0] >= colon]
        made = values(colon if titles else a, b, norms, spots, behind, titles, read_types)
        if made and titles:
            mentions = [m for m in mentions if m.head[1] > colon]
        return sorted(mentions + made, key=lambda m: m.head)

    def _narrowed(self, terms: Sequence[Term], start: int, end: int) -> str:
        """Return the stenosis of the one place that some tokens name, if they do."""
        named = {
            finding
            for term in terms
            for label, finding in self._stenoses.items()
            if start <= term.start < end and label in term.labels
        }
        return named.pop() if len(named) == 1 else ""

    def _site_by_site(self, unit: Unit, colon: int) -> list[Mention]:
        """Read "Stenosis: central - nil; foraminal - L5-S1 mild"."""
        made: list[Mention] = []
        start = colon
        for t in range(colon, len(unit.norms) + 1):
            if t == len(unit.norms) or unit.norms[t] == ";":
                narrowed = self._narrowed(unit.terms, start, t)
                if not narrowed:
                    return []
                site = next(term for term in unit.terms if term.start >= start)
                first = site.end + 1 if unit.norms[site.end :][:1] in _DASHES else start
                made += values(first, t, unit.norms, unit.spots, [], [narrowed], read_types)
                start = t + 1
        return made


def _bare_levels(unit: Unit, below: Sequence[str]) -> list[Mention]:
    """Return what an item that only names levels says of the title above it."""
    within = {t for spot in unit.spots for t in range(spot.start, spot.end)}
    if (
        not within
        or unit.wording.untold
        or any(
            t not in within and norm[:1].isalnum() and norm != "and"
            for t, norm in enumerate(unit.norms)
        )
    ):
        return []
    return [
        Mention(finding, (spot.start, spot.end), spot.start, spot.end, spot=number, cue="value",
                basis="stated" if finding == "modic_change" else "", decided=True)
        for finding in below
        for number, spot in enumerate(unit.spots)
        if spot.place.kind == "named"
    ]  # fmt: skip


def _ticked(wording: Wording, boxes: Boxes) -> list[Mention]:
    """Read the ticked types of a level below a heading: "L4-5: [ ] none [x] 1 [ ] 2"."""
    ticked = [
        t for t, start in enumerate(wording.starts) if any(a <= start < b for a, b in boxes.spans)
    ]
    said = [wording.norms[t] for t in ticked]
    types = [kind for word in said for kind in read_types([word])[0]]
    if not types and DENIED.isdisjoint(said):
        return []
    head = (ticked[0], ticked[0] + 1)
    status = "present" if types else "absent"
    return [
        Mention("modic_change", head, *head, types=types, basis="stated", status=status, cue="box",
                decided=True)
    ]  # fmt: skip


def titled_by_type(column: str) -> bool:
    """Tell whether a column below a Modic heading is headed "Type"."""
    return re.fullmatch(r"\W*(?:type|grade|class|modic)\W*", column) is not None


def _next_level(norms: Sequence[str], t: int) -> bool:
    """Tell whether a level follows a comma at a token: "L3-4 Modic 2, L4-5 reactive change"."""
    return norms[t : t + 1] == [","] and norms[t + 1 : t + 2] in (["l"], ["s"])


def _is_graded(mention: Mention, norms: Sequence[str]) -> bool:
    return not GRADES.isdisjoint(norms[max(0, mention.start - 3) : mention.start])


def _ellipses(found: Sequence[Mention], norms: Sequence[str], a: int, b: int) -> list[Mention]:
    """Read what stands for the finding named before.

    "Another in the endplate of T11", ", none at L5-S1", "and mild at L4-5".
    """
    made: list[Mention] = []
    if _STANDS_IN.isdisjoint(norms):
        return made
    for t in range(a + 1, b - 1):
        again = norms[t] in ("another", "further", "others") and norms[t + 1] in (
            "in", "at", "of", "on", "one",
        )  # fmt: skip
        again = again or norms[t] == "ditto"
        none = norms[t] in NONE and norms[t + 1] in ("at", "in") and norms[t - 1] in _JOINS
        none = none and not _YEAR.fullmatch(norms[t + 2] if t + 2 < b else "")
        graded = norms[t] in GRADES and norms[t + 1] == "at" and norms[t - 1] in _JOINS
        if not (again or none or graded):
            continue
        before = [m for m in reversed(found) if m.head[1] <= t]
        if not before:
            continue
        last = before[0]
        if graded:  # "severe stenosis at L4-5 with listhesis, moderate at L3-4"
            last = next((m for m in before if _is_graded(m, norms)), last)
        if none:
            made.append(denied(last, t))
        else:
            made.append(
                Mention(
                    last.finding, (t, t + 1), t, t + 1, types=list(last.types), basis=last.basis
                )
            )
    return made
