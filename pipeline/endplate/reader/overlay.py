"""Shipped rules and a site's own as one: what the site adds, changes and switches off.

Lists grow, new names are added, numbers and pairs are replaced; a phrase that can mean only one
thing (a spelling, a heading) takes the site's meaning. What stands under ``off`` goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from endplate.reader.schema import EXCLUSIVE

Rules = dict[str, Any]
Pairs = dict[tuple[str, str, str], dict[str, bool]]


def merge(name: str, shipped: Rules, added: Rules, off: Rules) -> Rules:
    """Return the content of a rule file with a site's changes; nothing given is altered.

    Parameters
    ----------
    name : str
        The file, without ``.yaml``.
    shipped, added, off : dict
        Validated content in the form of :mod:`endplate.reader.schema`.
    """
    merged = dict(shipped)
    for key in added.keys() | off.keys():
        here: Any = merged[key]
        more, less = added.get(key), off.get(key)
        if key == "pairs":
            merged[key] = _merge_pairs(here, more or [], less or [])
        elif key == "cues":
            merged[key] = [*_cues_without(here, less or []), *(more or [])]
        else:
            if less:
                here = _without(here, less)
            if more and (name, key) in EXCLUSIVE:
                here = _released(here, more)
            merged[key] = _with(here, more) if more else here
    return merged


def pairs_by_meaning(pairs: Iterable[Mapping[str, Any]]) -> Pairs:
    """Return the options of each (finding, quality, site)."""
    return {
        (pair["finding"], quality, pair["site"]): {
            option: pair[option] for option in ("loose", "at_disc") if option in pair
        }
        for pair in pairs
        for quality in pair["quality"]
    }


def cue_meaning(group: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return category, direction and reach of a group of cues."""
    return group["category"], group["direction"], group["reach"]


def cue_phrases(cues: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], set[str]]:
    """Return the phrases of each meaning."""
    phrases: dict[tuple[str, str, str], set[str]] = {}
    for group in cues:
        phrases.setdefault(cue_meaning(group), set()).update(group["phrases"])
    return phrases


def _merge_pairs(here: list[Rules], more: list[Rules], less: list[Rules]) -> list[Rules]:
    gone = pairs_by_meaning(less)
    kept = {key: value for key, value in pairs_by_meaning(here).items() if key not in gone}
    return [
        {"finding": finding, "quality": [quality], "site": site, **options}
        for (finding, quality, site), options in (kept | pairs_by_meaning(more)).items()
    ]


def _cues_without(groups: list[Rules], less: list[Rules]) -> list[Rules]:
    gone = cue_phrases(less)

    def left(group: Rules) -> list[str]:
        off = gone.get(cue_meaning(group), ())
        return [phrase for phrase in group["phrases"] if phrase not in off]

    return [{**group, "phrases": left(group)} for group in groups]


def _without(here: Any, less: Any) -> Any:
    if isinstance(here, list):
        return [phrase for phrase in here if phrase not in less]
    return {
        key: _without(value, less[key]) if key in less else value
        for key, value in here.items()
        if key not in less or isinstance(value, list)
    }


def _with(here: Any, more: Any) -> Any:
    if isinstance(more, list):
        return [*here, *(phrase for phrase in more if phrase not in here)]
    if isinstance(more, dict):
        return here | {
            key: _with(here.get(key, []) if isinstance(value, list) else value, value)
            for key, value in more.items()
        }
    return more


def _released(here: dict[str, list[str]], more: dict[str, list[str]]) -> dict[str, list[str]]:
    """Take the phrases that a site gives one meaning from the other meanings."""
    return {
        key: [
            p for p in phrases if not any(p in new for other, new in more.items() if other != key)
        ]
        for key, phrases in here.items()
    }
