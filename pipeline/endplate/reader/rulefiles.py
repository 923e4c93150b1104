"""The rule files of one folder, each read and checked by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from endplate.errors import KnowledgeError, Problem
from endplate.reader.overlay import Rules
from endplate.reader.references import Fault, own_faults
from endplate.reader.schema import FILES, fault_message
from endplate.strict_yaml import Document, Place, read_document

_VERSION: Final = "1"
_MAPPING: Final = "names with a value each are expected: name: value"

#: Where pydantic says that the key of an entry is at fault and not its value.
_KEY: Final = "[key]"


class RuleFile(NamedTuple):
    """A file: what it adds and what it switches off."""

    name: str
    document: Document
    rules: Rules
    off: Rules

    @property
    def keys(self) -> list[str]:
        """The keys of a complete file of this name."""
        return list(FILES[self.name].model_fields)

    def problems(self, faults: Iterable[Fault], part: Place = ()) -> list[Problem]:
        """Return faults of a part of the file with their lines."""
        return [self.document.problem((*part, *place), text) for place, text in faults]


def rule_paths(folder: Path) -> list[Path]:
    """Return the rule files that a folder holds."""
    return [path for name in FILES if (path := folder / f"{name}.yaml").is_file()]


def read_folder(folder: Path, title: str) -> tuple[dict[str, RuleFile], list[Problem]]:
    """Read the rule files of a folder.

    Returns
    -------
    dict, list
        The files by name, without what is at fault in them, and the faults.

    Raises
    ------
    KnowledgeError
        Headed by `title`: the folder or a file cannot be read at all.
    """
    if not folder.is_dir():
        refuse(title, [Problem(folder.name, "", "there is no such folder")])
    problems = _strangers(folder)
    documents: dict[str, Document] = {}
    for path in rule_paths(folder):
        try:
            documents[path.stem] = read_document(path, title, words=True)
        except KnowledgeError as error:
            problems += error.problems
    if len(documents) < len(rule_paths(folder)):
        refuse(title, problems)
    if not documents and not problems:
        refuse(title, [Problem(folder.name, "", "holds no rule file")])
    return {
        name: _checked(name, document, problems) for name, document in documents.items()
    }, problems


def refuse(title: str, problems: Sequence[Problem]) -> None:
    """Raise a KnowledgeError if there are problems."""
    if problems:
        raise KnowledgeError(title, sorted(problems, key=lambda problem: problem.file))


def _strangers(folder: Path) -> list[Problem]:
    """Return the files that are no rule files: a misspelled name would be ignored in silence."""
    names = [f"{name}.yaml" for name in FILES]
    return [
        Problem(path.name, "", f"is no rule file; allowed: {', '.join(names)}, README.md")
        for path in sorted(folder.iterdir())
        if path.name not in (*names, "README.md") and not path.name.startswith(".")
    ]


def _checked(name: str, document: Document, problems: list[Problem]) -> RuleFile:
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        problems.append(document.problem((), _MAPPING))
        data = {}
    if data.get("version", _VERSION) != _VERSION:
        problems.append(document.problem(("version",), f"only version {_VERSION} is known"))
    content = {key: value for key, value in data.items() if key not in ("version", "off")}
    off = data.get("off", {})
    if not isinstance(off, dict):
        problems.append(document.problem(("off",), _MAPPING))
        off = {}
    return RuleFile(
        name,
        document,
        _validated(name, document, (), content, problems),
        _validated(name, document, ("off",), off, problems),
    )


def _validated(
    name: str, document: Document, part: Place, content: Rules, problems: list[Problem]
) -> Rules:
    """Return a part of a file as it is meant, without the entries that are at fault."""
    model = FILES[name]
    try:
        valid = model.model_validate(content)
    except ValidationError as error:
        faults = error.errors()
        for fault in faults:
            place = (*part, *(step for step in fault["loc"] if step != _KEY))
            problems.append(document.problem(place, fault_message(model, fault)))
        valid = model.model_validate(_sound(content, faults))
    rules = valid.model_dump(exclude_unset=True)
    for place, text in own_faults(name, rules):
        problems.append(document.problem((*part, *place), text))
    return rules


def _sound(content: Rules, faults: Iterable[ErrorDetails]) -> Rules:
    """Return the content without faulty lists; their names stay, as others may refer to them."""
    sound = dict(content)
    for fault in faults:
        key, inner = str(fault["loc"][0]), fault["loc"][1:]
        value = sound.get(key)
        if isinstance(value, dict) and inner:
            name = inner[0]
            keeps_name = isinstance(value.get(name), list) and _KEY not in inner
            rest = {other: entry for other, entry in value.items() if other != name}
            sound[key] = rest | {name: []} if keeps_name else rest
        else:
            sound.pop(key, None)
    return sound
