"""Errors that a user is meant to read: one line, what is wrong, where, and what to do.

No message ever holds report text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class EndplateError(Exception):
    """Something the user can mend; the command line prints the message and exits with 2."""


class Problem(NamedTuple):
    """One fault in a knowledge file (rules, code map, criteria pack).

    Attributes
    ----------
    file : str
        The file, as the user would name it.
    where : str
        Line (``line 12``) or path inside the file (``criteria[3].when``); empty for the file as
        a whole.
    message : str
        What is wrong and what is allowed.
    """

    file: str
    where: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.where, self.message) if part)


class KnowledgeError(EndplateError):
    """A knowledge file is refused as a whole; every fault in it is listed at once."""

    def __init__(self, title: str, problems: Iterable[Problem]) -> None:
        self.title = title
        self.problems = tuple(problems)
        super().__init__("\n".join([title, *(f"  {problem}" for problem in self.problems)]))

    def __reduce__(self) -> tuple[type[KnowledgeError], tuple[str, tuple[Problem, ...]]]:
        # it is raised in worker processes, too; by itself it would be made again from its message
        return type(self), (self.title, self.problems)
