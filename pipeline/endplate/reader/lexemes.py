"""The words of the lexicon: for the matcher, for the speller, and for the gate."""

from __future__ import annotations

import re
from typing import Final

from spacy.language import Language

from endplate.reader.assertion import expand
from endplate.reader.lexicon import Lexicon
from endplate.reader.words import phrase_norm

#: Common words that are written together with one of the lexicon ("notedat", "L4-L5level").
_JOINED: Final = ("noted", "level", "type", "sac", "seen", "both", "with", "changes", "and")


def phrases_by_norm(nlp: Language, lexicon: Lexicon) -> dict[str, set[str]]:
    """Return the phrases of the lexicon as the matcher sees them, with their labels."""
    by_phrase: dict[str, set[str]] = {}
    for label, phrases in lexicon.labels.items():
        for phrase in phrases:
            by_phrase.setdefault(phrase_norm(nlp, phrase), set()).add(label)
    for meant, said in lexicon.spelling["misheard"].items():
        labels = by_phrase.get(phrase_norm(nlp, meant))
        if labels:
            for phrase in said:
                by_phrase.setdefault(phrase_norm(nlp, phrase), set()).update(labels)
    return by_phrase


def lexicon_words(lexicon: Lexicon) -> set[str]:
    """Return every word that the lexicon uses, without plurals of others."""
    slots = lexicon.assertion["slots"]
    phrases = [p for phrases in lexicon.labels.values() for p in phrases]
    for group in lexicon.assertion["cues"]:
        phrases += expand(group["phrases"], slots)
    phrases += expand(lexicon.assertion["ends"], slots)
    phrases += [*lexicon.findings["fillers"], *_JOINED]
    words = {word for phrase in phrases for word in re.findall(r"[a-z]+", str(phrase))}
    # a plural beside its singular would keep the tokenizer from bringing both to one
    return {w for w in words if not (len(w) > 3 and w.endswith("s") and w[:-1] in words)}


def anchors(nlp: Language, lexicon: Lexicon) -> frozenset[str]:
    """Return words of which a passage with a finding must hold one.

    A finding needs a thing or a quality, or a signal at an endplate, which may be named in the
    sentence before: of each of their phrases the longest word stands here.
    """
    speaking = {*lexicon.terms["things"], *lexicon.terms["qualities"], "endplate", "modic"}
    found = {
        max(phrase.split(), key=len)
        for phrase, labels in phrases_by_norm(nlp, lexicon).items()
        if labels & speaking
    }
    signal = {*lexicon.signal["low"], *lexicon.signal["high"]}
    return frozenset(found | signal | {"none", "another", "further"})
