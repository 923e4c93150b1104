"""Factories of the reader's components, found by spaCy through entry points.

spaCy reads the annotations of a factory at run time, so they are not postponed here.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from spacy.language import Language

from endplate.reader.assertion import ReportContext
from endplate.reader.components import SectionsPipe, TermsPipe
from endplate.reader.grammar import Grammar
from endplate.reader.lexemes import lexicon_words
from endplate.reader.lexicon import Lexicon, load_lexicon
from endplate.reader.pipes import LayoutPipe, LevelsPipe, LinkerPipe, MentionsPipe
from endplate.reader.words import ReportTokenizer, Speller


def _lexicon(rules: str) -> Lexicon:
    return load_lexicon(Path(rules) if rules else None)


def grammar_of(rules: str) -> Grammar:
    """Return what the components share for a site's overlay folder ("" = none)."""
    return _grammar(rules, _lexicon(rules).fingerprint)


@lru_cache(maxsize=4)
def _grammar(rules: str, fingerprint: str) -> Grammar:
    """Make it; the fingerprint is there so that what is remembered is never out of date."""
    return Grammar(_lexicon(rules))


@Language.factory("endplate_layout", default_config={"rules": ""})
def make_layout(nlp: Language, name: str, rules: str) -> LayoutPipe:
    """Make the component that cuts reports into passages."""
    return LayoutPipe(grammar_of(rules))


@Language.factory("endplate_sections", default_config={"rules": ""})
def make_sections(nlp: Language, name: str, rules: str) -> SectionsPipe:
    """Make the component that finds sections."""
    return SectionsPipe(nlp, _lexicon(rules), name)


@Language.factory("endplate_terms", default_config={"rules": ""})
def make_terms(nlp: Language, name: str, rules: str) -> TermsPipe:
    """Make the component that finds the words of the lexicon."""
    return TermsPipe(nlp, _lexicon(rules), name)


@Language.factory("endplate_levels", default_config={"rules": ""})
def make_levels(nlp: Language, name: str, rules: str) -> LevelsPipe:
    """Make the component that finds levels."""
    return LevelsPipe(grammar_of(rules))


@Language.factory("endplate_mentions", default_config={"rules": ""})
def make_mentions(nlp: Language, name: str, rules: str) -> MentionsPipe:
    """Make the component that finds findings."""
    return MentionsPipe(_lexicon(rules))


@Language.factory("endplate_context", default_config={"rules": ""})
def make_context(nlp: Language, name: str, rules: str) -> ReportContext:
    """Make the component that decides the status of findings."""
    return ReportContext(nlp, _lexicon(rules).assertion, name)


@Language.factory("endplate_linker", default_config={"rules": ""})
def make_linker(nlp: Language, name: str, rules: str) -> LinkerPipe:
    """Make the component that joins findings and levels to rows."""
    return LinkerPipe()


def make_tokenizer(rules: str = "") -> Callable[[Language], ReportTokenizer]:
    """Return a function that makes the reader's tokenizer (``endplate.Tokenizer.v1``)."""

    def create(nlp: Language) -> ReportTokenizer:
        lexicon = _lexicon(rules)
        words = lexicon_words(lexicon)
        speller = Speller(
            lexicon.spelling["spelling"],
            lexicon.spelling["tolerant"],
            lexicon.spelling["protected"],
            words,
        )
        return ReportTokenizer(nlp.vocab, speller, frozenset(w for w in words if len(w) >= 3))

    return create
