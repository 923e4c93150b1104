"""Modality and region of a report, from its columns and, failing them, from its own heading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from endplate.reader.alternation import alternation, openers
from endplate.reader.memory import Memory
from endplate.reader.words import flatten

_DICOM: Final = {
    "MR": "MR",
    "MRI": "MR",
    "CT": "CT",
    "CR": "XR",
    "DX": "XR",
    "XR": "XR",
    "RF": "XR",
    "US": "US",
    "NM": "NM",
    "PT": "NM",
}

#: The regions that a spine has.
SPINE: Final = frozenset(["lumbar", "whole", "cervical", "thoracic"])
#: A line that names another examination further down: "LSS MRI :".
_EXAM: Final = re.compile(
    r"(?:m\.?r\.?i\.?|ct|mr|x-?ray|xr)\b|.{1,50}\b(?:mri|ct|mr|xr|x-ray)\s*:?$"
)
#: What names an examination in front of its name.
_LABEL: Final = re.compile(
    r"^(?:exam(?:ination)?|study|procedure|exam name|study type|exam type|title|test|"
    r"investigation|exm)\s*(?:name|type|description)?\s*[:\-]\s*"
)
#: Lines that speak of an examination without being its heading.
_OTHER_HEADINGS: Final = (
    "clinical", "indication", "history", "reason", "compar", "correlat", "technique", "findings",
    "impression", "conclusion", "prior", "previous",
)  # fmt: skip

_MARKS: Final = " *#=-_\t"
_SENTENCE_END: Final = re.compile(r"[:.](?:\s|$)")
#: What is read of a line; no heading is longer.
_READ: Final = 200
#: Numbers tell nothing of an examination.
_FIGURES: Final = str.maketrans("123456789", "0" * 9)
#: Of longer lines only the first sentence can be a heading.
_LONG: Final = 140
#: Lines remembered; those that many reports share are few.
_LINES: Final = 10_000
_NO_HEADING: Final = ("", frozenset[str](), False, 0, False)


class RegionRules:
    """Reads modality and region.

    Parameters
    ----------
    rules : mapping
        The content of ``regions.yaml``.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        def pattern(words: list[str]) -> re.Pattern[str]:
            return re.compile(rf"{openers(words)}(?<![a-z0-9]){alternation(words)}(?![a-z0-9])")

        self._modality = {code: pattern(words) for code, words in rules["modality"].items()}
        self._region = {
            name: pattern(rules[name])
            for name in ("lumbar", "whole", "cervical", "thoracic", "other")
        }
        self._column = pattern(rules["column"])
        self._names_region = pattern([word for name in self._region for word in rules[name]])
        self._line = Memory(self._read_line, limit=_LINES)

    def modality(self, text: str) -> str:
        """Return the modality that a heading names first, or an empty text."""
        first = ("", len(text) + 1)
        for code, pattern in self._modality.items():
            match = pattern.search(text)
            if match and match.start() < first[1]:
                first = (code, match.start())
        return first[0]

    def regions(self, text: str) -> set[str]:
        """Return the regions that a heading names."""
        if not self._names_region.search(text):
            return set()
        found = {name for name, pattern in self._region.items() if pattern.search(text)}
        if "whole" in found:
            found |= {"lumbar"}
        if found == {"other"} and self._column.search(text):
            return set()  # "MRI spine and SI joints": the text tells which part
        return found

    def turned(self, title: str) -> frozenset[str]:
        """Return the regions of the spine that a heading inside a report turns to, if any."""
        named = self.regions(title)
        if not named & SPINE:
            # "HIP JOINT & SIJ MRI": an examination of its own
            return frozenset(["other"]) if named and self.modality(title) else frozenset()
        return frozenset(named & SPINE)

    def of(self, text: str, modality: str = "", procedure: str = "") -> tuple[str, frozenset[str]]:
        """Return modality and regions of a report; its columns outrank its text."""
        told, regions, _ = self.heading(text)
        if procedure:
            flat = flatten(procedure)
            regions = self.regions(flat) or regions
            told = self.modality(flat) or told
        given = modality.strip().upper()
        return _DICOM.get(given, given) or told, frozenset(regions)

    def heading(self, text: str) -> tuple[str, set[str], bool]:
        """Return modality, regions and whether the text has a heading that names an examination."""
        modality, regions, known = "", set[str](), False
        for number, raw in enumerate(text.splitlines()):
            line = raw.strip(_MARKS)
            if not line or (number > 14 and len(line) > 60):
                continue
            line = line[:_READ]
            if line[:12].lower().startswith(_OTHER_HEADINGS):
                continue
            if len(line) > _LONG:
                line = _SENTENCE_END.split(line, maxsplit=1)[0]
                if len(line) > 60:
                    continue
            line = line.translate(_FIGURES)
            here, named, label, words, exam = self._line[line if number else f"\f{line}"]
            if not (
                (here and named and (words <= 12 or (label and words <= 16)))
                or (label and named and number <= 14)
            ):
                continue
            if known and number > 14 and not exam:
                continue
            modality, regions, known = modality or here, regions | named, True
        return modality, regions, known

    def _read_line(self, raw: str) -> tuple[str, frozenset[str], bool, int, bool]:
        """Return modality, regions, whether a label leads, words, and whether it is a heading.

        A form feed marks the first line of a text.
        """
        line = flatten(raw.lstrip("\f")).strip(_MARKS)
        if raw[0] == "\f" and len(line.split()) > 12:
            line = _SENTENCE_END.split(line)[0]
            if len(line) > 60:
                return _NO_HEADING
        value = _LABEL.sub("", line)
        if value.startswith(_OTHER_HEADINGS):
            return _NO_HEADING
        named = frozenset(self.regions(value))
        if not named:
            return _NO_HEADING
        here = self.modality(value)
        return here, named, value != line, len(value.split()), _EXAM.match(value) is not None
