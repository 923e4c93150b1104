"""The flow figure's steps, from the counts that a run keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flow_steps(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of a run's flow: how many, of what, and what left the way there."""
    return [
        {
            "n": int(step["n"]),
            "label": str(step["label"]),
            "parts": [[str(part["label"]), int(part["n"])] for part in step.get("parts", ())],
            "out": [[str(out["reason"]), int(out["n"])] for out in step.get("excluded", ())],
        }
        for step in run.get("flow", ())
    ]
