"""The table of what could not be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from endplate.records import Reject
from endplate.tables import TableWriter, table_writer


@contextmanager
def reject_file(path: Path) -> Iterator[Callable[[Reject], None]]:
    """Hand out a function that writes rejects to `path`, as they come.

    The file exists afterwards only if there were any; one of an earlier run is removed.
    """
    table: TableWriter | None = None
    with ExitStack() as stack:

        def keep(reject: Reject) -> None:
            nonlocal table
            if table is None:
                table = stack.enter_context(table_writer(path, Reject._fields, integers=["row"]))
            table.write(reject)

        yield keep
    if table is None:
        path.unlink(missing_ok=True)
