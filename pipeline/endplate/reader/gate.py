"""The gate: which passages can hold a finding or a level at all; the others cost nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.levels import LevelGrammar
from endplate.reader.sheet import Unit
from endplate.reader.wording import Wording
from endplate.reader.words import ReportTokenizer

_WORD: Final = re.compile(r"[^\W\d_]+")
#: Words remembered at most: hostile input must not fill the memory.
_REMEMBERED: Final = 200_000


class Gate:
    """Looks for the words that findings are made of.

    Complete by construction: no finding without a thing or a quality of the lexicon, and of each
    phrase one word is an anchor.

    Parameters
    ----------
    anchors : frozenset of str
        Of those words, the norms.
    tokenizer : ReportTokenizer
    levels : LevelGrammar
    """

    def __init__(
        self, anchors: frozenset[str], tokenizer: ReportTokenizer, levels: LevelGrammar
    ) -> None:
        self._anchors = anchors
        self._tokenizer = tokenizer
        self._levels = levels
        self._known: set[str] = set()
        self._speaking: set[str] = set()

    def speaks(self, flat: str) -> bool:
        """Tell whether a flattened passage can hold a finding or a level."""
        words = set(_WORD.findall(flat))
        for word in words - self._known:
            if self._is_anchor(word):
                return True
        return not self._speaking.isdisjoint(words) or self._levels.may_speak(flat)

    def close(self, units: Sequence[Unit]) -> bool:
        """Mark the units that cannot hold a finding; tell whether one is left."""
        left = False
        for unit in units:
            if unit.reads:
                wording = unit.wording
                unit.reads = (
                    self._may_speak(wording)
                    or (unit.column is not None and self._may_speak(unit.column))
                    or (wording.denies and not wording.titled)  # "- nil", below a title
                    or wording.refers  # "it is no longer seen"
                )
                left = left or unit.reads
        return left

    def _may_speak(self, wording: Wording) -> bool:
        if wording.speaks is None:
            wording.speaks = self.speaks(wording.flat)
        return wording.speaks

    def _is_anchor(self, word: str) -> bool:
        """Tell whether a word that was not met before is an anchor."""
        speaks = any(norm in self._anchors for _, norm in self._tokenizer.pieces(word))
        if len(self._known) < _REMEMBERED:
            self._known.add(word)
            if speaks:
                self._speaking.add(word)
        return speaks
