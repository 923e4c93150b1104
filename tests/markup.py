"""Passages with their findings marked up in the text, as edsnlp's tests do it.

``At L4-5 there is <modic_change level=L4-L5 type=2>Modic type 2 change</>; no
<spinal_stenosis level=L4-L5 status=absent>canal stenosis</>.``

A tag's name is a finding code; ``</>`` closes the tag opened last, so marks may nest. ``level``
may be a comma list: one row each. ``status`` is ``present`` unless given, ``type`` (of a Modic
change) ``unspecified``. The other attributes are checked only where given; ``-`` means the column
must be empty. With a flag ``optional`` the row is neither rewarded nor punished. A ``<`` that
opens no finding code is text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from endplate import codes

CHECKED_COLUMNS: Final = (
    "basis",
    "vertebra",
    "endplate",
    "grade",
    "section",
    "acuity",
    "cue",
    "conflict",
)
_ALLOWED: Final = {"level", "type", "status", "optional", *CHECKED_COLUMNS}
_CLOSED_LISTS: Final = {
    "level": codes.LEVELS,
    "type": codes.MODIC_TYPES,
    "status": codes.STATUSES,
    "basis": codes.BASES,
    "vertebra": codes.BODIES,
    "endplate": codes.ENDPLATES,
    "section": codes.SECTIONS,
    "acuity": ("acute", "chronic"),
    "conflict": ("yes",),
}

_TAG: Final = re.compile(rf"</>|<({'|'.join(codes.FINDINGS)})((?: [^<>]*)?)>")
_ATTRIBUTE: Final = re.compile(r' (\w+)(?:=("[^"]*"|[^\s"]+))?')


class Row(NamedTuple):
    """One expected row; ``start`` and ``end`` are -1 when it has no place of its own."""

    finding: str
    level: str
    modic_type: str
    status: str
    optional: bool
    start: int
    end: int
    checks: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What scoring compares: finding, level, Modic type and status."""
        return self.finding, self.level, self.modic_type, self.status


def parse(marked: str) -> tuple[str, list[Row]]:
    """Take the marks out of a passage: its plain text, and the rows it must give."""
    plain: list[str] = []
    length = position = 0
    opened: list[tuple[str, dict[str, str], int]] = []
    rows: list[Row] = []
    for tag in _TAG.finditer(marked):
        piece = marked[position : tag.start()]
        plain.append(piece)
        length += len(piece)
        position = tag.end()
        if tag[1]:
            opened.append((tag[1], _attributes(tag[2]), length))
        elif opened:
            finding, attributes, start = opened.pop()
            rows += make_rows(finding, attributes, start, length)
        else:
            msg = f"</> without an opening tag before {marked[position : position + 20]!r}"
            raise ValueError(msg)
    if opened:
        msg = f"<{opened[-1][0]}> is not closed"
        raise ValueError(msg)
    plain.append(marked[position:])
    return "".join(plain), rows


def make_rows(
    finding: str, attributes: Mapping[str, str], start: int = -1, end: int = -1
) -> list[Row]:
    """Expand one mark into its rows: one for every level, or every body where no level is given."""
    _check(finding, attributes)
    levels = attributes.get("level", "").split(",")
    bodies = attributes.get("vertebra", "").split(",")
    count = max(len(levels), len(bodies))
    if len(levels) not in (1, count) or len(bodies) not in (1, count):
        msg = f"{finding}: {len(levels)} levels, but {len(bodies)} bodies"
        raise ValueError(msg)
    modic = attributes.get("type", "unspecified") if finding == "modic_change" else ""
    checks = {name: attributes[name] for name in CHECKED_COLUMNS if name in attributes}
    rows = []
    for index in range(count):
        body = bodies[index % len(bodies)]
        rows.append(
            Row(
                finding,
                levels[index % len(levels)],
                modic,
                attributes.get("status", "present"),
                "optional" in attributes,
                start,
                end,
                {**checks, "vertebra": body} if body else checks,
            )
        )
    return rows


def _attributes(words: str) -> dict[str, str]:
    """Read the inside of a tag after its name, ' level=L4-L5 status=absent optional'."""
    attributes: dict[str, str] = {}
    position = 0
    while position < len(words):
        match = _ATTRIBUTE.match(words, position)
        if match is None or match[1] in attributes:
            msg = f"cannot read the attributes {words!r}"
            raise ValueError(msg)
        attributes[match[1]] = (match[2] or "").strip('"')
        position = match.end()
    return attributes


def _check(finding: str, attributes: Mapping[str, str]) -> None:
    if finding not in codes.FINDINGS:
        msg = f"no such finding code: {finding}"
        raise ValueError(msg)
    if unknown := attributes.keys() - _ALLOWED:
        msg = f"{finding}: unknown attribute {', '.join(sorted(unknown))}"
        raise ValueError(msg)
    if "type" in attributes and finding != "modic_change":
        msg = f"{finding}: only modic_change has a type"
        raise ValueError(msg)
    for name, allowed in _CLOSED_LISTS.items():
        for value in attributes.get(name, "").split(","):
            if value not in ("", "-", *allowed):
                msg = f"{finding}: {name}={value}, allowed: {', '.join(allowed)}"
                raise ValueError(msg)
