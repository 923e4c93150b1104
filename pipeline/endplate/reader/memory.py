"""What was made of a text before. Reports repeat themselves; the same words are read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: Texts remembered at most, and characters of the longest: some 300 MB when full of passages.
REMEMBERED: Final = 50_000
LONGEST: Final = 400


class Memory(dict[str, T]):
    """Remembers what a function makes of short texts, and forgets what was not asked for lately.

    ``memory[text]`` is what the function makes of a text. It has two halves: when the newer one
    is full, it takes the place of the older. The texts are patient data and stay in the memory of
    the process.
    """

    def __init__(
        self, make: Callable[[str], T], limit: int = REMEMBERED, longest: int = LONGEST
    ) -> None:
        super().__init__()
        self._make = make
        self._older: dict[str, T] = {}
        self.limit, self._longest = limit, longest

    def __missing__(self, text: str) -> T:
        """Make it, or take it from the older half."""
        known = self._older.get(text)
        if known is None:
            known = self._make(text)
        if len(text) < self._longest and self.limit:
            if len(self) * 2 >= self.limit:
                self._older = dict(self)
                self.clear()
            self[text] = known
        return known
