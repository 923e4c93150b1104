"""One patient of a run told as a clinician would: verdict, reasons, sources, what would change it.

Reads the folder that a screening run wrote; nothing is judged anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from endplate.bodies import cpt_units
from endplate.criteria.judge import CriterionResult, verdict_of
from endplate.criteria.kleene import Truth
from endplate.criteria.outcome import Evidence
from endplate.errors import EndplateError

_Row = Mapping[str, Any]

#: How results are told, in this order, by how they bear on the patient.
_HEADINGS: Final = {
    "against": "Speaks against",
    "open": "Open",
    "for": "Speaks for",
    "silent": "Not recorded, to be confirmed in the clinic",
    "flag": "Flags (shown, they decide nothing)",
}

_TRUTH_WORDS: Final = {Truth.MET: "met", Truth.NOT_MET: "not met", Truth.UNKNOWN: "unknown"}


class _Judged(NamedTuple):
    """What one pack said of the patient."""

    pack: str
    version: str
    verdict: str
    results: tuple[CriterionResult, ...]


def explain(folder: Path, patient_id: str) -> Iterator[str]:
    """Yield the lines that tell one patient's case.

    Raises
    ------
    EndplateError
        The folder holds no run, or the run no such patient (the nearest ids are named).
    """
    run = _run_record(folder)
    patient = _patient(folder, patient_id)
    judged = _judgements(folder, patient)
    packs = {pack["id"]: pack for pack in run.get("packs", [])}
    yield from _headline(patient)
    for number, judgement in enumerate(judged):
        pack = packs.get(judgement.pack, {})
        yield ""
        yield from _told_judgement(judgement, pack, next_step=patient["next_step"] * (number == 0))
    yield ""
    yield from _told_studies(folder, patient)
    yield ""
    yield "A screening aid, not a diagnosis: for review by a specialist."


def what_would_change(verdict: str, results: Sequence[CriterionResult]) -> Iterator[str]:
    """Yield, in sentences, which answers would lead to another verdict, and to which."""
    if verdict == "urgent_review":
        yield f"Once the red flags are ruled out: {verdict_of(results)}."
        return
    against = [result for result in results if result.standing == "against"]
    if against:
        named = "; ".join(_named(result) for result in against)
        needed = (
            "Only if this were otherwise" if len(against) == 1 else "Only if all were otherwise"
        )
        yield f"{needed}: {verdict_of(_in_favour(results, against))} ({named})."
        return
    still_open = [result for result in results if result.standing == "open"]
    for result in still_open:
        settled = verdict_of(_in_favour(results, [result]))
        yield f"{_named(result)}: in favour, {settled}; against, not_candidate."
    if len(still_open) > 1:
        yield f"All of these in favour: {verdict_of(_in_favour(results, still_open))}."
    silent = [_named(result) for result in results if _to_confirm(result)]
    if silent:
        yield f"Any of these, if it came to light: not_candidate ({'; '.join(silent)})."


def _in_favour(
    results: Iterable[CriterionResult], changed: Sequence[CriterionResult]
) -> list[CriterionResult]:
    """Return the results with some decided in the patient's favour."""
    ids = {result.criterion_id for result in changed}
    favourable = {"include": Truth.MET, "exclude": Truth.NOT_MET}
    return [
        result._replace(truth=favourable[result.kind]) if result.criterion_id in ids else result
        for result in results
    ]


def _to_confirm(result: CriterionResult) -> bool:
    return result.silent and result.kind == "exclude"


def _named(result: CriterionResult) -> str:
    """Return the statement so that it is plain what it is: exclusions say so."""
    return f"{'exclusion: ' * (result.kind == 'exclude')}{result.statement}"


def _headline(patient: _Row) -> Iterator[str]:
    draft = " (draft criteria)" if "draft" in str(patient["pack_version"]) else ""
    yield f"Patient {patient['patient_id']}: {patient['verdict']} by {patient['pack']}{draft}"
    if not patient["report_id"]:
        yield "No lumbar MRI on record."
        return
    dated = patient["study_date"] or "without a date"
    age = patient["mri_age_days"]
    old = f", {age} days old" if age is not None else ""
    yield f"Index study: {patient['report_id']} of {dated}{old}"
    basis = f" ({patient['modic_basis']})" if patient["modic_basis"] else ""
    yield f"Modic: {patient['modic'] or 'none named'}{basis}"
    bodies = str(patient["bodies"] or "").split()
    if bodies:
        units = ", ".join(f"{code} x {count}" for code, count in cpt_units(bodies).items())
        yield f"Bodies implied: {' '.join(bodies)} (CPT {units}); which to treat is the physician's"
    for label, column in (
        ("Endplates", "endplate"),
        ("Red flags", "red_flags"),
        ("Other findings", "other_findings"),
    ):
        if patient[column]:
            yield f"{label}: {patient[column]}"


def _told_judgement(judgement: _Judged, pack: _Row, *, next_step: str) -> Iterator[str]:
    title = f": {pack['title']}" if pack else ""
    draft = ", draft" if pack.get("status") == "draft" else ""
    yield f"{judgement.pack} {judgement.version}{draft}{title}"
    if pack:
        yield f"  Source: {pack['source']}"
    yield f"  Verdict: {judgement.verdict}"
    for heading, group in _groups(judgement.results).items():
        yield f"  {heading}:"
        for result in group:
            yield from _told_result(result)
    changes = list(what_would_change(judgement.verdict, judgement.results))
    if changes:
        yield "  What would change the verdict:"
        yield from (f"    - {change}" for change in changes)
    if next_step:
        yield f"  Next step: {next_step}"


def _groups(results: Iterable[CriterionResult]) -> dict[str, list[CriterionResult]]:
    """Return the results under the headings of the telling; headings without any are left out."""
    groups: dict[str, list[CriterionResult]] = {heading: [] for heading in _HEADINGS.values()}
    for result in results:
        heading = _HEADINGS.get("silent" if _to_confirm(result) else result.standing)
        if heading:
            groups[heading].append(result)
    return {heading: group for heading, group in groups.items() if group}


def _told_result(result: CriterionResult) -> Iterator[str]:
    truth = "not recorded" if result.silent else _TRUTH_WORDS[result.truth]
    yield f"    - {_named(result)} [{truth}]"
    if not result.silent:
        yield f"      seen: {result.value or 'nothing'}; asked for: {result.threshold}"
    if result.truth is Truth.UNKNOWN:
        yield f"      why open: {result.reason}"
    for item in result.evidence:
        yield f"      {item.ref}: {' '.join(item.text.split())}"
    if result.settle and (result.truth is Truth.UNKNOWN or result.silent):
        yield f"      to settle it: {result.settle}"
    unread = " (draft: the source itself was not read)" if result.verification == "draft" else ""
    yield f"      source: {result.source}{unread}"


def _told_studies(folder: Path, patient: _Row) -> Iterator[str]:
    """Yield the studies over time with what each says of Modic changes."""
    studies = _rows(folder / "studies.parquet", "patient_id", [patient["patient_id"]])
    ids = [study["report_id"] for study in studies]
    modic: dict[str, dict[str, None]] = {report_id: {} for report_id in ids}
    for row in _rows(folder / "findings.parquet", "report_id", ids):
        if row["finding"] == "modic_change":
            place = row["level"] or row["vertebra"] or "level not said"
            status = "" if row["status"] == "present" else f" ({row['status']})"
            modic[row["report_id"]][f"{place}: type {row['modic_type']}{status}"] = None
    yield "Studies over time:"
    for study in sorted(studies, key=lambda study: study["study_date"] or ""):
        kind = study["modality"] or "modality not known"
        said = "; ".join(modic[study["report_id"]]) or "no Modic change named"
        index = " [index study]" if study["is_index"] else ""
        yield f"  {study['study_date'] or 'undated'} {study['report_id']} {kind}: {said}{index}"
    if patient.get("history"):
        yield f"  Change since earlier studies: {patient['history']}"


def _run_record(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    if not path.is_file():
        message = f"{folder}: no run.json here. Give the folder that `endplate screen --out` wrote."
        raise EndplateError(message)
    try:
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        message = f"{path}: not readable as JSON. Run `endplate screen` again."
        raise EndplateError(message) from error
    return record


def _patient(folder: Path, patient_id: str) -> _Row:
    path = folder / "patients.parquet"
    found = _rows(path, "patient_id", [patient_id])
    if found:
        return found[0]
    ids = [row["patient_id"] for row in _rows(path, columns=["patient_id"])]
    near = get_close_matches(patient_id, ids, n=3, cutoff=0.6)
    hint = f" Nearest: {', '.join(near)}." if near else ""
    message = f"{folder}: no patient {patient_id!r} among {len(ids):,}.{hint}"
    raise EndplateError(message)


def _judgements(folder: Path, patient: _Row) -> list[_Judged]:
    """Return what each pack said, the pack that ranks the worklist first."""
    by_pack: dict[tuple[str, str], list[CriterionResult]] = {}
    for row in _rows(folder / "criteria.parquet", "patient_id", [patient["patient_id"]]):
        by_pack.setdefault((row["pack"], row["pack_version"]), []).append(_result(row))
    judged = []
    for (pack, version), results in by_pack.items():
        verdict = patient["verdict"] if pack == patient["pack"] else patient[f"verdict_{pack}"]
        judged.append(_Judged(pack, version, verdict, tuple(results)))
    return sorted(judged, key=lambda judgement: judgement.pack != patient["pack"])


def _result(row: _Row) -> CriterionResult:
    truth = Truth[row["truth"].upper()]
    return CriterionResult(
        criterion_id=row["criterion"],
        statement=row["statement"],
        kind=row["kind"],
        clazz=row["class"],
        truth=truth,
        value=row["value"] or "",
        threshold=row["threshold"] or "",
        reason=row["reason"] or "",
        evidence=tuple(Evidence(**item) for item in json.loads(row["evidence"] or "[]")),
        settle=row["settle"] or "",
        source=row["source"],
        about=row["about"],
        silent=truth is Truth.NOT_MET and row["value"] == "not recorded",
        verification=row["verification"],
    )


def _rows(
    path: Path,
    column: str | None = None,
    wanted: list[str] | None = None,
    columns: list[str] | None = None,
) -> list[dict[str, Any]]:
    """Return rows of a Parquet file, only those with one of `wanted` in `column`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        filters = [(column, "in", wanted)] if column else None
        table = pq.read_table(path, filters=filters, columns=columns)
    except (pa.ArrowException, OSError) as error:
        message = f"{path}: not there or not readable. Run `endplate screen` again."
        raise EndplateError(message) from error
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
