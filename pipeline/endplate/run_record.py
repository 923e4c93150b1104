"""``run.json``: what a run was made of, and what became of everything that went in."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

from endplate import __version__
from endplate.clinical import ClinicalRecord, CodeMaps
from endplate.criteria import Pack
from endplate.flow import flow_of, flow_svg
from endplate.sources import Counts
from endplate.tables import write_text
from endplate.worklist import Tally

#: What stands in for report files on standard input.
_STDIN: Final = "-"


@dataclass
class RunAccount:
    """What a run counts on its way.

    Attributes
    ----------
    reports : Counts
        The input rows: read, used, rejected by reason.
    cancelled : int
        Used reports that were cancelled.
    findings : int
        Rows of the findings table.
    clinical : ClinicalRecord, optional
        The clinical tables, if there were any.
    tally : Tally
        Patients by verdict.
    seconds : dict
        How long each stage took.
    """

    reports: Counts
    tally: Tally
    cancelled: int = 0
    findings: int = 0
    clinical: ClinicalRecord | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def write_run_record(
    folder: Path,
    account: RunAccount,
    *,
    packs: Sequence[Pack],
    maps: CodeMaps,
    reports: Sequence[str | Path],
    clinical: Sequence[str | Path],
    columns: Mapping[str, object],
    reader: str,
    created: dt.datetime,
) -> dict[str, Any]:
    """Write flow.svg and then run.json, which says that the run is complete; return the record.

    Parameters
    ----------
    reports, clinical : sequence of paths
        The inputs as the user named them; each is hashed.
    columns : mapping
        How the report tables are written, as the user said it.
    reader : str
        The fingerprint of reader and rules.
    created : datetime
        When the run began, with its time zone.

    Raises
    ------
    RuntimeError
        The counts do not add up.
    """
    account.reports.check()
    steps = flow_of(account.reports, account.cancelled, account.tally)
    record = {
        "created": created.isoformat(timespec="seconds"),
        "program": _program(reader),
        "notice": "Screening aid, not a diagnosis: for review by a specialist.",
        "packs": [_pack(pack) for pack in packs],
        "code_maps": {"versions": maps.versions, "sha256": maps.hash},
        "inputs": [*_inputs(reports, "reports"), *_inputs(clinical, "clinical")],
        "columns": {name: value for name, value in columns.items() if value is not None},
        "counts": _counts(account),
        "flow": [step.as_record() for step in steps],
        "seconds": {stage: round(seconds, 2) for stage, seconds in account.seconds.items()},
    }
    title = "From the archive to the worklist"
    write_text(folder / "flow.svg", flow_svg(steps, title))
    write_text(folder / "run.json", json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return record


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def input_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes; of a folder, that of its files with their names."""
    if path.is_file():
        return file_sha256(path)
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file_sha256(file)}\0".encode())
    return digest.hexdigest()


def _program(reader: str) -> dict[str, str]:
    return {
        "endplate": __version__,
        "reader": reader,
        "python": platform.python_version(),
        **{name: version_of(name) for name in ("spacy", "medspacy", "pyarrow")},
    }


def _pack(pack: Pack) -> dict[str, str]:
    return {
        "id": pack.id,
        "version": pack.version,
        "title": pack.title,
        "status": pack.verification.status,
        "source": pack.source.title,
        "sha256": pack.digest,
    }


def _inputs(paths: Iterable[str | Path], kind: str) -> list[dict[str, Any]]:
    """Return each input with its hash; of a folder the hash is that of its files, in order."""
    entries = []
    for given in paths:
        path = Path(given)
        entry: dict[str, Any] = {"path": str(given), "kind": kind}
        if str(given) != _STDIN and path.is_file():
            entry |= {"sha256": input_sha256(path), "bytes": path.stat().st_size}
        elif str(given) != _STDIN and path.is_dir():
            files = sum(file.is_file() for file in path.rglob("*"))
            entry |= {"sha256": input_sha256(path), "files": files}
        entries.append(entry)
    return entries


def _counts(account: RunAccount) -> dict[str, Any]:
    tally, clinical = account.tally, account.clinical
    counts: dict[str, Any] = {
        "reports": {
            "read": account.reports.read,
            "used": account.reports.used,
            "rejected": dict(account.reports.rejected),
            "cancelled": account.cancelled,
        },
        "findings": account.findings,
        "examinations": tally.studies,
        "patients": tally.patients,
        "judged_by": dict(tally.index_mri),
        "patients_with_modic": dict(sorted(tally.modic_types.items())),
        "verdicts": {pack: dict(verdicts) for pack, verdicts in tally.verdicts.items()},
        "not_candidate_because": dict(tally.obstacles),
        "worklist": tally.listed,
    }
    if clinical is not None:
        counts["clinical"] = {
            "patients_without_report": clinical.strangers,
            "patients_without_clinical_row": clinical.without_rows,
            "tables": [asdict(table) for table in clinical.accounts],
        }
    return counts
