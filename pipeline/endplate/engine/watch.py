"""How the engine tells of its progress."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Is told how a run goes."""

    def batch(self, reports: int, reused: int) -> None:
        """Take note of so many reports done, `reused` of which had been read before."""
        ...

    def patient(self) -> None:
        """Take note of a patient judged."""
        ...
