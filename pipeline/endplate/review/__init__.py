"""Decisions of people on a worklist: kept, written back, and measured."""

from endplate.review.merge import merge_decisions

__all__ = ["merge_decisions"]
