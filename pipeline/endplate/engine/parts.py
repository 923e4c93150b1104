"""Finished batches on disk: one Parquet file each, whole or not there at all.

A part holds the findings of its batch as rows of the findings table, and in its metadata what
became of each report. A part that exists is the checkpoint: there is no other record to agree with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from endplate.engine.reading import Failure, Outcome
from endplate.records import FINDING_COLUMNS, Finding, Reading
from endplate.tables import INTEGER_COLUMNS, atomic_file

if TYPE_CHECKING:
    import pyarrow as pa

_REPORTS: Final = b"endplate.reports"
_FINGERPRINT: Final = b"endplate.fingerprint"

#: Rows in a row group of the joined table.
_GROUP: Final = 100_000


def write_part(path: Path, fingerprint: str, outcomes: Mapping[bytes, Outcome]) -> None:
    """Write the outcomes of a batch by the keys of its reports, atomically."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    metadata = {
        _FINGERPRINT: fingerprint.encode(),
        _REPORTS: json.dumps([_noted(*pair) for pair in outcomes.items()]).encode(),
    }
    table = findings_table(outcomes.values()).replace_schema_metadata(metadata)
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    with atomic_file(path) as handle:
        handle.write(buffer.getvalue())


def read_part(path: Path, fingerprint: str) -> dict[bytes, Outcome]:
    """Return key -> outcome of a part; nothing if it is damaged or of another program."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        reports = _reports(table.schema.metadata or {}, fingerprint)
        return dict(_outcomes(reports, _rows(table)))
    except (pa.ArrowException, OSError, LookupError, ValueError):
        return {}


def part_keys(path: Path, fingerprint: str) -> list[bytes]:
    """Return the keys of the reports of a part; none if it is damaged or of another program."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        reports = _reports(pq.read_metadata(path).metadata or {}, fingerprint)
    except (pa.ArrowException, OSError, LookupError, ValueError):
        return []
    return [bytes.fromhex(report[0]) for report in reports]


def join_parts(paths: Iterable[Path], out: Path) -> int:
    """Write the rows of all parts into one Parquet file, atomically; return their number.

    Where its row groups end depends on the rows alone, so equal rows make equal files.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = findings_schema()
    held = schema.empty_table()
    rows = 0
    with atomic_file(out) as handle, pq.ParquetWriter(handle, schema, compression="zstd") as writer:
        for path in paths:
            part = pq.read_table(path).replace_schema_metadata(None)
            rows += part.num_rows
            held = pa.concat_tables([held, part])
            while held.num_rows >= _GROUP:
                writer.write_table(held.slice(0, _GROUP))
                held = held.slice(_GROUP)
        writer.write_table(held)
    return rows


def findings_table(outcomes: Iterable[Outcome]) -> pa.Table:
    """Return the findings of reports as an Arrow table, one row a finding."""
    import pyarrow as pa

    readings = (outcome for outcome in outcomes if isinstance(outcome, Reading))
    rows = [finding for reading in readings for finding in reading.findings]
    columns = zip(*rows, strict=True) if rows else [()] * len(FINDING_COLUMNS)
    schema = findings_schema()
    arrays = [pa.array(c, t) for c, t in zip(columns, schema.types, strict=True)]
    return pa.table(arrays, schema=schema)


def findings_schema() -> pa.Schema:
    """Return the Arrow schema of the findings table."""
    import pyarrow as pa

    return pa.schema(
        [(c, pa.int64() if c in INTEGER_COLUMNS else pa.string()) for c in FINDING_COLUMNS]
    )


def _noted(key: bytes, outcome: Outcome) -> list[object]:
    """Return what the metadata hold of a report."""
    if isinstance(outcome, Failure):
        return [key.hex(), outcome.report_id, outcome.reason]
    modality, lumbar, rows = outcome.modality, outcome.lumbar, len(outcome.findings)
    return [key.hex(), outcome.report_id, None, modality, lumbar, rows]


def _reports(metadata: Mapping[bytes, bytes], fingerprint: str) -> list[list]:
    if metadata.get(_FINGERPRINT) != fingerprint.encode():
        return []
    return json.loads(metadata[_REPORTS])


def _outcomes(reports: Iterable[list], rows: Iterator[Finding]) -> Iterator[tuple[bytes, Outcome]]:
    for key, report_id, reason, *read in reports:
        if reason is not None:
            yield bytes.fromhex(key), Failure(report_id, reason)
        else:
            modality, lumbar, count = read
            findings = tuple(islice(rows, count))
            yield bytes.fromhex(key), Reading(report_id, modality, lumbar, findings)


def _rows(table: pa.Table) -> Iterator[Finding]:
    columns = [table.column(name).to_pylist() for name in FINDING_COLUMNS]
    return map(Finding._make, zip(*columns, strict=True))
