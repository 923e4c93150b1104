"""An evaluation as JSON, and what has changed since an earlier one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from endplate import __version__
from endplate.errors import EndplateError
from endplate.evaluate.evaluation import Evaluation
from endplate.evaluate.gates import metrics
from endplate.evaluate.intervals import Rate
from endplate.evaluate.mistakes import Mistake
from endplate.evaluate.scoring import Score, Scores

FORMAT: Final = "endplate-evaluation-1"


def to_json(evaluation: Evaluation) -> str:
    """Return an evaluation as JSON text, the same for the same gold and findings.

    It holds the sentences of the mistakes: it is patient data where the gold is.
    """
    document = {
        "format": FORMAT,
        "endplate": __version__,
        "source": evaluation.source,
        "seed": evaluation.seed,
        "resamples": evaluation.resamples,
        "gold": [
            {"name": file.name, "sha256": file.sha256, "reports": len(file.reports)}
            for file in evaluation.gold
        ],
        "total": _scores(evaluation.total),
        "files": {name: _scores(scores) for name, scores in evaluation.files.items()},
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from an earlier evaluation.

    Attributes
    ----------
    same_gold : bool
        Whether both were made on the same gold files; otherwise figures compare loosely.
    metrics : dict
        Metrics with their earlier and present value, those that differ by 0.00005 or more.
    fixed, new : tuple of str
        Mistakes that are gone and that have come, as ``report: kind: wanted -> found``.
    """

    same_gold: bool
    metrics: dict[str, tuple[float, float]]
    fixed: tuple[str, ...]
    new: tuple[str, ...]


def changes_since(path: str | Path, evaluation: Evaluation) -> Changes:
    """Compare an evaluation with the JSON file of an earlier one."""
    before = _earlier(Path(path))
    now = metrics(evaluation.total)
    then = before["total"]["metrics"]
    differing = {
        name: (then[name], now[name])
        for name in now
        if name in then and abs(then[name] - now[name]) >= 0.00005
    }
    old_mistakes = {_told(mistake) for mistake in before["total"]["mistakes"]}
    new_mistakes = {_told(_mistake(mistake)) for mistake in evaluation.total.mistakes}
    return Changes(
        same_gold=sorted(file["sha256"] for file in before["gold"])
        == sorted(file.sha256 for file in evaluation.gold),
        metrics=differing,
        fixed=tuple(sorted(old_mistakes - new_mistakes)),
        new=tuple(sorted(new_mistakes - old_mistakes)),
    )


def _earlier(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{path}: no such file"
        raise EndplateError(message) from error
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        message = f"{path}: is not an evaluation; --compare takes a file that --json wrote"
        raise EndplateError(message)
    return document


def _told(mistake: Mapping[str, Any]) -> str:
    wanted, found = (
        " ".join(filter(None, mistake[side].values())) if mistake[side] else "nothing"
        for side in ("wanted", "found")
    )
    return f"{mistake['report_id']}: {mistake['kind']}: {wanted} -> {found}"


def _scores(scores: Scores) -> dict[str, Any]:
    return {
        "reports": scores.reports,
        "reports_exact": scores.exact._asdict(),
        "reports_core_exact": scores.core_exact._asdict(),
        "groups": {name: _score(score) for name, score in scores.groups.items()},
        "report_level": {name: _nested(test) for name, test in scores.report_level.items()},
        "level_level": {name: _nested(test) for name, test in scores.level_level.items()},
        "confusion": scores.confusion,
        "details": {name: rate._asdict() for name, rate in scores.details.items()},
        "evidence": scores.evidence._asdict(),
        "metrics": metrics(scores),
        "mistakes": [_mistake(mistake) for mistake in scores.mistakes],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        **score.counts._asdict(),
        "precision": score.precision._asdict(),
        "recall": score.recall and score.recall._asdict(),
        "f1": score.f1
        if score.f1 is None
        else {
            "value": score.f1,
            "low": score.f1_low,
            "high": score.f1_high,
        },
    }


def _nested(record: Any) -> dict[str, Any]:
    return {
        name: value._asdict() if isinstance(value, Rate) else value
        for name, value in record._asdict().items()
    }


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {
        **mistake._asdict(),
        "wanted": mistake.wanted and mistake.wanted._asdict(),
        "found": mistake.found and mistake.found._asdict(),
    }
