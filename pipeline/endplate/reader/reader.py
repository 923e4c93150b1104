"""The reader: a report in, plain rows out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from endplate.reader import factories
from endplate.reader.components import PIPELINE, LayoutPipe, LevelsPipe, SectionsPipe, anchors
from endplate.reader.lexicon import Lexicon, load_lexicon
from endplate.reader.region import SPINE, RegionRules
from endplate.reader.sheet import KEY, Sheet
from endplate.reader.words import ReportTokenizer, flatten
from endplate.records import Finding, Reading, Report

#: Words that tell a report of the spine from others where no heading does.
_SPINAL: Final = re.compile(
    r"spine|spinal|vertebra|disc|lumb|endplate|end plate|modic|thecal|conus|\blss\b|lordosis"
)
_WORD: Final = re.compile(r"[^\W\d_]+")


def load_pipeline(rules: Path | None = None) -> Language:
    """Return the reader as a spaCy pipeline, with a site's overlay folder where given."""
    nlp = spacy.blank("en")
    overlay = str(rules) if rules else ""
    nlp.tokenizer = factories.make_tokenizer(overlay)(nlp)
    for name in PIPELINE:
        nlp.add_pipe(name, config={"rules": overlay})
    return nlp


class Reader:
    """Reads reports. One object a process; not to be shared between threads.

    Parameters
    ----------
    nlp : Language
        The pipeline of :func:`load_pipeline`.
    lexicon : Lexicon
        The rules that it was made of.

    Attributes
    ----------
    nlp : Language
        The same pipeline, for ``doc = reader.nlp(text)``.
    fingerprint : str
        Hash of the rules.
    """

    def __init__(self, nlp: Language, lexicon: Lexicon) -> None:
        self.nlp = nlp
        self.lexicon = lexicon
        self.fingerprint = lexicon.fingerprint
        self._pipes = [pipe for _, pipe in nlp.pipeline]
        self._layout: LayoutPipe = nlp.get_pipe("endplate_layout")
        self._sections: SectionsPipe = nlp.get_pipe("endplate_sections")
        levels: LevelsPipe = nlp.get_pipe("endplate_levels")
        self._level_gate = levels.gate
        self._tokenizer: ReportTokenizer = nlp.tokenizer
        self._regions = RegionRules(lexicon.regions)
        self._anchors = anchors(nlp, lexicon)
        self._speaks: dict[str, bool] = {}

    def read(self, report: Report) -> Reading:
        """Read one report.

        Parameters
        ----------
        report : Report
            Its `modality` and `procedure` outrank what the text says of itself.

        Returns
        -------
        Reading
            Rows in the order of the text; none from a report of another part of the body.
        """
        modality, regions = self._regions.of(report.text, report.modality, report.procedure)
        if regions and not regions & SPINE:
            return Reading(report.report_id, modality, False, ())
        sheet = self._sheet(report.text, regions)
        lumbar = "lumbar" in regions if regions else None
        findings: tuple[Finding, ...] = ()
        if sheet is not None:
            named = any(p.kind == "named" for unit in sheet.units for p in unit.places)
            if regions or named or self._is_spinal(report.text):
                findings = tuple(
                    finding
                    for row in sheet.rows
                    for finding in row.findings(report.report_id, report.text)
                )
            if lumbar is None and named:
                lumbar = True
        return Reading(report.report_id, modality, lumbar, findings)

    def sheet(self, text: str) -> Sheet:
        """Return what every stage makes of a text, for showing how a row came about."""
        doc = self.nlp(text)
        sheet: Sheet = doc.user_data[KEY]
        return sheet

    def speaks(self, flat: str) -> bool:
        """Tell whether a flattened passage can hold a finding or a level.

        Complete by construction: no finding without a thing or a quality of the lexicon, and of
        each phrase one word is an anchor.
        """
        return any(map(self._is_anchor, _WORD.findall(flat))) or self._level_gate(flat)

    def _sheet(self, text: str, regions: frozenset[str]) -> Sheet | None:
        """Run the stages over the passages that can hold a finding; the others cost no token."""
        units = self._layout.units(text)
        self._sections.fill(text, units, regions)
        spans: list[tuple[int, int]] = []
        for unit in units:
            column = unit.passage.column
            if unit.reads and (
                self.speaks(unit.flat) or (column and self.speaks(flatten(text[slice(*column)])))
            ):
                spans.append((unit.start, unit.passage.end))
                if column:
                    spans.append(column)
            else:
                unit.reads = False
        if not spans:
            return None
        doc = self._tokenizer.sparse(text, _merged(spans))
        sheet = Sheet(doc, units, regions)
        sheet.filled = sheet.sparse = True
        doc.user_data[KEY] = sheet
        self._run(doc)
        return sheet

    def _run(self, doc: Doc) -> None:
        for pipe in self._pipes:
            pipe(doc)

    def _is_anchor(self, word: str) -> bool:
        known = self._speaks.get(word)
        if known is None:
            known = any(norm in self._anchors for norm in self._tokenizer.norms_of(word))
            if len(self._speaks) < 200_000:
                self._speaks[word] = known
        return known

    def _is_spinal(self, text: str) -> bool:
        """Tell whether a report without heading and levels may still be of the spine."""
        flat = flatten(text)
        return bool(_SPINAL.search(flat)) or not self._regions.regions(flat[:80])


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(set(spans)):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def load(rules: Path | None = None) -> Reader:
    """Load the reader with the shipped rules and, where given, a site's overlay folder.

    Raises
    ------
    KnowledgeError
        Every fault of the rule files, with file and line.
    """
    return Reader(load_pipeline(rules), load_lexicon(rules))
