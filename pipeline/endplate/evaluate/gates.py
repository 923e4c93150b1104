"""Quality gates: ``--fail-under modic.f1=0.97`` stops a change that reads worse."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from endplate.errors import EndplateError
from endplate.evaluate.scoring import Scores


class Gate(NamedTuple):
    """The least that a metric must reach."""

    metric: str
    least: float


def metrics(scores: Scores) -> dict[str, float]:
    """Return every figure that has a name.

    ``reports_exact``, ``reports_core_exact``; ``GROUP.precision``, ``.recall`` and ``.f1`` of each
    group of rows (``modic.f1``, ``finding:disc_bulge.recall``); ``report:TEST`` and
    ``at_level:TEST`` (``report:type_1.sensitivity``)
    with ``.sensitivity``, ``.specificity``, ``.ppv``, ``.npv`` and ``.f1``; ``evidence``.
    """
    named = {
        "reports_exact": scores.exact.value,
        "reports_core_exact": scores.core_exact.value,
        "evidence": scores.evidence.value,
    }
    for group, score in scores.groups.items():
        named[f"{group}.precision"] = score.precision.value
        if score.recall is not None and score.f1 is not None:
            named[f"{group}.recall"] = score.recall.value
            named[f"{group}.f1"] = score.f1
    for kind, tests in (("report", scores.report_level), ("at_level", scores.level_level)):
        for name, test in tests.items():
            for measure in ("sensitivity", "specificity", "ppv", "npv"):
                named[f"{kind}:{name}.{measure}"] = getattr(test, measure).value
            named[f"{kind}:{name}.f1"] = test.f1
    return named


def parse_gates(options: Sequence[str]) -> list[Gate]:
    """Return the gates of ``METRIC=VALUE`` options, values between 0 and 1."""
    gates = []
    for option in options:
        metric, _, value = option.partition("=")
        try:
            least = float(value)
        except ValueError:
            least = -1.0
        if not metric or not 0 <= least <= 1:
            message = f"--fail-under {option}: write METRIC=VALUE, such as modic.f1=0.97 (0 to 1)"
            raise EndplateError(message)
        gates.append(Gate(metric.strip(), least))
    return gates


def failures(gates: Sequence[Gate], scores: Scores) -> list[str]:
    """Return a line for each gate that is not reached.

    Raises
    ------
    EndplateError
        When a gate names something that this gold does not measure: a gate that is silently
        skipped would let everything through.
    """
    measured = metrics(scores)
    failed = []
    for gate in gates:
        if gate.metric not in measured:
            near = get_close_matches(gate.metric, measured, n=3, cutoff=0.3) or list(measured)[:3]
            message = f"--fail-under {gate.metric}: not measured here; near: {', '.join(near)}"
            raise EndplateError(message)
        value = measured[gate.metric]
        if value < gate.least:
            failed.append(f"{gate.metric} is {value:.4f}, below {gate.least:g}")
    return failed
