"""Two runs compared: who came to the list, who left it, whose verdict changed, and why.

Both folders are read as `endplate screen` wrote them; nothing is judged anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from endplate.errors import EndplateError

_Row = Mapping[str, Any]

#: The imaging cells whose change is told where the verdict changed.
_IMAGING: Final = ("modic", "red_flags", "bodies")

_NEEDED: Final = ("run.json", "patients.parquet", "criteria.parquet")


class Cause(NamedTuple):
    """Why a verdict changed.

    ``kind`` is ``fact``, ``finding``, ``study`` (another index study), ``rule`` (the criterion
    asks for something else) or ``pack`` (a criterion came or went).
    """

    kind: str
    text: str


class Change(NamedTuple):
    """A patient whose verdict or place on the list changed; empty verdicts: not in that run."""

    patient_id: str
    before: str
    now: str
    causes: tuple[Cause, ...]


class RunDiff(NamedTuple):
    """What is different between two runs.

    Attributes
    ----------
    pack : str
        The pack by which verdicts are compared.
    made_of : tuple of str
        What the runs were made of that differs: program, reader, packs, code maps, inputs.
    joined, left, moved : tuple of Change
        New on the list; no longer on it; on both lists with another verdict.
    unchanged : int
        Patients on both lists with the same verdict.
    listed_before, listed_now : int
        The lengths of the lists.
    """

    pack: str
    made_of: tuple[str, ...]
    joined: tuple[Change, ...]
    left: tuple[Change, ...]
    moved: tuple[Change, ...]
    unchanged: int
    listed_before: int
    listed_now: int

    def as_record(self) -> dict[str, Any]:
        """Return the comparison for JSON."""

        def told(changes: Collection[Change]) -> list[dict[str, Any]]:
            return [
                {**change._asdict(), "causes": [cause._asdict() for cause in change.causes]}
                for change in changes
            ]

        groups = {"joined": self.joined, "left": self.left, "moved": self.moved}
        return {**self._asdict(), **{name: told(changes) for name, changes in groups.items()}}


class _Run(NamedTuple):
    """One run folder, as far as a comparison needs it."""

    folder: Path
    record: _Row
    patients: dict[str, _Row]


def compare_runs(old: Path, new: Path) -> RunDiff:
    """Return what changed from one run to another.

    Verdicts are compared by the pack that orders the new list.

    Raises
    ------
    EndplateError
        A folder holds no finished run, or the old run was not judged by that pack.
    """
    before, now = _load(old), _load(new)
    pack = str(now.record["packs"][0]["id"])
    old_verdicts, new_verdicts = _verdicts(before, pack), _verdicts(now, pack)
    listed_before = {p for p, verdict in old_verdicts.items() if verdict != "not_candidate"}
    listed_now = {p for p, verdict in new_verdicts.items() if verdict != "not_candidate"}
    both = listed_before & listed_now
    moved = {patient for patient in both if old_verdicts[patient] != new_verdicts[patient]}
    changed = (listed_before ^ listed_now) | moved
    criteria = [_criteria(run, pack, changed) for run in (before, now)]
    same_reader = before.record["program"]["reader"] == now.record["program"]["reader"]

    def told(patients: Collection[str]) -> tuple[Change, ...]:
        return tuple(
            Change(
                patient,
                old_verdicts.get(patient, ""),
                new_verdicts.get(patient, ""),
                tuple(_causes(patient, before, now, *criteria, same_reader=same_reader)),
            )
            for patient in sorted(patients)
        )

    return RunDiff(
        pack=pack,
        made_of=tuple(_made_of(before.record, now.record)),
        joined=told(listed_now - listed_before),
        left=told(listed_before - listed_now),
        moved=told(moved),
        unchanged=len(both - moved),
        listed_before=len(listed_before),
        listed_now=len(listed_now),
    )


def _load(folder: Path) -> _Run:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in _NEEDED:
        if not (folder / name).is_file():
            message = f"{folder}: no {name} here; give a folder that `endplate screen` has finished"
            raise EndplateError(message)
    try:
        record = json.loads((folder / "run.json").read_text("utf-8"))
        rows = pq.read_table(folder / "patients.parquet").to_pylist()
    except (ValueError, pa.ArrowException) as error:
        message = f"{folder}: damaged ({type(error).__name__}); run `endplate screen` again"
        raise EndplateError(message) from None
    return _Run(folder, record, {row["patient_id"]: row for row in rows})


def _verdicts(run: _Run, pack: str) -> dict[str, str]:
    ids = [entry["id"] for entry in run.record["packs"]]
    if pack not in ids:
        message = f"{run.folder} was judged by {', '.join(ids)}, not by {pack}; compare like runs"
        raise EndplateError(message)
    column = "verdict" if ids[0] == pack else f"verdict_{pack}"
    return {patient: row[column] for patient, row in run.patients.items()}


def _criteria(run: _Run, pack: str, patients: Collection[str]) -> dict[str, dict[str, _Row]]:
    """Return patient → criterion → row, for some patients and one pack."""
    import pyarrow.parquet as pq

    if not patients:
        return {}
    wanted = [("patient_id", "in", sorted(patients)), ("pack", "=", pack)]
    found: dict[str, dict[str, _Row]] = {}
    for row in pq.read_table(run.folder / "criteria.parquet", filters=wanted).to_pylist():
        found.setdefault(row["patient_id"], {})[row["criterion"]] = row
    return found


def _made_of(old: _Row, new: _Row) -> Iterator[str]:
    """Yield what differs in what two runs were made of."""
    for name in sorted(old["program"].keys() | new["program"].keys()):
        before, now = old["program"].get(name, "none"), new["program"].get(name, "none")
        if before != now:
            known = name != "reader"  # its fingerprint tells a person nothing
            yield f"{name} {before} → {now}" if known else "reader or its rules"
    old_packs, new_packs = ({p["id"]: p for p in record["packs"]} for record in (old, new))
    for name in sorted(old_packs.keys() | new_packs.keys()):
        if name not in old_packs or name not in new_packs:
            yield f"pack {name}: {'only in the new run' if name in new_packs else 'not any more'}"
        elif old_packs[name]["sha256"] != new_packs[name]["sha256"]:
            versions = (old_packs[name]["version"], new_packs[name]["version"])
            differ = versions[0] != versions[1]
            yield f"pack {name} " + (
                " → ".join(versions) if differ else f"{versions[0]}, changed under the same version"
            )
    if old["code_maps"]["sha256"] != new["code_maps"]["sha256"]:
        yield "code maps"
    yield from _inputs(old, new)


def _inputs(old: _Row, new: _Row) -> Iterator[str]:
    old_inputs, new_inputs = (
        {Path(entry["path"]).name: entry.get("sha256", "") for entry in record["inputs"]}
        for record in (old, new)
    )
    for name in sorted(old_inputs.keys() | new_inputs.keys()):
        if name not in old_inputs:
            yield f"input {name} is new"
        elif name not in new_inputs:
            yield f"input {name} is not there any more"
        elif old_inputs[name] != new_inputs[name] or not old_inputs[name]:
            yield f"input {name} has changed"


def _causes(
    patient: str,
    before: _Run,
    now: _Run,
    old_criteria: Mapping[str, Mapping[str, _Row]],
    new_criteria: Mapping[str, Mapping[str, _Row]],
    *,
    same_reader: bool,
) -> Iterator[Cause]:
    """Yield why a patient's verdict is another one."""
    old, new = before.patients.get(patient), now.patients.get(patient)
    if old is None or new is None:
        yield Cause("study", "new in the archive" if old is None else "not in the archive any more")
        return
    if old["report_id"] != new["report_id"]:
        yield Cause("study", f"index study: {_study(old)} → {_study(new)}")
    reread = "" if same_reader or old["report_id"] != new["report_id"] else " (report read anew)"
    for column in _IMAGING:
        if old[column] != new[column]:
            name = column.replace("_", " ")
            change = f"{old[column] or 'none'} → {new[column] or 'none'}"
            yield Cause("finding", f"{name}: {change}{reread}")
    rows, new_rows = old_criteria.get(patient, {}), new_criteria.get(patient, {})
    for criterion in dict.fromkeys((*rows, *new_rows)):
        cause = _criterion_cause(criterion, rows.get(criterion), new_rows.get(criterion))
        if cause is not None:
            yield cause


def _criterion_cause(criterion: str, old: _Row | None, new: _Row | None) -> Cause | None:
    """Return how one criterion bears on a change; None when it says the same as before."""
    if new is None or old is None:
        row = new or old or {}
        if row.get("standing") not in ("against", "open"):
            return None
        return Cause("pack", f"criterion {criterion}: {'new' if new else 'taken out'}")
    if old["standing"] == new["standing"] or new["kind"] == "flag":
        return None
    told = f"{criterion}: {_told(old)} → {_told(new)}"
    if old["threshold"] != new["threshold"] or old["kind"] != new["kind"]:
        asked = f"asked for {old['threshold']}, now {new['threshold']}"
        return Cause("rule", f"{told}; {asked}")
    where = ", ".join(dict.fromkeys(_refs(new) or _refs(old)))
    return Cause(_kind(old, new), told + (f"; {where}" if where else ""))


def _kind(old: _Row, new: _Row) -> str:
    kinds = {item["kind"] for row in (new, old) for item in _evidence(row)}
    if len(kinds) == 1:
        return str(kinds.pop())
    return "fact" if "clinical" in (old["about"], new["about"]) else "finding"


def _told(row: _Row) -> str:
    truth = str(row["truth"]).replace("_", " ")
    return f"{truth} ({row['value']})" if row["value"] else truth


def _refs(row: _Row) -> list[str]:
    return [str(item["ref"]) for item in _evidence(row)]


def _evidence(row: _Row) -> list[Any]:
    return json.loads(row["evidence"]) if row["evidence"] else []


def _study(row: _Row) -> str:
    if not row["report_id"]:
        return "none"
    return f"{row['report_id']} ({row['study_date'] or 'undated'})"
