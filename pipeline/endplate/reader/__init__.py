"""The reader: spaCy and medspaCy with rules for lumbar MRI reports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from endplate.reader.reader import Reader, load, load_pipeline

__all__ = ["Reader", "load", "load_pipeline"]


def __getattr__(name: str) -> Any:
    # spaCy takes a second to import, and the rules can be checked without it
    if name in __all__:
        return getattr(import_module("endplate.reader.reader"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
