"""How right the list is, by the decisions of those who have read the patients."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple

from endplate.evaluate.intervals import Rate, rate
from endplate.page.figures import parse_modic
from endplate.page.run_folder import RunFolder, unlisted
from endplate.review.sample import populations
from endplate.review.statistics import Kappa, Recall, Stratum, cohens_kappa, recall
from endplate.review.store import PROGRAM_ERRORS, REASONS, Event, decisions, in_force

#: A trait is told when at least so many rejected patients have it.
COMMON: Final = 2


class Trait(NamedTuple):
    """What rejected patients have more often than accepted ones."""

    name: str
    rejected: int
    of_rejected: int
    accepted: int
    of_accepted: int


class Agreement(NamedTuple):
    """All that decisions say about a list.

    ``precision`` is of the listed patients with a clear verdict of the reviewers; ``reading`` is
    the same when a rejection for a clinical reason, which the program could not know, is no error.
    ``listed`` and ``sampled`` are the strata behind the recall.
    """

    decided: int
    unsure: int
    disputed: int
    precision: Rate
    reading: Rate
    by: dict[str, list[tuple[str, Rate]]]
    recall: Recall | None
    listed: list[tuple[str, Stratum]]
    sampled: list[tuple[str, Stratum]]
    kappas: list[tuple[str, str, Kappa]]
    reasons: list[tuple[str, int]]
    traits: list[Trait]
    corrections: list[tuple[str, int]]


class _Verdict(NamedTuple):
    """The reviewers' joint decision on a patient."""

    word: str
    reasons: frozenset[str]


def agreement(run: RunFolder, events: Sequence[Event]) -> Agreement:
    """Return how the decisions agree with the list and with each other."""
    decided = decisions(events)
    verdicts = {patient: _joint(told.values()) for patient, told in decided.items()}
    listed = {p: verdicts[p] for p in run.worklist if p in verdicts}
    clear = {p: v for p, v in listed.items() if v.word in ("accept", "reject")}
    on_list, sampled = _listed_strata(run, clear), _sampled(run, verdicts)
    return Agreement(
        decided=len(listed),
        unsure=sum(v.word == "unsure" for v in listed.values()),
        disputed=sum(v.word == "disputed" for v in listed.values()),
        precision=_precision(clear.values()),
        reading=_reading(clear.values()),
        by={name: _by(run, clear, name) for name in ("verdict", "type", "level", "basis")},
        recall=recall([one for _, one in on_list], [one for _, one in sampled]),
        listed=on_list,
        sampled=sampled,
        kappas=_kappas(decided),
        reasons=Counter(
            REASONS.get(reason, reason) for v in listed.values() for reason in sorted(v.reasons)
        ).most_common(),
        traits=_traits(run, clear),
        corrections=_corrections(events),
    )


def as_json(found: Agreement) -> dict[str, Any]:
    """Return an agreement as plain JSON values, without any patient."""
    return {
        "decided": found.decided,
        "unsure": found.unsure,
        "disputed": found.disputed,
        "precision": found.precision._asdict(),
        "precision_of_reading": found.reading._asdict(),
        "by": {
            group: {name: value._asdict() for name, value in rows}
            for group, rows in found.by.items()
        },
        "recall": found.recall._asdict() if found.recall else None,
        "listed": {name: stratum._asdict() for name, stratum in found.listed},
        "sample": {name: stratum._asdict() for name, stratum in found.sampled},
        "kappa": [
            {"reviewers": [first, second], **value._asdict()}
            for first, second, value in found.kappas
        ],
        "reasons": dict(found.reasons),
        "traits": [trait._asdict() for trait in found.traits],
        "corrections": dict(found.corrections),
    }


def _joint(told: Iterable[Event]) -> _Verdict:
    """Return what reviewers say together: one word, or ``disputed`` when they differ."""
    events = list(told)
    words = {event.data["decision"] for event in events}
    reasons = {event.data["reason"] for event in events if event.data.get("reason")}
    clear = words - {"unsure"}
    if len(clear) > 1:
        return _Verdict("disputed", frozenset(reasons))
    return _Verdict(clear.pop() if clear else "unsure", frozenset(reasons))


def _precision(verdicts: Iterable[_Verdict]) -> Rate:
    words = [verdict.word for verdict in verdicts]
    return rate(words.count("accept"), len(words))


def _reading(verdicts: Iterable[_Verdict]) -> Rate:
    told = list(verdicts)
    wrong = sum(v.word == "reject" and not v.reasons.isdisjoint(PROGRAM_ERRORS) for v in told)
    return rate(len(told) - wrong, len(told))


def _by(run: RunFolder, clear: Mapping[str, _Verdict], group: str) -> list[tuple[str, Rate]]:
    """Return the precision in each group; a patient counts in every group that he belongs to."""
    groups: dict[str, list[_Verdict]] = defaultdict(list)
    for patient, verdict in clear.items():
        for name in _groups(run.patients[patient], group):
            groups[name].append(verdict)
    return [(name, _precision(groups[name])) for name in sorted(groups)]


def _groups(row: Mapping[str, Any], group: str) -> set[str]:
    parts = parse_modic(row.get("modic"))
    if group == "verdict":
        return {str(row["verdict"])}
    if group == "type":
        return {kind or "unspecified" for _, kind in parts} or {"no Modic change"}
    if group == "level":
        return {level for level, _ in parts} or {"no level"}
    # one word, or "L4-L5:stated; L5-S1:described" where levels differ
    bases = str(row.get("modic_basis") or "").split(";")
    return {base.rpartition(":")[2].strip() for base in bases if base.strip()} or {"none"}


def _listed_strata(run: RunFolder, clear: Mapping[str, _Verdict]) -> list[tuple[str, Stratum]]:
    """Return the listed patients by the program's verdict: reviewers rarely read all alike."""
    strata: dict[str, list[str]] = defaultdict(list)
    for patient in run.worklist:
        strata[str(run.patients[patient]["verdict"])].append(patient)
    return [(f"listed, {name}", _stratum(ids, clear)) for name, ids in strata.items()]


def _sampled(run: RunFolder, verdicts: Mapping[str, _Verdict]) -> list[tuple[str, Stratum]]:
    clear = {p: v for p, v in verdicts.items() if v.word in ("accept", "reject")}
    groups = populations(unlisted(run.path))
    return [(name, _stratum(patients, clear)) for name, patients in groups.items()]


def _stratum(patients: Sequence[str], clear: Mapping[str, _Verdict]) -> Stratum:
    read = [clear[patient].word for patient in patients if patient in clear]
    return Stratum(len(patients), len(read), read.count("accept"))


def _kappas(decided: Mapping[str, Mapping[str, Event]]) -> list[tuple[str, str, Kappa]]:
    names = sorted({name for told in decided.values() for name in told})
    found = []
    for first, second in combinations(names, 2):
        pairs = [
            (str(told[first].data["decision"]), str(told[second].data["decision"]))
            for told in decided.values()
            if first in told and second in told
        ]
        if pairs:
            found.append((first, second, cohens_kappa(pairs)))
    return found


def _traits(run: RunFolder, clear: Mapping[str, _Verdict]) -> list[Trait]:
    """Return what rejected patients have more often than accepted ones, the most telling first."""
    counts: dict[str, Counter[str]] = {"accept": Counter(), "reject": Counter()}
    totals = Counter(verdict.word for verdict in clear.values())
    for patient, verdict in clear.items():
        counts[verdict.word].update(_traits_of(run, patient))
    found = [
        Trait(name, n, totals["reject"], counts["accept"][name], totals["accept"])
        for name, n in counts["reject"].items()
        if n >= COMMON
    ]

    def surplus(trait: Trait) -> float:
        accepted = trait.accepted / trait.of_accepted if trait.of_accepted else 0.0
        return trait.rejected / trait.of_rejected - accepted

    telling = [trait for trait in found if surplus(trait) > 0]
    return sorted(telling, key=lambda trait: (-surplus(trait), trait.name))[:10]


def _traits_of(run: RunFolder, patient: str) -> set[str]:
    row = run.patients[patient]
    traits = {f"verdict {row['verdict']}"}
    traits |= {f"Modic type {kind or 'unspecified'}" for _, kind in parse_modic(row.get("modic"))}
    traits |= {f"level {level}" for level, _ in parse_modic(row.get("modic"))}
    traits |= {f"basis {name}" for name in _groups(row, "basis")}
    if row.get("red_flags"):
        traits.add("a red flag")
    if len(run.studies.get(patient, ())) > 1:
        traits.add("several studies")
    for result in run.criteria.get(patient, ()):
        if result.get("pack") == row.get("pack") and result.get("truth") == "unknown":
            traits.add(f"unknown: {result.get('statement') or result.get('criterion')}")
    return traits


def _corrections(events: Sequence[Event]) -> list[tuple[str, int]]:
    """Return what the corrections say about the reader, the most frequent first."""
    counts: Counter[str] = Counter()
    for event in in_force(events):
        if event.kind != "correction":
            continue
        was, now = event.data["was"], event.data["now"]
        if not now:
            counts[f"{was['finding']}: not in the report"] += 1
        elif not was:
            counts[f"{now['finding']}: missed"] += 1
        else:
            counts.update(
                f"{was['finding']}: {name} {was[name] or 'none'} should be {now[name] or 'none'}"
                for name in ("finding", "level", "modic_type", "status")
                if was[name] != now[name]
            )
    return counts.most_common()
