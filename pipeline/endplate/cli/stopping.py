"""Ends a run cleanly on SIGTERM, as on Ctrl-C: what is done is kept."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from endplate.cli.messages import say


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, and say that nothing that is done is lost."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        say("Stopped; the same command goes on from here.")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
