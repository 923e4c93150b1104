"""What was made of a text before. Reports repeat themselves; the same words are read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: Texts remembered at most, and characters of the longest: some 150 MB when full of passages.
REMEMBERED: Final = 24_000
LONGEST: Final = 400
#: Texts that were met once and are known by their hash only, for each that is remembered.
_MET: Final = 8


class Memory(dict[str, T]):
    """Remembers what a function makes of short texts, and forgets what was not asked for lately.

    ``memory[text]`` is what the function makes of a text. It has two halves: when the newer one
    is full, it takes the place of the older. Once half of it is full, a text has to be met twice
    to come in: most are never met again. The texts are patient data and stay in the memory of the
    process.
    """

    def __init__(
        self, make: Callable[[str], T], limit: int = REMEMBERED, longest: int = LONGEST
    ) -> None:
        super().__init__()
        self._make = make
        self._older: dict[str, T] = {}
        self._met: set[int] = set()
        self._met_older: set[int] = set()
        self.limit, self._longest = limit, longest

    def __missing__(self, text: str) -> T:
        """Make it, or take it from the older half."""
        known = self._older.get(text)
        if known is None:
            known = self._make(text)
            if len(text) >= self._longest or not self.limit or not self._comes_in(text):
                return known
        if len(self) * 2 >= self.limit:
            self._older = dict(self)
            self.clear()
        self[text] = known
        return known

    def _comes_in(self, text: str) -> bool:
        """Tell whether there is room, or the text was met before."""
        if (len(self) + len(self._older)) * 2 < self.limit:
            return True
        key = hash(text)
        if key in self._met or key in self._met_older:
            return True
        if len(self._met) * 2 >= self.limit * _MET:
            self._met_older, self._met = self._met, set()
        self._met.add(key)
        return False
