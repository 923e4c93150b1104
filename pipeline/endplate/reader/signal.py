"""Signal on T1, T2 and STIR: what pairs of it say of an endplate, and what else explains it.

Source: the annotation guideline, rule 3; the words are in ``signal.yaml``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from endplate.reader.mentions import Mention, Term

_PLACES: Final = frozenset(["endplate", "discogenic", "modic"])
#: Diseases whose signal it may be.
_DISEASES: Final = frozenset(["neoplasm", "hemangioma", "infection", "fracture"])
_DENIED: Final = (["no"], ["not"], ["without"], ["nor"])
#: What another cause of the signal is put aside with: "infection less likely".
_DOUBTS: Final = frozenset(["unlikely", "less", "excluded", "absent", "not"])
_FLANKS: Final = frozenset(["flanking", "flanks", "bordering", "paralleling"])
_CLAUSES: Final = frozenset(["whereas", "while", "but", ";", ".", "where"])
#: What makes a fat-suppressed sequence of "fat".
_SUPPRESSED: Final = frozenset(["sat", "saturated", "saturation", "suppressed", "suppression"])
#: "Long T1 and long T2 signals" are dark and bright.
_RELAXATION: Final = frozenset(["long", "short"])
_SHORTENING: Final = frozenset(["shortening", "prolongation"])
_WEIGHTED: Final = frozenset(["1", "2", "w", "wi", "weighted", "signal"])
#: So many tokens behind an intensity its sequence may begin.
_BESIDE: Final = 3
_TYPES: Final = {"endplate_edema": "1", "endplate_fatty_change": "2", "endplate_sclerosis": "3"}


class _Event(NamedTuple):
    """A sequence (``on``) or an intensity (``is``) at a token."""

    kind: str
    name: str
    token: int


class Signals:
    """Reads what a passage says of signal.

    Parameters
    ----------
    rules : mapping
        The content of ``signal.yaml``.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._low = frozenset(rules["low"])
        self._intensity = {
            word: name for name in ("low", "high", "intermediate") for word in rules[name]
        }
        self._suppressed = frozenset(rules["fat_suppressed"])
        links, causes, edematous, explained = (
            "|".join(map(re.escape, rules[key]))
            for key in ("links", "causes", "edematous", "explained")
        )
        self._caused = re.compile(
            rf"\b(?:(?:{links}) (?:\w+ ){{0,4}}?(?:{causes})"
            rf"|(?:{explained})"
            rf"|(?:{edematous}) (?:with|shows?|has|demonstrating) (?:\w+ ){{0,5}}edema)"
            r"|schmorl (?:[\w,;]+ ){0,18}?(?:edema|halo)|edema(?:tous)? (?:\) )?schmorl"
            r"|(?:halo|cuff) of (?:\w+ ){0,3}edema|surrounded by (?:\w+ ){0,4}edema"
            r"|fracture of (?:(?!and |or )\w+ ){1,8}with (?:\w+ ){0,3}edema"
        )

    def caused_otherwise(self, norms: Sequence[str]) -> bool:
        """Tell whether a passage gives the oedema another cause than the disc."""
        return self._caused.search(" ".join(norms)) is not None

    def __call__(
        self, terms: Sequence[Term], norms: Sequence[str], title: Sequence[Term]
    ) -> list[Mention]:
        """Return what signal pairs say, clause by clause where several clauses have one.

        "L4-5 bright on T1 and T2, whereas L5-S1 is dark on T1 and bright on T2". `title` are the
        terms of a heading, or of what the text before is about.
        """
        last = len(norms)
        if not _CLAUSES.isdisjoint(norms[:-1]):
            edges = [0, *(t for t, norm in enumerate(norms) if norm in _CLAUSES), last]
            found = [
                mention
                for a, b in itertools.pairwise(edges)
                for mention in self._pairs(
                    [t for t in terms if a <= t.start and t.end <= b], norms, a, b, title
                )
            ]
            if len(found) > 1 or (found and "where" in norms):  # "where it had been dark on T1"
                return found
        return self._pairs(terms, norms, 0, last, title)

    def _pairs(
        self,
        terms: Sequence[Term],
        norms: Sequence[str],
        start: int,
        end: int,
        title: Sequence[Term],
    ) -> list[Mention]:
        """Return what the signal in some tokens says of an endplate, at most one mention.

        T1 low with T2 or STIR high is oedema (type 1), T1 high with T2 high or iso is fat (type 2),
        T1 and T2 low is sclerosis (type 3). T2 or STIR alone is no type; STIR high is oedema.
        """
        site = next((t for t in [*terms, *title] if t.labels & _PLACES), None)
        site = site or _flanked(terms, norms)
        modic = any("modic" in t.labels for t in terms)  # weighed against the disease
        if site is None or any(
            t.labels & _DISEASES
            and not (modic and "infection" in t.labels)
            and norms[t.start - 1 : t.start] not in _DENIED
            and _DOUBTS.isdisjoint(norms[t.end : t.end + 4])
            for t in terms
        ):
            return []
        events = self._events(norms, start, end)
        if len({event.kind for event in events}) < 2:
            return []
        signal = _read_signal(events)
        finding = _finding(signal)
        if not finding:
            return []
        first, last = events[0].token, events[-1].token + 1
        while last < end and norms[last] in _WEIGHTED:
            last += 1
        mention = Mention(finding, (first, last), first, last, site=site)
        untyped = finding == "endplate_edema" and "t1" not in signal
        mention.types = [] if untyped else [_TYPES[finding]]
        mention.basis = "described"
        return [mention]

    def _events(self, norms: Sequence[str], start: int, end: int) -> list[_Event]:
        """Return sequences and intensities in order."""
        events: list[_Event] = []
        for t in range(start, end):
            norm = norms[t]
            behind = norms[t + 1] if t + 1 < end else ""
            if norm in _RELAXATION and norms[t + 1 : t + 3] in (["t", "1"], ["t", "2"]):
                bright = (norm == "long") == (norms[t + 2] == "2")
                events.append(_Event("is", "high" if bright else "low", t))
            elif norm in _SHORTENING and norms[t - 2 : t] in (["t", "1"], ["t", "2"]):
                bright = (norm == "shortening") == (norms[t - 1] == "1")
                events.append(_Event("is", "high" if bright else "low", t))
            elif norm in ("all", "both") and behind in ("sequence", "sequences"):
                events += [_Event("on", "t1", t), _Event("on", "t2", t)]
            elif norm == "t" and behind in ("1", "2"):
                events.append(_Event("on", f"t{behind}", t))
            elif norm in self._suppressed or (norm == "fat" and behind in _SUPPRESSED):
                events.append(_Event("on", "stir", t))
            elif norm in self._intensity and not self._other(norms, t):
                events.append(_Event("is", self._intensity[norm], t))
        return events

    def _other(self, norms: Sequence[str], t: int) -> bool:
        """Tell whether a word for an intensity is said of something else."""
        norm, behind = norms[t], norms[t + 1 : t + 2]
        return (
            (norm == "inferior" and behind != ["signal"])  # an endplate
            or norm == "superior"
            or (norm == "increased" and behind == ["since"])
            or (norm in self._low and "height" in norms[t + 1 : t + 4])  # a disc
            or (norm in ("suppressed", "suppression") and norms[t - 1 : t] == ["fat"])
        )


def _flanked(terms: Sequence[Term], norms: Sequence[str]) -> Term | None:
    """Return the disc that something flanks: "signal flanking the L3-4 disc" is of endplates."""
    if _FLANKS.isdisjoint(norms):
        return None
    return next(
        (
            t
            for t in terms
            if "disc" in t.labels and not _FLANKS.isdisjoint(norms[max(0, t.start - 8) : t.start])
        ),
        None,
    )


def _finding(signal: Mapping[str, str]) -> str:
    t1, t2, stir = signal.get("t1"), signal.get("t2"), signal.get("stir")
    if (t1 == "low" and "high" in (t2, stir)) or (stir == "high" and t1 is None):
        return "endplate_edema"
    if t1 == "high" and (t2 in ("high", "intermediate") or stir == "low"):
        return "endplate_fatty_change"
    return "endplate_sclerosis" if t1 == t2 == "low" else ""


def _read_signal(events: Sequence[_Event]) -> dict[str, str]:
    """Pair intensities with sequences: "T1 low, T2 high" as well as "bright on T1 and T2"."""
    signal: dict[str, str] = {}
    # the intensity leads when the first sequence has one before it within three words
    group = next((i for i, event in enumerate(events[1:], 1) if event.kind == "is"), 0)
    leads = events[0].kind == "is" and not (
        group > 1
        and events[group].token - events[group - 1].token <= 2
        and events[1].token - events[0].token > _BESIDE
    )
    value = ""
    if leads:
        for kind, name, _ in events:
            if kind == "is":
                value = name
            elif value:
                signal.setdefault(name, value)
        return signal
    waiting: list[str] = []
    since = 0
    for kind, name, token in events:
        if kind == "on" and value and token - since <= _BESIDE:  # "T1 bright, isointense on T2"
            signal.setdefault(name, value)
            value = ""
        elif kind == "on":
            waiting.append(name)
        else:
            value, since = "" if waiting else name, token
            for sequence in waiting:
                signal.setdefault(sequence, name)
            waiting = []
    return signal
