"""The reader's rules: a site's overlay, every fault at once, and the commands for both."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from commands import endplate
from endplate.errors import EndplateError, KnowledgeError
from endplate.knowledge import models_dir
from endplate.reader import Reader, load
from endplate.reader.lexicon import Lexicon, check_rules, load_lexicon
from endplate.reader.overlay import merge, pairs_by_meaning
from endplate.reader.schema import EXCLUSIVE, FILES
from endplate.records import Report

SHIPPED = models_dir() / "reader"

Write = Callable[[Mapping[str, str]], Path]
Rows = set[tuple[str, str, str, str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an overlay: the texts of its files by name."""

    def made(files: Mapping[str, str]) -> Path:
        folder = tmp_path / "our-rules"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return made


def rows(reader: Reader, text: str) -> Rows:
    found = reader.read(Report("r", text)).findings
    return {(f.finding, f.level, f.status, f.section) for f in found}


def faults(folder: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(KnowledgeError) as caught:
        check_rules(folder)
    with pytest.raises(KnowledgeError) as again:
        load_lexicon(folder)
    assert again.value.problems == caught.value.problems
    return [(p.file, p.where, p.message) for p in caught.value.problems]


# ---------------------------------------------------------------------- the shipped rules


def test_shipped_rules_are_a_complete_set() -> None:
    found = check_rules(SHIPPED)
    assert (found.files, found.complete) == (9, True)
    assert found.entries > 3000


def test_every_word_is_text_and_in_small_letters() -> None:
    """Or it would never be found: the reader looks everything up as text in lower case."""
    lexicon = load_lexicon()
    phrases = [p for listed in lexicon.labels.values() for p in listed]
    phrases += [p for group in lexicon.assertion["cues"] for p in group["phrases"]]
    assert all(isinstance(p, str) and p == p.lower() for p in phrases)
    assert "no" in lexicon.sections["denials"]  # YAML 1.1 would read it as False
    assert lexicon.levels["numbers"]["five"] == 5


def test_rules_are_remembered_until_they_change(write: Write) -> None:
    folder = write({"terms.yaml": "things: {bulge: [overhang]}"})
    first = load_lexicon(folder)
    assert load_lexicon(folder) is first
    (folder / "terms.yaml").write_text("things: {bulge: [overhanging]}")
    second = load_lexicon(folder)
    assert "overhanging" in second.terms["things"]["bulge"]
    assert "overhang" not in second.terms["things"]["bulge"]


# ---------------------------------------------------------------------- an overlay

OVERLAY = {
    "spelling.yaml": "spelling: {protrusion: [bulje]}",
    "terms.yaml": """
        things:
          bulge: [Disc Overhang]
        off:
          things:
            hemangioma: [intraosseous hemangioma]
            bulge: [bulky disc]
        """,
    "findings.yaml": """
        pairs:
          - {finding: endplate_edema, quality: [edema], site: marrow, at_disc: false}
        off:
          pairs: [{finding: endplate_irregularity, quality: [irregular], site: endplate}]
        """,
    "assertion.yaml": """
        cues:
          - {category: negated, direction: forward, reach: clause, phrases: [zero evidence of]}
        off:
          cues:
            - {category: negated, direction: forward, reach: clause, phrases: [devoid of]}
        """,
    "sections.yaml": """
        sections: {comparison: [voruntersuchung], impression: [background]}
        off: {sections: {impression: [verdict]}}
        """,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    folder = tmp_path_factory.mktemp("rules")
    for name, text in OVERLAY.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder)


BULGE = ("disc_bulge", "L4-L5", "present", "findings")
NO_BULGE = ("disc_bulge", "L4-L5", "absent", "findings")
PROTRUSION = ("disc_protrusion", "L4-L5", "present", "findings")
UNEVEN = ("endplate_irregularity", "L4-L5", "present", "findings")
ERODED = ("endplate_erosion", "L4-L5", "present", "findings")


@pytest.mark.parametrize(
    ("text", "shipped", "overlaid"),
    [
        pytest.param("Disc overhang at L4-5.", set(), {BULGE}, id="term added"),
        pytest.param("Bulky disc at L4-5.", {BULGE}, set(), id="term off"),
        pytest.param("Bulje at L4-5.", set(), {PROTRUSION}, id="misspelling added"),
        pytest.param("Zero evidence of disc bulge at L4-5.", {BULGE}, {NO_BULGE}, id="cue added"),
        pytest.param("Devoid of disc bulge at L4-5.", {NO_BULGE}, {BULGE}, id="cue off"),
        pytest.param("Irregular endplates at L4-5.", {UNEVEN}, set(), id="pair off"),
        pytest.param("Eroded endplates at L4-5.", {ERODED}, {ERODED}, id="pair kept"),
        pytest.param(
            "FINDINGS:\nDisc bulge at L4-5.\n\nVORUNTERSUCHUNG:\nDisc protrusion at L4-5.",
            {BULGE, PROTRUSION},
            {BULGE, ("disc_protrusion", "L4-L5", "historical", "comparison")},
            id="heading added",
        ),
        pytest.param(
            "FINDINGS:\nDisc bulge at L4-5.\n\nVERDICT:\nDisc protrusion at L4-5.",
            {BULGE, (*PROTRUSION[:3], "impression")},
            {BULGE, PROTRUSION},
            id="heading off",
        ),
        pytest.param(
            "FINDINGS:\nDisc bulge at L4-5.\n\nBACKGROUND:\nDisc protrusion at L4-5.",
            {BULGE, ("disc_protrusion", "L4-L5", "indication", "indication")},
            {BULGE, (*PROTRUSION[:3], "impression")},
            id="heading moved",
        ),
    ],
)
def test_overlay_changes_what_is_read(
    reader: Reader, site: Reader, text: str, shipped: Rows, overlaid: Rows
) -> None:
    assert rows(reader, text) == shipped
    assert rows(site, text) == overlaid


def test_pair_of_an_overlay_replaces_the_shipped_one(reader: Reader, site: Reader) -> None:
    marrow = ("endplate_edema", "edema", "marrow")
    assert pairs_by_meaning(reader.lexicon.findings["pairs"])[marrow] == {"at_disc": True}
    assert pairs_by_meaning(site.lexicon.findings["pairs"])[marrow] == {"at_disc": False}


def test_overlay_leaves_the_shipped_files_alone(reader: Reader, site: Reader) -> None:
    assert site.lexicon is not reader.lexicon
    assert "bulky disc" in reader.lexicon.terms["things"]["bulge"]
    assert load_lexicon().overlay_hash == ""


def test_hashes_tell_overlays_apart(write: Write, tmp_path: Path, site: Reader) -> None:
    folder = write({"terms.yaml": "things: {bulge: [overhang]}\n"})
    one, shipped = load_lexicon(folder), load_lexicon()
    assert len({one.fingerprint, shipped.fingerprint, site.fingerprint}) == 3
    assert len({one.overlay_hash, site.lexicon.overlay_hash, ""}) == 3
    moved = folder.rename(tmp_path / "elsewhere")  # content counts, not the place or line ends
    (moved / "terms.yaml").write_bytes(b"things: {bulge: [overhang]}\r\n")
    (moved / "README.md").write_text("what our rules are for")
    again = load_lexicon(moved)
    assert (again.fingerprint, again.overlay_hash) == (one.fingerprint, one.overlay_hash)


@pytest.mark.parametrize("name", FILES)
def test_merging_nothing_changes_nothing(name: str) -> None:
    rules = getattr(load_lexicon(), name)
    assert merge(name, rules, {}, {}) == rules


@pytest.mark.parametrize(("name", "key"), sorted(EXCLUSIVE))
def test_phrase_with_one_meaning_moves(name: str, key: str) -> None:
    rules = getattr(load_lexicon(), name)
    (one, phrases), (other, _) = [entry for entry in rules[key].items() if entry[1]][:2]
    moved = merge(name, rules, {key: {other: [phrases[0]]}}, {})[key]
    assert phrases[0] not in moved[one]
    assert moved[other][-1] == phrases[0]


def test_level_words_of_an_overlay(write: Write) -> None:
    folder = write(
        {
            "levels.yaml": "numbers: {cinq: 5}\nnames: {L5-S1: [charniere]}\nregions: {L: [lomb]}",
            "regions.yaml": "other: [poignet]\nmodality: {MR: [irm]}",
        }
    )
    reader = load(folder)
    assert rows(reader, "Disc bulge at lomb4-cinq.") == {BULGE}
    assert rows(reader, "Disc bulge at the charniere.") == {("disc_bulge", "L5-S1", *BULGE[2:])}
    wrist = reader.read(Report("r", "A scaphoid fracture.", procedure="IRM poignet"))
    assert (wrist.modality, wrist.lumbar, wrist.findings) == ("MR", False, ())


# ---------------------------------------------------------------------- faults

SEVEN_FAULTS = {
    "terms.yaml": """\
things:
  bulge: [overhang, overhang]
  buldge: [bulky]
off:
  things:
    bulge: [bulky disk]
""",
    "findings.yaml": """\
things:
  disc_buldge: [bulge]
pairs:
  - {finding: endplate_edema, quality: [edema], site: endplait}
""",
    "assertion.yaml": """\
cues:
  - category: denied
    direction: forward
    reach: clause
    phrases: [zero evidence of]
ends: ["{studdy} shows"]
""",
}


def test_seven_faults_are_seven_messages(write: Write) -> None:
    found = faults(write(SEVEN_FAULTS))
    assert [(file, where) for file, where, _ in found] == [
        ("assertion.yaml", "line 2, cues[0].category"),
        ("assertion.yaml", "line 6, ends[0]"),
        ("findings.yaml", "line 2, things.disc_buldge"),
        ("findings.yaml", "line 4, pairs[0].site"),
        ("terms.yaml", "line 2, things.bulge[1]"),
        ("terms.yaml", "line 3, things.buldge"),
        ("terms.yaml", "line 6, off.things.bulge[0]"),
    ]
    allowed = ["negated", "study", "disc_bulge", "endplate", "twice", "bulge", "bulky disc"]
    for (_, _, message), word in zip(found, allowed, strict=True):
        assert word in message


@pytest.mark.parametrize(
    ("file", "text", "where", "message"),
    [
        ("terms.yaml", "thing: {bulge: [x]}", "line 1, thing", "allowed: sites, elsewhere"),
        ("terms.yaml", "things:\n  bulge: ['']", "line 2, things.bulge[0]", "empty phrase"),
        ("terms.yaml", "things:\n  bulge:\n    - ", "line 3, things.bulge[0]", "empty phrase"),
        ("terms.yaml", "things: {bulge: x}", "line 1, things.bulge", "a list is expected"),
        ("terms.yaml", "things: {bulge: [a: b]}", "line 1, things.bulge[0]", "needs quotes"),
        ("terms.yaml", f"things: {{bulge: [{'x' * 121}]}}", "line 1, things.bulge[0]", "120"),
        ("terms.yaml", "sites: {bulge: [x]}", "line 1, sites.bulge", "already a label of things"),
        ("terms.yaml", "sites: {Bulge: [x]}", "line 1, sites.Bulge", "small letters"),
        ("terms.yaml", "things: {bulge: [x]", "line 2", "is no YAML"),
        ("terms.yaml", "things: {a: &x [b], c: *x}", "line 1", "aliases are not allowed"),
        ("terms.yaml", "things: {bulge: [x], bulge: [y]}", "line 1, things.bulge", "stands twice"),
        ("terms.yaml", "- bulge", "line 1", "name: value"),
        ("terms.yaml", "off: [bulge]", "line 1, off", "name: value"),
        ("terms.yaml", "version: 2", "line 1, version", "only version 1"),
        ("spelling.yaml", "spelling: {disc: [di sk]}", "line 1, spelling.disc[0]", "misheard"),
        (
            "spelling.yaml",
            "spelling: {disc: [dx], edema: [dx]}",
            "line 1, spelling.edema[0]",
            "also stands under disc",
        ),
        ("levels.yaml", "names: {L5-S2: [x]}", "line 1, names.L5-S2", "L5-S1"),
        ("levels.yaml", "numbers: {cinq: five}", "line 1, numbers.cinq", "whole number"),
        ("levels.yaml", "off: {numbers: {cinq: 5}}", "line 1, off.numbers.cinq", "there is none"),
        (
            "levels.yaml",
            "off: {former: [former, the former, the upper level, the upper of these, the upper of "
            "the two, the upper one, the upper of these levels, the uppermost of these levels, the "
            "highest of these levels, the highest of these, the first of these levels, the most "
            "cranial of these levels]}",
            "line 1, off.former",
            "must stay",
        ),
        ("sections.yaml", "sections: {opinion: [x]}", "line 1, sections.opinion", "impression"),
        ("regions.yaml", "modality: {MRI: [x]}", "line 1, modality.MRI", "MR, CT"),
        (
            "findings.yaml",
            "things: {osteophyte: [beak]}",
            "line 1, things.osteophyte[0]",
            "no 'beak'",
        ),
        (
            "findings.yaml",
            "off: {pairs: [{finding: osteoporosis, quality: [dark], site: disc}]}",
            "line 1, off.pairs[0]",
            "loss of bone_density",
        ),
        ("findings.yaml", "pairs: [{finding: scoliosis}]", "line 1, pairs[0]", "is missing"),
        ("assertion.yaml", "ends: ['{study shows']", "line 1, ends[0]", "in braces"),
        ("assertion.yaml", "slots: {studdy: [mrt]}", "line 1, slots.studdy", "slots: then, study"),
        (
            "assertion.yaml",
            "off: {cues: [{category: negated, direction: forward, reach: clause,"
            " phrases: [not seen]}]}",
            "line 1, off.cues[0].phrases[0]",
            "negated backward clause",
        ),
        ("term.yaml", "", "", "is no rule file"),
        ("terms.yml", "", "", "is no rule file"),
    ],
)
def test_fault(write: Write, file: str, text: str, where: str, message: str) -> None:
    found = faults(write({file: text}))
    assert any(
        problem[0] == file and problem[1].startswith(where) and message in problem[2]
        for problem in found
    ), found


@pytest.mark.parametrize("depth", [50, 100_000])
def test_deep_nesting_is_refused(write: Write, depth: int) -> None:
    assert "nested" in faults(write({"terms.yaml": "[" * depth}))[0][2]


def test_empty_or_missing_folder_is_refused(write: Write, tmp_path: Path) -> None:
    assert faults(write({}))[0][2] == "holds no rule file"
    with pytest.raises(EndplateError, match="no such folder"):
        load_lexicon(tmp_path / "nowhere")


def test_complete_set_is_checked_by_itself(write: Write) -> None:
    """A set that a site keeps for itself must not lean on labels that only the shipped one has."""
    files = {f"{name}.yaml": (SHIPPED / f"{name}.yaml").read_text("utf-8") for name in FILES}
    terms = files["terms.yaml"]
    folder = write(files | {"terms.yaml": terms.replace("\n  bulge:", "\n  bulging:")})
    with pytest.raises(KnowledgeError, match=re.escape("terms.yaml has no 'bulge' under things")):
        check_rules(folder)


# ---------------------------------------------------------------------- what the README says


def readme_overlay() -> dict[str, str]:
    text = (SHIPPED / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n# (\w+\.yaml)\n(.*?)```", text, re.DOTALL)
    return dict(blocks)


def test_example_of_the_readme_works(write: Write) -> None:
    example = readme_overlay()
    assert len(example) == 4
    folder = write(example)
    assert check_rules(folder).entries == 8
    reader = load(folder)
    assert rows(reader, "Disc overhang at L4-5. Zero evidence of stenosis.") == {
        BULGE,
        ("spinal_stenosis", "", "absent", "findings"),
    }
    assert rows(reader, "Endplate pit at L4-5.") == {("endplate_defect", *BULGE[1:])}
    assert rows(reader, "Protz at L4-5.") == {PROTRUSION}
    assert rows(reader, "Bulky disc at L4-5.") == set()


def test_readme_names_every_file() -> None:
    text = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}.yaml`" in text for name in FILES)


# ---------------------------------------------------------------------- the commands


def test_command_check(write: Write) -> None:
    shipped = endplate("rules", "check", SHIPPED)
    assert (shipped.returncode, shipped.stderr) == (0, "")
    assert re.fullmatch(r"[\d,]+ entries in 9 files, OK \(a complete set\)\n", shipped.stdout)
    own = endplate("rules", "check", write(OVERLAY))
    assert own.stdout == "11 entries in 5 files, OK (on top of the shipped rules)\n"


def test_command_check_lists_every_fault(write: Write) -> None:
    done = endplate("rules", "check", write(SEVEN_FAULTS))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 8
    assert "terms.yaml: line 2, things.bulge[1]: 'overhang' stands twice" in done.stderr


def test_command_try_shows_each_stage(write: Write) -> None:
    text = "IMPRESSION: Disc overhang at L4-5; zero evidence of disk protrusion."
    done = endplate("rules", "try", text, "--rules", write(OVERLAY))
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in (
        f"1. impression: {text}",
        "read as disk = disc",
        "terms Disc overhang [bulge]",
        "places L4-5 = L4-L5",
        "mentions Disc overhang = disc_bulge, present",
        "cues ; (ends the reach of others)",
        "zero evidence of (negated forward clause) over: disk protrusion.",
    ):
        assert any(line in shown for shown in lines), line
    assert 'disk protrusion = disc_protrusion, absent because of "zero evidence of"' in done.stdout
    assert "No finding" not in done.stdout


def test_command_try_shows_the_levels_of_the_text() -> None:
    lines = endplate("rules", "try", "Modic 1 at L5-S1 (image 3).").stdout.splitlines()
    assert "places L5-S1 = L5-S1" in [" ".join(line.split()) for line in lines]
    assert not any("read as" in line for line in lines)


def test_command_try_says_that_there_is_nothing() -> None:
    done = endplate("rules", "try", "The weather is fine.\x1b[31m")
    assert done.returncode == 0
    assert done.stdout.endswith("No finding of the spine.\n")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ["show"],
        ["extract", "--out", "rows.csv"],
        ["extract", "--out", "rows"],
        ["screen", "--out", "run"],
    ],
)
def test_reading_with_faulty_rules_is_refused(
    write: Write, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "report.txt").write_text("Disc bulge at L4-5.")
    write({"terms.yaml": "things: {bulge: x}"})
    done = endplate(command[0], "report.txt", *command[1:], "--rules", "our-rules", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "Error: The site rules in our-rules cannot be used:",
        "  terms.yaml: line 1, things.bulge: a list is expected: [first phrase, second phrase]",
    ]
    assert not list(tmp_path.rglob("*.csv"))


def test_fault_survives_the_way_from_a_worker(write: Write) -> None:
    with pytest.raises(KnowledgeError) as caught:
        load_lexicon(write(SEVEN_FAULTS))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.problems) == (str(caught.value), caught.value.problems)


def test_shipped_files_are_plain_yaml() -> None:
    """Any YAML reader can read them, so other tools can use the word lists."""
    for name in FILES:
        assert isinstance(yaml.safe_load((SHIPPED / f"{name}.yaml").read_text("utf-8")), dict)


def test_lexicon_keeps_every_file() -> None:
    assert set(FILES) <= set(Lexicon.__dataclass_fields__)
