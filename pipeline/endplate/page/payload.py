"""What the page's scripts are given: an index of the list, and the details of each patient."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from endplate.page.figures import age_bars, missing_most, modic_table
from endplate.page.flow_steps import flow_steps
from endplate.page.highlight import Segment, from_sentences, segments
from endplate.page.run_folder import Row, RunFolder, load_findings
from endplate.page.texts import report_texts
from endplate.worklist import CLINIC_COLUMNS

#: What a row of the list carries besides its rank.
LIST_COLUMNS: Final = (
    "patient_id",
    "verdict",
    "report_id",
    "study_date",
    "mri_age_days",
    "modic",
    "modic_basis",
    "bodies",
    "endplate",
    "red_flags",
    "other_findings",
    "criteria_unknown",
    "next_step",
    "evidence",
    "history",
    *CLINIC_COLUMNS,
)

#: What the views show of a finding; offsets and sentences stay behind.
FINDING_FIELDS: Final = (
    "finding",
    "level",
    "vertebra",
    "endplate",
    "modic_type",
    "basis",
    "grade",
    "status",
    "section",
    "conflict",
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Pages(NamedTuple):
    """A run with the findings and texts of the patients that a page is about."""

    folder: RunFolder
    findings: Mapping[str, Sequence[Row]]
    texts: Mapping[str, str]


def collect(
    folder: RunFolder,
    patients: Collection[str],
    *,
    reports: Sequence[Path] = (),
    on_note: Callable[[str], None],
) -> Pages:
    """Read the findings and the texts of some patients of a run."""
    ids = [report["report_id"] for patient in patients for report in reports_of(folder, patient)]
    findings = load_findings(folder.path, ids)
    texts = report_texts(folder.run, findings, ids, given=reports, on_note=on_note)
    return Pages(folder, findings, texts)


def reports_of(folder: RunFolder, patient: str) -> list[Row]:
    """Return the reports of a patient, oldest study first.

    A study's main report comes before its addenda (``part`` counts from 0); reports of one study
    share its ``group``.
    """
    reports: list[Row] = []
    for group, study in enumerate(folder.studies.get(patient, ())):
        ids = str(study.get("reports") or study["report_id"]).split("; ")
        reports += [
            {**study, "report_id": report_id, "group": group, "part": part}
            for part, report_id in enumerate(ids)
        ]
    return reports


def index(folder: RunFolder, patients: Sequence[str]) -> dict[str, Any]:
    """Return the list's rows and everything that the overview shows."""
    listed = [folder.patients[patient] for patient in folder.worklist]
    pack = str(listed[0].get("pack") or "") if listed else ""
    results = [row for patient in folder.worklist for row in folder.criteria.get(patient, ())]
    return {
        "title": "Endplate worklist",
        "created": created(folder),
        "packs": packs(folder),
        "cards": _cards(folder),
        "flow": flow_steps(folder.run),
        "figures": {
            "verdicts": folder.census.verdicts,
            "modic": modic_table(folder.census.modic),
            "age": age_bars(_days(row) for row in listed),
            "missing": missing_most(results, pack),
        },
        "columns": ["rank", "queue", *LIST_COLUMNS],
        "rows": rows(folder, patients),
    }


def created(folder: RunFolder) -> str:
    """Return when a run was made, to be read: ``22 November 2026, 18:34``."""
    try:
        when = dt.datetime.fromisoformat(str(folder.run.get("created")))
    except ValueError:
        return "unknown date"
    return f"{when.day} {when:%B %Y, %H:%M}"


def rows(folder: RunFolder, patients: Sequence[str]) -> list[list[Any]]:
    """Return one row a patient for the list; those not on the worklist have no rank."""
    ranks = {patient: rank for rank, patient in enumerate(folder.worklist, 1)}
    table = []
    for patient in patients:
        row = {**folder.patients[patient], **_clinic(folder, patient)}
        listed = patient in ranks
        table.append(
            [
                ranks.get(patient, ""),
                "list" if listed else "sample",
                *(_plain(row.get(name)) for name in LIST_COLUMNS),
            ]
        )
    return table


def detail(pages: Pages, patient: str) -> dict[str, Any]:
    """Return what the view of one patient shows."""
    folder = pages.folder
    row = folder.patients[patient]
    return {
        **{name: _plain(row.get(name)) for name in LIST_COLUMNS if name not in CLINIC_COLUMNS},
        "studies": [_report(pages, report) for report in reports_of(folder, patient)],
        "judgements": _judgements(row, folder.criteria.get(patient, ())),
    }


def packs(folder: RunFolder) -> list[dict[str, Any]]:
    """Return the packs of the run with their criteria as sentences, each once."""
    told = {str(pack.get("id")): pack for pack in folder.run.get("packs", ())}
    criteria: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in told}
    for results in folder.criteria.values():
        for row in results:
            known = criteria.setdefault(str(row["pack"]), {})
            name = str(row["criterion"])
            if name not in known:
                known[name] = {
                    "id": name,
                    "statement": _plain(row.get("statement")),
                    "kind": _plain(row.get("kind")),
                    "class": _plain(row.get("class")),
                    "source": _plain(row.get("source")),
                }
    return [
        {
            "id": name,
            "title": told.get(name, {}).get("title") or name,
            "version": _plain(told.get(name, {}).get("version")),
            "draft": told.get(name, {}).get("status") == "draft",
            "criteria": list(known.values()),
        }
        for name, known in criteria.items()
    ]


def embed(value: object) -> str:
    """Return JSON that is safe inside a ``script`` element, whatever the text says.

    ``</script>``, ``<!--`` and entities cannot come up without ``<`` and ``&``.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    # half a surrogate pair cannot be written as UTF-8
    return _SURROGATE.sub("\ufffd", text)


def _report(pages: Pages, report: Row) -> dict[str, Any]:
    report_id = report["report_id"]
    found = pages.findings.get(report_id, ())
    text = pages.texts.get(report_id)
    pieces: list[Segment] = from_sentences(found) if text is None else segments(text, found)
    return {
        "report_id": report_id,
        "date": _plain(report.get("study_date")),
        "modality": _plain(report.get("modality")),
        "procedure": _plain(report.get("procedure")),
        "status": _plain(report.get("report_status")),
        "index": bool(report.get("is_index")),
        "group": report["group"],
        "part": report["part"],
        "from": "sentences" if text is None else "report",
        "findings": [
            {name: f[name] for name in FINDING_FIELDS if f.get(name) not in ("", None)}
            for f in found
        ],
        "segments": pieces,
    }


def _judgements(row: Row, results: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the criteria by pack, the pack that the list is ordered by first."""
    by_pack: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        by_pack.setdefault(str(result["pack"]), []).append(
            {
                "id": str(result["criterion"]),
                "truth": str(result.get("truth") or "unknown"),
                "standing": _plain(result.get("standing")),
                "reason": _plain(result.get("reason")) or _plain(result.get("value")),
                "evidence": _evidence(result.get("evidence")),
                "settle": _plain(result.get("settle")),
            }
        )
    main = str(row.get("pack") or "")
    return [
        {
            "pack": pack,
            "verdict": _plain(row.get("verdict" if pack == main else f"verdict_{pack}")),
            "results": by_pack[pack],
        }
        for pack in sorted(by_pack, key=lambda name: name != main)
    ]


def _evidence(cell: object) -> list[str]:
    """Return the lines of an evidence cell: a list, JSON, or text."""
    if isinstance(cell, str):
        try:
            cell = json.loads(cell) if cell.startswith(("[", "{")) else cell.splitlines()
        except ValueError:
            cell = [cell]
    lines: list[str] = []
    for item in cell if isinstance(cell, list) else []:
        if isinstance(item, Mapping):
            ref, text = str(item.get("ref") or ""), str(item.get("text") or "")
            if item.get("kind") == "finding":
                # the offsets behind the report's id help nobody to find a sentence
                lines.append(f"“{text}” – report {ref.rpartition(':')[0] or ref}")
            else:
                lines.append(f"{text} – {ref}" if ref else text)
        elif item:
            lines.append(str(item))
    return list(dict.fromkeys(lines))


def _cards(folder: RunFolder) -> list[dict[str, Any]]:
    census = folder.census
    modic = census.patients - census.modic.get("", 0)
    cards: list[dict[str, Any]] = [
        {"label": "patients", "n": census.patients},
        {"label": "with a Modic change", "n": modic},
        {"label": "on the worklist", "n": len(folder.worklist)},
    ]
    names = {
        "urgent_review": "for urgent review",
        "candidate": "candidates",
        "needs_information": "need information",
        "needs_review": "need review",
    }
    return cards + [
        {"label": name, "n": census.verdicts.get(verdict, 0), "cls": f"v-{verdict}"}
        for verdict, name in names.items()
    ]


def _clinic(folder: RunFolder, patient: str) -> dict[str, str]:
    row = folder.clinic.get(patient, {})
    return {name: row.get(name, "") for name in CLINIC_COLUMNS}


def _days(row: Row) -> int | None:
    value = row.get("mri_age_days")
    return None if value in (None, "") else int(float(str(value)))


def _plain(value: object) -> Any:
    """Return a cell as JSON takes it: empty for nothing, text for dates, joined text for lists."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value)
    return str(value)
