"""How a fault in a file is told: the value if it is short, and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def shown(value: object) -> str:
    """Return a short value for a message; a longer one may be report text in the wrong place."""
    text = str(value)
    return repr(text) if len(text) <= 24 else f"(a text of {len(text)} characters)"


def unknown(column: str, value: object, codes: Sequence[str], also: str = "") -> str:
    """Say that a value is none of `codes`, with the likeliest and all that are allowed."""
    near = get_close_matches(str(value)[:40], codes, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{column} {shown(value)} is unknown; {hint}allowed: {', '.join(codes)}{also}"
