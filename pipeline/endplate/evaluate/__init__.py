"""How right is the reading? Scores against a site's own gold.

>>> from endplate.evaluate import load_gold, score                            # doctest: +SKIP
>>> (gold,) = load_gold(["gold.jsonl"])                                       # doctest: +SKIP
>>> score(gold.reports, findings).groups["modic"].f1                          # doctest: +SKIP
"""

from endplate.evaluate.detection import Detection
from endplate.evaluate.evaluation import Evaluation, evaluate, read_gold
from endplate.evaluate.found import read_findings
from endplate.evaluate.gold import GoldFile, load_gold, with_texts
from endplate.evaluate.intervals import Counts, Rate, wilson
from endplate.evaluate.mistakes import Mistake
from endplate.evaluate.rows import GoldReport, GoldRow, Key, key_of
from endplate.evaluate.scoring import Score, Scores, score

__all__ = [
    "Counts",
    "Detection",
    "Evaluation",
    "GoldFile",
    "GoldReport",
    "GoldRow",
    "Key",
    "Mistake",
    "Rate",
    "Score",
    "Scores",
    "evaluate",
    "key_of",
    "load_gold",
    "read_findings",
    "read_gold",
    "score",
    "wilson",
    "with_texts",
]
