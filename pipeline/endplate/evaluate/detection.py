"""Modic types as a test that is positive or negative, by report and by level.

This is how published work measures (is a type 1 change in the report?), so it is what can be
compared with it. A mixed type counts for each of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from endplate.codes import FINDINGS, LEVELS
from endplate.evaluate.intervals import Counts, Rate, f1, rate
from endplate.evaluate.rows import Key

if TYPE_CHECKING:
    from endplate.evaluate.scoring import Compared

#: The discs that every lumbar report is about, named in it or not.
LUMBAR_DISCS: Final = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")

#: What can be said of Modic change at a level; the first that applies is taken.
STATES: Final = ("none", "1", "2", "3", "mixed", "unspecified", "uncertain", "absent")

Confusion = dict[str, dict[str, int]]


class Detection(NamedTuple):
    """A finding as a diagnostic test. ``left_out`` are units where gold leaves it open."""

    tp: int
    fp: int
    fn: int
    tn: int
    left_out: int
    sensitivity: Rate
    specificity: Rate
    ppv: Rate
    npv: Rate
    f1: float


class _Unit(NamedTuple):
    """A report, or a level of a report: what gold wants of it, leaves open, and what was found."""

    must: frozenset[Key]
    may: frozenset[Key]
    got: frozenset[Key]


def _present_modic(holds: Callable[[str], bool]) -> Callable[[Key], bool]:
    return lambda key: (
        key.finding == "modic_change" and key.status == "present" and holds(key.modic_type)
    )


MODIC_TESTS: Final[Mapping[str, Callable[[Key], bool]]] = {
    "any_modic": _present_modic(lambda modic: True),
    "type_1": _present_modic(lambda modic: "1" in modic),
    "type_2": _present_modic(lambda modic: "2" in modic),
    "type_3": _present_modic(lambda modic: "3" in modic),
    "mixed": _present_modic(lambda modic: "/" in modic),
    "unspecified": _present_modic(lambda modic: modic == "unspecified"),
}


def detect_by_report(compared: Sequence[Compared]) -> dict[str, Detection]:
    """Measure presence in the report: each Modic type, then every finding that occurs."""
    units = [_Unit(one.must, one.may, one.got) for one in compared]
    tests = dict(MODIC_TESTS)
    occurring = {key.finding for unit in units for key in unit.must | unit.got}
    for finding in FINDINGS:
        if finding in occurring and finding != "modic_change":
            tests[finding] = _present(finding)
    return {name: _detect(units, test) for name, test in tests.items()}


def detect_by_level(compared: Sequence[Compared]) -> dict[str, Detection]:
    """Measure presence of each Modic type at each level."""
    units = [unit for _, unit in _level_units(compared)]
    return {name: _detect(units, test) for name, test in MODIC_TESTS.items()}


def confusion_by_level(compared: Sequence[Compared]) -> Confusion:
    """Count for each state of a level in gold (rows) the state that was found (columns)."""
    matrix = {wanted: dict.fromkeys(STATES, 0) for wanted in STATES}
    for _, unit in _level_units(compared):
        if unit.may and not unit.must:
            continue
        wanted = _state(unit.must | (unit.may & unit.got))
        matrix[wanted][_state(unit.got)] += 1
    return matrix


def _present(finding: str) -> Callable[[Key], bool]:
    return lambda key: key.finding == finding and key.status == "present"


def _level_units(compared: Sequence[Compared]) -> Iterator[tuple[str, _Unit]]:
    for one in compared:
        modic = [_modic_only(keys) for keys in (one.must, one.may, one.got)]
        named = {key.level for keys in modic for key in keys}
        for level in (*LEVELS, ""):
            if level in LUMBAR_DISCS or level in named:
                at_level = (frozenset(k for k in keys if k.level == level) for keys in modic)
                yield level, _Unit(*at_level)


def _modic_only(keys: Iterable[Key]) -> frozenset[Key]:
    return frozenset(key for key in keys if key.finding == "modic_change")


def _detect(units: Sequence[_Unit], test: Callable[[Key], bool]) -> Detection:
    tally = {(wanted, found): 0 for wanted in (True, False) for found in (True, False)}
    left_out = 0
    for unit in units:
        wanted = any(map(test, unit.must))
        if not wanted and any(map(test, unit.may)):
            left_out += 1
        else:
            tally[wanted, any(map(test, unit.got))] += 1
    tp, fp = tally[True, True], tally[False, True]
    fn, tn = tally[True, False], tally[False, False]
    return Detection(
        tp,
        fp,
        fn,
        tn,
        left_out,
        sensitivity=rate(tp, tp + fn),
        specificity=rate(tn, tn + fp),
        ppv=rate(tp, tp + fp),
        npv=rate(tn, tn + fn),
        f1=f1(Counts(tp, fp, fn)),
    )


def _state(keys: Iterable[Key]) -> str:
    """Return the one state of a level; what was in the past or only asked about says nothing."""
    by_status: dict[str, set[str]] = {}
    for key in keys:
        by_status.setdefault(key.status, set()).add(key.modic_type)
    present = by_status.get("present")
    if present:
        typed = present - {"unspecified"}
        if not typed:
            return "unspecified"
        only = typed.pop()
        return "mixed" if typed or "/" in only else only
    return next((status for status in ("uncertain", "absent") if status in by_status), "none")
