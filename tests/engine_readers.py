"""Readers made for the tests of the engine: quick, and faulty on demand.

They stand in a module of their own because worker processes import them by name.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from endplate.records import Finding, Reading, Report


class WordReader:
    """Finds every "modic" with its offsets; some words make it fail in every way there is."""

    fingerprint = "word reader 1"

    def read(self, report: Report) -> Reading:
        if "RAISE" in report.text:
            raise ValueError(report.text)
        if "DIE" in report.text:
            os._exit(9)
        if "SLEEP" in report.text:
            time.sleep(600)
        if "BACKTRACK" in report.text:
            re.match(r"(a+)+$", "a" * 60 + "b")
        if "UNWAKEABLE" in report.text:
            _hold_on()
        findings = tuple(
            Finding(
                report.report_id,
                "modic_change",
                modic_type="1",
                start=match.start(),
                end=match.end(),
                text=match.group(),
                sentence=report.text,
            )
            for match in re.finditer("modic", report.text)
        )
        return Reading(report.report_id, "MR", True, findings)


def _hold_on() -> None:
    """Hang where no signal is heard, as a loop in C does."""
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(600)


def word_reader(rules: Path | None) -> WordReader:
    return WordReader()


def slow_reader(rules: Path | None) -> WordReader:
    """Each report takes a moment, so that there is time to kill somebody."""

    class Slow(WordReader):
        def read(self, report: Report) -> Reading:
            time.sleep(0.004)
            return super().read(report)

    return Slow()


def no_reader(rules: Path | None) -> WordReader:
    from endplate.errors import EndplateError

    raise EndplateError("the site rules are at fault")


def dying_reader(rules: Path | None) -> WordReader:
    os._exit(3)
