"""The account of a run: nothing that was read may get lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """What became of the input rows. A file that cannot be read counts as one row."""

    read: int = 0
    used: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def reject(self, reason: str) -> None:
        """Count a reject under its reason, without the details after the colon."""
        self.rejected[reason.partition(":")[0]] += 1

    def withdraw(self, reason: str) -> None:
        """Count a report as rejected that was handed out as usable."""
        self.used -= 1
        self.reject(reason)

    def check(self, done: int | None = None) -> None:
        """Assert that read = used + rejected, and that as many reports came out as were used."""
        rejected = self.rejected.total()
        done = self.used if done is None else done
        if self.read != self.used + rejected or done != self.used:
            message = (
                f"lost rows: {self.read} read, {self.used} used, {rejected} rejected, {done} done"
            )
            raise RuntimeError(message)
