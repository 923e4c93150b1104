"""The closed list of clinical facts: name, type, unit, what a cell may hold, how to ask for it.

These are the columns of the wide clinical table. The clinical stage fills them (from that table or
from a hospital's long tables); criteria packs can name nothing else.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, NamedTuple

#: Python type of ``Fact.value``: float, bool, str, frozenset of str, date.
FactKind = Literal["number", "answer", "choice", "set", "date"]


class FactType(NamedTuple):
    """One fact as it is declared.

    Attributes
    ----------
    kind : str
        ``number`` (float), ``answer`` (yes/no, bool), ``choice`` (one of `values`), ``set``
        (frozenset of `values`), ``date``.
    label : str
        What a clinician calls it.
    unit : str
        The unit that ``Fact.value`` is in; numbers only.
    lowest, highest : float
        What is possible at all, both inclusive; numbers only.
    values : tuple of str
        The allowed words; ``choice`` and ``set`` only.
    """

    kind: FactKind
    label: str
    unit: str = ""
    lowest: float = float("-inf")
    highest: float = float("inf")
    values: tuple[str, ...] = ()


_ANSWERS: Final = {
    "pregnant": "pregnancy",
    "active_infection": "active infection",
    "bleeding_disorder": "bleeding disorder",
    "electronic_implant": "active electronic implant",
    "cardiopulmonary_compromise": "severe cardiac or pulmonary compromise",
    "spinal_malignancy": "spinal malignancy",
    "metabolic_bone_disease": "metabolic bone disease",
    "fragility_fracture": "fragility fracture",
    "neurogenic_claudication": "neurogenic claudication",
    "limited_life_expectancy": "limited life expectancy",
    "patient_declines": "patient declines the procedure",
    "litigation": "litigation or compensation claim over the back",
    "extended_release_opioid": "extended-release opioid",
    "skeletally_mature": "skeletal maturity",
    "prior_bvn_ablation": "earlier basivertebral nerve ablation",
}

FACTS: Final = MappingProxyType(
    {
        "birth_date": FactType("date", "date of birth"),
        "age": FactType("number", "age at the index study", "years", 0, 130),
        "sex": FactType("choice", "sex", values=("female", "male", "other")),
        "back_pain_months": FactType("number", "duration of back pain", "months", 0, 1560),
        "back_pain_onset": FactType("date", "onset of back pain"),
        "pain_pattern": FactType(
            "choice", "pattern of the pain", values=("axial", "radicular", "mixed")
        ),
        "conservative_care_months": FactType(
            "number", "duration of conservative care", "months", 0, 1560
        ),
        "conservative_care": FactType(
            "set",
            "conservative care tried",
            values=(
                "physical_therapy",
                "exercise",
                "nsaid",
                "activity_modification",
                "injection",
                "cbt",
            ),
        ),
        "cbt_sessions": FactType("number", "sessions of behavioural therapy", "sessions", 0, 1000),
        "odi": FactType("number", "Oswestry Disability Index", "points", 0, 100),
        "pain_score": FactType("number", "pain score (NRS, or VAS in cm)", "points", 0, 10),
        "bmi": FactType("number", "body mass index", "kg/m2", 5, 150),
        "t_score": FactType("number", "T-score of the bone density", "SD", -10, 10),
        "prior_lumbar_surgery": FactType(
            "choice",
            "earlier lumbar surgery",
            values=("none", "decompression", "fusion", "other"),
        ),
        "prior_lumbar_surgery_date": FactType("date", "date of the lumbar surgery"),
        "beck_depression": FactType("number", "Beck Depression Inventory", "points", 0, 63),
        "waddell_signs": FactType("number", "Waddell signs", "signs", 0, 5),
        **{name: FactType("answer", label) for name, label in _ANSWERS.items()},
    }
)
