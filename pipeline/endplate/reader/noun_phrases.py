"""Which places a quality is said of, by the structure of the passage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Final

from endplate.reader.mentions import Term

_CONJUNCTIONS: Final = frozenset([",", "and", "or", "/", "nor", "as", "well", "+", "plus"])
#: "Throughout" is read as "through out".
_PREPOSITIONS: Final = frozenset(
    "of in on upon to with at within involving along about around from by into onto "
    "against through "
    "for near out across affecting paralleling beneath over adjacent between "
    "surrounding seen "
    "centered centred".split()
)
_BESIDE: Final = frozenset(
    "side sides around about paralleling parallel parallels flanking flanks adjacent "
    "bordering borders border lines abutting either next".split()
)
#: Words within which the disc is named that something lies beside.
_AROUND: Final = 12
_COPULAS: Final = frozenset(
    "is are was were appear appears appeared remain remains look looks show shows showing "
    "demonstrate "
    "demonstrates : being seems seem has have had been with display displays exhibit "
    "exhibits reveals "
    "reveal - not demonstrating displaying contain contains measures also =".split()
)
BREAKS: Final = frozenset(
    [";", "but", "however", "while", "whereas", "although", "|", "whilst", "though"]
)
_OBJECTS: Final = frozenset(
    "compressing compress compressive impinging impinge impinges abutting abut abuts "
    "contacting contact contacts "
    "displacing displace displaces indenting indent indents encroaching encroach "
    "encroaches effacing effaces "
    "narrowing narrow narrows flattening flattens deforming deforms touching touches "
    "obliterating obliterates "
    "compromising compromises irritating pressing presses occupying occupies affecting "
    "affects pushing reaches meets "
    "distorting distorts deflecting deflects entrapping constricting pinching surrounding "
    "encasing contacted infringing".split()
)
#: What may stand between a verb and its object, or another verb: "in contact with but not".
_TOWARDS: Final = frozenset(
    ["upon", "on", "to", "with", "against", "into", "but", "does", "do", "not"]
)
#: "Touching the left S1", and what makes a disc or a bone of "S1".
_BEFORE_ROOTS: Final = frozenset(["the", "left", "right", "both", "exiting", "traversing", "with"])
_NO_ROOT: Final = tuple(
    [n] for n in ("-", "/", "vertebra", "vertebral", "body", "endplate", "end", "disc", "level",
                  "facet", "pedicle", "lamina", "pars", "superior", "inferior",
                  "and", "nerve", "root")
)  # fmt: skip
_PRONOUNS: Final = (["it"], ["them"])
#: What a finding leads on to: "narrowing with contact of the root".
_LEADS_ON: Final = frozenset(["with", "causing", ",", ";"])
_TRANSPARENT: Final = frozenset(["body", "marrow", "height", "central", "operated"])
#: What claims the place before it, and right before it: "flattening the sac, a foraminal bulge".
#: What opens a level.
_LETTERS: Final = ("l", "s", "t", "d")
#: "Disc height at this level reduced"
_HERE: Final = tuple([word, "level"] for word in ("this", "that", "same", "both", "these"))
_SIDES: Final = (["b", "/", "l"], ["r", "/", "l"], ["l", "/", "r"])
_CLAIMS: Final = frozenset(
    ["narrowing", "stenosis", "compression", "disease", "edema", "fatty", "sclerosis", "irregular",
     "erosion"]
)  # fmt: skip
_MODIFIED: Final = frozenset(["bulge", "protrusion", "extrusion", "herniation", "fissure", "tear"])


class NounPhrases:
    """The tokens of one passage with the terms that cover them."""

    def __init__(
        self,
        terms: Sequence[Term],
        norms: Sequence[str],
        start: int,
        end: int,
        fillers: frozenset[str],
        sites: set[str],
    ) -> None:
        self.norms = norms
        self.start, self.end = start, end
        self._fillers = fillers
        self._sites = sites | {"other_site", "thecal", "pars", "annulus", "body", "marrow"}
        self._cover: dict[int, Term] = {}
        self._terms = terms
        for term in terms:
            for t in range(term.start, term.end):
                self._cover[t] = term
        # "SI joints: oedema": what follows a heading of another place is said of it
        self.foreign_title = False
        for t in range(start, min(end, start + 8)):
            if norms[t] == ":":
                before = [x for x in terms if x.end <= t]
                if before and all("other_site" in x.labels for x in before):
                    self.foreign_title = True
                break

    def _is_site(self, term: Term) -> bool:
        return bool(term.labels & self._sites)

    def _filler(self, t: int) -> bool:
        norm = self.norms[t]
        if norm in ("/", "-", ",", "and", "or", "&"):
            # inside a level: "L4/5", "L4-S1"
            return norm == "-" or (
                self.start < t < self.end - 1
                and (
                    (
                        self.norms[t - 1].isdigit()
                        and (self.norms[t + 1].isdigit() or self.norms[t + 1] in _LETTERS)
                    )
                    or self.norms[t - 1 : t + 2] in _SIDES
                )
            )
        return (
            norm in self._fillers
            or (norm == "at" and self.norms[t + 1 : t + 3] in _HERE)
            or (len(norm) == 1 and norm.isalpha())
            or norm.isdigit()
            or norm in ("(", ")", "")
        )

    def _in_level(self, t: int) -> bool:
        """Tell whether a token may be part of a level: "disc height L5/S1 reduced"."""
        norm = self.norms[t]
        return norm.isdigit() or norm in _LETTERS or norm in ("/", "-")

    def only_level(self, end: int) -> bool:
        """Tell whether nothing but a level stands before a token."""
        return end > self.start and all(self._in_level(t) for t in range(self.start, end))

    def names(self, labels: Set[str]) -> bool:
        """Tell whether the passage names a place of some kind."""
        return any(t.labels & labels for t in self._terms)

    def title(self, labels: Set[str], meant: Mapping[str, str]) -> Term | None:
        """Return the place of some kind that heads the passage: "Foramina: no left stenosis".

        `meant` tells which place the label of a thing means.
        """
        colon = next((t for t in range(self.start, min(self.end, 5)) if self.norms[t] == ":"), 0)
        for term in self._terms:
            if term.end <= colon:
                if term.labels & labels:
                    return term
                places = {meant[label] for label in term.labels if label in meant}
                if places & labels:
                    return Term(term.start, term.end, frozenset(places))
        return None

    def placed(self, term: Term) -> bool:
        """Tell whether the passage names a place that a quality could be said of."""
        end = next((t for t in range(term.end, self.end) if self.norms[t] in _LEADS_ON), self.end)
        return any(t.start < end and t is not term and self._is_site(t) for t in self._terms)

    def named_before(self, term: Term, labels: set[str]) -> Term | None:
        """Return the last place of some kind that the passage named before `term`."""
        return next(
            (t for t in reversed(self._terms) if t.end <= term.start and t.labels & labels), None
        )

    def _is_site_at(self, t: int) -> bool:
        cover = self._cover.get(t)
        return cover is not None and self._is_site(cover)

    def joint_behind(self, term: Term) -> bool:
        """Tell whether a quality is said of a joint or an arch: "oedema about the facet joints"."""
        for t in range(term.end, min(term.end + 8, self.end)):
            if self.norms[t] in BREAKS or self.norms[t] in (",", "and"):
                return False
            cover = self._cover.get(t)
            if cover is not None and cover.labels & {"facet", "pars", "transitional", "other_site"}:
                return True
        return False

    def root_behind(self, term: Term) -> int:
        """Return the end of a body that means its root ("compressing L5"), 0 where none does."""
        of = self.norms[term.end : term.end + 1] == ["of"]  # "compression of the exiting L5"
        if self.norms[term.start] not in _OBJECTS and not of:
            return 0
        t = term.end + of
        while t < self.end and self.norms[t] in _BEFORE_ROOTS:
            t += 1
        body, behind = self.norms[t : t + 2], self.norms[t + 2 : t + 3]
        named = body[:1] in (["l"], ["s"]) and body[1:] != [] and body[1].isdigit()
        return t + 2 if named and behind not in _NO_ROOT and t + 1 not in self._cover else 0

    def presses(self, term: Term) -> bool:
        """Tell whether a verb has the dural sac for its object."""
        behind = (t for t in self._terms if term.end <= t.start <= term.end + 3)
        return any("thecal" in t.labels for t in behind)

    def term_before(self, term: Term) -> Term | None:
        """Return the term right before another, but for fillers."""
        t = term.start - 1
        while t >= self.start and term.start - t <= 3:
            if t in self._cover:
                return self._cover[t]
            if not self._filler(t):
                return None
            t -= 1
        return None

    def elsewhere_before(self, term: Term) -> bool:
        """Tell whether the nearest place beside `term` is outside of the spine."""
        if self.foreign_title:
            return True
        t, seen = term.start - 1, 0
        while t >= self.start and seen < 4:
            cover = self._cover.get(t)
            if cover is not None:
                return "other_site" in cover.labels
            if not self._filler(t) and self.norms[t] not in ("is", "are"):
                break
            seen += 1
            t -= 1
        # "infection of the urinary tract", "abscess in the liver"
        t = term.end
        if t < self.end and self.norms[t] in ("of", "in", "within", "at"):
            t += 1
            while (
                t < self.end
                and self._filler(t)
                and t not in self._cover
                and not self.norms[t].isdigit()
            ):
                t += 1
            cover = self._cover.get(t)
            return (
                cover is not None
                and "other_site" in cover.labels
                and not (cover.labels & {"endplate"})
            )
        return False

    def sites_of(self, term: Term, wanted: frozenset[str], *, loose: bool) -> list[Term]:
        """Return the places that a quality is said of."""
        if self.foreign_title:
            return []
        left = self._left(term)
        if loose and self._in_body(term):
            left = left[:1]  # "beneath the endplate, marrow edema throughout the body"
        verb = self.norms[term.start] in _OBJECTS
        if verb and self.norms[term.end : term.end + 1] in _PRONOUNS:
            # "abuts the root in the recess without deforming it"
            root = self.named_before(term, {"root"})
            return [root] if root is not None and "root" in wanted else []
        if verb and not (
            self.norms[term.start] == "narrowing" and left and left[0].labels & wanted
        ):
            right = self._object(term)
            if right:
                return [s for s in right if s.labels & wanted]
        good = [site for site in left if site.labels & wanted]
        if good:
            if loose and all("marrow" in site.labels for site in good):
                # "no marrow oedema along any endplate"
                plates = [s for s in self._right(term, loose=True) if "endplate" in s.labels]
                return plates or good
            if self.norms[term.end : term.end + 1] == ["of"]:  # "foraminal compression of the root"
                good += [s for s in self._right(term, loose=loose) if "root" in s.labels & wanted]
            return good
        if self._passive(term):
            subject = self._subject(term, wanted, loose=loose)
            if subject:
                return subject
        right = self._right(term, loose=loose)
        good = [site for site in right if site.labels & wanted]
        if good:
            return good
        beside = self._beside_disc(term) if loose else None
        if beside is not None:
            return [beside]
        if loose and self._in_body(term):
            return []
        return self._subject(term, wanted, loose=loose)

    def _passive(self, term: Term) -> bool:
        """Tell whether a quality is a predicate: "the root is compressed in the foramen"."""
        t = term.start - 1
        while t > self.start and t > term.start - 4 and self._filler(t) and t not in self._cover:
            t -= 1
        return t >= self.start and self.norms[t] in (
            "is",
            "are",
            "was",
            "were",
            "appears",
            "appear",
            "remains",
        )

    def _beside_disc(self, term: Term) -> Term | None:
        """Return the disc in "oedema on both sides of the L4-5 disc": its endplates are meant."""
        beside, words = False, 0
        for t in range(term.end, self.end):
            words += not self._in_level(t)
            if words > _AROUND:
                return None
            if self.norms[t] in _BESIDE:
                beside = True
            elif self.norms[t] in BREAKS or self.norms[t] == ".":
                return None
            cover = self._cover.get(t)
            if beside and cover is not None and "disc" in cover.labels:
                return Term(cover.start, cover.end, frozenset(["endplate"]))
        return None

    def _in_body(self, term: Term) -> bool:
        """Tell whether a quality fills a body: "oedema throughout the body"."""
        for t in range(term.end, min(self.end, term.end + 6)):
            if self.norms[t] in (",", ".", ";"):
                return False
            cover = self._cover.get(t)
            if cover is not None:
                return cover.labels == {"body"} and self.norms[term.end] in (
                    "in",
                    "of",
                    "through",
                    "within",
                    "involving",
                )
        return False

    def _left(self, term: Term) -> list[Term]:
        """Collect the places written right before a quality: "canal or foraminal" stenosis."""
        sites: list[Term] = []
        t, gap, joined = term.start - 1, 0, True
        while t >= self.start:
            cover = self._cover.get(t)
            if cover is not None:
                if (
                    cover.labels & {"degenerative", "change"}
                    and self.norms[t] in self._fillers
                    and not self._is_site(cover)
                ):
                    t -= 1
                    continue
                if not self._is_site(cover) or not joined or cover.end > term.start:
                    if cover.end > term.start:
                        t -= 1
                        continue
                    break
                if sites and self._lost(cover):
                    break
                sites.append(cover)
                t, gap, joined = cover.start - 1, 0, False
                continue
            norm = self.norms[t]
            if norm in ("/", ",", "and") and self._filler(t):
                pass
            elif sites and norm in _CONJUNCTIONS:
                joined = True
            elif not sites and norm in ("and", "or", "/", ",") and t - 1 >= self.start and gap == 0:
                # "narrowing and compression of": the place stands further on
                break
            elif self._filler(t):
                gap += not self._in_level(t)
                if gap > (4 if sites else 3):
                    break
            else:
                break
            t -= 1
        return sites

    def _lost(self, site: Term) -> bool:
        """Tell whether a place has its quality before it: "loss of height and narrowing"."""
        t = site.start - 1
        quality = self._cover.get(t - 1)
        return (
            t > self.start
            and self.norms[t] == "of"
            and quality is not None
            and not self._is_site(quality)
        )

    def _object(self, term: Term) -> list[Term]:
        """Collect the objects of a verb: "compressing the thecal sac and both nerve roots"."""
        t, gap = term.end, 0
        while t < self.end and (t not in self._cover or self._cover[t].labels & {"compression"}):
            if t in self._cover:  # "contacts but does not displace the root"
                t = self._cover[t].end
                continue
            if self.norms[t] == "but" and not _TOWARDS.issuperset(self.norms[term.end : t]):
                return []  # "effaces the ventral CSF but does not narrow the canal"
            if self.norms[t] in _TOWARDS or self._filler(t):
                gap += not self._in_level(t)
                if gap > 10:
                    return []
                t += 1
                continue
            return []
        return self._list_from(t)

    def _right(self, term: Term, *, loose: bool) -> list[Term]:
        """Collect the places after a quality: "narrowing of foramina", "irregular endplates"."""
        t, gap, prepositions = term.end, 0, 0
        while t < self.end:
            cover = self._cover.get(t)
            if cover is not None:
                if self._is_site(cover):
                    if cover.labels <= _TRANSPARENT and not loose:
                        if "height" in cover.labels:
                            return self._list_from(t)
                        t = cover.end
                        continue
                    if cover.labels <= {"body", "marrow", "central", "operated"}:
                        t = cover.end
                        gap += 1
                        continue
                    return self._list_from(t)
                # another quality of the same place: "irregular and sclerotic endplates"
                if "degenerative" in term.labels and cover.labels & {"edema", "fatty"}:
                    return []  # "reactive marrow oedema of the endplates"
                gap += 1
                t = cover.end
                if gap > 3 or cover.labels & {
                    "bulge",
                    "protrusion",
                    "extrusion",
                    "herniation",
                    "listhesis",
                    "fracture",
                    "modic",
                }:
                    return []
                continue
            norm = self.norms[t]
            if norm == ":" and loose and term.start <= self.start + 2:
                t += 1  # "focal defects: inferior endplate of L1"
                continue
            if norm == "," and loose and t == term.end and term.start <= self.start + 1:
                t += 1  # "Focal defect, inferior endplate of L2"
                continue
            if norm in BREAKS or norm in (".", ":"):
                return []
            if norm in _PREPOSITIONS:
                prepositions += 1
                if prepositions > (3 if loose else 1):
                    return []
            elif norm in ("and", "or", "/", ",") and not self._filler(t):
                if norm == "," and not loose:
                    return []
                after = self._cover.get(t + 1) or self._cover.get(t + 2)
                if after is None and not (loose and t + 1 < self.end and self._filler(t + 1)):
                    return []
                if after is not None and self._is_site(after) and after.labels != {"central"}:
                    return []
            elif not self._filler(t) and not (loose and norm in _COPULAS):
                gap += 2 if loose else 99
            gap += not self._in_level(t)
            if gap > (11 if loose else 7):
                return []
            t += 1
        return []

    def _list_from(self, t: int) -> list[Term]:
        """Collect the list of places that starts at token `t`."""
        sites: list[Term] = []
        gap, joined = 0, True
        while t < self.end:
            cover = self._cover.get(t)
            if cover is not None:
                if not self._is_site(cover) or not joined:
                    break
                if sites and self._has_own_quality(cover):
                    break
                sites.append(cover)
                t, gap, joined = cover.end, 0, False
                continue
            norm = self.norms[t]
            if sites and norm in ("and", "or", ",", "/", "nor", "as", "well", "both", "with"):
                joined = True
            elif self._filler(t) and gap < 5:
                gap += 1
            elif (
                sites
                and not joined
                and self.norms[t].isalpha()
                and self.norms[t + 1 : t + 2] == ["and"]
                and t not in self._cover
                and norm not in _PREPOSITIONS
                and norm not in _COPULAS
            ):
                pass  # a slip of the pen in the middle of the list
            elif joined and sites and self.norms[t].isalpha() and self._is_site_at(t + 1):
                pass
            else:
                break
            t += 1
        return sites

    def _has_own_quality(self, site: Term) -> bool:
        t = site.end
        while (
            t < self.end
            and t - site.end < 2
            and t not in self._cover
            and self._filler(t)
            and self.norms[t] not in ("(", ")")
        ):
            t += 1
        after = self._cover.get(t)
        return (
            after is not None
            and not self._is_site(after)
            and bool(after.labels & _CLAIMS or (t == site.end and after.labels & _MODIFIED))
        )

    def _subject(self, term: Term, wanted: frozenset[str], *, loose: bool) -> list[Term]:
        """Collect the subject of a predicate: "both foramina are severely narrowed"."""
        t, copula, steps = term.start - 1, False, 0
        while t >= self.start and steps < (16 if loose else 13):
            cover = self._cover.get(t)
            if cover is not None:
                if cover.labels & wanted:
                    if not (copula or loose):
                        return []
                    return [s for s in self._coordinated_left(cover) if s.labels & wanted]
                opaque = self._is_site(cover) and not cover.labels <= _TRANSPARENT | {"modic"}
                if opaque and (not copula or "other_site" in cover.labels):
                    return []
                t = cover.start - 1
                steps += 1
                continue
            norm = self.norms[t]
            if norm in BREAKS or norm == ".":
                return []
            if (
                norm == ","
                and not self._filler(t)
                and not loose
                and self.norms[t + 1] not in ("which", "that")
            ):
                return []
            # "canal and foramina without stenosis"
            if norm in _COPULAS or (norm == "without" and "change" not in term.labels):
                copula = True
            steps += not self._in_level(t)
            t -= 1
        return []

    def _coordinated_left(self, site: Term) -> list[Term]:
        sites = [site]
        t, joined = site.start - 1, False
        gap = 0
        while t >= self.start:
            cover = self._cover.get(t)
            if cover is not None:
                if not self._is_site(cover) or not joined:
                    break
                sites.append(cover)
                t, joined, gap = cover.start - 1, False, 0
                continue
            if self.norms[t] in ("and", "or", ",", "/", "nor"):
                joined = True
            elif self._filler(t) and gap < 4:
                gap += 1
            else:
                break
            t -= 1
        return sites
