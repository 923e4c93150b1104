"""What became of the rows of a clinical table; nothing may get lost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class TableAccount:
    """The rows of one table by what became of them.

    Attributes
    ----------
    used : int
        Rows of known patients that gave a fact, or could have but for a better one.
    unknown_patient : int
        Rows of patients without a report.
    irrelevant : int
        Rows of codes or names that no rule knows, or without any value.
    outside_window : int
        Rows too old, too late, ended, or undated where the rule needs a date.
    rejected : int
        Rows that cannot be used at all: ragged, repeated, without a patient.
    values_set_aside : int
        Cells that are impossible, and count as unknown. Their rows stay in.
    """

    file: str
    kind: str
    rows: int = 0
    used: int = 0
    unknown_patient: int = 0
    irrelevant: int = 0
    outside_window: int = 0
    rejected: int = 0
    values_set_aside: int = 0

    def check(self) -> None:
        """Assert that every row is accounted for once."""
        told = (
            self.used + self.unknown_patient + self.irrelevant + self.outside_window + self.rejected
        )
        if self.rows != told:
            message = f"{self.file}: {self.rows} rows read but {told} accounted for"
            raise RuntimeError(message)
