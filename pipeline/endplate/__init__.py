"""Endplate: finds candidates for basivertebral nerve ablation in a radiology archive.

The public names; what they need is imported at their first use, so that ``import endplate`` and
the command line stay fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

__version__ = "0.1.0"

if TYPE_CHECKING:
    from endplate.criteria import judge, load_packs
    from endplate.errors import EndplateError, KnowledgeError
    from endplate.evaluate import score
    from endplate.reader import Reader, load, load_pipeline
    from endplate.records import Case, Fact, Finding, Reading, Report, Study
    from endplate.sources import open_reports

_HOME: Final = {
    "Case": "records",
    "EndplateError": "errors",
    "Fact": "records",
    "Finding": "records",
    "KnowledgeError": "errors",
    "Reader": "reader",
    "Reading": "records",
    "Report": "records",
    "Study": "records",
    "judge": "criteria",
    "load": "reader",
    "load_packs": "criteria",
    "load_pipeline": "reader",
    "open_reports": "sources",
    "score": "evaluate",
}

__all__ = [
    "Case",
    "EndplateError",
    "Fact",
    "Finding",
    "KnowledgeError",
    "Reader",
    "Reading",
    "Report",
    "Study",
    "judge",
    "load",
    "load_packs",
    "load_pipeline",
    "open_reports",
    "score",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
