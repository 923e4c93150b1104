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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from endplate.errors import KnowledgeError, Problem
from endplate.knowledge import content_hash, models_dir
from endplate.reader.overlay import Rules, merge
from endplate.reader.references import (
    Fault,
    empty_faults,
    missing_faults,
    novelty_faults,
    off_faults,
    own_faults,
    reference_faults,
)
from endplate.reader.schema import FILES, fault_message
from endplate.strict_yaml import Document, Place, read_document

_VERSION: Final = "1"


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


class _RuleFile(NamedTuple):
    """A file that is valid by itself: what it adds and what it switches off."""

    name: str
    document: Document
    rules: Rules
    off: Rules

    def problems(self, faults: Iterable[Fault], part: Place = ()) -> list[Problem]:
        return [self.document.problem((*part, *place), text) for place, text in faults]


def load_lexicon(overlay: Path | None = None) -> Lexicon:
    """Load the shipped rules and, on top of them, those of a site's folder.

    Raises
    ------
    KnowledgeError
        Every fault of every file, with its line and what is allowed.
    """
    shipped = models_dir() / "reader"
    own = content_hash(*_paths(overlay)) if overlay else ""
    return _load(shipped, content_hash(*_paths(shipped)), overlay, own)


def check_rules(folder: Path) -> RuleCount:
    """Validate a site overlay, or a complete set of rules, and count what is in it.

    Raises
    ------
    KnowledgeError
        As :func:`load_lexicon`.
    """
    title = f"The rules in {folder} cannot be used:"
    files = _read_folder(folder, title)
    complete = len(files) == len(FILES) and not any(
        file.off or any(missing_faults(FILES[file.name].model_fields, file.rules))
        for file in files.values()
    )
    if complete:
        _complete(files, title)
    else:
        _overlaid(_shipped(models_dir() / "reader"), files, title)
    entries = sum(_count(file.rules) + _count(file.off) for file in files.values())
    return RuleCount(len(files), entries, complete)


@lru_cache(maxsize=4)
def _load(shipped: Path, shipped_hash: str, overlay: Path | None, overlay_hash: str) -> Lexicon:
    """Load rules; the hashes are there so that what is remembered is never out of date."""
    rules, fingerprint = _shipped(shipped), shipped_hash
    if overlay:
        title = f"The site rules in {overlay} cannot be used:"
        rules = _overlaid(rules, _read_folder(overlay, title), title)
        fingerprint = sha256(f"{shipped_hash}{overlay_hash}".encode()).hexdigest()
    return Lexicon(**rules, fingerprint=fingerprint, overlay_hash=overlay_hash)


def _paths(folder: Path) -> list[Path]:
    return [path for name in FILES if (path := folder / f"{name}.yaml").is_file()]


def _shipped(folder: Path) -> dict[str, Rules]:
    title = "The shipped rules of the reader cannot be used:"
    return _complete(_read_folder(folder, title), title)


def _read_folder(folder: Path, title: str) -> dict[str, _RuleFile]:
    """Read the rule files of a folder, each checked by itself."""
    if not folder.is_dir():
        raise KnowledgeError(title, [Problem(folder.name, "", "there is no such folder")])
    problems = [
        Problem(
            path.name,
            "",
            f"is no rule file; allowed: {', '.join(f'{name}.yaml' for name in FILES)}, README.md",
        )
        for path in sorted(folder.iterdir())
        if path.name != "README.md" and not path.name.startswith(".")
        if path.suffix != ".yaml" or path.stem not in FILES
    ]
    files = {}
    for path in _paths(folder):
        try:
            document = read_document(path, title, words=True)
        except KnowledgeError as error:
            problems += error.problems
        else:
            files[path.stem] = _checked(path.stem, document, problems)
    if not files and not problems:
        problems = [Problem(folder.name, "", "holds no rule file")]
    _refuse(title, problems)
    return files


def _checked(name: str, document: Document, problems: list[Problem]) -> _RuleFile:
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        problems.append(document.problem((), "names with a value each are expected: name: value"))
        return _RuleFile(name, document, {}, {})
    if data.get("version", _VERSION) != _VERSION:
        problems.append(document.problem(("version",), f"only version {_VERSION} is known"))
    parts: list[Rules] = []
    content = {key: value for key, value in data.items() if key not in ("version", "off")}
    for place, part in (((), content), (("off",), data.get("off", {}))):
        rules: Rules = {}
        try:
            rules = FILES[name].model_validate(part).model_dump(exclude_unset=True)
        except ValidationError as error:
            problems += [
                document.problem(_place(place, fault["loc"]), fault_message(FILES[name], fault))
                for fault in error.errors()
            ]
        faults = own_faults(name, rules)
        problems += [document.problem((*place, *at), text) for at, text in faults]
        parts.append(rules)
    return _RuleFile(name, document, parts[0], parts[1])


def _place(part: Place, location: Place) -> Place:
    """Return where a fault is; of a faulty key pydantic speaks as if it were below it."""
    return (*part, *(step for step in location if step != "[key]"))


def _complete(files: Mapping[str, _RuleFile], title: str) -> dict[str, Rules]:
    """Return a set of rules that stands by itself."""
    problems = [
        Problem(f"{name}.yaml", "", "is missing from the folder") for name in FILES.keys() - files
    ]
    for name, file in files.items():
        problems += file.problems(missing_faults(FILES[name].model_fields, file.rules))
        if file.off:
            problems.append(file.document.problem(("off",), "is for overlays; delete the entry"))
    _refuse(title, problems)
    every = {name: file.rules for name, file in files.items()}

    def faults(file: _RuleFile) -> list[Problem]:
        return [
            *file.problems(reference_faults(file.name, file.rules, every)),
            *file.problems(empty_faults(file.name, file.rules)),
        ]

    _refuse_all(title, files, faults)
    return every


def _overlaid(
    shipped: Mapping[str, Rules], files: Mapping[str, _RuleFile], title: str
) -> dict[str, Rules]:
    """Return the shipped rules with those of an overlay."""
    every = dict(shipped)
    for name, file in files.items():
        every[name] = merge(name, shipped[name], file.rules, file.off)

    def faults(file: _RuleFile) -> list[Problem]:
        here = shipped[file.name]
        return [
            *file.problems(reference_faults(file.name, file.rules, every)),
            *file.problems(novelty_faults(file.name, file.rules, here, every)),
            *file.problems(off_faults(file.off, here), ("off",)),
            *file.problems(empty_faults(file.name, every[file.name]), ("off",)),
        ]

    _refuse_all(title, files, faults)
    return every


def _refuse_all(
    title: str, files: Mapping[str, _RuleFile], faults: Callable[[_RuleFile], list[Problem]]
) -> None:
    _refuse(title, [problem for file in files.values() for problem in faults(file)])


def _refuse(title: str, problems: list[Problem]) -> None:
    if problems:
        raise KnowledgeError(title, problems)


def _count(value: Any) -> int:
    """Return how many phrases, pairs and numbers a part of the rules holds."""
    if isinstance(value, list):
        return sum(_count(part) for part in value)
    if isinstance(value, dict):
        if "finding" in value:  # a pair
            return 1
        return sum(_count(value[key]) for key in ({"phrases"} if "phrases" in value else value))
    return 1
