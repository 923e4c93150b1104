"""`endplate evaluate`: its outputs, its quality gates, and the comparison with an earlier run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from endplate.cli.evaluate import evaluate as command
from endplate.errors import EndplateError
from endplate.evaluate import Evaluation, evaluate, load_gold, read_findings
from endplate.evaluate.as_html import to_html
from endplate.evaluate.as_json import changes_since, to_json
from endplate.evaluate.as_markdown import to_markdown
from endplate.evaluate.gates import failures, metrics, parse_gates
from endplate.records import FINDING_COLUMNS, Finding
from endplate.tables import write_table

HOSTILE = "Modic 1 <script>alert(1)</script> </pre> &lt; \" ' \u202eevil\x1b[31m [red]x[/] \ud800"
GOLD = {
    "north": [
        ("n1", f"L4-5: {HOSTILE}", [("modic_change", "L4-L5", "1", "present")]),
        ("n2", "No Modic change.", [("modic_change", "", "unspecified", "absent")]),
    ],
    "south": [("s|1", "Scoliosis.", [("scoliosis", "", "", "present")])],
}
FOUND = [
    Finding(
        "n1", "modic_change", "L4-L5", modic_type="2", section="findings", cue="",
        start=6, end=13, text="Modic 1", sentence=f"L4-5: {HOSTILE}",
    ),
    Finding("n2", "modic_change", modic_type="unspecified", status="absent", section="findings"),
]  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with two gold files and a findings table."""
    for name, reports in GOLD.items():
        columns = ("finding", "level", "modic_type", "status")
        lines = [
            json.dumps(
                {"id": i, "text": t, "findings": [dict(zip(columns, r, strict=True)) for r in rs]}
            )
            for i, t, rs in reports
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    write_table(tmp_path / "found.jsonl", FOUND, FINDING_COLUMNS)
    return tmp_path


@pytest.fixture
def evaluation(site: Path) -> Evaluation:
    gold = load_gold([site / "north.jsonl", site / "south.jsonl"])
    found = read_findings(site / "found.jsonl", {"n1", "n2"})
    return evaluate(gold, {"north": found, "south": found}, "found.jsonl", resamples=50)


def run(*arguments: object):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


# --- each file and the total ----------------------------------------------------------------------


def test_files_are_scored_one_by_one_and_together(evaluation):
    counts = {name: scores.groups["all"].counts for name, scores in evaluation.files.items()}
    assert counts == {"north": (1, 1, 1), "south": (0, 0, 1)}
    assert evaluation.total.groups["all"].counts == (1, 1, 2)
    assert evaluation.total.reports == 3


# --- HTML -----------------------------------------------------------------------------------------


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in ("meta", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_well_formed_and_shows_hostile_text_as_text(evaluation):
    html = to_html(evaluation)
    page = Page(html)
    assert page.open == []
    assert "<script>alert(1)</script> </pre> &lt;" in page.text
    assert not re.search("[\u202e\x1b\ud800]", html)


def test_the_page_loads_and_runs_nothing(evaluation):
    html = to_html(evaluation)
    page = Page(html)
    assert not page.tags & {"script", "link", "img", "iframe", "a", "form", "object"}
    assert not {
        name for name in page.attributes if name.startswith("on") or name in ("src", "href")
    }
    assert "default-src 'none'" in html
    assert "://" not in html
    assert "prefers-color-scheme: dark" in html


def test_the_page_holds_every_mistake_with_its_sentence_marked(evaluation):
    html = to_html(evaluation)
    assert html.count('<span class="kind">') == len(evaluation.total.mistakes) == 2
    assert "<blockquote>L4-5: <mark>Modic 1</mark> &lt;script&gt;" in html
    assert "gold: modic_change type 1, L4-L5, present" in html
    assert "<details><summary>Report</summary><pre>Scoliosis.</pre>" in html


# --- Markdown -------------------------------------------------------------------------------------


def test_markdown_holds_figures_and_no_report_text(evaluation):
    markdown = to_markdown(evaluation)
    assert "| south | 1 | 1 |" in markdown
    assert "| all | 3 | 1 | 1 | 2 | 0.500 (0.09–0.91) | 0.333 (0.06–0.79) | 0.400 (" in markdown
    assert "evil" not in markdown
    assert "Scoliosis" not in markdown
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in lines)


# --- JSON and comparison --------------------------------------------------------------------------


def test_json_holds_figures_counts_and_mistakes(evaluation):
    document = json.loads(to_json(evaluation))
    north = document["files"]["north"]
    assert north["groups"]["modic"]["precision"]["hits"] == 1
    assert north["groups"]["modic"]["f1"]["value"] == 0.5
    assert north["confusion"]["1"]["2"] == 1
    assert document["total"]["metrics"]["modic.f1"] == 0.5
    assert [m["kind"] for m in document["total"]["mistakes"]] == ["wrong type", "missed"]
    assert document["gold"][0]["reports"] == 2


def test_the_same_evaluation_gives_the_same_files(site, evaluation):
    gold = load_gold([site / "north.jsonl", site / "south.jsonl"])
    found = read_findings(site / "found.jsonl", {"n1", "n2"})
    again = evaluate(gold, {"north": found, "south": found[::-1]}, "found.jsonl", resamples=50)
    assert (to_json(again), to_html(again)) == (to_json(evaluation), to_html(evaluation))


def test_changes_since_an_earlier_evaluation(site, evaluation):
    earlier = site / "earlier.json"
    earlier.write_text(to_json(evaluation), encoding="utf-8")
    better = [FOUND[0]._replace(modic_type="1"), FOUND[1], Finding("s|1", "osteophyte")]
    now = evaluate(evaluation.gold, {"north": better, "south": better}, "x", resamples=50)
    changes = changes_since(earlier, now)
    assert changes.same_gold
    assert changes.metrics["modic.f1"] == (0.5, 1.0)
    assert "finding:scoliosis.f1" not in changes.metrics
    assert changes.fixed == (
        "n1: wrong type: modic_change L4-L5 1 present -> modic_change L4-L5 2 present",
    )
    assert changes.new == ("s|1: false alarm: nothing -> osteophyte present",)


@pytest.mark.parametrize("content", ["{}", "[", "[]", '{"format": "endplate-evaluation-0"}'])
def test_a_comparison_with_another_file_is_refused(site, evaluation, content):
    other = site / "other.json"
    other.write_text(content, encoding="utf-8")
    with pytest.raises(EndplateError, match="is not an evaluation"):
        changes_since(other, evaluation)


# --- gates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("modic.f1=0.5", None),
        ("modic.f1=0.51", "modic.f1 is 0.5000, below 0.51"),
        ("finding:scoliosis.recall=0.1", "finding:scoliosis.recall is 0.0000, below 0.1"),
        ("report:any_modic.sensitivity=1", None),
        ("at_level:type_1.sensitivity=1", "at_level:type_1.sensitivity is 0.0000, below 1"),
        ("reports_exact=0.34", "reports_exact is 0.3333, below 0.34"),
    ],
)
def test_a_gate_fails_below_its_value(evaluation, gate, message):
    assert failures(parse_gates([gate]), evaluation.total) == ([message] if message else [])


def test_a_gate_on_something_not_measured_is_an_error(evaluation):
    with pytest.raises(EndplateError, match=r"modic\.f2: not measured here; near: .*modic\.f1"):
        failures(parse_gates(["modic.f2=0.5"]), evaluation.total)


@pytest.mark.parametrize(
    "option", ["modic.f1", "modic.f1=", "=0.5", "modic.f1=97", "x=-1", "x=nan"]
)
def test_a_malformed_gate_is_an_error(option):
    with pytest.raises(EndplateError, match="write METRIC=VALUE"):
        parse_gates([option])


def test_every_metric_is_a_share(evaluation):
    named = metrics(evaluation.total)
    assert all(0 <= value <= 1 for value in named.values())
    assert {"all.f1", "core.recall", "status:absent.f1", "level:L4-L5.precision"} <= set(named)


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_tables_and_keeps_report_text_to_itself(site):
    result = run(site / "north.jsonl", site / "south.jsonl", "--findings", site / "found.jsonl")
    assert result.exit_code == 0, result.output
    for title in ("F1 by set", "all together", "By status", "Confusion of Modic types by level"):
        assert title in result.stdout
    assert "alert" not in result.output


def test_the_command_prints_mistakes_when_asked(site):
    result = run(site / "north.jsonl", "--findings", site / "found.jsonl", "--errors", 1)
    assert "n1: wrong type" in result.stdout
    assert "wanted  modic_change type 1, L4-L5, present" in result.stdout
    assert "[red]x[/]" in result.stdout  # not taken for markup
    assert "\x1b" not in result.stdout


def test_the_command_writes_files_that_only_the_owner_reads(site):
    files = [site / "out" / f"scores.{kind}" for kind in ("json", "html", "markdown")]
    options = [option for file in files for option in (f"--{file.suffix[1:]}", file)]
    result = run(site / "north.jsonl", "--findings", site / "found.jsonl", *options)
    assert result.exit_code == 0, result.output
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    assert json.loads(files[0].read_text())["source"] == "found.jsonl"


def test_a_failed_gate_ends_with_1_after_the_files_are_written(site):
    page = site / "page.html"
    result = run(
        site / "north.jsonl", "--findings", site / "found.jsonl", "--html", page,
        "--fail-under", "modic.f1=0.9", "--fail-under", "all.recall=0.1",
    )  # fmt: skip
    assert result.exit_code == 1
    assert result.stderr == "Below the gate: modic.f1 is 0.5000, below 0.9\n"
    assert page.exists()


def test_the_command_compares(site):
    earlier = site / "earlier.json"
    gold, found = site / "north.jsonl", site / "found.jsonl"
    run(gold, "--findings", found, "--json", earlier)
    result = run(gold, "--findings", found, "--compare", earlier)
    assert "No figure has changed." in result.stdout
    assert "Mistakes new: 0" in result.stdout


@pytest.mark.parametrize("option", ["--json", "--html", "--markdown"])
def test_gold_is_never_overwritten(site, option):
    gold = site / "north.jsonl"
    before = gold.read_bytes()
    result = run(gold, "--findings", site / "found.jsonl", option, gold)
    assert "is an input" in str(result.exception)
    assert gold.read_bytes() == before


def test_rules_without_reading_are_refused(site):
    result = run(site / "north.jsonl", "--findings", site / "found.jsonl", "--rules", site)
    assert "--rules changes nothing" in str(result.exception)


def test_a_spreadsheet_with_texts_elsewhere_is_scored(site):
    sheet, texts = site / "sheet.csv", site / "reports.csv"
    sheet.write_text("report_id,level,modic_type,status\nr1,L4/5,1,\nr2,,,\n", encoding="utf-8")
    texts.write_text("report_id,text\nr1,Modic 1 at L4-5.\nr2,Normal.\n", encoding="utf-8")
    scores = site / "scores.json"
    result = run(sheet, "--reports", texts, "--json", scores)
    assert result.exit_code == 0, result.output
    total = json.loads(scores.read_text())["total"]
    assert total["groups"]["all"]["tp"] == total["evidence"]["hits"] == 1
    assert total["reports_exact"]["hits"] == 2


def test_gold_that_cannot_be_read_by_the_reader_is_refused(site):
    sheet = site / "sheet.csv"
    sheet.write_text("report_id,level,modic_type,status\nr1,L4/5,1,\n", encoding="utf-8")
    result = run(sheet)
    assert isinstance(result.exception, EndplateError)
    assert "give texts with --reports or findings with --findings" in str(result.exception)
