"""Modic changes: the type grammar, and types that are only described by signal.

Source: the annotation guideline, rules 2 and 3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from endplate.reader.mentions import Mention, Term

_NUMBERS: Final = {
    "1": "1", "i": "1", "l": "1", "one": "1",
    "2": "2", "ii": "2", "ll": "2", "two": "2", "11": "2",
    "3": "3", "iii": "3", "lll": "3", "three": "3", "111": "3",
}  # fmt: skip
#: "l" for "1" is what scanners read; before a number it is the letter of a level.
_N: Final = r"(?:iii|ii|i|(?:lll|ll|l)(?! [-\d])|111|11|[123]|one|two|three)"
_GLUE: Final = (
    r"(?:(?: (?:anteriorly|posteriorly|centrally))? (?!, mixed)(?:/|-|,|>|<|and|or|plus|\+|to|"
    r"and / or|as well as|, and|, or|with|vs|versus)(?: (?:modic|type|grade|also|mixed|"
    r"superimposed|additional|some|residual|\())*)?"
)
_LIST: Final = rf"{_N}(?:{_GLUE} {_N}(?![\w.])){{0,4}}"
#: A type named by the word "type" (or "grade" beside "Modic"), or a number right after "Modic".
_TYPED: Final = re.compile(
    rf"(?<!\S)(?:(?P<own>modic|mc|mci{{1,3}})(?: (?:change|signal|end|plate|endplate|"
    rf"degenerative|degeneration|disease|abnormality|"
    rf"sign|s|of|mixed|is|are|being|with|as|in|alteration|-|\(|,|:|marrow|reactive|"
    rf"vertebral|classification|class|stage|from|conversion|transition|transformation))*"
    rf"(?: (?:type|typ|grade|class|stage|no|category))?|(?P<word>type|typ|mixed|"
    rf"grade(?= {_N} (?:at|in|on)(?!\S))))"
    rf"(?: (?:-|:|\(|#|both))*? (?P<list>{_LIST})(?![\w]| ?\.\d| (?:mm|cm|%|weeks?|months?|"
    rf"years?|(?:level|segment)(?! (?:[lstd] )?\d)))"
)
#: Of these each of the patterns holds one.
_NAMES: Final = ("modic", "mc", "typ", "mixed")
#: A further type in a series: ", II at L4-5".
_NEXT: Final = re.compile(
    rf"(?<!\S)(?:,|;|and|but|then) (?P<list>{_LIST}) (?:at|in|on) (?:the )?"
    r"(?=[lstd] \d|\d (?:-|/) )"
)
#: A type that annotates a level: "Modic changes L3-4 (II) and L4-5 (I)".
_BRACKETED: Final = re.compile(rf"(?<=\d )\( (?P<list>{_LIST}) \)")
#: "Mixed, predominantly type 2": one of its types is named.
_MAINLY: Final = re.compile(
    r"(?<!\S)mixed (?:(?!and |but |with )[^ ;.]+ ){0,12}"
    r"(?:predominantly|mainly|mostly|primarily|chiefly|largely|dominantly) (?:modic )?$"
)
#: What is done with Modic changes: "MC reading, both time points side by side".
_READS: Final = (["reading"], ["score"], ["scoring"], ["rating"], ["protocol"], ["study"])
_PURE: Final = (["1"], ["2"])
_MIXED: Final = {"1": ["1", "2"], "2": ["1", "2"]}
#: "Type 1 or mixed".
_OR_MIXED: Final = re.compile(r" (?:or|vs|versus) mixed(?! (?:modic|type|grade|\d|i))(?!\S)")
_OR: Final = re.compile(r"(?<!\S)(?:or|vs|versus)(?!\S)")
_GLUED: Final = re.compile(r"(?<!\S)mc(?P<list>i{1,3}|[123])(?!\S)")
#: What else is counted in types and grades.
_SCHEMES: Final = frozenset(["other_scheme", "listhesis", "fracture", "facet", "transitional"])


def read_list(text: str) -> tuple[list[str], bool]:
    """Read a list of numbers; tell whether it leaves a choice ("1 or 2")."""
    options = [
        [_NUMBERS[n] for n in re.findall(rf"(?<!\S){_N}(?!\S)", part) if n in _NUMBERS]
        for part in _OR.split(text)
    ]
    mixed = any(len(option) > 1 for option in options)
    if len(options) > 1 and mixed and "," not in text:  # "1 or mixed 1/2"
        return ["/".join(sorted(set(option))) for option in options], True
    numbers = [number for option in options for number in option]
    if re.fullmatch(r"1 (?:-|to) 3|i (?:-|to) iii", text):
        numbers = ["1", "2", "3"]
    return numbers, len(options) > 1


def read_types(words: Sequence[str]) -> tuple[list[str], bool]:
    """Read the types of a value ("I/II", "mixed 1 and 2"); none where it names none."""
    match = re.search(
        rf"(?<!\S)(?:(?:type|grade|modic|mixed) )*(?P<list>{_LIST})(?! (?:mm|cm|%))(?!\S)",
        " ".join(words),
    )
    return read_list(match.group("list")) if match else ([], False)


def modic_mentions(
    terms: Sequence[Term],
    norms: Sequence[str],
    start: int,
    end: int,
    *,
    titled: bool,
    told: bool = False,
) -> list[Mention]:
    """Return the stated Modic changes of a passage.

    `titled` tells that the passage stands in a column headed "Modic": a bare type or number in it
    is a Modic type. `told` tells that the text before is about Modic changes: a bare type is.
    """
    tokens = list(norms[start:end])
    joined = " ".join(tokens)
    if not titled and not any(word in joined for word in _NAMES):
        return []
    # token index of each character of the joined norms
    at: list[int] = []
    for i, norm in enumerate(tokens):
        at.extend([i] * (len(norm) + 1))
    modic = [t for t in terms if "modic" in t.labels]
    endplates = [t for t in terms if "endplate" in t.labels]
    found: list[Mention] = []
    consumed: set[int] = set()
    if titled and not modic:
        match = re.fullmatch(rf"(?:type |grade |mixed )*(?P<list>{_LIST})(?: .*)?", joined)
        if match:
            types, choice = read_list(match.group("list"))
            last = start + at[match.end("list") - 1] + 1
            return [_stated((start, last), types, choice)]
        if joined in ("none", "no", "absent", "yes", "present", "0", "negative"):
            return [_stated((start, end), [])]
        return []
    for match in _TYPED.finditer(joined):
        first, last = start + at[match.start()], start + at[match.end("list") - 1] + 1
        named = any(t.start == last for t in modic)  # "retrolisthesis and type 1 Modic change"
        if not (match.group("own") or named) and _of_other_scheme(terms, first, last):
            continue
        types, choice = read_list(match.group("list"))
        if not types:
            continue
        if len(types) == 1 and _MAINLY.search(joined, 0, match.start()):
            types = _MIXED.get(types[0], types)
        if types in _PURE and _OR_MIXED.match(joined, match.end("list")):
            types, choice = [*types, "1/2"], True
        own = match.group("own")
        head = (first, last)
        if not own:
            # "type 2 Modic", "mixed I/II Modic": the name right behind the type
            behind = next(
                (
                    t
                    for t in modic
                    if 0 <= t.start - last <= 4 and _is_link(tokens, last - start, t.start - start)
                ),
                None,
            )
            before = next((t for t in reversed(modic) if t.end <= first), None)
            if behind is not None:
                head = (first, behind.end)
                consumed.add(behind.start)
            elif before is not None:
                consumed.add(before.start)
            elif match.group("word") == "grade":
                continue
            elif modic:  # "type II (L3-L4), type I (L4-L5) Modic changes"
                nearest = min(modic, key=lambda t: abs(t.start - first))
                between = tokens[last - start : nearest.start - start]
                # "previously type 1; no Modic change at L5-S1": the name is of another statement
                if _ANEW.isdisjoint(between):
                    consumed.add(nearest.start)
            elif not (told or found or _described(terms, first)) and not any(
                _typed_beside(tokens, t.start - start, t.end - start, first - start, last - start)
                for t in endplates
            ):
                continue
        else:
            consumed.update(t.start for t in modic if first <= t.start < last)
            nxt = next((t for t in modic if t.start >= last and t.start - last <= 2), None)
            if nxt is not None and _is_link(tokens, last - start, nxt.start - start):
                consumed.add(nxt.start)
        found.append(_stated(head, types, choice))
    for match in re.finditer(
        r"(?<!\S)(?:modic (?:type )?(?:to|too|tu)|type (?:to|too|tu) modic)"
        r"(?= (?:end|endplate|change|degenerat|signal|marrow))",
        joined,
    ):
        first, last = start + at[match.start()], start + at[match.end() - 1] + 1
        consumed.update(t.start for t in modic if first <= t.start < last)
        found.append(_stated((first, last), ["2"]))
    for match in _NEXT.finditer(joined) if found else ():  # "Modic I at L3-4, II at L4-5"
        first, last = start + at[match.start("list")], start + at[match.end("list") - 1] + 1
        if not any(m.head[0] < last and first < m.head[1] for m in found):
            types, choice = read_list(match.group("list"))
            found.append(_stated((first, last), types, choice))
    for match in _BRACKETED.finditer(joined) if modic else ():
        first, last = start + at[match.start("list")], start + at[match.end("list") - 1] + 1
        before = next((t for t in reversed(modic) if t.end <= first), None)
        if before is not None and not any(m.head[0] < last and first < m.head[1] for m in found):
            consumed.add(before.start)
            types, choice = read_list(match.group("list"))
            found.append(_stated((first, last), types, choice))
    for match in _GLUED.finditer(joined):
        first = start + at[match.start()]
        consumed.add(first)
        types, _ = read_list(" ".join([match.group("list")]))
        found.append(_stated((first, first + 1), types))
    # "fatty Modic change", "oedematous Modic change"
    described = {t.end: ["1"] for t in terms if "edema" in t.labels}
    described |= {t.end: ["2"] for t in terms if "fatty" in t.labels}
    consumed.update(t for mention in found for t in range(*mention.head))
    for term in modic:
        if term.start in consumed:
            continue
        if norms[term.start] not in ("modic", "mc") or norms[term.end : term.end + 1] in _READS:
            continue
        after = norms[term.end] if term.end < end else ""
        if after == "0" or norms[term.end : term.end + 2] == ["type", "0"]:
            continue
        found.append(_stated((term.start, term.end), described.get(term.start, [])))
    found.sort(key=lambda m: m.head)
    return found


def _stated(head: tuple[int, int], types: list[str], choice: bool = False) -> Mention:
    """Return a stated Modic change."""
    return Mention(
        "modic_change", head, head[0], head[1], types=types, choice=choice, basis="stated"
    )


def _of_other_scheme(terms: Sequence[Term], first: int, last: int) -> bool:
    """Tell whether a type or grade is one of another scheme: "Castellvi type 2", "grade 1 slip"."""
    return any(t.start < last + 2 and t.end > first - 3 and t.labels & _SCHEMES for t in terms)


def _described(terms: Sequence[Term], first: int) -> bool:
    """Tell whether a type is said of what stands right before it: "fatty type 2 change"."""
    return any(t.start < first <= t.end and t.labels & {"fatty", "edema"} for t in terms)


def _typed_beside(tokens: Sequence[str], a: int, b: int, first: int, last: int) -> bool:
    """Tell whether an endplate at ``a`` to ``b`` has the type that stands ``first`` to ``last``."""
    if _broken(tokens, min(a, first), max(a, last)):
        return False
    if b <= first:  # "endplate changes at L4-5 are of type 2"
        gap = tokens[b:first]
        if gap[-1:] == [","] and "change" in gap:
            return len(gap) <= 8  # "endplate changes are again present, mixed type 1/2"
        return len(gap) <= 4 or (
            len(gap) <= 14 and gap[-1] in ("is", "are", "of", "being", "from", "to")
        )
    near = {"change", "signal"}.isdisjoint(tokens[last : last + 2])
    return a - last <= (5 if near else 10)


_ANEW: Final = frozenset((";", ".", "but", "no", "not", "without", "nor"))


def _is_link(tokens: Sequence[str], a: int, b: int) -> bool:
    return all(
        token
        in (
            "-",
            "degenerative",
            "endplate",
            "end",
            "plate",
            "marrow",
            "signal",
            ")",
            "(",
            "vertebral",
            "discogenic",
            "the",
            "of",
        )
        for token in tokens[a:b]
    )


def _broken(tokens: Sequence[str], a: int, b: int) -> bool:
    return any(token in (";", ".", "but") for token in tokens[a:b])
