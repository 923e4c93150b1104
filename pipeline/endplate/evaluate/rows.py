"""What is compared: gold reports, the rows wanted of them, and the key that two rows share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from endplate.records import Finding

#: Columns of the findings table beyond the key that a gold row may state too.
DETAILS: Final = ("section", "vertebra", "endplate", "grade", "basis", "acuity")


class Key(NamedTuple):
    """What scoring compares; the same finding said twice in a report has the same key."""

    finding: str
    level: str
    modic_type: str
    status: str

    def __str__(self) -> str:
        modic = self.modic_type and f" type {self.modic_type}"
        return f"{self.finding}{modic}, {self.level or 'no level'}, {self.status}"


class GoldRow(NamedTuple):
    """One annotated finding.

    Attributes
    ----------
    optional : bool
        Annotators could decide either way: finding it is neither rewarded nor punished.
    details : mapping of str to str
        Those of :data:`DETAILS` that the gold states; empty text means "must be empty".
    """

    key: Key
    optional: bool = False
    details: Mapping[str, str] = {}


class GoldReport(NamedTuple):
    """One annotated report, and the line of its file that it starts on.

    ``text`` is empty for a spreadsheet until the reports are given. ``modic_only`` says that only
    Modic changes were annotated; nothing else is scored then.
    """

    report_id: str
    text: str
    rows: tuple[GoldRow, ...]
    modic_only: bool = False
    line: int = 0


def key_of(finding: Finding) -> Key:
    """Return what scoring compares of a row of the findings table."""
    modic = finding.modic_type if finding.finding == "modic_change" else ""
    return Key(finding.finding, finding.level, modic, finding.status)
