"""One pattern for many phrases.

A plain alternation tries phrase after phrase at every character of a text; here phrases share
their beginnings, and a look at the first letter spares the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_END: Final = ""


def alternation(phrases: Iterable[str]) -> str:
    """Return a pattern that matches the longest of some phrases, as a group of its own."""
    root: dict[str, dict] = {}
    for phrase in phrases:
        node = root
        for char in phrase:
            node = node.setdefault(char, {})
        node[_END] = {}
    return _pattern(root) if root else r"(?!)"


def openers(phrases: Iterable[str]) -> str:
    """Return a pattern that looks whether one of some phrases can start here."""
    first = "".join(sorted({re.escape(phrase[0]) for phrase in phrases}))
    return f"(?=[{first}])" if first else r"(?!)"


def _pattern(node: dict[str, dict]) -> str:
    branches = []
    for char, below in node.items():
        if char == _END:
            continue
        said = re.escape(char)
        while len(below) == 1 and _END not in below:
            ((char, below),) = below.items()
            said += re.escape(char)
        branches.append(said + (_pattern(below) if set(below) != {_END} else ""))
    return f"(?:{'|'.join(branches)}){'?' if _END in node else ''}"
