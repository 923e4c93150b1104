"""One archive on many machines without an engine: each reads its share, one puts them together.

Every machine goes through all reports, which is cheap, and reads the batches whose name falls to
it. So the shares need no list that somebody hands out, and an archive that has grown moves no batch
from one machine to another.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from endplate.engine.batches import Batch
from endplate.engine.folder import run_folder
from endplate.errors import EndplateError
from endplate.records import Reject
from endplate.rejects import reject_file
from endplate.tables import atomic_file, csv_text, write_text

_RECORD: Final = "shard.json"


class Shard(NamedTuple):
    """The share `number` (from 1) of `of` machines."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``3/8``."""
        number, slash, of = text.partition("/")
        if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            message = f"--shard {text}: name it i/n, such as 3/8, with i from 1 to n"
            raise EndplateError(message)
        return cls(int(number), int(of))

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"shard-{self.number}-of-{self.of}"

    def has(self, batch: Batch) -> bool:
        """Tell whether a batch falls to this share."""
        return int(batch.name[:16], 16) % self.of == self.number - 1


def write_record(
    folder: Path, shard: Shard, made_by: Mapping[str, str], batches: Sequence[str], reports: int
) -> None:
    """Say that a share is finished, by what it was read, and all batches of the archive."""
    record = {
        "shard": shard.number,
        "of": shard.of,
        "made_by": dict(made_by),
        "reports": reports,
        "batches": list(batches),
    }
    write_text(folder / _RECORD, json.dumps(record) + "\n")


def merge(shards: Path, out: Path, *, say: Callable[[str], None]) -> int:
    """Put the shares below `shards` together in the run folder `out`; return the findings' number.

    ``endplate screen`` with the same reports and this folder then has nothing left to read.

    Raises
    ------
    EndplateError
        A share is missing or unfinished, or they are not shares of the same thing.
    """
    records = [_record(path) for path in sorted(shards.glob(f"shard-*-of-*/{_RECORD}"))]
    if not records:
        message = f"{shards}: no finished share here; each machine writes one with --shard i/n"
        raise EndplateError(message)
    first = records[0]
    for what in ("of", "made_by", "batches"):
        if any(record[what] != first[what] for record in records):
            told = {"of": "number of shares", "made_by": "program or rules", "batches": "reports"}
            message = f"{shards}: the shares do not agree on the {told[what]}; read them again"
            raise EndplateError(message)
    missing = sorted({*range(1, first["of"] + 1)} - {record["shard"] for record in records})
    if missing:
        names = ", ".join(f"{number}/{first['of']}" for number in missing)
        message = f"{shards}: not finished yet: {names}"
        raise EndplateError(message)
    with run_folder(out, first["made_by"], say=say) as folder:
        for number in range(1, first["of"] + 1):
            for part in (shards / Shard(number, first["of"]).folder / "parts").glob("*.parquet"):
                _link(part, folder.parts / part.name)
        rows = folder.finish(first["batches"], out / "findings.parquet")
    _merge_rejects(shards, first["of"], out)
    return rows


def _record(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        message = f"{path} is damaged; read this share again"
        raise EndplateError(message) from None


def _link(part: Path, to: Path) -> None:
    """Give a part a second name, or copy it where the file system cannot."""
    if to.exists():
        return
    try:
        os.link(part, to)
    except OSError:
        with atomic_file(to) as copy, part.open("rb") as original:
            shutil.copyfileobj(original, copy)


def _merge_rejects(shards: Path, of: int, out: Path) -> None:
    """Join the lists of rejects; what cannot be read at all stands in each of them."""
    rejects: dict[Reject, None] = {}
    for share in range(1, of + 1):
        path = shards / Shard(share, of).folder / "rejects.csv"
        if path.exists():
            with path.open(encoding="utf-8-sig", newline="") as lines:
                for row in csv.DictReader(lines):
                    file, number, *rest = (csv_text(row[name]) for name in Reject._fields)
                    rejects[Reject(file, int(number), *rest)] = None
    with reject_file(out / "rejects.csv") as keep:
        for reject in rejects:
            keep(reject)
