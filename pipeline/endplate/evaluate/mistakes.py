"""The mistakes of a report, told so that a person can see what went wrong.

A row with one wrong column is one mistake here, though it counts as one row wrong and one missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from endplate.evaluate.rows import Key, key_of

if TYPE_CHECKING:
    from endplate.evaluate.scoring import Compared

#: Kinds of mistakes with one column wrong, in the order in which pairs are sought.
_NEARLY: Final = (
    ("wrong status", "status"),
    ("wrong type", "modic_type"),
    ("wrong level", "level"),
)
KINDS: Final = (*(kind for kind, _ in _NEARLY), "missed", "false alarm")

_SENTENCE_END: Final = re.compile(r"(?<=[.;!?])\s+|\n")


class Mistake(NamedTuple):
    """One mistake: what gold wants, what was found, and the sentence it is about.

    ``wanted`` is None for a false alarm, ``found`` for a missed row. ``sure`` is False when the
    sentence of a missed row was only guessed from its words.
    """

    report_id: str
    kind: str
    wanted: Key | None
    found: Key | None
    text: str
    sentence: str
    sure: bool


def mistakes_of(one: Compared) -> Iterator[Mistake]:
    """Yield the mistakes of a compared report, those with one wrong column first."""
    missed, wrong = sorted(one.missed), sorted(one.wrong)
    for kind, column in _NEARLY:
        for wanted in list(missed):
            twin = next((key for key in wrong if _only_differ(wanted, key, column)), None)
            if twin:
                missed.remove(wanted)
                wrong.remove(twin)
                yield _with_evidence(one, kind, wanted, twin)
    for wanted in missed:
        sentence = likely_sentence(one.gold.text, wanted)
        yield Mistake(one.gold.report_id, "missed", wanted, None, "", sentence, sure=False)
    for key in wrong:
        yield _with_evidence(one, "false alarm", None, key)


def likely_sentence(text: str, key: Key) -> str:
    """Return the sentence of `text` that shares most words with a row; empty when none does.

    Gold tells no places, so this is a guess for the reader's eye and counts nowhere.
    """
    stems = [word[:5] for word in key.finding.split("_") if word != "change"]
    if "edema" in stems:
        stems.append("oedem")
    level = "[-/ ]*".join(part[0] + "?" + part[1:] for part in key.level.split("-") if part)
    best, best_points = "", 0
    for sentence in filter(None, _SENTENCE_END.split(text)):
        points = 2 * sum(stem in sentence.lower() for stem in stems)
        if points and level and re.search(level, sentence):
            points += 1
        if points > best_points:
            best, best_points = sentence.strip(), points
    return best


def _only_differ(left: Key, right: Key, column: str) -> bool:
    return left._replace(**{column: ""}) == right._replace(**{column: ""})


def _with_evidence(one: Compared, kind: str, wanted: Key | None, found: Key) -> Mistake:
    row = min(
        (row for row in one.found if key_of(row) == found), key=lambda row: (row.start, row.end)
    )
    return Mistake(one.gold.report_id, kind, wanted, found, row.text, row.sentence, sure=True)
