"""The plain records that flow from stage to stage.

sources -> :class:`Report` -> :class:`Reading` (its :class:`Finding` rows) -> :class:`Study` ->
:class:`Case` (with :class:`Fact`). All are immutable, picklable and free of spaCy objects, so they
cross process borders.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple


class Source(NamedTuple):
    """Where an input row stands: file and row (1-based, the header not counted; 0 = whole file)."""

    file: str
    row: int = 0

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}" if self.row else self.file


class Report(NamedTuple):
    """One report as it was read. Only ``text`` is indispensable.

    ``study_date`` is a date or None; ``modality`` is DICOM's two letters (``MR``, ``CT`` ...) or
    empty; ``report_status`` is ``preliminary``, ``final``, ``amended``, ``corrected``,
    ``cancelled`` or empty.
    """

    report_id: str
    text: str
    patient_id: str = ""
    study_date: dt.date | None = None
    modality: str = ""
    procedure: str = ""
    accession: str = ""
    report_status: str = ""
    source: Source = Source("")


class Reject(NamedTuple):
    """An input row or file that could not be used (a row of ``rejects.csv``)."""

    file: str
    row: int
    column: str
    record_id: str
    reason: str


class Finding(NamedTuple):
    """One finding at one level with one status: a row of the findings table.

    ``start`` and ``end`` are character offsets in the report as it was read, end exclusive, and
    ``report[start:end] == text``. The last three columns go beyond the interface: the words that
    decided the status, the age of a fracture (``acute``, ``chronic`` or empty = not said), and
    ``yes`` where findings and impression contradict each other at this level.
    """

    report_id: str
    finding: str
    level: str = ""
    vertebra: str = ""
    endplate: str = ""
    modic_type: str = ""
    basis: str = ""
    grade: str = ""
    status: str = "present"
    section: str = "other"
    start: int = 0
    end: int = 0
    text: str = ""
    sentence: str = ""
    cue: str = ""
    acuity: str = ""
    conflict: str = ""


FINDING_COLUMNS: Final = Finding._fields


class Reading(NamedTuple):
    """What the reader made of one report.

    ``modality`` is ``MR``, ``CT``, ``XR`` ... or empty when neither the columns nor the text tell.
    ``lumbar`` is True, False or None (not told).
    """

    report_id: str
    modality: str
    lumbar: bool | None
    findings: tuple[Finding, ...]

    @property
    def lumbar_mri(self) -> bool | None:
        """Whether this is a lumbar MRI; None when region or modality is not told."""
        if self.lumbar is False or self.modality not in ("", "MR"):
            return False
        if self.lumbar is None or self.modality == "":
            return None
        return True


class Study(NamedTuple):
    """A read report of a patient, without its text.

    ``lumbar`` says whether the lumbar spine was examined, by whatever modality; None is not told.
    """

    report_id: str
    patient_id: str
    study_date: dt.date | None
    lumbar_mri: bool | None
    modality: str
    procedure: str
    accession: str
    report_status: str
    findings: tuple[Finding, ...]
    source: Source
    lumbar: bool | None = None


class Fact(NamedTuple):
    """One clinical fact of a patient with the row that it came from.

    ``value`` is a number, text, bool, date or a frozenset of texts, by the fact's declared type.
    """

    name: str
    value: object
    unit: str = ""
    date: dt.date | None = None
    table: str = ""
    row: int = 0
    column: str = ""
    note: str = ""


class Case(NamedTuple):
    """One patient as the criteria see him: studies oldest first, the index study, and the facts."""

    patient_id: str
    studies: tuple[Study, ...]
    index: Study | None  # type: ignore[assignment]  # not tuple.index
    facts: Mapping[str, Fact]
