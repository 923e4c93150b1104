"""Delta tables by their files: which of them hold the rows of today, and how to make one.

A Delta folder keeps files whose rows were deleted or rewritten; only its log tells them apart.
Needs ``endplate[delta]``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from endplate.sources.table import SourceError

LOG: Final = "_delta_log"

#: Features of a table that its Parquet files do not show: rows would be read wrongly.
_HIDDEN: Final = frozenset(["deletionVectors", "columnMapping"])


def is_delta(folder: Path) -> bool:
    """Tell whether a folder is a Delta table."""
    return (folder / LOG).is_dir()


def library() -> Any:
    """Return the library that reads and writes the logs.

    Raises
    ------
    SourceError
        It is not installed.
    """
    try:
        import deltalake
    except ImportError:
        message = "Delta tables need a library: pip install 'endplate[delta]'"
        raise SourceError(message) from None
    return deltalake


def active_files(folder: Path) -> list[Path]:
    """Return the files of a Delta table's latest version, in the order of their names.

    Raises
    ------
    SourceError
        The library is missing, the log is damaged, or the files alone do not tell the rows.
    """
    delta = library()
    try:
        table = delta.DeltaTable(folder)
        protocol, settings = table.protocol(), table.metadata().configuration
        files = sorted(Path(uri) for uri in table.file_uris())
    except (delta.exceptions.DeltaError, OSError, ValueError) as error:
        message = f"a Delta table whose log cannot be read ({type(error).__name__})"
        raise SourceError(message) from None
    hidden = _HIDDEN.intersection(protocol.reader_features or ())
    if protocol.min_reader_version == 2 and settings.get("delta.columnMapping.mode"):
        hidden |= {"columnMapping"}
    if hidden:
        message = (
            f"a Delta table with {' and '.join(sorted(hidden))}, which its files alone do not "
            "show; export it as Parquet, or give Spark a Delta library"
        )
        raise SourceError(message)
    return files


def make_delta(folder: Path) -> None:
    """Make a Delta table of a folder of Parquet files."""
    library().convert_to_deltalake(folder)
