"""The spaCy components of the reader.

``endplate_layout`` cuts the report into passages with sections, ``endplate_sections`` (medspaCy's
sectionizer) lists those, ``endplate_terms`` (medspaCy's target matcher) finds the words of the
lexicon, ``endplate_levels`` the levels, ``endplate_mentions`` the findings that they make,
``endplate_context`` (medspaCy's ConText) their status, and ``endplate_linker`` joins findings and
levels to rows. They share a :class:`endplate.reader.sheet.Sheet`.
"""

from __future__ import annotations

from typing import Final

from medspacy.section_detection import Section, Sectionizer, SectionRule
from medspacy.target_matcher import TargetMatcher, TargetRule
from spacy.language import Language
from spacy.tokens import Doc

from endplate.reader.lexemes import phrases_by_norm
from endplate.reader.lexicon import Lexicon
from endplate.reader.matching import NormMatcher
from endplate.reader.pipes import span_of, token_at
from endplate.reader.sheet import sheet_of
from endplate.reader.terms import Terms

#: The components in their order.
PIPELINE: Final = (
    "endplate_layout",
    "endplate_sections",
    "endplate_terms",
    "endplate_levels",
    "endplate_mentions",
    "endplate_context",
    "endplate_linker",
)


class SectionsPipe(Sectionizer):
    """Lists the sections of a report in ``doc._.sections``, as medspaCy's sectionizer does.

    The rules are for radiology; a heading counts only where a line or a sentence starts with it.
    """

    def __init__(self, nlp: Language, lexicon: Lexicon, name: str = "endplate_sections") -> None:
        super().__init__(nlp, name=name, rules=None, phrase_matcher_attr="NORM", span_attrs=None)
        self._Sectionizer__matcher = NormMatcher(nlp.tokenizer)
        self.add(
            [
                SectionRule(title, section)
                for section, titles in lexicon.sections["sections"].items()
                for title in titles
            ]
        )

    def __call__(self, doc: Doc) -> Doc:
        """List the sections, where somebody will look at them."""
        sheet = sheet_of(doc)
        if sheet.shown:
            listed: list[Section] = []
            for unit in sheet.units:
                at = sheet.source.start
                first, own = token_at(doc, at(unit.passage.start)), token_at(doc, at(unit.start))
                last = max(token_at(doc, at(unit.passage.end) - 1) + 1, own)
                if listed and listed[-1].category == unit.section and own == first:
                    listed[-1].body_end = last
                else:
                    listed.append(Section(unit.section, first, own, own, last))
            doc._.sections = listed
        return doc


class TermsPipe(TargetMatcher):
    """Finds the phrases of the lexicon: medspaCy's target matcher on norms.

    It decides what medspaCy's own component decides from the same rules about each passage; it
    adds spans to the ``Doc`` only where somebody will look at it.
    """

    def __init__(self, nlp: Language, lexicon: Lexicon, name: str = "endplate_terms") -> None:
        super().__init__(
            nlp,
            name=name,
            rules=None,
            phrase_matcher_attr="NORM",
            result_type="group",
            span_group_name=name,
        )
        matcher = self._TargetMatcher__matcher = NormMatcher(nlp.tokenizer)
        self.add(
            [
                TargetRule(phrase, "|".join(sorted(labels)))
                for phrase, labels in phrases_by_norm(nlp, lexicon).items()
            ]
        )
        labels = {name: frozenset(name.split("|")) for name in matcher.labels}
        self._terms = Terms(nlp.tokenizer, matcher, labels)

    def __call__(self, doc: Doc) -> Doc:
        """Fill tokens and terms of the units and of their column headings."""
        sheet = sheet_of(doc)
        self._terms.fill(sheet.units)
        if sheet.shown:
            doc.spans[self.span_group_name] = [
                span_of(doc, unit, term.start, term.end, "|".join(sorted(term.labels)))
                for unit in sheet.units
                if unit.reads
                for term in unit.terms
            ]
        return doc
