"""One report on a terminal: its findings marked in the text and listed below.

Report text is hostile: nothing in it may steer the terminal or count as markup. So it goes into
``rich.text.Text`` only, with a visible sign for each control character.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from endplate.records import Finding, Reading, Report

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

#: Beside the colour every mark carries its status in words.
_STYLES: Final = {
    "present": "bold red underline",
    "absent": "green underline",
    "uncertain": "bold yellow underline",
    "historical": "blue underline",
    "indication": "magenta underline",
}

_COLUMNS: Final = (
    *("finding", "level", "vertebra", "endplate", "modic_type", "basis", "grade"),
    *("status", "section", "cue", "text"),
)


def harmless(text: str) -> str:
    """Replace characters that steer a terminal by visible ones, one by one: offsets stay."""
    return "".join(c if c in "\n " or c.isprintable() else _sign(c) for c in text)


def headline(report: Report, reading: Reading) -> Text:
    """Return a line on what kind of examination this is."""
    from rich.text import Text

    lumbar = {True: "lumbar MRI", False: "not a lumbar MRI", None: "lumbar MRI or not: not told"}
    date = report.study_date.isoformat() if report.study_date else ""
    parts = (report.report_id, date, report.procedure, reading.modality, lumbar[reading.lumbar_mri])
    return Text(harmless(" · ".join(part for part in parts if part)), style="bold")


def marked_text(
    report: Report, findings: Sequence[Finding], sections: Mapping[int, str] | None = None
) -> Text:
    """Return the report, each finding «marked» with its number, level and status behind it.

    Parameters
    ----------
    report : Report
        The report.
    findings : sequence of Finding
        Its findings; they are numbered from 1.
    sections : mapping of int to str, optional
        Offset at which a section begins -> its name.
    """
    from rich.text import Text

    from endplate.page.highlight import segments

    marked = Text()
    sections = dict(sections or {})
    pieces = segments(harmless(report.text), [finding._asdict() for finding in findings])
    at = 0
    before: tuple[int, ...] = ()
    afterwards = [places for _, places in pieces[1:]] + [()]
    for (piece, places), following in zip(pieces, afterwards, strict=True):
        style = _STYLES[findings[places[-1]].status] if places else ""
        if places and not before:
            marked.append("«", style="dim")
        stop = at + len(piece)
        begins = sorted({at, *(start for start in sections if at < start < stop)})
        for begin, end in zip(begins, [*begins[1:], stop], strict=True):
            if begin in sections:
                marked.append(f"§ {sections[begin]} ", style="bold cyan")
            marked.append(piece[begin - at : end - at], style=style)
        at = stop
        if places and not following:
            marked.append("»", style="dim")
        for label in _labels(findings, [place for place in places if place not in following]):
            marked.append(f" ‹{label}›", style="dim")
        before = places
    return marked


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return the findings as a table, numbered as in the text; empty columns are left out."""
    from rich.table import Table
    from rich.text import Text

    columns = [name for name in _COLUMNS if any(getattr(f, name) for f in findings)]
    table = Table("#", *columns)
    for number, finding in enumerate(findings, start=1):
        cells = (harmless(str(getattr(finding, name))) for name in columns)
        table.add_row(str(number), *(Text(" ".join(cell.split())) for cell in cells))
    return table


def _labels(findings: Sequence[Finding], places: Sequence[int]) -> Iterator[str]:
    """Yield a label for each finding that ends here; one that has several levels gets one label."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for place in places:
        one = findings[place]
        groups.setdefault((one.finding, one.modic_type, one.grade, one.status), []).append(place)
    for (finding, modic_type, grade, status), members in groups.items():
        numbers = ",".join(str(place + 1) for place in members)
        levels = ",".join(findings[p].level or findings[p].vertebra or "no level" for p in members)
        yield " ".join(filter(None, (numbers, finding, modic_type, levels, grade, status)))


def _sign(character: str) -> str:
    code = ord(character)
    if character == "\t":
        return " "
    if character == "\x7f":
        return "\u2421"
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"
