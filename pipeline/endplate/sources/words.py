"""The word lists under ``models/sources``: column names, status and modality words."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from endplate.errors import KnowledgeError
from endplate.knowledge import models_dir
from endplate.strict_yaml import read_document


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_M = TypeVar("_M", bound=_Strict)


class ColumnNames(_Strict):
    """The known names of each column role, the preferred one first."""

    id: tuple[str, ...]
    text: tuple[str, ...]
    patient: tuple[str, ...]
    date: tuple[str, ...]
    modality: tuple[str, ...]
    procedure: tuple[str, ...]
    accession: tuple[str, ...]
    status: tuple[str, ...]


class StatusWords(_Strict):
    """What a source may write for each of the five report states."""

    preliminary: tuple[str, ...]
    final: tuple[str, ...]
    amended: tuple[str, ...]
    corrected: tuple[str, ...]
    cancelled: tuple[str, ...]


class Words(_Strict):
    """The file ``words.yaml``: word of the interface -> words of the sources."""

    status: StatusWords
    modality: dict[str, tuple[str, ...]]


@cache
def column_names() -> ColumnNames:
    """Return the known column names; raise KnowledgeError when the file is at fault."""
    return _load(models_dir() / "sources" / "columns.yaml", ColumnNames)


@cache
def status_words() -> dict[str, str]:
    """Return source word (lower case) -> report status."""
    return _inverted(_words().status.model_dump())


@cache
def modality_words() -> dict[str, str]:
    """Return source word (lower case) -> modality."""
    return _inverted(_words().modality)


@cache
def _words() -> Words:
    return _load(models_dir() / "sources" / "words.yaml", Words)


def _inverted(groups: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {word.lower(): code for code, words in groups.items() for word in words}


def _load(path: Path, model: type[_M]) -> _M:
    title = f"{path.name} cannot be used:"
    document = read_document(path, title, words=True)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems = [document.problem(fault["loc"], fault["msg"]) for fault in error.errors()]
        raise KnowledgeError(title, problems) from None
