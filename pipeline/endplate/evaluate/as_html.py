"""An evaluation as one HTML page: no script, nothing from a network, report text escaped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from html import escape

from endplate import __version__
from endplate.evaluate.evaluation import Evaluation
from endplate.evaluate.mistakes import Mistake
from endplate.evaluate.views import Cell, Estimate, Table, printable, summary, tables

_STYLE = """
:root { color-scheme: light dark; --ink: #1b2430; --soft: #566273; --line: #d5dae1;
  --paper: #fff; --panel: #f4f6f9; --bar: #9db4d0; --dot: #14508c; --mark: #ffe08a;
  --bad: #a3261b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3adbb; --line: #39424f;
  --paper: #12161c; --panel: #1b2129; --bar: #46648a; --dot: #8fc1f7; --mark: #6b5200;
  --bad: #ff9d92; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
p.note, .soft { color: var(--soft); font-size: .9rem; max-width: 60rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; } thead th { border-bottom: 2px solid var(--soft); }
svg { vertical-align: middle; margin-left: .4rem; }
svg line { stroke: var(--bar); stroke-width: 4; } svg circle { fill: var(--dot); }
td.right { font-weight: 700; } td.wrong { color: var(--bad); font-weight: 700; }
article { border: 1px solid var(--line); border-radius: .4rem; padding: .2rem 1rem .8rem;
  margin: 1rem 0; background: var(--panel); }
article ul { padding-left: 1.1rem; } article li { margin: .6rem 0; }
.kind { font-weight: 700; color: var(--bad); }
blockquote, pre { margin: .3rem 0; padding: .4rem .8rem; border-left: 3px solid var(--bar);
  background: var(--paper); white-space: pre-wrap; overflow-wrap: anywhere;
  font: inherit; unicode-bidi: isolate; }
mark { background: var(--mark); color: inherit; border-radius: .2rem; }
summary { cursor: pointer; }
@media print { details, article { break-inside: avoid; } body { max-width: none; } }
"""


def to_html(evaluation: Evaluation) -> str:
    """Return the page; it holds the texts of reports with mistakes, so it is patient data."""
    reports = sum(scores.reports for scores in evaluation.files.values())
    parts = [
        f"<h1>Endplate evaluation: {reports} reports</h1>",
        f'<p class="note">Scored: {_text(evaluation.source)}. Endplate {_text(__version__)}, seed '
        f"{evaluation.seed}. The page holds report texts: keep it where the reports are.</p>",
        _table(summary(evaluation)),
        *map(_table, tables(evaluation.total)),
        *_mistakes(evaluation),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Endplate evaluation</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def _text(value: object) -> str:
    return escape(printable(str(value)))


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in table.columns)
    note = f'<p class="note">{_text(table.note)}</p>' if table.note else ""
    body = "\n".join(
        f'<tr><th scope="row">{_text(first)}</th>{"".join(_cells(table, index, cells))}</tr>'
        for index, (first, *cells) in enumerate(table.rows)
    )
    return (
        f"<h2>{_text(table.title)}</h2>\n{note}\n"
        f'<div class="wide" tabindex="0" role="region" aria-label="{_text(table.title)}">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _cells(table: Table, row: int, cells: Iterable[Cell]) -> Iterable[str]:
    for column, cell in enumerate(cells):
        if table.matrix and cell:
            yield f'<td class="{"right" if row == column else "wrong"}">{_text(cell)}</td>'
        else:
            yield f"<td>{_text(cell)}{_interval(cell)}</td>"


def _interval(cell: Cell) -> str:
    """Return the interval of an estimate as a bar with a dot, beside the figures in words."""
    if not isinstance(cell, Estimate) or not cell.known:
        return ""
    low, dot, high = (round(3 + 60 * part, 1) for part in (cell.low, cell.value, cell.high))
    return (
        '<svg width="66" height="10" aria-hidden="true">'
        f'<line x1="{low}" x2="{high}" y1="5" y2="5"/><circle cx="{dot}" cy="5" r="3"/></svg>'
    )


def _mistakes(evaluation: Evaluation) -> Iterable[str]:
    yield "<h2>Mistakes</h2>"
    if not evaluation.total.mistakes:
        yield "<p>None.</p>"
    for file in evaluation.gold:
        by_report: defaultdict[str, list[Mistake]] = defaultdict(list)
        for mistake in evaluation.files[file.name].mistakes:
            by_report[mistake.report_id].append(mistake)
        for report in file.reports:
            if report.report_id in by_report:
                yield _report(file.name, report.report_id, report.text, by_report[report.report_id])


def _report(file: str, report_id: str, text: str, mistakes: Iterable[Mistake]) -> str:
    items = "\n".join(f"<li>{_mistake(mistake)}</li>" for mistake in mistakes)
    whole = f"<details><summary>Report</summary><pre>{_text(text)}</pre></details>" if text else ""
    return (
        f'<article><h3><bdi>{_text(report_id)}</bdi> <span class="soft">{_text(file)}</span></h3>\n'
        f"<ul>\n{items}\n</ul>\n{whole}</article>"
    )


def _mistake(mistake: Mistake) -> str:
    told = [f'<span class="kind">{_text(mistake.kind)}</span>']
    if mistake.wanted:
        told.append(f"gold: {_text(mistake.wanted)}")
    if mistake.found:
        told.append(f"found: {_text(mistake.found)}")
    quote = ""
    if mistake.sentence:
        guess = "" if mistake.sure else ' <span class="soft">(perhaps this sentence)</span>'
        quote = f"{guess}<blockquote>{_marked(mistake.sentence, mistake.text)}</blockquote>"
    return "; ".join(told) + quote


def _marked(sentence: str, mention: str) -> str:
    before, found, after = sentence.partition(mention) if mention else (sentence, "", "")
    return _text(before) + (f"<mark>{_text(found)}</mark>" if found else "") + _text(after)
