"""Phrases of rules in a passage: what medspaCy's matcher finds, without a ``Doc``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from medspacy.common.base_rule import BaseRule

from endplate.reader.words import ReportTokenizer

#: A rule, and the first and last token (exclusive) of its phrase.
Match: TypeAlias = tuple[BaseRule, int, int]


class NormMatcher:
    """Stands in for the ``MedspacyMatcher`` of a component whose rules are phrases of norms.

    It finds what that finds with spaCy's phrase matcher, by the same walk along a tree of words.
    But it reads a list of norms, so that no ``Doc`` must be made of a passage, nor of each of
    thousands of rules.

    Attributes
    ----------
    rules : list of BaseRule
    labels : set of str
        Categories of the rules.
    """

    def __init__(self, tokenizer: ReportTokenizer) -> None:
        self._tokenizer = tokenizer
        self.rules: list[BaseRule] = []
        self.labels: set[str] = set()
        #: Word to the words that follow it in a phrase; where a phrase ends, its rule is at None.
        self._tree: dict[str | None, Any] = {}

    def add(self, rules: Iterable[BaseRule]) -> None:
        """Add rules; of two with the same phrase the later one counts."""
        for rule in rules:
            self.rules.append(rule)
            self.labels.add(rule.category)
            node = self._tree
            for norm in self._tokenizer.phrase(rule.literal):
                node = node.setdefault(norm, {})
            node[None] = rule

    def find(self, norms: Sequence[str]) -> list[Match]:
        """Return the phrases in the norms of a passage, in order, none inside another."""
        found: list[Match] = []
        last = len(norms)
        for start, norm in enumerate(norms):
            node = self._tree.get(norm)
            end = start + 1
            while node is not None:
                rule = node.get(None)
                if rule is not None:
                    found.append((rule, start, end))
                if end == last:
                    break
                node = node.get(norms[end])
                end += 1
        return _pruned(found)


def _pruned(matches: list[Match]) -> list[Match]:
    """Return what medspaCy keeps of matches in order: again and again the longer of a pair.

    medspaCy's own function compares all with all where a few overlap, and recurses.
    """
    while True:
        kept: list[Match] = []
        held: Match | None = None
        for match in matches:
            if held is None:
                held = match
            elif match[1] >= held[2]:
                kept.append(held)
                held = match
            else:
                kept.append(match if match[2] - match[1] > held[2] - held[1] else held)
                held = None
        if held is not None:
            kept.append(held)
        if len(kept) == len(matches):
            return kept
        matches = kept
