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

    def check(self) -> None:
        """Assert that read = used + rejected."""
        rejected = self.rejected.total()
        if self.read != self.used + rejected:
            message = f"{self.read} rows read, but {self.used} used and {rejected} rejected"
            raise RuntimeError(message)
