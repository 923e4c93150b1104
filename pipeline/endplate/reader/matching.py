"""Matches of medspaCy's matchers, without those that others overlap."""

from __future__ import annotations

from collections.abc import Sequence

from medspacy.common.util import prune_overlapping_matches

Match = tuple[int, int, int]


def pruned(matches: Sequence[Match]) -> list[Match]:
    """Return what medspaCy keeps of overlapping matches, in order.

    medspaCy's function takes time and stack with the square of the matches; given run by run of
    overlapping ones, it returns the same.
    """
    kept: list[Match] = []
    run: list[Match] = []
    reach = 0
    for match in sorted(matches, key=lambda m: (m[1], m[2])):
        if run and match[1] >= reach:
            kept += run if len(run) == 1 else prune_overlapping_matches(run)
            run = []
        run.append(match)
        reach = match[2] if len(run) == 1 else max(reach, match[2])
    return kept + (run if len(run) < 2 else prune_overlapping_matches(run))
