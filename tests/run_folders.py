"""Run folders for the tests of page and review, written as `endplate screen` writes them."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from endplate.records import FINDING_COLUMNS, Finding

TODAY = dt.date(2026, 11, 22)
WORKLIST_COLUMNS = (
    *("rank", "patient_id", "verdict", "pack", "pack_version", "report_id", "study_date"),
    *("mri_age_days", "modic", "modic_basis", "bodies", "endplate", "red_flags", "other_findings"),
    *("criteria_met", "criteria_unknown", "criteria_not_met", "next_step", "evidence"),
    *("verdict_fda-label", "decision", "decided_by", "decided_on", "notes"),
)
VERDICTS = ("urgent_review", "candidate", "needs_information", "needs_review")
CRITERIA = (
    ("modic", "Modic type 1 or 2 at L3-L4, L4-L5 or L5-S1 on MRI", "include", "report"),
    ("duration", "Chronic low back pain of 6 months or more", "include", "clinical"),
    ("conservative", "Failed conservative care of 6 months or more", "include", "clinical"),
    ("infection", "Active infection", "exclude", "clinical"),
)


class Mention(NamedTuple):
    """A finding as the words that a text holds (the `nth` time they stand in it)."""

    words: str
    finding: str
    fields: Mapping[str, str] = {}
    nth: int = 0


class Exam(NamedTuple):
    """One study of a made-up patient."""

    text: str
    mentions: tuple[Mention, ...] = ()
    date: dt.date = TODAY - dt.timedelta(days=200)


class Patient(NamedTuple):
    """A made-up patient: studies oldest first; the last is the index study."""

    patient_id: str
    verdict: str
    exams: tuple[Exam, ...]
    modic: str = ""
    basis: str = "stated"
    bodies: str = ""
    unknown: tuple[str, ...] = ()
    red_flags: str = ""


def modic(words: str, level: str, kind: str, **fields: str) -> Mention:
    """Return a mention of a Modic change."""
    return Mention(
        words,
        "modic_change",
        {"level": level, "modic_type": kind, "basis": "stated", "section": "findings", **fields},
    )


def findings_of(report_id: str, exam: Exam) -> list[Finding]:
    """Return the findings of an exam with the offsets of their words."""
    rows = []
    for mention in exam.mentions:
        start = -1
        for _ in range(mention.nth + 1):
            start = exam.text.index(mention.words, start + 1)
        end = start + len(mention.words)
        line = exam.text.rfind("\n", 0, start) + 1
        stop = exam.text.find("\n", end)
        sentence = exam.text[line : stop if stop >= 0 else len(exam.text)]
        rows.append(
            Finding(
                report_id,
                mention.finding,
                start=start,
                end=end,
                text=mention.words,
                sentence=sentence,
                **mention.fields,  # type: ignore[arg-type]
            )
        )
    return rows


def write_run(folder: Path, patients: Iterable[Patient], *, texts: bool = True) -> Path:
    """Write a run folder and, beside it, the reports that it was made from."""
    patients = list(patients)
    folder.mkdir(parents=True, exist_ok=True)
    source = folder.parent / f"{folder.name}-reports.jsonl"
    reports, studies, findings, table, criteria = [], [], [], [], []
    for patient in patients:
        ids = [f"{patient.patient_id}-{n}" for n in range(1, len(patient.exams) + 1)]
        for report_id, exam in zip(ids, patient.exams, strict=True):
            reports.append(
                {
                    "report_id": report_id,
                    "patient_id": patient.patient_id,
                    "study_date": exam.date.isoformat(),
                    "modality": "MR",
                    "text": exam.text,
                }
            )
            studies.append(
                {
                    "patient_id": patient.patient_id,
                    "report_id": report_id,
                    "study_date": exam.date.isoformat(),
                    "modality": "MR",
                    "procedure": "MRI lumbar spine",
                    "accession": "",
                    "report_status": "final",
                    "lumbar_mri": "yes",
                    "is_index": int(report_id == ids[-1]),
                }
            )
            findings += [row._asdict() for row in findings_of(report_id, exam)]
        table.append(_patient_row(patient, ids[-1]))
        criteria += _criteria_rows(patient)
    with source.open("w", encoding="utf-8") as file:
        for report in reports:
            file.write(json.dumps(report) + "\n")
    _parquet(folder / "studies.parquet", studies)
    _parquet(folder / "findings.parquet", findings, FINDING_COLUMNS)
    _parquet(folder / "patients.parquet", table)
    _parquet(folder / "criteria.parquet", criteria)
    write_worklist(folder, table)
    (folder / "run.json").write_text(json.dumps(_run(source, patients, reports)), "utf-8")
    if not texts:
        source.unlink()
    return folder


def write_worklist(folder: Path, table: Iterable[Mapping[str, Any]]) -> None:
    """Write worklist.csv anew, with the clinic's columns empty."""
    listed = [row for row in table if row["verdict"] != "not_candidate"]
    listed.sort(key=lambda row: VERDICTS.index(row["verdict"]))
    with (folder / "worklist.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, WORKLIST_COLUMNS, extrasaction="ignore", restval="")
        writer.writeheader()
        for rank, row in enumerate(listed, 1):
            cells = {name: "" if value is None else value for name, value in row.items()}
            if str(row["patient_id"]).startswith(("=", "+", "-", "@")):
                cells["patient_id"] = "'" + str(row["patient_id"])
            writer.writerow({"rank": rank, **cells})


def _patient_row(patient: Patient, report_id: str) -> dict[str, Any]:
    date = patient.exams[-1].date
    return {
        "patient_id": patient.patient_id,
        "verdict": patient.verdict,
        "pack": "selection",
        "pack_version": "1",
        "report_id": report_id,
        "study_date": date.isoformat(),
        "mri_age_days": (TODAY - date).days,
        "modic": patient.modic,
        "modic_basis": patient.basis if patient.modic else "",
        "bodies": patient.bodies,
        "endplate": "",
        "red_flags": patient.red_flags,
        "other_findings": "",
        "criteria_met": "; ".join(name for name, *_ in CRITERIA if name not in patient.unknown),
        "criteria_unknown": "; ".join(patient.unknown),
        "criteria_not_met": "",
        "next_step": f"Ask for: {', '.join(patient.unknown)}."
        if patient.unknown
        else "Book the clinic.",
        "evidence": patient.exams[-1].mentions[0].words if patient.exams[-1].mentions else "",
        "verdict_fda-label": "needs_information",
        "history": "",
    }


def _criteria_rows(patient: Patient) -> list[dict[str, Any]]:
    rows = []
    for pack in ("selection", "fda-label"):
        for name, statement, kind, about in CRITERIA:
            good = "met" if kind == "include" else "not_met"
            rows.append(
                {
                    "patient_id": patient.patient_id,
                    "pack": pack,
                    "pack_version": "1",
                    "criterion": name,
                    "statement": statement,
                    "kind": kind,
                    "class": "guideline",
                    "truth": "unknown" if name in patient.unknown else good,
                    "standing": "open" if name in patient.unknown else "for",
                    "value": "",
                    "threshold": "6 months",
                    "reason": "not recorded" if name in patient.unknown else f"{name} is on record",
                    "evidence": json.dumps(
                        [{"kind": "fact", "ref": "clinical.csv, row 3", "text": "9"}]
                    ),
                    "settle": "ask in the clinic",
                    "source": "made for the tests",
                    "about": about,
                }
            )
    return rows


def _run(source: Path, patients: list[Patient], reports: list[dict[str, str]]) -> dict[str, Any]:
    listed = sum(patient.verdict != "not_candidate" for patient in patients)
    return {
        "created": "2026-11-22T18:00:00Z",
        "program": {"endplate": "0.1.0"},
        "packs": [
            {"id": "selection", "version": "1", "title": "Patient selection", "status": "verified"},
            {"id": "fda-label", "version": "1", "title": "FDA label", "status": "draft"},
        ],
        "inputs": [
            {
                "path": str(source),
                "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
                "kind": "reports",
            }
        ],
        "flow": [
            {"label": "reports read", "n": len(reports), "excluded": []},
            {
                "label": "patients",
                "n": len(patients),
                "excluded": [{"reason": "not a candidate", "n": len(patients) - listed}],
            },
            {
                "label": "on the worklist (selection)",
                "n": listed,
                "excluded": [],
                "parts": [
                    {"label": verdict, "n": sum(p.verdict == verdict for p in patients)}
                    for verdict in VERDICTS
                ],
            },
        ],
    }


def _parquet(path: Path, rows: list[dict[str, Any]], columns: Iterable[str] | None = None) -> None:
    names = list(columns or rows[0])
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in names}), path)


NORMAL = Exam(
    "MRI LUMBAR SPINE\n\nFINDINGS: Normal alignment. No disc herniation.\n\nIMPRESSION: Normal."
)


def typical(number: int, verdict: str, level: str = "L4-L5", kind: str = "1") -> Patient:
    """Return a patient as they come: two studies, a Modic change, and something unknown."""
    upper, lower = level.split("-")
    old = Exam(
        f"MRI LUMBAR SPINE\n\nFINDINGS:\n{level}: Modic type 1 endplate change.\n",
        (modic("Modic type 1 endplate change", level, "1"),),
        TODAY - dt.timedelta(days=1100 + number),
    )
    new = Exam(
        "MRI LUMBAR SPINE WITHOUT CONTRAST\n\nINDICATION: Chronic low back pain.\n\nFINDINGS:\n"
        f"{level}: Disc desiccation with Modic type {kind} endplate change. "
        "No spinal canal stenosis.\n"
        "L1-L2: Unremarkable.\n\n"
        f"IMPRESSION:\n1. Modic type {kind} change at {level}, patient {number} of the list.\n",
        (
            Mention(
                "Disc desiccation", "disc_degeneration", {"level": level, "section": "findings"}
            ),
            modic(f"Modic type {kind} endplate change", level, kind),
            Mention(
                "spinal canal stenosis",
                "spinal_stenosis",
                {"level": level, "status": "absent", "section": "findings"},
            ),
            modic(f"Modic type {kind} change", level, kind, section="impression"),
        ),
        TODAY - dt.timedelta(days=30 * (number % 30) + 5),
    )
    return Patient(
        f"P{number:05d}",
        verdict,
        (old, new),
        modic=f"{level}:{kind}",
        bodies=f"{upper} {lower}",
        unknown=("duration",) if verdict == "needs_information" else (),
    )


def without_modic(number: int) -> Patient:
    """Return a patient who is not on the list."""
    return Patient(f"N{number:05d}", "not_candidate", (NORMAL,), basis="")
