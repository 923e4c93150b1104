"""Tokens and their spelling: text to a spaCy ``Doc`` whose NORM is one spelling per word.

The tokenizer is made for dictated and pasted reports: letters and digits part company (``typeII``,
``L4``), a hyphen inside a word belongs to its first half (``end-plate`` is read as ``end plate``),
and white space other than one blank belongs to the token before it, so that hard-wrapped lines do
not break a phrase. ``doc.text`` is always the text as it was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from spacy.attrs import NORM
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

_TOKEN: Final = re.compile(
    r"""(
        \s+                                  # only at the very start of a text
      | [^\W\d_]+(?:['’´`][^\W\d_]{1,2}\b)?  # a word, with its possessive
        (?:[-‐‑‒–]\n?(?=[^\W\d_]))?          # ... and the hyphen that ties it to the next
      | \d+(?:\.\d+)?                        # a number
      | [.…]{4,}                             # a dotted leader: "Modic change ....... none"
      | .                                    # punctuation, one by one
    )(\s*)""",
    re.VERBOSE | re.DOTALL,
)
#: Words remembered at most: hostile input must not fill the memory.
_CACHED: Final = 200_000
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
    lower = flat.lower()
    if len(lower) == len(flat):
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in flat)


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
    return " ".join(token.norm_ for token in nlp.tokenizer(str(phrase)))


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
        self._ids: dict[str, int] = {}
        self._splits: dict[str, list[str]] = {}

    def __call__(self, text: str) -> Doc:
        """Return the ``Doc`` of a text, NORM set."""
        return self.sparse(text, [(0, len(text))])

    def sparse(self, text: str, spans: Sequence[tuple[int, int]]) -> Doc:
        """Return a ``Doc`` in which only some spans are tokenized; what lies between is one token.

        Parameters
        ----------
        text : str
        spans : sequence of tuple of int
            Offsets, in order, not overlapping.
        """
        words: list[str] = []
        spaces: list[bool] = []
        at = 0
        for start, end in spans:
            if at < start:
                words.append(text[at:start])
                spaces.append(False)
            self._tokens(text, start, end, words, spaces)
            at = end
        if at < len(text):
            words.append(text[at:])
            spaces.append(False)
        doc = Doc(self.vocab, words=words, spaces=spaces)
        if words:
            norms = np.fromiter(map(self._norm_id, words), dtype=np.uint64, count=len(words))
            doc.from_array([NORM], norms.reshape(-1, 1))
        return doc

    def _tokens(
        self, text: str, start: int, end: int, words: list[str], spaces: list[bool]
    ) -> None:
        for match in _TOKEN.finditer(text, start, end):
            core, blank = match.groups()
            if len(core) >= 5 and core.isalpha():
                pieces = self._pieces(core)
                if len(pieces) > 1:
                    words.extend(pieces[:-1])
                    spaces.extend([False] * (len(pieces) - 1))
                    core = pieces[-1]
            if blank == " ":
                words.append(core)
                spaces.append(True)
            else:
                words.append(core + blank)
                spaces.append(False)

    def norms_of(self, word: str) -> list[str]:
        """Return the norms of a word of letters: several where words are written as one."""
        pieces = self._pieces(word) if len(word) >= 5 else [word]
        return [self.speller(piece) for piece in pieces]

    def _norm_id(self, word: str) -> int:
        key = self._ids.get(word)
        if key is None:
            # a stretch that is not tokenized has no norm of its own
            norm = self.speller(word) if len(word) < 60 else "\n"
            key = int(self.vocab.strings.add(norm or word))
            if len(self._ids) < _CACHED and len(word) < 60:
                self._ids[word] = key
        return key

    def _pieces(self, word: str) -> list[str]:
        pieces = self._splits.get(word)
        if pieces is None:
            low = word.lower()
            if low in self._runs or self.speller(word) in self._runs or len(low) != len(word):
                pieces = [word]
            else:
                pieces, at = [], 0
                for piece in split_run(low, self._runs):
                    pieces.append(word[at : at + len(piece)])
                    at += len(piece)
            if len(self._splits) < _CACHED:
                self._splits[word] = pieces
        return pieces

    # spaCy writes and reads components; everything here comes from the rule files.
    def to_bytes(self, **_: Any) -> bytes:  # noqa: D102
        return b""

    def from_bytes(self, _data: bytes, **_: Any) -> ReportTokenizer:  # noqa: D102
        return self

    def to_disk(self, _path: Any, **_: Any) -> None:  # noqa: D102
        return None

    def from_disk(self, _path: Any, **_: Any) -> ReportTokenizer:  # noqa: D102
        return self
