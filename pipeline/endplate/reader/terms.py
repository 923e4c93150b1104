"""Terms: the phrases of the lexicon in the passages of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from endplate.reader.matching import NormMatcher
from endplate.reader.mentions import Term
from endplate.reader.sheet import Unit
from endplate.reader.wording import Wording
from endplate.reader.words import ReportTokenizer


class Terms:
    """Finds them.

    Parameters
    ----------
    tokenizer : ReportTokenizer
    matcher : NormMatcher
        Of rules that are the phrases.
    labels : mapping
        The category of a rule to what its phrase is.
    """

    def __init__(
        self,
        tokenizer: ReportTokenizer,
        matcher: NormMatcher,
        labels: Mapping[str, frozenset[str]],
    ) -> None:
        self._tokenizer = tokenizer
        self._matcher = matcher
        self._labels = labels

    def fill(self, units: Sequence[Unit]) -> None:
        """Fill tokens and terms of units and of their column headings."""
        for unit in units:
            if unit.reads:
                self._read(unit.wording)
                for heading in (unit.column, unit.field):
                    if heading is not None:
                        self._read(heading)
                unit.reads = bool(unit.norms)

    def _read(self, wording: Wording) -> None:
        """Fill tokens and terms of a text, unless that has been done."""
        if not wording.tokenized:
            wording.tokenized = True
            wording.norms, wording.starts, wording.ends = self._tokenizer.read(wording.text)
            wording.terms = [
                Term(a, b, self._labels[rule.category])
                for rule, a, b in self._matcher.find(wording.norms)
            ]
