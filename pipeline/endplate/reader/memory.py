"""What was made of a text before. Reports repeat themselves; the same words are read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

#: Texts remembered at most, and characters of the longest.
REMEMBERED: Final = 12_000
LONGEST: Final = 400
#: The part that is forgotten at once when there is no more room.
_FORGOTTEN: Final = 4
#: No difference is made above so many times.
_MANY: Final = 60


class _Known(Generic[T]):
    """What was made of a text, and how often that was asked for."""

    __slots__ = ("asked", "made")

    def __init__(self, made: T) -> None:
        self.made = made
        self.asked = 1


class Memory(Generic[T]):
    """Remembers what a function makes of short texts, and forgets what is seldom asked for.

    ``memory[text]`` is what the function makes of a text. Once half of the room is taken, a text
    has to be met twice to come in: most are never met again. When all is taken, a quarter is
    forgotten, and what is left counts for a little less, so that a new house style gets its room.
    (Forgetting what was not asked for lately takes half as much room again for as few texts made
    anew: phrases that all radiologists use go with those that one uses twice.) The texts are
    patient data and stay in the memory of the process.
    """

    def __init__(
        self, make: Callable[[str], T], limit: int = REMEMBERED, longest: int = LONGEST
    ) -> None:
        self._make = make
        self._known: dict[str, _Known[T]] = {}
        self._met: set[int] = set()
        self._met_before: set[int] = set()
        self.limit, self._longest = limit, longest

    def __len__(self) -> int:
        """Return how many texts are remembered."""
        return len(self._known)

    def __contains__(self, text: str) -> bool:
        """Tell whether a text is remembered."""
        return text in self._known

    def __getitem__(self, text: str) -> T:
        """Return what is made of a text."""
        known = self._known.get(text)
        if known is not None:
            known.asked += 1
            return known.made
        made = self._make(text)
        if self.limit and len(text) < self._longest and self._comes_in(text):
            if len(self._known) >= self.limit:
                self._forget()
            self._known[text] = _Known(made)
        return made

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()
        self._met.clear()
        self._met_before.clear()

    def _comes_in(self, text: str) -> bool:
        """Tell whether there is plenty of room, or the text was met before."""
        if len(self._known) * 2 < self.limit:
            return True
        key = hash(text)
        if key in self._met or key in self._met_before:
            return True
        self._meet(key)
        return False

    def _meet(self, key: int) -> None:
        if len(self._met) * 2 >= self.limit:
            self._met_before, self._met = self._met, set()
        self._met.add(key)

    def _forget(self) -> None:
        """Make room: of those that were asked for least, the oldest go first."""
        tally = [0] * (_MANY + 1)
        for known in self._known.values():
            tally[min(known.asked, _MANY)] += 1
        room, least = self.limit // _FORGOTTEN + 1, 0
        while room > tally[least]:  # all that were asked for less go
            room -= tally[least]
            least += 1
        for text, known in list(self._known.items()):
            asked = min(known.asked, _MANY)
            if asked < least or (asked == least and room > 0):
                room -= asked == least
                self._meet(hash(text))
                del self._known[text]
            else:
                known.asked -= known.asked // 4
