"""How often Python looks for garbage in cycles."""

from __future__ import annotations

import gc
from typing import Final

#: Objects made, net, before a look at the youngest; looks before one at the older ones.
_YOUNG: Final = 1_000_000
_OLDER: Final = (10, 100)


def collect_rarely() -> None:
    """Look for cycles seldom: an archive makes many rows and hardly any cycle.

    What lives by now is left out for good. It is for a worker, which owns its process; where
    batches are handed around, cycles would keep them.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, *_OLDER)
