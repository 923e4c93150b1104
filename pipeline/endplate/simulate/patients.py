"""Simulated patients: their studies over the years, and what the clinic's tables say of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from typing import Final, NamedTuple

from endplate.records import Report
from endplate.simulate.grammar import Exam, Phrases, other_file, patient_file, pick
from endplate.simulate.lumbar import NOTICE, LumbarWriter, Truth

_FIRST_DAY: Final = dt.date(2012, 1, 1)
_DAYS: Final = 5000

#: What a site would map its own rows to; see the wide clinical table.
CLINICAL_COLUMNS: Final = (
    *("patient_id", "age", "sex", "back_pain_months", "pain_pattern", "conservative_care_months"),
    *("conservative_care", "odi", "pain_score", "bmi", "active_infection", "bleeding_disorder"),
    *("pregnant", "electronic_implant", "spinal_malignancy", "limited_life_expectancy"),
    *("patient_declines", "prior_lumbar_surgery", "prior_bvn_ablation"),
)

#: Rare answers of the clinical table, and how rare they are.
_RARE_YES: Final = {
    "active_infection": 0.01,
    "bleeding_disorder": 0.02,
    "pregnant": 0.005,
    "electronic_implant": 0.03,
    "spinal_malignancy": 0.01,
    "limited_life_expectancy": 0.01,
    "patient_declines": 0.03,
    "prior_bvn_ablation": 0.005,
}


Row = tuple[object, ...]


class Patient(NamedTuple):
    """One simulated patient with all that the archive holds of him.

    ``truth`` has the rows of each lumbar MRI report, None for the others. ``tables`` are his rows
    of the clinical table, of the conditions, procedures and observations.
    """

    reports: tuple[Report, ...]
    truth: tuple[tuple[Truth, ...] | None, ...]
    tables: tuple[Sequence[Row], Sequence[Row], Sequence[Row], Sequence[Row]]


class Clinic:
    """Makes patients; the same seed makes the same patients, whatever their number."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._file = patient_file()
        self._lumbar = LumbarWriter()
        self._other = Phrases(other_file().words)
        self._exams = other_file().exams
        self._shares = [exam.share for exam in self._exams]

    def patients(self) -> Iterator[Patient]:
        """Yield patients without end."""
        for number in count(1):
            chance = Random(f"{self._seed}/{number}")  # noqa: S311 (nothing is secret here)
            yield self._patient(f"SYN{number:08d}", chance)

    def _patient(self, patient_id: str, chance: Random) -> Patient:
        age, sex = 22 + int(chance.random() * 66), pick(("female", "male"), chance)
        spine = chance.random() < self._file.spine_patients
        studies = chance.choices(range(len(self._file.studies)), self._file.studies)[0]
        days = sorted(int(chance.random() * _DAYS) for _ in range(studies))
        house = int(chance.random() * self._lumbar.styles)
        modic = self._modic(chance) if spine else {}
        reports: list[Report] = []
        truth: list[tuple[Truth, ...] | None] = []
        for number, day in enumerate(days, 1):
            date = _FIRST_DAY + dt.timedelta(days=day)
            lumbar = spine and chance.random() < self._file.lumbar_share_of_their_studies
            if lumbar:
                style = (
                    house if chance.random() < 0.8 else int(chance.random() * self._lumbar.styles)
                )
                modic = _grown(modic, chance)
                doubt = chance.random() < self._file.modic_uncertain
                uncertain = pick(("L4-L5", "L5-S1"), chance) if doubt else ""
                wear = 0.5 + age / 50
                procedure, text, rows = self._lumbar.write(modic, uncertain, wear, style, chance)
                modality = "MR"
                truth.append(rows)
            else:
                exam = chance.choices(self._exams, self._shares)[0]
                procedure, modality = exam.procedure, exam.modality
                text = self._text(exam, chance)
                truth.append(None)
            accession = f"{patient_id}-{number}"
            reports.append(
                Report(
                    f"{accession}-R",
                    text,
                    patient_id,
                    date,
                    modality,
                    procedure,
                    accession,
                    "final",
                )
            )
        last = _FIRST_DAY + dt.timedelta(days=days[-1])
        clinical = spine and chance.random() < self._file.tables["clinical"]
        long = spine and chance.random() < self._file.tables["long"]
        tables = (
            [self._clinical(patient_id, age, sex, chance)] if clinical else [],
            list(self._conditions(patient_id, last, chance)) if long else [],
            list(self._procedures(patient_id, last, chance)) if long else [],
            list(self._observations(patient_id, last, chance)) if long else [],
        )
        return Patient(tuple(reports), tuple(truth), tables)

    def _modic(self, chance: Random) -> dict[str, str]:
        types, weights = list(self._file.modic_types), list(self._file.modic_types.values())
        return {
            level: chance.choices(types, weights)[0]
            for level, share in self._file.modic_levels.items()
            if chance.random() < share
        }

    def _text(self, exam: Exam, chance: Random) -> str:
        said = [self._other.say(pick(group, chance), chance) for group in exam.groups]
        indication, *findings, impression = said
        return (
            f"{NOTICE}\n{exam.procedure}\n\nINDICATION: {indication}\n\n"
            f"FINDINGS:\n{' '.join(findings)}\n\nIMPRESSION:\n{impression}\n\n"
            f"Reported by Dr {pick(other_file().words['name'], chance)}.\n"
        )

    def _clinical(self, patient_id: str, age: int, sex: str, chance: Random) -> Row:
        random = chance.random

        def known(value: object, share: float = 0.8) -> object:
            return value if random() < share else ""

        care = [c for c in ("physical_therapy", "exercise", "nsaid", "injection") if random() < 0.5]
        cells: dict[str, object] = {
            "patient_id": patient_id,
            "age": age,
            "sex": sex,
            "back_pain_months": known(int(1 + random() ** 2 * 160)),
            "pain_pattern": known(chance.choices(("axial", "radicular", "mixed"), (6, 2, 2))[0]),
            "conservative_care_months": known(int(random() * 30)),
            "conservative_care": ";".join(care),
            "odi": known(int(6 + random() * 72)),
            "pain_score": known(int(1 + random() * 9)),
            "bmi": known(round(18 + random() * 24, 1)),
            "prior_lumbar_surgery": known(
                chance.choices(("none", "decompression", "fusion"), (90, 7, 3))[0]
            ),
        }
        for name, share in _RARE_YES.items():
            cells[name] = known("yes" if random() < share else "no", 0.7)
        if sex == "male":
            cells["pregnant"] = ""
        return tuple(cells[column] for column in CLINICAL_COLUMNS)

    def _conditions(self, patient_id: str, last: dt.date, chance: Random) -> Iterator[Row]:
        for _ in range(1 + int(chance.random() * 3)):
            yield (
                patient_id,
                pick(self._file.conditions, chance),
                "ICD10CM",
                _before(last, chance),
                "",
            )

    def _procedures(self, patient_id: str, last: dt.date, chance: Random) -> Iterator[Row]:
        for _ in range(int(chance.random() * 3)):
            yield patient_id, pick(self._file.procedures, chance), "CPT", _before(last, chance)

    def _observations(self, patient_id: str, last: dt.date, chance: Random) -> Iterator[Row]:
        for one in self._file.observations:
            value = one.low + int(chance.random() * (one.high - one.low + 1))
            yield patient_id, one.name, value, one.unit, _before(last, chance)


def _grown(modic: dict[str, str], chance: Random) -> dict[str, str]:
    """Return the Modic changes at the next study: type 1 turns mixed, mixed turns fatty."""
    later = {"1": "1/2", "1/2": "2"}
    return {
        level: later.get(kind, kind) if chance.random() < 0.25 else kind
        for level, kind in modic.items()
    }


def _before(day: dt.date, chance: Random) -> str:
    return (day - dt.timedelta(days=int(chance.random() * 300))).isoformat()
