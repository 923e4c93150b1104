"""The README cannot drift: its commands exist, its Python runs and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import endplate
from commands import endplate as run
from endplate.cli import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_every_command_is_told():
    told = set(re.findall(r"^\| `endplate (\w+)` \|", README, re.MULTILINE))
    assert told == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_python_prints_what_the_readme_says(capsys):
    blocks = [code for language, code in BLOCKS if language == "python"]
    assert blocks
    for code in blocks:
        exec(compile(code, "README.md", "exec"), {})  # the README is ours
        said = re.findall(r"^\s*# Out: (.*)$", code, re.MULTILINE)
        assert capsys.readouterr().out.splitlines() == said


def test_linked_files_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_public_names_are_there():
    for name in endplate.__all__:
        assert getattr(endplate, name).__name__ == name
    with pytest.raises(AttributeError):
        endplate.no_such_name  # noqa: B018
