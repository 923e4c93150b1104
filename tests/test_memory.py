"""What the reader remembers: always what it would make again, and never more than its limit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from endplate.reader.memory import Memory


@given(st.lists(st.integers(0, 40).map(str)), st.integers(0, 12))
def test_it_gives_what_is_made_and_keeps_its_limit(texts: list[str], limit: int) -> None:
    memory = Memory(lambda text: f"made of {text}", limit=limit)
    for text in texts:
        assert memory[text] == f"made of {text}"
        assert len(memory) <= limit
        assert len(memory._met) + len(memory._met_before) <= limit + 2


def test_half_full_it_takes_in_what_is_met_twice() -> None:
    made: list[str] = []
    memory = Memory(lambda text: made.append(text) or text, limit=8)
    for text in "abcd":  # room enough
        assert memory[text] == text
    for _ in range(3):
        assert memory["e"] == "e"
    assert made == ["a", "b", "c", "d", "e", "e"]
    assert memory["f"] == "f"
    assert "f" not in memory


def test_full_it_forgets_what_is_seldom_asked_for() -> None:
    made: list[str] = []
    memory = Memory(lambda text: made.append(text) or text, limit=8)
    for text in "often" * 5 + "".join(3 * letter for letter in "abcdghijk"):
        assert memory[text] == text
    assert all(letter in memory for letter in "often")
    assert [made.count(letter) for letter in "often"] == [1, 1, 1, 1, 2]
