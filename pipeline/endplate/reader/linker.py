"""From the mentions of a passage to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from endplate.codes import CORE_FINDINGS, LEVELS
from endplate.reader.asides import Source
from endplate.reader.context import Context
from endplate.reader.conversions import as_above
from endplate.reader.grading import acuity, grade, measure
from endplate.reader.mentions import Mention
from endplate.reader.rows import ANYWHERE, Row, settle_passage
from endplate.reader.sheet import Unit
from endplate.reader.spread import Spread
from endplate.reader.wording import Detail

_FACING: Final = frozenset(
    "both adjacent opposing adjoining apposing facing either corresponding contiguous apposed "
    "opposed neighboring neighbouring".split()
)


def rows_of(unit: Unit, context: Context, source: Source) -> list[Row]:
    """Return the rows of a unit of a report; `context` is what the passages before leave behind."""
    naming = unit.naming
    named_only = bool(unit.regions) and not {"lumbar", "lumbosacral"} & {*unit.regions, *unit.norms}
    setting = (unit.segment, named_only, *unit.heading)
    rows = naming.rows.get(setting)
    if rows is None:
        spread = Spread(unit, context)
        rows = settle_passage(_spread(unit, spread, named_only=named_only))
        if not spread.asked:  # the passages before had no say: the same wherever it stands
            naming.rows[setting] = rows
            naming.chosen.clear()  # what led to them is not asked for again
    return [row.placed(unit.passage, unit.start, source) for row in rows]


def _spread(unit: Unit, spread: Spread, *, named_only: bool) -> list[Row]:
    """Return a row for each mention and place; offsets count from the start of the unit."""
    naming, wording = unit.naming, unit.wording
    if naming.details is None:
        naming.details = [_detail(m, naming.mentions, unit.norms) for m in naming.mentions]
    in_order = spread.in_order()
    rows: list[Row] = []
    for mention, detail in zip(naming.mentions, naming.details, strict=True):
        if not mention.status:
            continue
        dealt = in_order.get(id(mention))
        if dealt is not None:
            spot = None
            told = [(level, "", "", types) for level, types in dealt]
        else:
            where, spot = spread(mention)
            told = [(*w, mention.types) for w in where]
        if mention.at_disc and not any(level for level, *_ in told):
            continue
        if detail.points_back:
            continue
        measure = None
        if detail.measure is not None:
            measure = wording.starts[detail.measure], wording.ends[detail.measure]
        for level, vertebra, side, types in told:
            if level not in LEVELS and (level or (named_only and not vertebra)):
                continue
            rows.append(
                Row(
                    mention.finding,
                    mention.status,
                    unit.section,
                    ANYWHERE,
                    wording.starts[mention.start],
                    wording.ends[mention.end - 1],
                    level=level,
                    vertebra=vertebra,
                    endplate=side or ("both" if detail.facing and level else ""),
                    types=types,
                    choice=mention.choice,
                    basis=mention.basis,
                    grade=detail.grade,
                    measure=measure,
                    cue=mention.cue,
                    acuity=detail.acuity,
                    caused=bool(wording.caused),
                    everywhere=not (spot and spot.place.kind == "none"),
                )
            )
    return rows


def _detail(mention: Mention, mentions: Sequence[Mention], norms: Sequence[str]) -> Detail:
    told = grade(mention, mentions, norms, 0, len(norms))
    return Detail(
        told,
        None if told else measure(mention, mentions, norms, 0, len(norms)),
        acuity(mention, norms, 0, len(norms)),
        facing=mention.finding in CORE_FINDINGS and _facing(mention, norms),
        points_back=mention.finding == "endplate_degeneration" and _points_back(mention, norms),
    )


def _points_back(mention: Mention, norms: Sequence[str]) -> bool:
    """Tell whether "the endplate changes" only points back at changes named before."""
    inside = set(norms[mention.start : mention.end])
    before = set(norms[max(0, mention.start - 2) : mention.start])
    own = inside & {"degenerative", "discogenic", "reactive", "degeneration"}
    back = bool(before & {"the", "these", "this", "those", "described", "above"})
    return not own and (back or as_above(mention, norms))


def _facing(mention: Mention, norms: Sequence[str]) -> bool:
    """Tell whether both endplates of a disc are meant: "adjacent", "opposing", "both"."""
    if mention.site is not None and "endplate" in mention.site.labels:
        return bool(_FACING & set(norms[max(0, mention.site.start - 3) : mention.site.start]))
    end = mention.head[1]
    return bool(_FACING & set(norms[end : end + 6])) and bool(
        {"endplate", "plate"} & set(norms[end : end + 9])
    )
