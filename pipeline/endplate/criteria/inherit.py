"""From files to complete criteria: what a pack takes over from the one that it extends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from endplate.criteria.asking import Ask
from endplate.criteria.compiler import REPORT_KINDS, compile_condition
from endplate.criteria.conditions import Condition
from endplate.criteria.outcome import About, Outcome
from endplate.criteria.schema import (
    CommonFile,
    CriterionFile,
    PackFile,
    SourceFile,
    Verification,
)
from endplate.criteria.words import say_condition
from endplate.errors import Problem
from endplate.strict_yaml import Document

#: What silence on a criterion means unless its file says otherwise.
_SILENCE: Final = {"include": "unknown", "exclude": "not_met", "flag": "not_met"}

_REQUIRED: Final = {"statement": "statement", "class_": "class", "kind": "kind", "when": "when"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One complete criterion, with its condition compiled and its threshold in words.

    ``made`` remembers results that name no evidence and so are the same for every patient.
    """

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
    made: dict[Outcome, Any] = field(default_factory=dict, repr=False, compare=False)


def resolve(
    layers: Sequence[tuple[Document, PackFile]], reserved: Collection[str]
) -> tuple[dict[str, Criterion], list[Problem]]:
    """Return the criteria of a chain of packs by id, and all that is wrong with them.

    `layers` begins with the pack that extends none; each further one changes, adds or removes.
    `reserved` are the ids of the criteria that every pack carries and none can change.
    """
    criteria: dict[str, Criterion] = {}
    problems: list[Problem] = []
    for document, pack in layers:
        for number, name in enumerate(pack.remove):
            if criteria.pop(name, None) is None:
                message = f"no inherited criterion {name!r}; allowed: {_listed(criteria)}"
                problems.append(document.problem(("remove", number), message))
        _add(criteria, document, pack, reserved, problems)
    if not criteria and not problems:
        problems.append(layers[-1][0].problem(("remove",), "no criterion is left"))
    return criteria, problems


def resolve_common(
    document: Document, file: CommonFile
) -> tuple[tuple[Criterion, ...], list[Problem]]:
    """Return the criteria that every pack carries, and all that is wrong with them."""
    criteria: dict[str, Criterion] = {}
    problems: list[Problem] = []
    _add(criteria, document, file, set(), problems)
    return tuple(criteria.values()), problems


def _add(
    criteria: dict[str, Criterion],
    document: Document,
    file: PackFile | CommonFile,
    reserved: Collection[str],
    problems: list[Problem],
) -> None:
    """Add the criteria of one file, noting what is wrong with each."""
    seen: set[str] = set()
    for number, entry in enumerate(file.criteria):
        place = ("criteria", number)
        inherited = criteria.get(entry.id)
        faults = _faults(entry, inherited)
        if entry.id in seen:
            faults.append(f"{entry.id!r} stands twice")
        if entry.id in reserved:
            faults.append(f"{entry.id!r} belongs to the criteria of every pack; take another id")
        if entry.source is not None and entry.source not in file.sources:
            faults.append(f"no source {entry.source!r}; allowed: {_listed(file.sources)}")
        seen.add(entry.id)
        problems += [document.problem(place, fault) for fault in faults]
        if not faults:
            criteria[entry.id] = _complete(entry, inherited, file)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _faults(entry: CriterionFile, inherited: Criterion | None) -> list[str]:
    if inherited is None:
        missing = [key for name, key in _REQUIRED.items() if getattr(entry, name) is None]
        return (
            [f"{entry.id!r} is a new criterion and lacks {', '.join(missing)}"] if missing else []
        )
    if entry.when is not None and entry.statement is None:
        return [f"{entry.id!r} changes the condition, so the statement must be given anew"]
    return []


def _complete(
    entry: CriterionFile, inherited: Criterion | None, file: PackFile | CommonFile
) -> Criterion:
    """Return a criterion: what the file says, else what it inherits.

    A changed criterion is the changing pack's: the inherited source no longer vouches for it.
    """
    source, verification = _source(entry, file)
    given = {
        "statement": entry.statement,
        "clazz": entry.class_,
        "kind": entry.kind,
        "when": entry.when,
        "silence": entry.silence or (_SILENCE[entry.kind] if entry.kind else None),
        "settle": entry.settle or ("" if entry.when else None),
    }
    own = {name: value for name, value in given.items() if value is not None}
    inherit = {name: getattr(inherited, name) for name in given} if inherited else {}
    fields: dict[str, Any] = {**inherit, **own}
    when: Condition = fields["when"]
    return Criterion(
        id=entry.id,
        source=source,
        verification=verification,
        threshold=say_condition(when),
        about=_about(when),
        ask=compile_condition(when),
        **fields,
    )


def _source(entry: CriterionFile, file: PackFile | CommonFile) -> tuple[SourceFile, Verification]:
    if entry.source is not None:
        reference = file.sources[entry.source]
        return reference, reference.verification
    if isinstance(file, PackFile):
        return file.source, file.verification
    return next((ref, ref.verification) for ref in file.sources.values())


def _about(when: Condition) -> About:
    """Return what decides a criterion: the report, unless a table or a person has a say."""
    leaves = [condition for _, condition in when.walk() if not condition.parts]
    from_report = all(
        leaf.kind in REPORT_KINDS or (leaf.kind == "ask" and leaf.test.about == "report")
        for leaf in leaves
    )
    return "report" if from_report else "clinical"
