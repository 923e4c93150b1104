"""The reader: a report in, plain rows out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from endplate.reader import factories
from endplate.reader.asides import Source, unmarked
from endplate.reader.components import PIPELINE
from endplate.reader.gate import Gate
from endplate.reader.grammar import Grammar
from endplate.reader.lexemes import anchors
from endplate.reader.lexicon import Lexicon, load_lexicon
from endplate.reader.region import SPINE
from endplate.reader.rows import findings_of
from endplate.reader.sheet import KEY, Sheet, sheet_of
from endplate.reader.words import flatten
from endplate.records import Finding, Reading, Report

#: Words that tell a report of the spine from others where no heading does.
_SPINAL: Final = re.compile(
    r"spine|spinal|vertebra|disc|lumb|endplate|end plate|modic|thecal|conus|\blss\b|lordosis"
)


def load_pipeline(rules: Path | None = None) -> Language:
    """Return the reader as a spaCy pipeline, with a site's overlay folder where given."""
    overlay = str(rules) if rules else ""
    tokenizer = {"@tokenizers": "endplate.Tokenizer.v1", "rules": overlay}
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}})
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
    grammar : Grammar
        What its components share.

    Attributes
    ----------
    nlp : Language
        The same pipeline, for ``doc = reader.nlp(text)``.
    fingerprint : str
        Hash of the rules.
    gate : Gate
        Passes over what cannot hold a finding.
    """

    def __init__(self, nlp: Language, lexicon: Lexicon, grammar: Grammar) -> None:
        self.nlp = nlp
        self.lexicon = lexicon
        self.fingerprint = lexicon.fingerprint
        self._grammar = grammar
        self._pipes = [pipe for _, pipe in nlp.pipeline]
        self.gate = Gate(anchors(nlp, lexicon), nlp.tokenizer, grammar.levels)
        # The components take what they need from the sheet; the ``Doc`` only carries it.
        self._carrier = Doc(nlp.vocab)

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
        text = report.text
        modality, regions = self._grammar.regions.of(
            unmarked(text), report.modality, report.procedure
        )
        if regions and not regions & SPINE:
            return Reading(report.report_id, modality, False, ())
        source = self._grammar.asides.read(text)
        sheet = self._sheet(source, regions)
        lumbar = "lumbar" in regions if regions else None
        findings: tuple[Finding, ...] = ()
        if sheet is not None:
            if regions or sheet.named or self._is_spinal(text):
                findings = tuple(findings_of(sheet.rows, report.report_id, source))
            if lumbar is None and sheet.named:
                lumbar = True
        return Reading(report.report_id, modality, lumbar, findings)

    def sheet(self, text: str) -> Sheet:
        """Return what every stage makes of a text, for showing how a row came about."""
        return sheet_of(self.nlp(text))

    def _sheet(self, source: Source, regions: frozenset[str]) -> Sheet | None:
        """Run the components over the passages that can hold a finding; the others cost nothing."""
        units = self._grammar.units(source, regions)
        if not self.gate.close(units):
            return None
        sheet = Sheet(source, units, regions, shown=False)
        self._carrier.user_data[KEY] = sheet
        for pipe in self._pipes:
            pipe(self._carrier)
        return sheet

    def _is_spinal(self, text: str) -> bool:
        """Tell whether a report without heading and levels may still be of the spine."""
        flat = flatten(text)
        return bool(_SPINAL.search(flat)) or not self._grammar.regions.regions(flat[:80])


def load(rules: Path | None = None) -> Reader:
    """Load the reader with the shipped rules and, where given, a site's overlay folder.

    Raises
    ------
    KnowledgeError
        Every fault of the rule files, with file and line.
    """
    grammar = factories.grammar_of(str(rules) if rules else "")
    return Reader(load_pipeline(rules), load_lexicon(rules), grammar)
