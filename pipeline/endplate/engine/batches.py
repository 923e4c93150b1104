"""Cuts a stream of reports into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from endplate.records import Report

#: No batch holds more characters than this, unless it is a single report.
MAX_CHARACTERS: Final = 2_000_000

#: Reports in a batch, on average.
MEAN_REPORTS: Final = 512


class Batch(NamedTuple):
    """Reports that are read together, under a name that depends on nothing but their content."""

    name: str
    keys: tuple[bytes, ...]
    reports: list[Report]


def report_key(report: Report) -> bytes:
    """Return the SHA-256 of all of a report but the place where it stood."""
    parts = (
        report.report_id,
        report.text,
        report.patient_id,
        report.study_date.isoformat() if report.study_date else "",
        report.modality,
        report.procedure,
        report.accession,
        report.report_status,
    )
    # The lengths keep ("ab", "c") and ("a", "bc") apart.
    whole = ",".join([str(len(part)) for part in parts]) + ":" + "".join(parts)
    return sha256(whole.encode("utf-8", "surrogatepass")).digest()


def plain_batches(
    reports: Iterable[Report], size: int = MEAN_REPORTS // 4
) -> Iterator[list[Report]]:
    """Cut after every `size` reports, or earlier when they are long."""
    batch: list[Report] = []
    characters = 0
    for report in reports:
        if batch and (len(batch) == size or characters + len(report.text) > MAX_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(report)
        characters += len(report.text)
    if batch:
        yield batch


def content_batches(reports: Iterable[Report], mean: int = MEAN_REPORTS) -> Iterator[Batch]:
    """Cut where the content says so, so that a new report moves no cut but the ones around it.

    Parameters
    ----------
    reports : iterable of Report
        The archive in a stable order.
    mean : int
        Reports in a batch, on average; the largest has four times as many.
    """
    held: list[Report] = []
    keys: list[bytes] = []
    characters = 0
    for report in reports:
        if held and (len(held) >= 4 * mean or characters + len(report.text) > MAX_CHARACTERS):
            yield _batch(held, keys)
            held, keys, characters = [], [], 0
        key = report_key(report)
        held.append(report)
        keys.append(key)
        characters += len(report.text)
        if int.from_bytes(key[:4], "big") % mean == 0:
            yield _batch(held, keys)
            held, keys, characters = [], [], 0
    if held:
        yield _batch(held, keys)


def _batch(reports: list[Report], keys: list[bytes]) -> Batch:
    return Batch(sha256(b"".join(keys)).hexdigest(), tuple(keys), reports)
