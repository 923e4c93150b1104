"""The rule files under ``models/reader``, with a site's changes, as one object.

A site overlay is a folder of files with the names of the shipped ones, each with only what
differs. What it lists is added; what it lists under ``off`` is taken away::

    # terms.yaml
    things:
      bulge: [discal bombing]      # read as a bulge, too
    off:
      things:
        bulge: [bulky disc]        # no longer read

``models/reader/README.md`` tells the whole format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from endplate.errors import Problem
from endplate.knowledge import content_hash, models_dir
from endplate.reader.overlay import Rules, merge
from endplate.reader.references import (
    empty_faults,
    missing_faults,
    novelty_faults,
    off_faults,
    reference_faults,
)
from endplate.reader.rulefiles import RuleFile, read_folder, refuse, rule_paths
from endplate.reader.schema import FILES


@dataclass(frozen=True)
class Lexicon:
    """The content of the rule files, a mapping a file; to be read only.

    ``fingerprint`` is the hash of all rules, ``overlay_hash`` that of the site's alone (empty
    without one).
    """

    spelling: dict[str, Any]
    terms: dict[str, Any]
    findings: dict[str, Any]
    levels: dict[str, Any]
    sections: dict[str, Any]
    assertion: dict[str, Any]
    regions: dict[str, Any]
    asides: dict[str, Any]
    signal: dict[str, Any]
    fingerprint: str
    overlay_hash: str = ""

    @cached_property
    def labels(self) -> dict[str, list[str]]:
        """Label of terms.yaml to its phrases."""
        return {label: phrases for group in self.terms.values() for label, phrases in group.items()}


class RuleCount(NamedTuple):
    """What a checked folder holds; `complete` tells that it needs no shipped rules below it."""

    files: int
    entries: int
    complete: bool


def load_lexicon(overlay: Path | None = None) -> Lexicon:
    """Load the shipped rules and, on top of them, those of a site's folder.

    Raises
    ------
    KnowledgeError
        Every fault of every file, with its line and what is allowed.
    """
    shipped = models_dir() / "reader"
    own = content_hash(*rule_paths(overlay)) if overlay else ""
    return _load(shipped, content_hash(*rule_paths(shipped)), overlay, own)


def check_rules(folder: Path) -> RuleCount:
    """Validate a site overlay, or a complete set of rules, and count what is in it.

    Raises
    ------
    KnowledgeError
        As :func:`load_lexicon`.
    """
    title = f"The rules in {folder} cannot be used:"
    files, problems = read_folder(folder, title)
    complete = len(files) == len(FILES) and not any(
        file.off or any(missing_faults(file.keys, file.rules)) for file in files.values()
    )
    if complete:
        _complete(files, problems, title)
    else:
        _overlaid(_shipped(models_dir() / "reader"), files, problems, title)
    entries = sum(_count(file.rules) + _count(file.off) for file in files.values())
    return RuleCount(len(files), entries, complete)


@lru_cache(maxsize=4)
def _load(shipped: Path, shipped_hash: str, overlay: Path | None, overlay_hash: str) -> Lexicon:
    """Load rules; the hashes are there so that what is remembered is never out of date."""
    rules, fingerprint = _shipped(shipped), shipped_hash
    if overlay:
        title = f"The site rules in {overlay} cannot be used:"
        rules = _overlaid(rules, *read_folder(overlay, title), title)
        fingerprint = sha256(f"{shipped_hash}{overlay_hash}".encode()).hexdigest()
    return Lexicon(**rules, fingerprint=fingerprint, overlay_hash=overlay_hash)


def _shipped(folder: Path) -> dict[str, Rules]:
    title = "The shipped rules of the reader cannot be used:"
    return _complete(*read_folder(folder, title), title)


def _complete(
    files: Mapping[str, RuleFile], problems: Sequence[Problem], title: str
) -> dict[str, Rules]:
    """Return a set of rules that stands by itself."""
    found = list(problems)
    found += [
        Problem(f"{name}.yaml", "", "is missing from the folder") for name in FILES.keys() - files
    ]
    for file in files.values():
        found += file.problems(missing_faults(file.keys, file.rules))
        if file.off:
            found.append(file.document.problem(("off",), "is for overlays; delete the entry"))
    every = {name: file.rules for name, file in files.items()}
    if not found:
        for name, file in files.items():
            found += file.problems(reference_faults(name, file.rules, every))
            found += file.problems(empty_faults(name, file.rules))
    refuse(title, found)
    return every


def _overlaid(
    shipped: Mapping[str, Rules],
    files: Mapping[str, RuleFile],
    problems: Sequence[Problem],
    title: str,
) -> dict[str, Rules]:
    """Return the shipped rules with those of an overlay."""
    found = list(problems)
    every = dict(shipped)
    for name, file in files.items():
        every[name] = merge(name, shipped[name], file.rules, file.off)
    for name, file in files.items():
        found += file.problems(reference_faults(name, file.rules, every))
        found += file.problems(novelty_faults(name, file.rules, shipped[name], every))
        found += file.problems(off_faults(file.off, shipped[name]), ("off",))
        found += file.problems(empty_faults(name, every[name]), ("off",))
    refuse(title, found)
    return every


def _count(value: Any) -> int:
    """Return how many phrases, pairs and numbers a part of the rules holds."""
    if isinstance(value, list):
        return sum(_count(part) for part in value)
    if isinstance(value, dict):
        if "finding" in value:  # a pair
            return 1
        return sum(_count(value[key]) for key in ({"phrases"} if "phrases" in value else value))
    return 1
