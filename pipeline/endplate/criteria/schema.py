"""What a pack file may hold, validated key by key."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator, Field, field_validator, model_validator

from endplate.criteria.conditions import MAX_CONDITIONS, MAX_DEPTH, Condition
from endplate.criteria.fields import Strict, Text, check_id

Kind = Literal["include", "exclude", "flag"]
Silence = Literal["unknown", "not_met"]
Class = Literal[
    "label_indication",
    "label_contraindication",
    "trial_enrolment",
    "guideline",
    "payer_rule",
    "domain_rule",
]
Verdict = Literal[
    "urgent_review", "not_candidate", "needs_review", "needs_information", "candidate"
]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)


def _check_source_date(value: object) -> object:
    """Accept a day, a month, a year, or the plain statement that the source gives none."""
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    if text == "not stated":
        return text
    for form in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            dt.datetime.strptime(text, form)
        except ValueError:
            continue
        return text
    message = f"{text!r} is no date; allowed: 2026-11-22, 2026-11, 2026 or not stated"
    raise ValueError(message)


def _as_text(value: object) -> object:
    """Let a version stand unquoted: YAML reads 1.0 as a number."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else value


def _check_url(value: object) -> object:
    if isinstance(value, str) and value and not value.startswith(("https://", "http://")):
        message = "a URL begins with https:// or http://"
        raise ValueError(message)
    return value


Id = Annotated[str, BeforeValidator(check_id)]
Version = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=40)]


class SourceFile(Strict):
    """Where a criterion is from: read when, dated when."""

    title: Text
    url: Annotated[str, BeforeValidator(_check_url)] = ""
    date: Annotated[str, BeforeValidator(_check_source_date)]
    retrieved: dt.date


class Verification(Strict):
    """Whether the source itself was read (``verified``) or not (``draft``), and by what."""

    status: Literal["verified", "draft"]
    by: Text


class Reference(SourceFile):
    """A further source of a pack, named so that criteria can point to it."""

    verification: Verification


class CriterionFile(Strict):
    """One criterion as it stands in a file; one that changes an inherited one may be partial.

    ``source`` names one of the pack's ``sources``; without it the pack's own source holds.
    """

    id: Id
    statement: Text | None = None
    class_: Annotated[Class | None, Field(alias="class")] = None
    kind: Kind | None = None
    when: Condition | None = None
    silence: Silence | None = None
    settle: Text | None = None
    source: Id | None = None

    @field_validator("when")
    @classmethod
    def _check_size(cls, when: Condition | None) -> Condition | None:
        parts = list(when.walk()) if when else []
        if len(parts) > MAX_CONDITIONS or any(depth > MAX_DEPTH for depth, _ in parts):
            message = f"at most {MAX_CONDITIONS} conditions, nested at most {MAX_DEPTH} deep"
            raise ValueError(message)
        return when


class ExampleFinding(Strict):
    """One finding of an example, by the columns of the findings table."""

    finding: str
    level: str = ""
    vertebra: str = ""
    endplate: str = ""
    modic_type: Annotated[str, BeforeValidator(_as_text)] = ""
    basis: str = ""
    grade: Annotated[str, BeforeValidator(_as_text)] = ""
    status: str = "present"
    section: str = "findings"
    acuity: str = ""
    conflict: str = ""


class ExampleStudy(Strict):
    """One study of an example."""

    date: dt.date | None = dt.date(2026, 1, 15)
    modality: Literal["MR", "CT", "unknown"] = "MR"
    findings: tuple[ExampleFinding, ...] = ()


class Example(Strict):
    """A case and what the pack must say of it.

    ``like`` starts from another example: its facts, changed by those given (null takes one away);
    its findings, unless ``findings`` replaces them; ``and_findings`` adds to them.
    """

    name: Text
    like: Text | None = None
    facts: Annotated[dict[str, Any], Field(default_factory=dict)]
    date: dt.date | None = dt.date(2026, 1, 15)
    modality: Literal["MR", "CT", "unknown", "none"] = "MR"
    findings: tuple[ExampleFinding, ...] | None = None
    and_findings: tuple[ExampleFinding, ...] = ()
    older: tuple[ExampleStudy, ...] = ()
    verdict: Verdict | None = None
    criteria: Annotated[
        dict[str, Literal["met", "not met", "unknown"]], Field(default_factory=dict)
    ]


class PackFile(Strict):
    """A pack as it stands in a file."""

    id: Id
    version: Version
    title: Text
    about: Annotated[str, Field(max_length=2000)] = ""
    extends: Text | None = None
    remove: tuple[Id, ...] = ()
    source: SourceFile
    verification: Verification
    sources: Annotated[dict[Id, Reference], Field(default_factory=dict)]
    criteria: Annotated[tuple[CriterionFile, ...], Field(max_length=100)] = ()
    examples: Annotated[tuple[Example, ...], Field(max_length=500)] = ()

    @model_validator(mode="after")
    def _check_own(self) -> PackFile:
        if self.extends is None and not self.criteria:
            message = "a pack has criteria, or extends a pack that has"
            raise ValueError(message)
        if self.remove and self.extends is None:
            message = "remove takes criteria out of the pack that is extended; none is"
            raise ValueError(message)
        if self.verification.status == "verified" and not self.source.url:
            message = "a verified pack names the URL of its source"
            raise ValueError(message)
        return self


class CommonFile(Strict):
    """The criteria that every pack carries."""

    version: Version
    sources: dict[Id, Reference]
    criteria: tuple[CriterionFile, ...]
