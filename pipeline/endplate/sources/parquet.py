"""Parquet, batch by batch, the needed columns only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from endplate.sources.table import Row, SourceError, Table

#: Reports in memory at a time.
BATCH: Final = 1000


def open_parquet(path: Path) -> Table:
    """Read the schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Buffering ahead would hold whole row groups, and pandas writes a million rows into one.
        file = pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        message = "not a Parquet file, or a damaged one"
        raise SourceError(message) from None

    def rows(columns: Sequence[str]) -> Iterator[Row]:
        number = 0
        with file:
            try:
                for batch in file.iter_batches(BATCH, columns=list(columns)):
                    for cells in batch.to_pylist():
                        number += 1
                        yield Row(number, cells)
            except pa.ArrowException:
                message = f"damaged after row {number:,}"
                raise SourceError(message) from None

    return Table(tuple(file.schema_arrow.names), rows)
