"""Rows in the making: merging types, describing Modic, corrections, conflicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from endplate.codes import CORE_FINDINGS
from endplate.reader.asides import Source
from endplate.reader.passage import Passage
from endplate.records import Finding

#: The Modic type that a quality of an endplate describes.
DESCRIBES: Final = {
    "endplate_edema": "1",
    "endplate_fatty_change": "2",
    "endplate_sclerosis": "3",
}
_NO_TYPE: Final = ("",)
#: A present one of these explains oedema in the same passage.
_OTHER_CAUSES: Final = frozenset(["spinal_infection", "vertebral_fracture", "spinal_neoplasm"])


#: Where a row stands as long as it is only known what its passage says.
ANYWHERE: Final = Passage("", 0, 0, 0, 0)


@dataclass(slots=True, init=False)
class Row:
    """A finding at one place.

    ``choice`` marks types told as "1 or 2", ``everywhere`` a denial of all levels, ``caused``
    oedema that is given another cause than the disc, ``measure`` where its millimetres stand.
    """

    finding: str
    status: str
    section: str
    passage: Passage
    start: int
    end: int
    level: str
    vertebra: str
    endplate: str
    types: list[str]
    choice: bool
    basis: str
    grade: str
    cue: str
    acuity: str
    conflict: str
    caused: bool
    everywhere: bool
    measure: tuple[int, int] | None

    def __init__(
        self,
        finding: str,
        status: str,
        section: str,
        passage: Passage,
        start: int,
        end: int,
        level: str = "",
        vertebra: str = "",
        endplate: str = "",
        types: list[str] | None = None,
        choice: bool = False,
        basis: str = "",
        grade: str = "",
        cue: str = "",
        acuity: str = "",
        conflict: str = "",
        caused: bool = False,
        everywhere: bool = True,
        measure: tuple[int, int] | None = None,
    ) -> None:
        self.finding = finding
        self.status = status
        self.section = section
        self.passage = passage
        self.start = start
        self.end = end
        self.level = level
        self.vertebra = vertebra
        self.endplate = endplate
        self.types = [] if types is None else types
        self.choice = choice
        self.basis = basis
        self.grade = grade
        self.cue = cue
        self.acuity = acuity
        self.conflict = conflict
        self.caused = caused
        self.everywhere = everywhere
        self.measure = measure

    def placed(self, passage: Passage, start: int, source: Source) -> Row:
        """Return the row of a passage's text in a report, where the text starts at `start`."""
        grade = self.grade
        if self.measure is not None:
            a, b = source.span(start + self.measure[0], start + self.measure[1])
            grade = f"{source.text[a:b]}mm"
        return Row(
            self.finding,
            self.status,
            self.section,
            passage,
            start + self.start,
            start + self.end,
            self.level,
            self.vertebra,
            self.endplate,
            self.types,
            self.choice,
            self.basis,
            grade,
            self.cue,
            self.acuity,
            self.conflict,
            self.caused,
            self.everywhere,
        )

    @property
    def place(self) -> tuple[str, str]:
        """Level and vertebra."""
        return self.level, self.vertebra


def findings_of(rows: Iterable[Row], report_id: str, source: Source) -> Iterator[Finding]:
    """Yield the rows of the findings table: several for "type 1 or 2" and for denied types."""
    passage: Passage | None = None
    sentence = ""
    for row in rows:
        if row.passage is not passage:
            passage = row.passage
            sentence = source.written(passage.start, passage.end)
        modic = row.finding == "modic_change"
        codes = _type_codes(row) if modic else _NO_TYPE
        undecided = row.choice and row.status == "present" and len(codes) > 1
        start, end = source.span(row.start, row.end)
        for code in codes:
            yield Finding(
                report_id,
                row.finding,
                row.level,
                row.vertebra,
                row.endplate,
                code,
                (row.basis or "stated") if modic else "",
                row.grade,
                "uncertain" if undecided else row.status,
                row.section,
                start,
                end,
                source.text[start:end],
                sentence,
                row.cue,
                row.acuity,
                row.conflict,
            )


def _type_codes(row: Row) -> list[str]:
    types = sorted(set(row.types))
    if not types:
        return ["unspecified"]
    if row.status == "absent" or row.choice or len(types) == 1:
        return types
    # the guideline has no code for all three
    return ["/".join(types)] if len(types) == 2 else ["1/2"]


def settle_passage(rows: Sequence[Row]) -> list[Row]:
    """Make one row of what one passage says of one thing at one place."""
    typed = {
        r.level
        for r in rows
        if (r.finding == "modic_change" or r.basis == "described") and r.status != "absent"
    }
    affirmed = {
        (r.finding, r.level)
        for r in rows
        if r.finding != "modic_change" and r.status == "present" and any(r.place)
    }
    kept: list[Row] = []
    for row in rows:
        if row.finding == "endplate_degeneration" and row.level in typed:
            continue
        if row.status == "absent" and (row.finding, row.level) in affirmed:
            continue  # "abutting but not displacing", "left mild, right none": it is there
        twin = _affirmed_twin(row, kept)
        if twin is None:
            kept.append(row)
        elif row.types or not twin.types:
            if not twin.types:
                twin.start, twin.end = row.start, row.end
            twin.types = list(dict.fromkeys([*twin.types, *row.types]))
    return kept


def _affirmed_twin(row: Row, kept: Sequence[Row]) -> Row | None:
    """Return the row whose type a further one at the same place is mixed with."""

    def plain(r: Row) -> bool:
        return r.finding == "modic_change" and r.status == "present" and not r.choice

    if not plain(row):
        return None
    return next((r for r in kept if plain(r) and r.place == row.place), None)


def correct(rows: Sequence[Row], wrong: Collection[str]) -> list[Row]:
    """Drop what an addendum corrects: the finding at the level that was wrong."""
    corrected = {r.finding for r in rows if r.section == "addendum"}
    return [
        r
        for r in rows
        if r.section == "addendum" or r.level not in wrong or r.finding not in corrected
    ]


def once(rows: Sequence[Row]) -> list[Row]:
    """Drop what other rows say with their level.

    "L3 endplate oedema as described", and "MC" in a cell beside the cell of the type.
    """
    bare = any(r.vertebra and not r.level and r.finding in CORE_FINDINGS for r in rows)
    levelled = {
        (r.finding, r.status, body)
        for r in rows
        if bare and r.finding in CORE_FINDINGS and r.level
        for body in r.level.split("-")
    }
    cells = [r for r in rows if r.passage.cell and r.finding == "modic_change"]
    typed = {(r.passage.line, r.level) for r in cells if r.types}
    if not levelled and not typed:
        return list(rows)
    untyped = {
        id(r)
        for r in cells
        if not r.types and r.status == "present" and (r.passage.line, r.level) in typed
    }
    return [
        r
        for r in rows
        if id(r) not in untyped
        and (r.level or not r.vertebra or (r.finding, r.status, r.vertebra) not in levelled)
    ]


def outrank(rows: Sequence[Row], *, mended: bool) -> list[Row]:
    """Drop what an addendum denies: it corrects the report.

    `mended` tells that it speaks of an error: the type that it states at a level then stands alone.
    """
    if mended:
        types = {r.place: r.types for r in rows if r.section == "addendum" and r.types and r.level}
        rows = [
            r
            for r in rows
            if r.section == "addendum"
            or r.finding != "modic_change"
            or r.status != "present"
            or types.get(r.place, r.types) == r.types
        ]
    denied = {
        (r.finding, r.place)
        for r in rows
        if r.section == "addendum" and r.status == "absent" and any(r.place)
    }
    return [
        r
        for r in rows
        if r.section == "addendum" or r.status == "absent" or (r.finding, r.place) not in denied
    ]


def describe(rows: Sequence[Row]) -> list[Row]:
    """Add the Modic changes that are only described, each before the row that describes it.

    None where a type is stated at the level, or where the oedema has another cause.
    """

    def time(row: Row) -> str:
        return "past" if row.status == "historical" else "now"

    modic = [r for r in rows if r.finding == "modic_change"]
    stated = {(r.level, time(r)) for r in modic if r.status not in ("absent", "indication")}
    speaking = {id(r.passage) for r in modic}
    causes = [r for r in rows if r.finding in _OTHER_CAUSES and r.status == "present"]
    elsewhere = {(place, id(r.passage)) for r in causes for place in (r.level or r.vertebra,)}
    explained = {id(r.passage) for r in causes}
    infected = {r.level for r in causes if r.finding == "spinal_infection" and r.level}
    made: list[Row] = []
    result: list[Row] = []
    for row in rows:
        kind = _described_type(row)
        skip = (
            not kind
            or row.caused
            or row.level in infected
            or (row.level, time(row)) in stated
            or any((place, id(row.passage)) in elsewhere for place in row.place)
            or (not any(row.place) and id(row.passage) in explained)
            or (not row.level and id(row.passage) in speaking)
        )
        if not skip:
            twin = next(
                (
                    r
                    for r in made
                    if r.place == row.place and r.status == row.status and r.passage is row.passage
                ),
                None,
            )
            if twin is not None:
                twin.types = list(dict.fromkeys([*twin.types, kind]))
            else:
                made.append(
                    Row(
                        "modic_change",
                        row.status,
                        row.section,
                        row.passage,
                        row.start,
                        row.end,
                        level=row.level,
                        vertebra=row.vertebra,
                        endplate=row.endplate,
                        types=[kind],
                        basis="described",
                        cue=row.cue,
                    )
                )
                result.append(made[-1])
        result.append(row)
    return result


def _described_type(row: Row) -> str:
    if row.status not in ("present", "uncertain", "historical"):
        return ""
    by_signal = row.basis == "described"
    if (row.finding == "endplate_sclerosis" and not by_signal) or (by_signal and not row.types):
        return ""  # sclerosis alone, or brightness on STIR alone, is no type
    return DESCRIBES.get(row.finding, "")


def mark_conflicts(rows: Sequence[Row]) -> None:
    """Mark the Modic rows that findings and impression tell differently at one level.

    Present in one and absent in the other, or affirmed with types that share none. "None at the
    remaining levels" denies no level by name.
    """
    parts: dict[str, list[Row]] = {"findings": [], "impression": []}
    for row in rows:
        if row.finding == "modic_change" and row.section in parts:
            parts[row.section].append(row)
    for one, other in (("findings", "impression"), ("impression", "findings")):
        for row in parts[one]:
            if row.status != "present":
                continue
            here = [r for r in parts[other] if r.level and r.level == row.level]
            affirmed = [r for r in here if r.status == "present" and r.types]
            denied = [r for r in here if r.status == "absent"]
            denied += [
                r for r in parts[other] if r.status == "absent" and not r.level and r.everywhere
            ]
            against: list[Row] = []
            if denied and not affirmed:
                against = denied
            elif (
                row.types and affirmed and not any(set(r.types) & set(row.types) for r in affirmed)
            ):
                against = affirmed
            for r in (row, *against) if against else ():
                r.conflict = "yes"
