"""Fixtures that the tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from endplate.reader import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The reader with the shipped rules, loaded once: that takes longer than all cases together."""
    import endplate.reader

    return endplate.reader.load()
