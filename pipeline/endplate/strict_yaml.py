"""YAML from strangers: plain data only, bounded in size and depth, every value with its line.

``yaml.safe_load`` runs no code, but it follows aliases (nine lines can grow to gigabytes), takes
the last of two equal keys in silence, and forgets line numbers. This reader refuses and remembers.
In files of words every value is text: ``no``, ``2019`` and ``null`` are words like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

import yaml
from yaml.constructor import BaseConstructor, SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from endplate.errors import KnowledgeError, Problem

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 30
MAX_VALUES: Final = 20_000

#: libyaml where it is there: ten times as fast, the same rules.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: Path inside a file, as pydantic gives it: names and list positions.
Place = tuple[str | int, ...]


class Document:
    """The data of one file, and the line of each value by its path."""

    def __init__(self, name: str, data: Any, lines: Mapping[Place, int]) -> None:
        self.name = name
        self.data = data
        self._lines = lines

    def problem(self, place: Iterable[str | int], message: str) -> Problem:
        """Return a problem at a path, with the line of the nearest value that is in the file."""
        path = tuple(place)
        known = path
        while known and known not in self._lines:
            known = known[:-1]
        line = self._lines.get(known)
        where = ", ".join(part for part in (f"line {line}" if line else "", spell(path)) if part)
        return Problem(self.name, where, message)


def spell(place: Iterable[str | int]) -> str:
    """Return a path as people write it: ``criteria[3].when.all[0]``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_document(path: Path, title: str, *, words: bool = False) -> Document:
    """Read one YAML file; as `words`, every value is left as the text that it is.

    Raises
    ------
    KnowledgeError
        Headed by `title`: the file is missing, no regular file, too large, not UTF-8, no YAML, or
        holds aliases, tags, repeated keys, or too much or too deeply nested data.
    """
    name = path.name

    def refuse(message: str, line: int | None = None) -> NoReturn:
        where = f"line {line}" if line else ""
        raise KnowledgeError(title, [Problem(name, where, message)]) from None

    if not path.is_file():
        refuse("no such file")
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        refuse(f"is {len(raw)} bytes long; at most {MAX_BYTES} are allowed")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(f"is not UTF-8 (byte {error.start}); save it as UTF-8")
    try:
        _check_events(text, refuse)
        node = yaml.compose(text, Loader=_LOADER)
        problems: list[Problem] = []
        lines: dict[Place, int] = {}
        _map_lines(node, (), lines, problems, name)
        if problems:
            raise KnowledgeError(title, problems)
        constructor = BaseConstructor() if words else SafeConstructor()
        data = constructor.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        refuse(f"is no YAML: {error.problem}", line)
    except (yaml.YAMLError, ValueError) as error:  # control characters; a date such as 2026-13-45
        reason = str(error).splitlines()[0]
        refuse(f"is no YAML: {reason}")
    return Document(name, data, lines)


class _Refuse(Protocol):
    def __call__(self, message: str, line: int | None = None) -> NoReturn: ...


def _check_events(text: str, refuse: _Refuse) -> None:
    """Refuse what could grow or nest without bound before anything is built from it."""
    depth = values = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent):
            message = f"aliases are not allowed (*{event.anchor}); write the value out"
            refuse(message, line)
        if isinstance(event, yaml.NodeEvent):
            values += 1
            tag = getattr(event, "tag", None)
            if tag is not None:
                refuse(f"tags are not allowed ({tag}); plain values only", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            refuse(f"is nested more than {MAX_DEPTH} deep", line)
        if values > MAX_VALUES:
            refuse(f"holds more than {MAX_VALUES} values", line)


def _map_lines(
    node: Node | None, place: Place, lines: dict[Place, int], problems: list[Problem], name: str
) -> None:
    """Note the line of every value, and every key that stands twice in one mapping."""
    if node is None:
        return
    lines[place] = node.start_mark.line + 1
    if isinstance(node, SequenceNode):
        for number, child in enumerate(node.value):
            _map_lines(child, (*place, number), lines, problems, name)
    elif isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            word = key.value if isinstance(key, ScalarNode) else ""
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                problems.append(Problem(name, f"line {line}", "a key must be a single word"))
            elif word in seen:
                where = f"line {line}, {spell((*place, word))}"
                problems.append(Problem(name, where, "stands twice; keep one"))
            seen.add(word)
            _map_lines(child, (*place, word), lines, problems, name)
            lines[(*place, word)] = line
