"""What a command tells on stderr."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def say(message: str) -> None:
    """Print a line on stderr; nothing in it can steer the terminal."""
    line = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in message)
    print(line, file=sys.stderr)  # noqa: T201


def by_reason(rejected: Mapping[str, int]) -> str:
    """Return ``2 rejected (duplicate 1, empty report 1)``, the frequent reasons first."""
    total = sum(rejected.values())
    reasons = ", ".join(
        f"{reason} {count:,}" for reason, count in sorted(rejected.items(), key=lambda r: -r[1])
    )
    return f"{total:,} rejected" + (f" ({reasons})" if reasons else "")
