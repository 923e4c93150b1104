"""``criteria.parquet``: one row a patient, pack and criterion.

An archive of a few hundred thousand patients judged by all packs has tens of millions of rows, so
they are gathered by column, and what is the same for all patients is written once a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from endplate.criteria import CriterionResult, Evidence, Judgement, Truth
from endplate.tables import atomic_file

if TYPE_CHECKING:
    import pyarrow as pa

#: The same for every patient of a pack.
_OF_CRITERION: Final = (
    "pack",
    "pack_version",
    "criterion",
    "statement",
    "kind",
    "class",
    "threshold",
    "source",
    "verification",
)
#: Differ from patient to patient.
_OF_RESULT: Final = ("truth", "standing", "value", "reason", "evidence", "settle", "about")

CRITERIA_COLUMNS: Final = ("patient_id", *_OF_CRITERION, *_OF_RESULT)

#: By the place of a truth: its word, and how it bears on the patient by the criterion's kind.
_TRUTHS: Final = (Truth.MET, Truth.NOT_MET, Truth.UNKNOWN)
_TRUTH_WORDS: Final = [truth.name.lower() for truth in _TRUTHS]
_STANDINGS: Final = ["for", "against", "open", "flag", ""]

#: Judgements in memory at a time.
_BATCH: Final = 20_000


class CriteriaTable:
    """Takes judgements, and writes them batch by batch."""

    def __init__(self, handle: Any) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        text = pa.dictionary(pa.int32(), pa.string())
        self._schema = pa.schema(
            [(c, pa.string() if c == "evidence" else text) for c in CRITERIA_COLUMNS]
        )
        self._parquet = pq.ParquetWriter(handle, self._schema, compression="zstd")
        self._held: dict[str, list[Judgement]] = {}
        self._count = 0

    def write(self, judgements: Sequence[Judgement]) -> None:
        """Take the judgements on a patient."""
        for judgement in judgements:
            self._held.setdefault(judgement.pack_id, []).append(judgement)
        self._count += len(judgements)
        if self._count >= _BATCH:
            self._flush()

    def close(self) -> None:
        """Write what is still held, and the end of the file."""
        self._flush()
        self._parquet.close()

    def abandon(self) -> None:
        """Let go of the file after an error; else its destructor would complain on stderr."""
        with suppress(Exception):
            self._parquet.close()

    def _flush(self) -> None:
        for judgements in self._held.values():
            self._parquet.write_table(self._table(judgements))
        self._held.clear()
        self._count = 0

    def _table(self, judgements: Sequence[Judgement]) -> pa.Table:
        """Return the rows of judgements by one pack, which all have the same criteria."""
        import numpy as np
        import pyarrow as pa

        first = judgements[0]
        width = len(first.results)
        results = [result for judgement in judgements for result in judgement.results]

        def repeated(values: Sequence[str], places: Any) -> pa.DictionaryArray:
            return pa.DictionaryArray.from_arrays(places, pa.array(values, pa.string()))

        places = np.arange(len(judgements) * width, dtype=np.int32)
        patients = [judgement.patient_id for judgement in judgements]
        arrays = [repeated(patients, places // width)]
        constant = [_constants(first, result) for result in first.results]
        arrays += [repeated(column, places % width) for column in zip(*constant, strict=True)]
        # Enumerations are slow to hash: truths are told apart by identity and looked up by place.
        met, not_met, _ = _TRUTHS
        truths = np.fromiter(
            (
                0 if (truth := result.truth) is met else 1 if truth is not_met else 2
                for result in results
            ),
            np.int32,
            len(results),
        )
        standings = np.array([_standings(result) for result in first.results], np.int32)
        arrays += [
            repeated(_TRUTH_WORDS, truths),
            repeated(_STANDINGS, standings[places % width, truths]),
            pa.array([result.value for result in results]).dictionary_encode(),
            pa.array([result.reason for result in results]).dictionary_encode(),
            pa.array([_as_json(result.evidence) for result in results], pa.string()),
            pa.array([result.settle for result in results]).dictionary_encode(),
            pa.array([result.about for result in results]).dictionary_encode(),
        ]
        return pa.Table.from_arrays(arrays, schema=self._schema)


@contextmanager
def criteria_table(path: Path) -> Iterator[CriteriaTable]:
    """Open criteria.parquet for writing; the file appears only when the block ends well."""
    with atomic_file(path) as handle:
        table = CriteriaTable(handle)
        try:
            yield table
            table.close()
        except BaseException:
            table.abandon()
            raise


def _standings(result: CriterionResult) -> list[int]:
    """Return the place of a criterion's standing for each truth."""
    return [_STANDINGS.index(result._replace(truth=truth).standing) for truth in _TRUTHS]


def _constants(judgement: Judgement, result: CriterionResult) -> tuple[str, ...]:
    return (
        judgement.pack_id,
        judgement.pack_version,
        result.criterion_id,
        result.statement,
        result.kind,
        result.clazz,
        result.threshold,
        result.source,
        result.verification,
    )


def _as_json(evidence: Sequence[Evidence]) -> str:
    """Return evidence as a JSON list; spelt out here, as it is done for every single row."""
    if not evidence:
        return ""
    items = [
        f'{{"kind": {quoted(kind)}, "ref": {quoted(ref)}, "text": {quoted(text)}}}'
        for kind, ref, text in evidence
    ]
    return f"[{', '.join(items)}]"
