"""The account of a run in the manner of a CONSORT diagram: how many at each step, and who left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import Any, Final, NamedTuple

from endplate.sources import Counts
from endplate.worklist import RANKING, Tally


class FlowStep(NamedTuple):
    """One box of the flow.

    ``excluded`` left the way here, by reason. ``parts`` is what the step consists of. A step that
    counts another thing than the one before (patients, not reports) is `regrouped`.
    """

    label: str
    n: int
    excluded: Mapping[str, int] = {}
    parts: Mapping[str, int] = {}
    regrouped: bool = False

    def as_record(self) -> dict[str, Any]:
        """Return the step as run.json holds it."""
        record: dict[str, Any] = {
            "label": self.label,
            "n": self.n,
            "excluded": [{"reason": why, "n": n} for why, n in self.excluded.items() if n],
        }
        if self.parts:
            record["parts"] = [{"label": label, "n": n} for label, n in self.parts.items()]
        return record


def flow_of(reports: Counts, cancelled: int, tally: Tally) -> tuple[FlowStep, ...]:
    """Return the flow from reports read to the worklist, and assert that it adds up.

    `cancelled` is the number of used reports that were cancelled.
    """
    merged = reports.used - cancelled - tally.studies
    main, verdicts = next(iter(tally.verdicts.items()))
    steps = (
        FlowStep("reports read", reports.read, _frequent(reports.rejected)),
        FlowStep(
            "reports used",
            reports.used,
            {"cancelled": cancelled, "addendum or correction of another report": merged},
        ),
        FlowStep("examinations", tally.studies),
        FlowStep(
            "patients",
            tally.patients,
            _frequent(tally.obstacles),
            {f"judged by: {kind}": n for kind, n in tally.index_mri.most_common()},
            regrouped=True,
        ),
        FlowStep(
            f"on the worklist ({main})",
            tally.listed,
            parts={verdict.replace("_", " "): verdicts[verdict] for verdict in RANKING},
        ),
    )
    check_flow(steps)
    return steps


def check_flow(steps: Sequence[FlowStep]) -> None:
    """Assert that what left and what stayed are what was there, at every step."""
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        left = sum(step.excluded.values())
        stayed = following.n if following and not following.regrouped else step.n - left
        parts = sum(step.parts.values())
        if step.n - left != stayed or min(step.n, left, *step.excluded.values(), 0) < 0:
            message = f"{step.label}: {step.n} less {left} is not {stayed}"
            raise RuntimeError(message)
        if step.parts and parts != step.n:
            message = f"{step.label}: {step.n} are not the sum of the parts, {parts}"
            raise RuntimeError(message)


_WIDTH: Final = 860
_BOX_LEFT: Final = 30
_BOX_WIDTH: Final = 330
_SIDE_LEFT: Final = 430
_SIDE_WIDTH: Final = 400
_LINE: Final = 18
_PAD: Final = 12
_GAP: Final = 34
_SIDE_CHARACTERS: Final = 52
_BOX_CHARACTERS: Final = 40
_MAX_REASONS: Final = 12


def flow_svg(steps: Sequence[FlowStep], title: str) -> str:
    """Return the flow as a figure: boxes downwards, at the right those who left, and why."""
    shapes: list[str] = []
    top = 60
    for place, step in enumerate(steps):
        own = [f"{step.n:,} {step.label}"]
        own += [f"   {n:,} {label}" for label, n in step.parts.items()]
        box_lines = _wrapped(own, _BOX_CHARACTERS)
        side = [(n, why) for why, n in step.excluded.items() if n]
        side_lines = _side_lines(side)
        height = _PAD * 2 + _LINE * len(box_lines)
        side_height = _PAD * 2 + _LINE * len(side_lines) if side_lines else 0
        shapes.append(_box(_BOX_LEFT, top, _BOX_WIDTH, height, box_lines))
        bottom = top + max(height, side_height) + _GAP
        centre = _BOX_LEFT + _BOX_WIDTH // 2
        if place < len(steps) - 1:
            shapes.append(_arrow(centre, top + height, centre, bottom))
        if side_lines:
            shapes.append(_box(_SIDE_LEFT, top, _SIDE_WIDTH, side_height, side_lines))
            middle = top + min(height, side_height) // 2
            shapes.append(_arrow(_BOX_LEFT + _BOX_WIDTH, middle, _SIDE_LEFT, middle))
        top = bottom
    note = "Screening aid, not a diagnosis: for review by a specialist."
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 20}" '
            f'width="{_WIDTH}" height="{top + 20}" font-family="sans-serif" font-size="14" '
            f'role="img" aria-label="{escape(title, quote=True)}">',
            f"<title>{escape(title)}</title>",
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#334155"/>'
            "</marker></defs>",
            f'<rect width="{_WIDTH}" height="{top + 20}" fill="#ffffff"/>',
            f'<text x="{_BOX_LEFT}" y="34" font-size="18" font-weight="bold">'
            f"{escape(title)}</text>",
            *shapes,
            f'<text x="{_BOX_LEFT}" y="{top + 4}" fill="#475569" font-size="12">{note}</text>',
            "</svg>\n",
        )
    )


def _side_lines(excluded: Sequence[tuple[int, str]]) -> list[str]:
    """Return the lines of a side box; rare reasons share one."""
    if not excluded:
        return []
    total = sum(n for n, _ in excluded)
    shown, rest = excluded[:_MAX_REASONS], excluded[_MAX_REASONS:]
    lines = [f"{total:,} left:", *(f"{n:,} {why}" for n, why in shown)]
    if rest:
        lines.append(f"{sum(n for n, _ in rest):,} for {len(rest)} other reasons")
    return _wrapped(lines, _SIDE_CHARACTERS)


def _wrapped(lines: Sequence[str], width: int) -> list[str]:
    return [
        part
        for line in lines
        for part in wrap(line, width, subsequent_indent="      ", drop_whitespace=True)
    ]


def _box(left: int, top: int, width: int, height: int, lines: Sequence[str]) -> str:
    text = ""
    for place, line in enumerate(lines):
        x = left + _PAD + 7 * (len(line) - len(line.lstrip()))
        y = top + _PAD + _LINE * place + 14
        weight = ' font-weight="bold"' if place == 0 else ""
        text += f'<text x="{x}" y="{y}"{weight}>{escape(line.strip())}</text>'
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="6" fill="#f8fafc" '
        f'stroke="#334155"/>{text}'
    )


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#334155" '
        'stroke-width="1.5" marker-end="url(#tip)"/>'
    )


def _frequent(reasons: Mapping[str, int]) -> dict[str, int]:
    """Return reasons with their counts, the frequent ones first."""
    return dict(sorted(reasons.items(), key=lambda entry: (-entry[1], entry[0])))
