"""The examples that packs carry: a few lines of YAML become a case, which the pack judges."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from endplate.codes import BASES, ENDPLATES, FINDINGS, LEVELS, MODIC_TYPES, STATUSES
from endplate.criteria.judge import judge
from endplate.criteria.pack import Pack
from endplate.criteria.schema import Example, ExampleFinding
from endplate.errors import EndplateError
from endplate.facts import FACTS
from endplate.records import Case, Fact, Finding, Source, Study

_CLOSED = {
    "finding": FINDINGS,
    "level": LEVELS,
    "endplate": ENDPLATES,
    "modic_type": MODIC_TYPES,
    "basis": BASES,
    "status": STATUSES,
}


class Check(NamedTuple):
    """An example and where the pack's answer differs from it; no differences means it passed."""

    name: str
    verdict: str
    differences: tuple[str, ...]


def check_examples(pack: Pack) -> list[Check]:
    """Judge every example of a pack and compare verdict and criteria with what it says."""
    return [check_example(example, case, pack) for example, case in build_cases(pack.examples)]


def check_example(example: Example, case: Case, pack: Pack) -> Check:
    """Judge one example and compare."""
    judgement = judge(case, pack)
    differences = []
    if example.verdict is not None and judgement.verdict != example.verdict:
        differences.append(f"verdict is {judgement.verdict}, expected {example.verdict}")
    truths = {result.criterion_id: result.truth.value for result in judgement.results}
    for name, expected in example.criteria.items():
        if truths.get(name) != expected:
            differences.append(f"{name} is {truths.get(name)}, expected {expected}")
    return Check(example.name, judgement.verdict, tuple(differences))


def build_cases(examples: Sequence[Example]) -> list[tuple[Example, Case]]:
    """Return each example with its case, examples that start from others resolved.

    Raises
    ------
    EndplateError
        An example names a fact, a value or a finding that does not exist.
    """
    whole: dict[str, Example] = {}
    built = []
    for example in examples:
        base = whole.get(example.like) if example.like else None
        if base is not None:
            unset = {
                name: getattr(base, name)
                for name in ("date", "modality", "older", "findings")
                if name not in example.model_fields_set
            }
            facts = {**base.facts, **example.facts}
            example = example.model_copy(update={**unset, "facts": facts})
        whole[example.name] = example.model_copy(
            update={"findings": (*(example.findings or ()), *example.and_findings)}
        )
        built.append((example, _case(whole[example.name])))
    return built


def _case(example: Example) -> Case:
    where = f"example {example.name!r}"
    facts = {
        name: Fact(name, _value(name, value, where), table="example", row=1, column=name)
        for name, value in example.facts.items()
        if value is not None
    }
    older = tuple(
        _study(f"older-{n}", study.date, study.modality, study.findings, where)
        for n, study in enumerate(example.older, start=1)
    )
    if example.modality == "none":
        return Case("example", older, None, facts)
    index = _study("index", example.date, example.modality, example.findings or (), where)
    eligible = index if index.lumbar_mri is not False else None
    return Case("example", (*older, index), eligible, facts)


def _study(
    report_id: str,
    date: dt.date | None,
    modality: str,
    findings: Sequence[ExampleFinding],
    where: str,
) -> Study:
    return Study(
        report_id=report_id,
        patient_id="example",
        study_date=date,
        lumbar_mri={"MR": True, "CT": False, "unknown": None}[modality],
        modality="" if modality == "unknown" else modality,
        procedure="",
        accession="",
        report_status="final",
        findings=tuple(_finding(report_id, row, where) for row in findings),
        source=Source("example"),
    )


def _finding(report_id: str, row: ExampleFinding, where: str) -> Finding:
    values: Mapping[str, Any] = row.model_dump()
    for name, allowed in _CLOSED.items():
        if values[name] and values[name] not in allowed:
            message = f"{where}: {name} {values[name]!r} is not allowed: {', '.join(allowed)}"
            raise EndplateError(message)
    words = " ".join(value for value in values.values() if value)
    return Finding(report_id, **values, end=len(words), text=words, sentence=words)


def _value(name: str, value: object, where: str) -> object:
    """Return a fact's value in its declared type."""
    declared = FACTS.get(name)
    if declared is None:
        message = f"{where}: there is no fact {name!r}; allowed: {', '.join(sorted(FACTS))}"
        raise EndplateError(message)
    answers = {"yes": True, "no": False, True: True, False: False}
    if declared.kind == "answer" and isinstance(value, (str, bool)) and value in answers:
        return answers[value]
    if declared.kind == "number" and isinstance(value, (int, float)):
        return float(value)
    if declared.kind == "date" and isinstance(value, dt.date):
        return value
    if declared.kind == "choice" and value in declared.values:
        return value
    if declared.kind == "set" and isinstance(value, list) and set(value) <= set(declared.values):
        return frozenset(value)
    allowed = f"allowed: {', '.join(declared.values)}" if declared.values else declared.kind
    message = f"{where}: {name} cannot be {value!r}; {allowed}"
    raise EndplateError(message)
