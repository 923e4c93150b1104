"""One patient's imaging in the cells of the worklist: Modic by level, bodies, flags, sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from endplate.bodies import (
    LABEL_LEVELS,
    has_type_1_or_2,
    implied_bodies,
    merge_types,
    modic_components,
)
from endplate.codes import BODIES, CORE_FINDINGS, LEVELS, OTHER_FINDINGS, RED_FLAGS
from endplate.records import Case, Finding, Study
from endplate.studies import modic_evolution

#: Sentences in the evidence cell; what is left out is counted.
MAX_SENTENCES: Final = 12

_ON_RECORD: Final = ("present", "uncertain")
_NO_LEVEL: Final = "level not said"
_PLACE_ORDER: Final = {place: rank for rank, place in enumerate((*LEVELS, *BODIES))}
_RANK: Final = {
    code: rank
    for rank, code in enumerate(dict.fromkeys((*RED_FLAGS, *CORE_FINDINGS, *OTHER_FINDINGS)))
}


class ImagingCells(NamedTuple):
    """The imaging columns of the worklist, and the history."""

    modic: str = ""
    modic_basis: str = ""
    bodies: str = ""
    endplate: str = ""
    red_flags: str = ""
    other_findings: str = ""
    evidence: str = ""
    history: str = ""


def imaging_cells(case: Case) -> ImagingCells:
    """Return what the index study says, in the manner of the worklist; all empty without one."""
    study = case.index
    if study is None:
        return ImagingCells()
    rows = [row for row in study.findings if row.status in _ON_RECORD]
    modic = [row for row in rows if row.finding == "modic_change"]
    flags = red_flag_rows(case)
    other = [row for row in rows if row.finding in OTHER_FINDINGS and row not in flags]
    return ImagingCells(
        modic=modic_cell(study),
        modic_basis=_basis_cell(modic),
        bodies=" ".join(treatable_bodies(study)),
        endplate=_by_place(r for r in rows if r.finding in CORE_FINDINGS and r not in modic),
        red_flags=_by_finding(flags),
        other_findings=_by_finding(other),
        evidence=evidence_cell([*flags, *(r for r in rows if r.finding in CORE_FINDINGS)]),
        history=history_cell(case),
    )


def red_flag_rows(case: Case) -> list[Finding]:
    """Return the dangers that the index study affirms or suspects; an old fracture is none."""
    return [
        row
        for row in (case.index.findings if case.index else ())
        if row.finding in RED_FLAGS and row.status in _ON_RECORD and row.acuity != "chronic"
    ]


def modic_cell(study: Study) -> str:
    """Return Modic types by level from the top, then by body: ``L4-L5:2; L5-S1:1; L2:1``.

    A question mark follows a type that the report is not certain of. "Modic changes as described"
    and "of the L5 body" add nothing to types that are placed there.
    """
    certain: dict[str, list[str]] = defaultdict(list)
    doubtful: dict[str, list[str]] = defaultdict(list)
    for row in study.findings:
        if row.finding == "modic_change" and row.status in _ON_RECORD:
            said = certain if row.status == "present" else doubtful
            said[_place(row)].append(row.modic_type or "unspecified")
    cells = {place: merge_types(types) for place, types in certain.items()}
    for place, types in doubtful.items():
        cells.setdefault(place, f"{merge_types(types)}?")
    told = [place for place in sorted(cells, key=_place_rank) if not _repeats(place, cells)]
    return "; ".join(f"{place}:{cells[place]}" for place in told)


def _repeats(place: str, cells: Mapping[str, str]) -> bool:
    """Return whether a type without a disc level is told at the levels it may be at already."""
    if place in LEVELS:
        return False
    sure = not cells[place].endswith("?")
    placed = [
        cell
        for level, cell in cells.items()
        if level in LEVELS
        and (place == _NO_LEVEL or place in level.split("-"))
        and not (sure and cell.endswith("?"))
    ]
    parts = frozenset[str]().union(*(modic_components(cell.rstrip("?")) for cell in placed))
    return bool(placed) and modic_components(cells[place].rstrip("?")) <= parts


def treatable_bodies(study: Study) -> tuple[str, ...]:
    """Return the bodies that present type 1 or 2 changes between L3 and S1 imply."""
    return implied_bodies(
        row
        for row in study.findings
        if row.finding == "modic_change"
        and row.status == "present"
        and has_type_1_or_2(row.modic_type)
        and row.level in LABEL_LEVELS
    )


def evidence_cell(rows: Iterable[Finding]) -> str:
    """Return the sentences of findings, each once with its levels in front, dangers first.

    A cell never begins with a sign that a spreadsheet would take for a formula, and is one line.
    """
    wanted = sorted(rows, key=lambda row: (_RANK[row.finding], _place_rank(_place(row)), row.start))
    places: dict[str, dict[str, None]] = defaultdict(dict)
    for row in wanted:
        places[" ".join((row.sentence or row.text).split())][_place(row)] = None
    told = [f"[{', '.join(at)}] {sentence}" for sentence, at in places.items()]
    left_out = len(told) - MAX_SENTENCES
    more = [f"({left_out} more sentences)"] if left_out > 0 else []
    return " | ".join(told[:MAX_SENTENCES] + more)


def history_cell(case: Case) -> str:
    """Return how Modic changes developed since earlier studies, level by level."""
    told = []
    for change in modic_evolution(case):
        since = ""
        if change.before is not None and change.before.study_date is not None:
            since = f" since {change.before.study_date.isoformat()}"
        types = " to ".join(dict.fromkeys(filter(None, (change.type_before, change.type_now))))
        told.append(f"{change.level}: {change.kind} (type {types}){since}")
    return "; ".join(told)


def _basis_cell(modic: Iterable[Finding]) -> str:
    """Return ``stated`` or ``described``; by level where levels differ."""
    by_place: dict[str, str] = {}
    for row in modic:
        if by_place.get(_place(row)) != "stated":
            by_place[_place(row)] = row.basis
    if len(set(by_place.values())) <= 1:
        return next(iter(by_place.values()), "")
    return "; ".join(f"{place}:{by_place[place]}" for place in sorted(by_place, key=_place_rank))


def _by_place(rows: Iterable[Finding]) -> str:
    """Return ``L4-L5:endplate_edema, schmorl_node; ...`` from the top."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        found[_place(row)][_word(row)] = None
    places = sorted(found, key=_place_rank)
    return "; ".join(f"{place}:{', '.join(found[place])}" for place in places)


def _by_finding(rows: Iterable[Finding]) -> str:
    """Return ``spinal_stenosis L4-L5 (severe); scoliosis``, in the order of the code list."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: (_RANK[row.finding], _place_rank(_place(row)))):
        place = row.level or row.vertebra
        grade = f" ({row.grade})" if row.grade else ""
        found[_word(row)][f"{place}{grade}".strip()] = None
    return "; ".join(
        " ".join((word, ", ".join(filter(None, at)))).strip() for word, at in found.items()
    )


def _word(row: Finding) -> str:
    return f"{row.finding}?" if row.status == "uncertain" else row.finding


def _place(row: Finding) -> str:
    return row.level or row.vertebra or _NO_LEVEL


def _place_rank(place: str) -> int:
    return _PLACE_ORDER.get(place, len(_PLACE_ORDER))
