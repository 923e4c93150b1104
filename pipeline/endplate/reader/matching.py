"""Phrases of rules in a passage: what medspaCy's matcher finds, without a ``Doc``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from medspacy.common.base_rule import BaseRule
from medspacy.common.util import prune_overlapping_matches

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
            for norm in self._tokenizer.read(rule.literal)[0]:
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


def _pruned(matches: Sequence[Match]) -> list[Match]:
    """Return what medspaCy keeps of overlapping matches, in order.

    medspaCy's function takes time and stack with the square of the matches; given run by run of
    overlapping ones, it returns the same.
    """
    kept: list[Match] = []
    run: list[Match] = []
    reach = 0
    for match in matches:
        if run and match[1] >= reach:
            kept += run if len(run) == 1 else prune_overlapping_matches(run)
            run = []
        run.append(match)
        reach = match[2] if len(run) == 1 else max(reach, match[2])
    return kept + (run if len(run) < 2 else prune_overlapping_matches(run))
