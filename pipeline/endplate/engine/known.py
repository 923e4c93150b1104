"""Which reports were read before, and in which part their outcome is: 12 bytes a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from endplate.engine.reading import Outcome

if TYPE_CHECKING:
    import numpy as np

#: Opening a part costs about as much time as reading this share of its reports.
_COST_OF_OPENING: Final = 0.1

_NOWHERE: Final = -1


class KnownReports:
    """The outcomes of former batches, by report.

    Parameters
    ----------
    parts : sequence of str
        The names of the parts.
    keys : callable
        Returns the keys of the reports of a part.
    load : callable
        Returns key -> outcome of a part.
    """

    def __init__(
        self,
        parts: Sequence[str],
        keys: Callable[[str], list[bytes]],
        load: Callable[[str], dict[bytes, Outcome]],
    ) -> None:
        import numpy as np

        self._parts = parts
        # An archive keeps its order: a batch needs the same one or two parts as the one before.
        self._load = lru_cache(maxsize=8)(load)
        of_parts = [_short(keys(name)) for name in parts]
        self._sizes = [len(of_part) for of_part in of_parts]
        short = np.concatenate([np.empty(0, np.uint64), *of_parts])
        part = np.repeat(np.arange(len(parts), dtype=np.int32), self._sizes)
        order = np.argsort(short, kind="stable")
        self._keys, self._part = short[order], part[order]

    def outcomes(self, keys: Sequence[bytes]) -> list[Outcome | None]:
        """Return the outcomes of reports, None for those that have to be read (again)."""
        where = self._where(keys)
        parts = {
            part: self._load(self._parts[part])
            for part, wanted in Counter(where).items()
            if part != _NOWHERE and wanted >= _COST_OF_OPENING * self._sizes[part]
        }
        return [
            parts[part].get(key) if part in parts else None
            for key, part in zip(keys, where, strict=True)
        ]

    def _where(self, keys: Sequence[bytes]) -> list[int]:
        import numpy as np

        if not len(self._keys):
            return [_NOWHERE] * len(keys)
        short = _short(keys)
        at = np.minimum(np.searchsorted(self._keys, short), len(self._keys) - 1)
        found: list[int] = np.where(self._keys[at] == short, self._part[at], _NOWHERE).tolist()
        return found


def _short(keys: Sequence[bytes]) -> np.ndarray:
    """Return the first 64 bits of keys; whether the rest agrees is seen in the part."""
    import numpy as np

    return np.array([int.from_bytes(key[:8], "big") for key in keys], dtype=np.uint64)
