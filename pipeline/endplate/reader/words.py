"""Tokens and their spelling: text to a spaCy ``Doc`` whose NORM is one spelling per word.

The tokenizer is made for dictated and pasted reports: letters and digits part company (``typeII``,
``L4``), a hyphen inside a word belongs to its first half (``end-plate`` is read as ``end plate``),
and white space other than one blank belongs to the token before it, so that hard-wrapped lines do
not break a phrase. ``doc.text`` is always the text as it was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from spacy.attrs import NORM
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

_CORE: Final = r"""
        \s+                                  # only at the very start of a text
      | (?<![\w/])(?i:w/o|b/l|e/o)\b|(?<![\w/])[wW]/(?=\s)  # "w/o", "w/"
      | [-–=]{1,2}>|[→⇒➔]                  # an arrow
      | [^\W\d_]+(?:['’´`][^\W\d_]{1,2}\b)?  # a word, with its possessive
        (?:[-‐‑‒–]\n?(?=[^\W\d_]))?          # ... and the hyphen that ties it to the next
      | \d+(?:\.\d+)?                        # a number
      | [.…]{4,}                             # a dotted leader: "Modic change ....... none"
      | .                                    # punctuation, one by one
"""
_PARTS: Final = re.compile(rf"({_CORE})(\s*)", re.VERBOSE | re.DOTALL)
#: The same with the white space behind it.
_TOKEN: Final = re.compile(rf"(?:{_CORE})\s*", re.VERBOSE | re.DOTALL)
#: Words remembered at most: hostile input must not fill the memory.
_CACHED: Final = 200_000
#: No word of the lexicon is longer.
_LONGEST: Final = 59
_TRIM: Final = "-‐‑‒–\n \t"

#: Characters of equal meaning, one for one, so that offsets stay.
_FLAT: Final = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−⁃﹘﹣－­~∼", "-"),
        **dict.fromkeys(
            "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\u200b\ufeff",
            " ",
        ),
        **dict.fromkeys("’‘´`ʼ′", "'"),
        **dict.fromkeys("∕⁄／＼\\", "/"),
        **dict.fromkeys("“”„", '"'),
        "：": ":",
        "；": ";",
        "，": ",",
        "？": "?",
    }
)


def flatten(text: str) -> str:
    """Return `text` in lower case with dashes, blanks and quotes of one kind; same length."""
    flat = text.translate(_FLAT)
    if "...." in flat:  # a dotted leader stands for a colon
        flat = re.sub(r"\.{4,}", lambda m: " " * (len(m.group()) - 1) + ":", flat)
    return lower(flat)


def lower(text: str) -> str:
    """Return `text` in lower case; same length."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _within(a: str, b: str, limit: int) -> bool:
    """Tell whether two words are at most `limit` slips apart (optimal string alignment)."""
    if abs(len(a) - len(b)) > limit:
        return False
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], before[j - 2] + 1)
        if min(row) > limit:
            return False
        before, last = last, row
    return last[-1] <= limit


def phrase_norm(nlp: Language, phrase: str) -> str:
    """Return a phrase of a rule file in the spelling that the matchers see."""
    tokenizer: ReportTokenizer = nlp.tokenizer
    return " ".join(tokenizer.phrase(str(phrase)))


class Speller:
    """Brings a word to the spelling that the lexicon uses.

    Parameters
    ----------
    spelling : mapping of str to list of str
        Right spelling to its other forms.
    tolerant, protected : iterable of str
        Words found in spite of slips, and words that are never read as another.
    vocabulary : iterable of str
        Every word of the lexicon; a regular plural of one of them is read as the singular.
    """

    def __init__(
        self,
        spelling: Mapping[str, Iterable[str]],
        tolerant: Iterable[str],
        protected: Iterable[str],
        vocabulary: Iterable[str],
    ) -> None:
        self._forms = {form: word for word, forms in spelling.items() for form in forms}
        self._protected = frozenset(protected)
        self._vocabulary = frozenset(vocabulary) | frozenset(spelling)
        self._tolerant: dict[str, list[str]] = {}
        for word in tolerant:
            self._tolerant.setdefault(word[0], []).append(word)
        self._seen: dict[str, str] = {}

    def __call__(self, token: str) -> str:
        """Return the norm of one token."""
        norm = self._seen.get(token)
        if norm is None:
            flat = ":" if token[:4] in ("....", "……") else flatten(token)
            norm = self._norm(flat.rstrip(_TRIM).strip() or flat.strip())
            if len(self._seen) < _CACHED:
                self._seen[token] = norm
        return norm

    def _norm(self, word: str) -> str:
        if word in self._forms:
            return self._forms[word]
        if "'" in word:
            word = word[: word.index("'")]
        if word in self._vocabulary or word in self._protected or len(word) < 3:
            return self._forms.get(word, word)
        for ending, stem in (("ies", "y"), ("es", ""), ("s", "")):
            single = word[: -len(ending)] + stem
            if word.endswith(ending) and len(single) > len(ending) + 2:
                single = self._forms.get(single, single)
                if single in self._vocabulary:
                    return single
        if word in self._forms:
            return self._forms[word]
        if 6 <= len(word) <= 22:
            limit = 1 if len(word) < 9 else 2
            for known in self._tolerant.get(word[0], ()):
                if len(known) >= 6 and _within(word, known, limit):
                    return known
        return word


def split_run(word: str, known: frozenset[str]) -> list[str]:
    """Split words written as one (``thecalsac``) into known words; the word itself if it cannot."""
    for cut in range(3, len(word)):
        head, rest = word[:cut], word[cut:]
        if head in known:
            if rest in known or rest in ("i", "ii", "iii"):
                return [head, rest]
            for second in range(3, len(rest)):
                if rest[:second] in known and (
                    rest[second:] in known or rest[second:] in ("i", "ii", "iii")
                ):
                    return [head, rest[:second], rest[second:]]
    return [word]


class ReportTokenizer:
    """The tokenizer of the reader (see the module)."""

    def __init__(self, vocab: Vocab, speller: Speller, runs: frozenset[str]) -> None:
        self.vocab = vocab
        self.speller = speller
        self._runs = runs
        self._splits: dict[str, tuple[tuple[str, str], ...]] = {}
        self._phrases: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, tuple[tuple[str, int, int], ...]] = {}

    def __call__(self, text: str) -> Doc:
        """Return the ``Doc`` of a text, NORM set."""
        words: list[str] = []
        spaces: list[bool] = []
        norms: list[int] = []
        for core, blank in _PARTS.findall(text):
            pieces = self.pieces(core)
            words.extend(piece for piece, _ in pieces)
            spaces.extend([False] * len(pieces))
            norms.extend(self.vocab.strings.add(norm or piece) for piece, norm in pieces)
            if blank == " ":
                spaces[-1] = True
            else:
                words[-1] += blank
        doc = Doc(self.vocab, words=words, spaces=spaces)
        if words:
            doc.from_array([NORM], np.array(norms, dtype=np.uint64).reshape(-1, 1))
        return doc

    def read(self, text: str) -> tuple[list[str], list[int], list[int]]:
        """Return the norms of a text's tokens and where they start and end, without white space."""
        norms: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        for token in _TOKEN.findall(text):
            for norm, start, end in self._known.get(token) or self._read_token(token):
                norms.append(norm)
                starts.append(at + start)
                ends.append(at + end)
            at += len(token)
        return norms, starts, ends

    def _read_token(self, token: str) -> tuple[tuple[str, int, int], ...]:
        """Return norm, start and end of each part of a token that has its white space with it."""
        parts: list[tuple[str, int, int]] = []
        at = 0
        for piece, norm in self.pieces(token.rstrip() or token):
            parts.append((norm, at, at + len(piece)))
            at += len(piece)
        known = tuple(parts)
        if len(self._known) < _CACHED and len(token) <= _LONGEST:
            self._known[token] = known
        return known

    def phrase(self, phrase: str) -> tuple[str, ...]:
        """Return the norms of a phrase of a rule, as the matchers see it."""
        norms = self._phrases.get(phrase)
        if norms is None:
            norms = self._phrases[phrase] = tuple(self.read(phrase)[0])
        return norms

    def pieces(self, word: str) -> tuple[tuple[str, str], ...]:
        """Return the parts of a word with their norms: several where words are written as one."""
        known = self._splits.get(word)
        if known is None:
            parts = [word]
            if 5 <= len(word) <= _LONGEST and word.isalpha():
                parts = self._parted(word)
            known = tuple((part, self._norm(part)) for part in parts)
            if len(self._splits) < _CACHED and len(word) <= _LONGEST:
                self._splits[word] = known
        return known

    def _norm(self, part: str) -> str:
        return self.speller(part) if len(part) <= _LONGEST else "\n"

    def _parted(self, word: str) -> list[str]:
        low = word.lower()
        if low in self._runs or self.speller(word) in self._runs or len(low) != len(word):
            return [word]
        parts, at = [], 0
        for part in split_run(low, self._runs):
            parts.append(word[at : at + len(part)])
            at += len(part)
        return parts

    # spaCy writes and reads components; everything here comes from the rule files.
    def to_bytes(self, **_: Any) -> bytes:  # noqa: D102
        return b""

    def from_bytes(self, _data: bytes, **_: Any) -> ReportTokenizer:  # noqa: D102
        return self

    def to_disk(self, _path: Any, **_: Any) -> None:  # noqa: D102
        return None

    def from_disk(self, _path: Any, **_: Any) -> ReportTokenizer:  # noqa: D102
        return self
