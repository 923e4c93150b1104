"""Build hook of the wheel: the reader as machine code, where that can be made.

Same source, same findings, only faster. It needs a C compiler and Python's headers; without them
the wheel holds Python. ``ENDPLATE_BUILD=python`` asks for that, ``ENDPLATE_BUILD=compiled`` fails
rather than do without. An editable install always stays Python, so that an edit counts at once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReaderBuildHook(BuildHookInterface):
    """Compiles the modules of ``pipeline/endplate/reader`` but those that `plain` lists."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add what was compiled to the wheel; nothing is left beside the source."""
        wish = os.environ.get("ENDPLATE_BUILD", "")
        if version == "editable" or wish == "python":
            return
        self._scratch = TemporaryDirectory()
        scratch = Path(self._scratch.name)
        shutil.copytree(
            Path(self.root, "pipeline", "endplate"),
            scratch / "endplate",
            ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"),
        )
        plain = {f"{name}.py" for name in self.config["plain"]}
        modules = sorted(
            path.relative_to(scratch).as_posix()
            for path in (scratch / "endplate" / "reader").glob("*.py")
            if path.name not in plain
        )
        done = subprocess.run(
            [sys.executable, __file__, *modules], cwd=scratch, capture_output=True, check=False
        )
        if done.returncode:
            if wish == "compiled":
                said = (done.stdout + done.stderr).decode(errors="replace")
                message = f"The reader could not be compiled:\n{said[-4000:]}"
                raise RuntimeError(message)
            self.app.display_warning("The reader could not be compiled; it is installed as Python.")
            return
        for path in (scratch / "out").rglob("*"):
            if path.suffix in (".so", ".pyd"):
                build_data["force_include"][str(path)] = path.relative_to(scratch / "out")
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the working folder."""
        if hasattr(self, "_scratch"):
            self._scratch.cleanup()


def compile_modules(modules: list[str]) -> None:
    """Compile modules of the working folder into its folder ``out``."""
    from mypyc.build import mypycify
    from setuptools import setup

    options = ["--ignore-missing-imports", "--no-site-packages", *modules]
    setup(
        name="endplate",
        packages=[],
        ext_modules=mypycify(options, opt_level="3", debug_level="0"),
        script_args=["--quiet", "build_ext", "--build-lib", "out"],
    )


if __name__ == "__main__":
    compile_modules(sys.argv[1:])
