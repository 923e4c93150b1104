"""The wheel works without the checkout: built, installed in a clean environment, run elsewhere."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "samples"

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    # Nothing of this checkout may help: no PYTHONPATH, another folder.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env |= more
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return build(folder, ENDPLATE_BUILD="python")


def build(folder: Path, **env: str) -> Path:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    options = ["--quiet", "--no-deps", "--no-build-isolation"]
    run(*pip, "wheel", *options, "-w", folder, ROOT, cwd=folder, **env)
    (path,) = folder.glob("endplate-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; the dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    # Further .pth files in that folder, such as the editable install's, do not count.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    place = run(python, "-c", "import endplate; print(endplate.__file__)", cwd=folder)
    assert place.startswith(str(packages))
    return folder / "venv" / "bin" / "endplate"


def test_the_wheel_carries_every_model_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    models = {
        f"endplate/models/{path.relative_to(ROOT / 'models').as_posix()}"
        for path in (ROOT / "models").rglob("*")
        if path.is_file()
    }
    assert models
    assert models <= names
    assert not [name for name in names if name.startswith(("tests/", "data/", "models/"))]


def test_without_a_c_compiler_the_wheel_is_python(tmp_path: Path) -> None:
    path = build(tmp_path, CC="false")
    assert path.name.endswith("-py3-none-any.whl")
    assert not [name for name in zipfile.ZipFile(path).namelist() if name.endswith(".so")]


def test_a_compiled_wheel_that_cannot_be_had_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="The reader could not be compiled"):
        build(tmp_path, CC="false", ENDPLATE_BUILD="compiled")


def test_version_is_that_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    inside = json.loads(run(installed, "version", "--json", cwd=tmp_path))
    here = json.loads(
        run(Path(sys.executable).with_name("endplate"), "version", "--json", cwd=ROOT)
    )
    assert inside == here


def test_extract_and_screen_run_from_another_folder(installed: Path, tmp_path: Path) -> None:
    reports = [SAMPLES / "sudirman.jsonl", SAMPLES / "reports.jsonl"]
    # Strict: no sample may be rejected.
    run(installed, "extract", *reports, "--out", "findings.csv", "--strict", cwd=tmp_path)
    with (tmp_path / "findings.csv").open(newline="", encoding="utf-8-sig") as handle:
        assert "modic_change" in {row["finding"] for row in csv.DictReader(handle)}
    clinical = ["--clinical", SAMPLES / "clinical.csv"]
    run(installed, "screen", *reports, *clinical, "--out", "run", cwd=tmp_path)
    with (tmp_path / "run" / "worklist.csv").open(newline="", encoding="utf-8-sig") as handle:
        assert "candidate" in {row["verdict"] for row in csv.DictReader(handle)}
