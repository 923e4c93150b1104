"""Decisions of people on a worklist: kept, written back, and measured."""

from endplate.review.merge import known_decisions, merge_decisions

__all__ = ["known_decisions", "merge_decisions"]
