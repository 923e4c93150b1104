"""Criteria packs: who is a candidate by whose rules, in three-valued logic, with every reason."""

from endplate.criteria.judge import (
    CriterionResult,
    Judgement,
    judge,
    judge_all,
    verdict_of,
)
from endplate.criteria.kleene import Truth
from endplate.criteria.outcome import Evidence
from endplate.criteria.pack import DEFAULT_PACK, Pack, load_pack, load_packs, pack_names
from endplate.criteria.schema import VERDICTS

__all__ = [
    "DEFAULT_PACK",
    "VERDICTS",
    "CriterionResult",
    "Evidence",
    "Judgement",
    "Pack",
    "Truth",
    "judge",
    "judge_all",
    "load_pack",
    "load_packs",
    "pack_names",
    "verdict_of",
]
