"""The rules of the domain that hold whatever the pack says.

A Modic change counts when a lumbar MRI shows it, with a type 1 or 2 component, at a level that is
sure, affirmed without contradiction. Anything short of that is not a "no": it is open, and a person
must look. Red flags on the index study outrank every Modic change. The rules are the project's
case guideline; :mod:`endplate.criteria.modic` applies them.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final, NamedTuple

from endplate.bodies import modic_components
from endplate.codes import RED_FLAGS, SEGMENTS, TRANSITIONAL_SEGMENTS
from endplate.criteria.kleene import Truth
from endplate.criteria.outcome import Gap
from endplate.criteria.view import View
from endplate.records import Finding

#: An endplate change without a type: somebody must look at the images.
UNTYPED: Final = ("endplate_degeneration",)
#: Marrow signal at an endplate. Beside a Modic row it is that row's description; alone it is open.
SIGNAL: Final = ("endplate_edema", "endplate_fatty_change")

#: The discs that a finding "at L4" without an endplate may lie at.
_DISCS_OF_BODY: Final = {
    body: frozenset(level for level in SEGMENTS if body in level.split("-"))
    for body in ("T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1")
}

#: With transitional anatomy the count may be one off: the levels that one level may really be.
_MAY_BE: Final = {
    **{level: frozenset(SEGMENTS[max(0, n - 1) : n + 2]) for n, level in enumerate(SEGMENTS)},
    **{level: frozenset((level, "L4-L5", "L5-S1")) for level in TRANSITIONAL_SEGMENTS},
}

NO_MRI: Final = Gap(
    "report", "no lumbar MRI on record", "Obtain the report of a lumbar MRI.", silent=True
)
NOT_MENTIONED: Final = Gap(
    "report",
    "the report does not mention Modic changes",
    "Look at the images for Modic changes.",
    silent=True,
)
_NOT_AN_MRI: Final = Gap(
    "report",
    "the study is not known to be a lumbar MRI",
    "Find out modality and region of the study; only a lumbar MRI can show Modic changes.",
)
_NO_TYPE: Final = Gap(
    "report", "Modic change without a type", "Look at the images: which Modic type?"
)
_UNTYPED_CHANGE: Final = Gap(
    "report",
    "endplate change without a Modic type",
    "Look at the images: is it a Modic change, and of which type?",
)
_NO_LEVEL: Final = Gap("report", "the level is not said", "Look at the images: at which level?")
_TRANSITIONAL: Final = Gap(
    "report",
    "transitional anatomy: the numbering of the levels is not sure",
    "Number the levels on the images.",
)
_CONFLICT: Final = Gap(
    "report",
    "findings and impression contradict each other",
    "Read the whole report; ask the radiologist.",
)
_UNCERTAIN: Final = Gap("report", "the report is not certain", "Look at the images: is it there?")
_DESCRIBED: Final = Gap(
    "report",
    "only described, not called Modic",
    "Look at the images: does the description amount to a Modic change?",
)


class Answer(NamedTuple):
    """Whether one finding counts, and what leaves it open."""

    truth: Truth
    gaps: tuple[Gap, ...] = ()


def modic_answer(
    row: Finding, view: View, types: tuple[str, ...], levels: frozenset[str], *, described: bool
) -> Answer:
    """Return whether a finding is a Modic change of one of `types` at one of `levels`.

    A change of the wrong type or at the wrong level does not count, however doubtful it is; only
    one that would count otherwise is left open by doubt.
    """
    return _answer(
        row.modic_type if row.finding == "modic_change" else _UNTYPED_CODE,
        row.level,
        row.vertebra,
        row.status,
        row.conflict,
        row.basis == "described" and not described,
        bool(transitional_rows(view)),
        view.index is not None and view.index.lumbar_mri is True,
        types,
        levels,
    )


#: In place of a Modic type: an endplate change that is not called Modic.
_UNTYPED_CODE: Final = "untyped"


@lru_cache(maxsize=16_384)
def _answer(
    modic_type: str,
    level: str,
    vertebra: str,
    status: str,
    conflict: str,
    only_described: bool,
    transitional: bool,
    is_mri: bool,
    types: tuple[str, ...],
    levels: frozenset[str],
) -> Answer:
    """Return the answer for a finding by all that bears on it; few combinations ever occur."""
    at_level, level_gap = _at_level(level, vertebra, levels, transitional=transitional)
    of_type, type_gap = _of_type(modic_type, types)
    if Truth.NOT_MET in (at_level, of_type):
        return Answer(Truth.NOT_MET)
    doubts = (
        (level_gap, level_gap is not None),
        (type_gap, type_gap is not None),
        (_NOT_AN_MRI, not is_mri),
        (_CONFLICT, conflict == "yes"),
        (_UNCERTAIN, status == "uncertain"),
        (_DESCRIBED, only_described),
    )
    gaps = tuple(gap for gap, applies in doubts if gap is not None and applies)
    return Answer(Truth.UNKNOWN, gaps) if gaps else Answer(Truth.MET)


def _of_type(modic_type: str, types: Collection[str]) -> tuple[Truth, Gap | None]:
    if modic_type == _UNTYPED_CODE:
        return Truth.UNKNOWN, _UNTYPED_CHANGE
    components = modic_components(modic_type)
    if not components:
        return Truth.UNKNOWN, _NO_TYPE
    return Truth.of(not components.isdisjoint(types)), None


def _at_level(
    level: str, vertebra: str, levels: Collection[str], *, transitional: bool
) -> tuple[Truth, Gap | None]:
    """Return whether a place is one of some levels.

    A body without a level stands for the discs on both its sides: "Modic change of L4" is at L3-L4
    or L4-L5. Transitional anatomy moves the count by one.
    """
    possible = frozenset((level,)) if level else _DISCS_OF_BODY.get(vertebra)
    if not possible:
        return Truth.UNKNOWN, _NO_LEVEL
    gap = _NO_LEVEL
    if transitional or not possible.isdisjoint(TRANSITIONAL_SEGMENTS):
        possible = frozenset().union(*(_MAY_BE.get(name, (name,)) for name in possible))
        gap = _TRANSITIONAL
    if possible.isdisjoint(levels):
        return Truth.NOT_MET, None
    sure = gap is _NO_LEVEL and possible.issubset(levels)
    return (Truth.MET, None) if sure else (Truth.UNKNOWN, gap)


def only_other_regions(view: View) -> bool:
    """Return whether every study of a patient is known to be of another part of the body.

    Such a patient (a knee, a head) is outside of what is screened; one with a CT or radiograph of
    the lumbar spine, or without any study, is not: of him a lumbar MRI is missing.
    """
    studies = view.case.studies
    return bool(studies) and all(study.lumbar is False for study in studies)


def endplate_rows(view: View) -> tuple[Finding, ...]:
    """Return what the index study says of Modic and untyped endplate change: affirmed or hedged.

    Endplate oedema or fat is listed only where no Modic change is named or denied.
    """
    rows: tuple[Finding, ...] | None = view.memo.get("endplate_rows")
    if rows is None:
        named = _without_summaries(
            [row for row in view.findings("modic_change") if row.status in _ON_RECORD]
        )
        untyped = [row for row in view.findings(*UNTYPED) if row.status in _ON_RECORD]
        spoken = {row.level for row in named} | _denied_levels(view)
        signal = [
            row
            for row in view.findings(*SIGNAL)
            if row.status in _ON_RECORD and spoken.isdisjoint((row.level, _EVERYWHERE))
        ]
        rows = view.memo["endplate_rows"] = (*named, *untyped, *signal)
    return rows


_ON_RECORD: Final = ("present", "uncertain")
#: In place of a level: what a denial without a level denies.
_EVERYWHERE: Final = "every level"


def _denied_levels(view: View) -> set[str]:
    """Return the levels at which the index study denies a Modic change of any type."""
    return {
        row.level or _EVERYWHERE
        for row in view.findings("modic_change")
        if row.status == "absent" and row.modic_type in ("", "unspecified")
    }


def is_denied(view: View, types: Collection[str], levels: Collection[str]) -> bool:
    """Return whether the index study denies Modic changes of all `types` at all `levels`.

    Who denies endplate change of any kind denies Modic changes with it.
    """
    denied: dict[str, set[str]] = {}
    for row in view.findings("modic_change", *UNTYPED):
        if row.status == "absent":
            kinds = modic_components(row.modic_type) or set(types)
            denied.setdefault(row.level or _EVERYWHERE, set()).update(kinds)
    everywhere = denied.get(_EVERYWHERE, set())
    return all(everywhere | denied.get(level, set()) >= set(types) for level in levels)


def _without_summaries(rows: list[Finding]) -> list[Finding]:
    """Leave out what only sums up changes whose level is said ("Modic changes as above").

    That is an affirmed change without a place, in the impression or without a type, whose types
    the placed ones have too.
    """
    placed = [row for row in rows if row.status == "present" and (row.level or row.vertebra)]
    known = frozenset(kind for row in placed for kind in modic_components(row.modic_type))

    def sums_up(row: Finding) -> bool:
        components = modic_components(row.modic_type)
        return (
            row.status == "present"
            and not (row.level or row.vertebra)
            and (row.section == "impression" or not components)
            and components <= known
        )

    return [row for row in rows if not sums_up(row)] if placed else rows


def transitional_rows(view: View) -> tuple[Finding, ...]:
    """Return what says that the anatomy is transitional.

    Anatomy stays: an older study counts too, unless the index study denies it.
    """
    rows: tuple[Finding, ...] | None = view.memo.get("transitional_rows")
    if rows is None:
        code = "transitional_vertebra"
        told = view.findings(code) or view.older_findings(code)
        affirmed = ("present", "uncertain", "historical")
        rows = tuple(row for row in told if row.status in affirmed)
        view.memo["transitional_rows"] = rows
    return rows


def red_flags(view: View) -> tuple[Finding, ...]:
    """Return the dangers on the index study, affirmed or hedged; an old fracture is none."""
    return tuple(
        row
        for row in view.findings(*RED_FLAGS)
        if row.status in _ON_RECORD and row.acuity != "chronic"
    )


def needs_urgent_review(view: View) -> bool:
    """Return whether a red flag stands beside a Modic or untyped endplate change on record."""
    if not red_flags(view):
        return False
    if any(row.finding not in SIGNAL for row in endplate_rows(view)):
        return True
    older = view.older_findings("modic_change", *UNTYPED)
    return any(row.status in _ON_RECORD for row in older)
