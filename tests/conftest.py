"""Fixtures that the tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from endplate.reader import Reader

# The tests share the machine: how long one example, or the making of one, takes says nothing.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The reader with the shipped rules, loaded once: that takes longer than all cases together."""
    import endplate.reader

    return endplate.reader.load()
