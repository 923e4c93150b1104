"""Which keys a pack file allows at a place, for messages about a key that is not allowed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel

from endplate.criteria.schema import PackFile


def keys_at(place: Iterable[str | int]) -> list[str]:
    """Return the keys allowed at a path of a pack file, as they are written there."""
    model: type[BaseModel] = PackFile
    for step in place:
        if isinstance(step, int):
            continue
        for name, info in model.model_fields.items():
            if step in (name, info.alias):
                model = next(iter(_models_in(info.annotation)), model)
                break
    return [info.alias or name for name, info in model.model_fields.items()]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models inside an annotation such as ``tuple[Criterion, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
