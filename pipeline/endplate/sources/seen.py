"""Which reports were already read: 12 bytes a slot instead of the reports themselves."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import Final

_FULL: Final = 0.6  # above this share linear probing becomes slow


class CountTable:
    """Counts 64-bit keys in two flat arrays (a dict of ints takes eight times the memory)."""

    def __init__(self, slots: int = 1 << 12) -> None:
        self._keys = array("Q", bytes(8 * slots))
        self._counts = array("I", bytes(4 * slots))
        self._used = 0

    def add(self, key: int) -> int:
        """Count `key` and return how often it was counted, this time included."""
        if self._used >= _FULL * len(self._keys):
            self._grow()
        slot = self._slot(key)
        self._keys[slot] = key
        self._counts[slot] += 1
        count = self._counts[slot]
        self._used += count == 1
        return count

    def _slot(self, key: int) -> int:
        keys, counts, mask = self._keys, self._counts, len(self._keys) - 1
        slot = key & mask
        while counts[slot] and keys[slot] != key:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        old = zip(self._keys, self._counts, strict=True)
        grown = CountTable(2 * len(self._keys))
        for key, count in old:
            if count:
                slot = grown._slot(key)
                grown._keys[slot] = key
                grown._counts[slot] = count
        self._keys, self._counts = grown._keys, grown._counts


class SeenReports:
    """Tells duplicates from versions.

    The same id with the same text is a duplicate. The same id with another text is another
    version of the report: both count, and the second is called ``<id>#2``, so that every finding
    still points at one text.
    """

    def __init__(self) -> None:
        self._reports = CountTable()
        self._ids = CountTable()

    def unique_id(self, report_id: str, text: str, origin: str = "") -> str:
        """Return the id that this text goes by, or nothing if it is a duplicate.

        `origin` is the file and row of a report that has no id and goes by its own name: two files
        of one name are two reports, even with the same text.
        """
        key = report_id.encode()
        origin_key = origin.encode()
        # The lengths keep ("ab", "c") and ("a", "bc") apart.
        report = b"%d:%d:%b%b%b" % (len(key), len(origin_key), key, origin_key, text.encode())
        if self._reports.add(_hash(report)) > 1:
            return ""
        name, version = report_id, self._ids.add(_hash(key))
        while version > 1:
            name = f"{report_id}#{version}"
            # A site's own id may look like ours.
            version = version + 1 if self._ids.add(_hash(name.encode())) > 1 else 1
        return name


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
