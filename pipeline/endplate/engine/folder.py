"""The folder of a run: it belongs to one run at a time, and remembers every finished batch."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from endplate.engine.batches import Batch
from endplate.engine.fingerprint import digest
from endplate.engine.known import KnownReports
from endplate.engine.parts import join_parts, part_keys, read_part, write_part
from endplate.engine.reading import Outcome
from endplate.errors import EndplateError
from endplate.tables import secure_folder, write_text

_PARTS: Final = "parts"
_MANIFEST: Final = "manifest.json"
_LOCK: Final = ".lock"


class RunFolder:
    """The finished batches of a run, in ``parts`` of its folder; made by :func:`run_folder`."""

    def __init__(self, parts: Path, made_by: Mapping[str, str]) -> None:
        self.parts = parts
        self._fingerprint = digest(made_by)
        self._names = {file.stem for file in parts.glob("*.parquet")}
        self._former = sorted(self._names)

    def outcomes(self, batch: Batch) -> list[Outcome | None]:
        """Return what this run or a former one made of the reports; None has yet to be read."""
        if batch.name in self._names:
            part = self._read(batch.name)
            if part.keys() >= set(batch.keys):
                return [part[key] for key in batch.keys]
            self._names.discard(batch.name)  # damaged
        return self._known.outcomes(batch.keys)

    def save(self, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """Keep a finished batch, unless it is kept already."""
        if batch.name not in self._names:
            pairs = dict(zip(batch.keys, outcomes, strict=True))
            write_part(self._file(batch.name), self._fingerprint, pairs)
            self._names.add(batch.name)

    def finish(self, batches: Sequence[str], table: Path) -> int:
        """Join the findings of these batches into `table` and count them; drop all other parts."""
        rows = join_parts((self._file(name) for name in batches), table)
        for name in self._names - set(batches):
            self._file(name).unlink(missing_ok=True)
        self._names &= set(batches)
        return rows

    @cached_property
    def _known(self) -> KnownReports:
        def keys(name: str) -> list[bytes]:
            return part_keys(self._file(name), self._fingerprint)

        return KnownReports(self._former, keys, self._read)

    def _read(self, name: str) -> dict[bytes, Outcome]:
        return read_part(self._file(name), self._fingerprint)

    def _file(self, name: str) -> Path:
        return self.parts / f"{name}.parquet"


@contextmanager
def run_folder(
    path: Path,
    made_by: Mapping[str, str],
    *,
    restart: bool = False,
    replace: bool = False,
    say: Callable[[str], None] = lambda message: None,
) -> Iterator[RunFolder]:
    """Open the folder of a run, new or to be gone on with; nobody else can until it is closed.

    Parameters
    ----------
    path : Path
        The folder; made if it is missing.
    made_by : mapping of str to str
        What decides the findings (program, rules ...), by name, each as a version or hash.
    restart : bool
        Forget what is there.
    replace : bool
        Forget what is there if it was made otherwise.
    say : callable
        Is told of what is forgotten.

    Raises
    ------
    EndplateError
        Another run is using the folder, or it holds findings that were made otherwise.
    """
    parts = secure_folder(secure_folder(path) / _PARTS)
    with _locked(parts / _LOCK, path):
        # What a killed run was writing; every whole file has its final name.
        for leftover in (*path.glob(".*.tmp"), *parts.glob(".*.tmp")):
            leftover.unlink()
        former = _manifest(parts / _MANIFEST)
        changed = _changes(former, made_by) if former else []
        if changed and not (restart or replace):
            message = (
                f"{path} holds findings made otherwise ({', '.join(changed)} changed since); "
                "--restart reads all reports again, another --out keeps both"
            )
            raise EndplateError(message)
        if changed or restart:
            why = f" ({', '.join(changed)} changed since)" if changed else ""
            say(f"{path}: all reports are read again{why}")
            for part in parts.glob("*.parquet"):
                part.unlink()
        write_text(parts / _MANIFEST, json.dumps(dict(made_by), indent=2) + "\n")
        yield RunFolder(parts, made_by)


def _changes(former: Mapping[str, str], made_by: Mapping[str, str]) -> list[str]:
    names = sorted(former.keys() | made_by.keys())
    return [name for name in names if former.get(name) != made_by.get(name)]


@contextmanager
def _locked(lock: Path, folder: Path) -> Iterator[None]:
    """Hold a lock that ends with this process, however it ends."""
    lock.touch(mode=0o600)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another run is using {folder}; wait for its end or name another --out"
            raise EndplateError(message) from None
        yield


def _manifest(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except ValueError:
        return {"manifest": "damaged"}
