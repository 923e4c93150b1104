"""A condition made ready to be asked of many patients."""

from __future__ import annotations

from collections.abc import Callable

from endplate.criteria.outcome import Outcome
from endplate.criteria.view import View

Ask = Callable[[View], Outcome]


def once_per_patient(test: object, ask: Ask) -> Ask:
    """Return `ask` that looks once per patient, for all packs that ask the same."""
    key = repr(test)

    def remember(view: View) -> Outcome:
        outcome: Outcome | None = view.memo.get(key)
        if outcome is None:
            outcome = view.memo[key] = ask(view)
        return outcome

    return remember
