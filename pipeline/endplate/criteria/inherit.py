"""From files to complete criteria: what a pack takes over from the one that it extends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from endplate.criteria.compiler import REPORT_KINDS, compile_condition
from endplate.criteria.conditions import Condition
from endplate.criteria.imaging import Ask
from endplate.criteria.outcome import About
from endplate.criteria.schema import (
    CommonFile,
    CriterionFile,
    PackFile,
    SourceFile,
    Verification,
)
from endplate.criteria.strict_yaml import Document, Place
from endplate.criteria.words import say_condition
from endplate.errors import Problem

#: What silence on a criterion means unless its file says otherwise.
_SILENCE: Final = {"include": "unknown", "exclude": "not_met", "flag": "not_met"}

_REQUIRED: Final = {"statement": "statement", "class_": "class", "kind": "kind", "when": "when"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One complete criterion, with its condition compiled and its threshold in words."""

    id: str
    statement: str
    clazz: str
    kind: str
    when: Condition
    silence: str
    settle: str
    source: SourceFile
    verification: Verification
    threshold: str
    about: About
    ask: Ask = field(repr=False, compare=False)


def resolve(
    layers: Sequence[tuple[Document, PackFile]], common_document: Document, common: CommonFile
) -> tuple[dict[str, Criterion], list[Problem]]:
    """Return the criteria of a chain of packs by id, and all that is wrong with them.

    `layers` begins with the pack that extends none; each further one changes, adds or removes.
    """
    criteria: dict[str, Criterion] = {}
    problems: list[Problem] = []
    for document, pack in layers:
        for number, name in enumerate(pack.remove):
            if criteria.pop(name, None) is None:
                allowed = ", ".join(criteria) or "none"
                message = f"no inherited criterion {name!r}; allowed: {allowed}"
                problems.append(document.problem(("remove", number), message))
        _add(criteria, document, pack.criteria, pack, problems)
    own = frozenset(criteria)
    _add(criteria, common_document, common.criteria, None, problems)
    for document, pack in layers:
        for number, entry in enumerate(pack.criteria):
            if entry.id in {shared.id for shared in common.criteria}:
                message = f"{entry.id!r} belongs to the criteria of every pack; take another id"
                problems.append(document.problem(("criteria", number, "id"), message))
    if not own and not problems:
        problems.append(layers[-1][0].problem(("remove",), "no criterion is left"))
    return criteria, problems


def _add(
    criteria: dict[str, Criterion],
    document: Document,
    entries: Sequence[CriterionFile],
    pack: PackFile | None,
    problems: list[Problem],
) -> None:
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        place: Place = ("criteria", number)
        if entry.id in seen:
            problems.append(document.problem((*place, "id"), f"{entry.id!r} stands twice"))
        seen.add(entry.id)
        inherited = criteria.get(entry.id)
        faults = _faults(entry, inherited, pack)
        problems += [document.problem(place, fault) for fault in faults]
        if not faults:
            criteria[entry.id] = _complete(entry, inherited, pack)


def _faults(entry: CriterionFile, inherited: Criterion | None, pack: PackFile | None) -> list[str]:
    if inherited is None:
        missing = [key for name, key in _REQUIRED.items() if getattr(entry, name) is None]
        faults = [f"{entry.id!r} is a new criterion and lacks {', '.join(missing)}"]
        return faults if missing else []
    if entry.when is not None and entry.statement is None:
        return [f"{entry.id!r} changes the condition, so the statement must be given anew"]
    if entry.verification is None and pack is None:
        return [f"{entry.id!r} lacks verification"]
    return []


def _complete(
    entry: CriterionFile, inherited: Criterion | None, pack: PackFile | None
) -> Criterion:
    """Return a criterion: what the file says, else what it inherits, else the pack's own.

    A changed criterion is the changing pack's: its source is no longer the inherited one.
    """
    kind = entry.kind or (inherited.kind if inherited else "")
    when = entry.when or (inherited.when if inherited else None)
    source = entry.source or (pack.source if pack else None)
    verification = entry.verification or (pack.verification if pack else None)
    if when is None or source is None or verification is None:  # pragma: no cover (see _faults)
        message = f"criterion {entry.id} is incomplete"
        raise AssertionError(message)
    kept = inherited.silence if inherited and entry.kind is None else _SILENCE[kind]
    return Criterion(
        id=entry.id,
        statement=entry.statement or (inherited.statement if inherited else ""),
        clazz=entry.class_ or (inherited.clazz if inherited else ""),
        kind=kind,
        when=when,
        silence=entry.silence or kept,
        settle=entry.settle or (inherited.settle if inherited and entry.when is None else ""),
        source=source,
        verification=verification,
        threshold=say_condition(when),
        about=_about(when),
        ask=compile_condition(when),
    )


def _about(when: Condition) -> About:
    """Return what decides a criterion: the report, unless a table or a person has a say."""
    leaves = [condition for _, condition in when.walk() if not condition.parts]
    from_report = all(
        leaf.kind in REPORT_KINDS or (leaf.kind == "ask" and leaf.test.about == "report")
        for leaf in leaves
    )
    return "report" if from_report else "clinical"
