"""Criteria packs: found by name or file, read, refused as a whole when anything is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from endplate.criteria.inherit import Criterion, resolve, resolve_common
from endplate.criteria.schema import (
    CommonFile,
    Example,
    PackFile,
    SourceFile,
    Verification,
)
from endplate.errors import EndplateError, KnowledgeError, Problem
from endplate.knowledge import content_hash, models_dir
from endplate.strict_yaml import Document, read_document

DEFAULT_PACK: Final = "selection"
_COMMON: Final = "common"
_MAX_EXTENDS: Final = 5

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack ready to judge with: its own criteria, and those that every pack carries.

    ``digest`` is the SHA-256 of the pack's file, of those it extends and of the common criteria.
    """

    id: str
    version: str
    title: str
    about: str
    source: SourceFile
    verification: Verification
    extends: str
    own: tuple[Criterion, ...] = field(repr=False)
    common: tuple[Criterion, ...] = field(repr=False)
    examples: tuple[Example, ...] = field(repr=False)
    file: Path
    digest: str

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria in the order of judging: the pack's own, then those of every pack."""
        return self.own + self.common

    @property
    def draft(self) -> bool:
        """Whether the pack is a draft: it runs only when named, and its results say so."""
        return self.verification.status == "draft"


class _Layer(NamedTuple):
    """One file of a chain of packs that extend each other."""

    path: Path
    document: Document
    pack: PackFile


def packs_dir() -> Path:
    """Return the folder of the shipped packs."""
    return models_dir() / "criteria"


def pack_names() -> list[str]:
    """Return the names of the shipped packs, the default first."""
    names = sorted(path.stem for path in packs_dir().glob("*.yaml") if path.stem != _COMMON)
    return sorted(names, key=lambda name: name != DEFAULT_PACK)


def load_packs(names: Sequence[str] = ()) -> list[Pack]:
    """Return packs by name or by file, in that order; without names the default pack.

    Raises
    ------
    EndplateError
        A name is neither a shipped pack nor a file, or two packs have the same id.
    KnowledgeError
        A pack is faulty: every fault in it is listed.
    """
    packs = [load_pack(name) for name in (names or (DEFAULT_PACK,))]
    ids = [pack.id for pack in packs]
    for name in ids:
        if ids.count(name) > 1:
            message = f"Pack {name!r} is named twice; a run judges by a pack once."
            raise EndplateError(message)
    return packs


def load_pack(name: str) -> Pack:
    """Return one pack by its name or file; see :func:`load_packs`."""
    path = _find(name)
    title = f"Criteria pack {path.name} is refused:"
    chain = _chain(path, title)
    common = _common_criteria()
    own, problems = resolve(
        [(layer.document, layer.pack) for layer in reversed(chain)],
        reserved={criterion.id for criterion in common},
    )
    _, document, pack = chain[0]
    if pack.verification.status == "verified":
        problems += [
            document.problem(("verification", "status"), f"extends the draft {layer.pack.id!r}")
            for layer in chain[1:]
            if layer.pack.verification.status == "draft"
        ]
    known = [*own, *(criterion.id for criterion in common)]
    problems += _example_problems(document, pack, known)
    if problems:
        raise KnowledgeError(title, problems)
    return Pack(
        id=pack.id,
        version=pack.version,
        title=pack.title,
        about=" ".join(pack.about.split()),
        source=pack.source,
        verification=pack.verification,
        extends=pack.extends or "",
        own=tuple(own.values()),
        common=common,
        examples=pack.examples,
        file=path,
        digest=content_hash(_common_path(), *(layer.path for layer in chain)),
    )


def _common_path() -> Path:
    return packs_dir() / f"{_COMMON}.yaml"


@cache
def _common_criteria() -> tuple[Criterion, ...]:
    """Return the criteria that every pack carries; shared, so that several packs ask them once."""
    title = f"The criteria of every pack ({_COMMON}.yaml) are refused:"
    document = read_document(_common_path(), title)
    criteria, problems = resolve_common(document, _validated(document, CommonFile, title))
    if problems:
        raise KnowledgeError(title, problems)
    return criteria


def _find(name: str) -> Path:
    if name in pack_names():
        return packs_dir() / f"{name}.yaml"
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return path
    listed = ", ".join(pack_names())
    message = f"There is no criteria pack {name!r}: name a .yaml file or one of {listed}."
    raise EndplateError(message)


def _chain(path: Path, title: str) -> list[_Layer]:
    """Return a pack and those it extends, from the pack itself upwards."""
    chain: list[_Layer] = []
    while True:
        document = read_document(path, title)
        pack = _validated(document, PackFile, title)
        chain.append(_Layer(path, document, pack))
        if pack.extends is None:
            return chain
        problem = ""
        if pack.extends in pack_names():
            path = packs_dir() / f"{pack.extends}.yaml"
        elif Path(pack.extends).name == pack.extends and path.with_name(pack.extends).is_file():
            path = path.with_name(pack.extends)
        else:
            allowed = ", ".join(pack_names())
            problem = f"no pack {pack.extends!r}; allowed: {allowed}, or a file in the same folder"
        if any(path == layer.path for layer in chain) or len(chain) > _MAX_EXTENDS:
            problem = problem or f"packs extend each other in a circle or over {_MAX_EXTENDS} deep"
        if problem:
            raise KnowledgeError(title, [document.problem(("extends",), problem)])


def _validated(document: Document, model: type[_Model], title: str) -> _Model:
    if not isinstance(document.data, dict):
        message = "is empty or no mapping; a pack begins with id:, version:, title:"
        raise KnowledgeError(title, [document.problem((), message)])
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise KnowledgeError(title, _problems(document, error)) from None


def _problems(document: Document, error: ValidationError) -> list[Problem]:
    """Return each fault once, at its place, without the echoes it leaves further up."""
    faults = [(fault["loc"], fault["type"], fault["msg"], fault) for fault in error.errors()]
    places = [place for place, *_ in faults]
    problems = []
    for place, kind, message, fault in faults:
        if kind == "too_short" and any(p[: len(place)] == place and p != place for p in places):
            continue
        text = message.removeprefix("Value error, ")
        if kind == "extra_forbidden":
            text = f"unknown key; allowed: {', '.join(_allowed_keys(place))}"
        elif kind == "literal_error":
            text = f"{fault['input']!r} is not allowed; allowed: {fault['ctx']['expected']}"
        problems.append(document.problem(place, text))
    return problems


def _allowed_keys(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that may stand where a strange one stands, following the models down."""
    from endplate.criteria.keys import keys_at  # only needed to word an error

    return keys_at(place[:-1])


def _example_problems(document: Document, pack: PackFile, criteria: Sequence[str]) -> list[Problem]:
    """Return what the examples name that is not there."""
    problems: list[Problem] = []
    known: set[str] = set()
    for number, example in enumerate(pack.examples):
        place = ("examples", number)
        if example.like is not None and example.like not in known:
            message = f"no earlier example {example.like!r}"
            problems.append(document.problem((*place, "like"), message))
        if example.name in known:
            problems.append(document.problem((*place, "name"), "stands twice"))
        known.add(example.name)
        strange = sorted(set(example.criteria) - set(criteria))
        if strange:
            message = f"no criterion {', '.join(strange)}; allowed: {', '.join(criteria)}"
            problems.append(document.problem((*place, "criteria"), message))
    return problems
