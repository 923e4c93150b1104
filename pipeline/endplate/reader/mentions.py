"""Mentions of findings: the things and the qualities of places that a passage names.

A quality belongs to a place by structure: next to it (``foraminal narrowing``), as its object
(``narrowing both lateral recesses``), or as its predicate (``the foramina are narrowed``). Lists
on either side are followed (``canal or foraminal stenosis``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(slots=True, frozen=True)
class Term:
    """A phrase of the lexicon in a passage; token indices, end exclusive."""

    start: int
    end: int
    labels: frozenset[str]


@dataclass(slots=True)
class Mention:
    """A finding as a passage names it.

    ``head`` are the tokens that cues are asked about; ``start`` and ``end`` also take in the place
    where it stands beside. ``spot`` is its level where the structure of the line gives it, ``decided`` that
    its status is (a ticked box, a value). ``types`` are Modic types in the order told, ``choice`` marks "1 or 2".
    """

    finding: str
    head: tuple[int, int]
    start: int
    end: int
    site: Term | None = None
    types: list[str] = field(default_factory=list)
    choice: bool = False
    mixed: bool = False
    basis: str = ""
    status: str = "present"
    cue: str = ""
    needs_disc: bool = False
    at_disc: bool = False
    spot: Any = None
    decided: bool = False


_CONJUNCTIONS: Final = frozenset([",", "and", "or", "/", "nor", "as", "well", "+", "plus"])
_PREPOSITIONS: Final = frozenset(
    "of in on upon to with at within involving along about around from by into onto against through "
    "for near throughout across affecting paralleling beneath over adjacent between surrounding seen "
    "centered centred".split()
)
_BESIDE: Final = frozenset(
    "side sides around about paralleling parallel parallels flanking flanks adjacent bordering abutting either next".split()
)
_COPULAS: Final = frozenset(
    "is are was were appear appears appeared remain remains look looks show shows showing demonstrate "
    "demonstrates : being seems seem has have had been with display displays exhibit exhibits reveals "
    "reveal - not demonstrating displaying contain contains measures also =".split()
)
_BREAKS: Final = frozenset(
    [";", "but", "however", "while", "whereas", "although", "|", "whilst", "though"]
)
_OBJECTS: Final = frozenset(
    "compressing compress compressive impinging impinge impinges abutting abut abuts contacting contact contacts "
    "displacing displace displaces indenting indent indents encroaching encroach encroaches effacing effaces "
    "narrowing narrow narrows flattening flattens deforming deforms touching touches obliterating obliterates "
    "compromising compromises irritating pressing presses occupying occupies affecting affects pushing reaches meets "
    "distorting distorts deflecting deflects entrapping constricting pinching surrounding encasing contacted infringing".split()
)
_TRANSPARENT: Final = frozenset(["body", "marrow", "height", "central", "operated"])
_ENDPLATE: Final = frozenset(
    ["endplate_edema", "endplate_fatty_change", "endplate_sclerosis", "endplate_irregularity",
     "endplate_erosion", "endplate_defect", "endplate_degeneration"]
)  # fmt: skip


class Composer:
    """Finds the mentions of a passage from its terms.

    Parameters
    ----------
    rules : mapping
        The content of ``findings.yaml``.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._things = {
            label: finding for finding, labels in rules["things"].items() for label in labels
        }
        self._at_disc = {
            (pair["finding"], pair["site"]) for pair in rules["pairs"] if pair.get("at_disc")
        }
        self._pairs: dict[str, list[tuple[str, str, bool]]] = {}
        self._sites: set[str] = set()
        for pair in rules["pairs"]:
            self._sites.add(pair["site"])
            for quality in pair["quality"]:
                self._pairs.setdefault(quality, []).append(
                    (pair["site"], pair["finding"], pair.get("loose", False))
                )
        self._fillers = frozenset(rules["fillers"])
        self._valid = {
            quality: frozenset(site for site, _, _ in pairs)
            for quality, pairs in self._pairs.items()
        }

    def __call__(
        self,
        terms: Sequence[Term],
        norms: Sequence[str],
        start: int,
        end: int,
        title: Iterable[Term],
    ) -> list[Mention]:
        """Return the mentions of the tokens ``start`` to ``end``, in order.

        `title` are the terms of the column heading that the passage stands under.
        """
        view = _View(terms, norms, start, end, self._fillers, self._sites)
        found: list[Mention] = []
        for term in terms:
            thing = next(
                (self._things[label] for label in term.labels if label in self._things), None
            )
            if thing:
                if not self._belongs_elsewhere(view, term, thing):
                    found.append(Mention(thing, (term.start, term.end), term.start, term.end))
                if not term.labels & {"fracture", "listhesis"}:
                    continue
            qualities = [label for label in term.labels if label in self._pairs]
            if qualities:
                found.extend(self._of_quality(view, term, qualities, list(title), bool(thing)))
        return self._tidy(found, terms, norms)

    # ------------------------------------------------------------------ qualities of places

    def _of_quality(
        self, view: _View, term: Term, qualities: Sequence[str], title: list[Term], is_thing: bool
    ) -> list[Mention]:
        wanted = frozenset().union(*(self._valid[quality] for quality in qualities))
        loose = any(pair[2] for quality in qualities for pair in self._pairs[quality])
        sites, _adjacent = view.sites_of(term, wanted, loose=loose)
        if not sites and not is_thing:
            sites = [site for site in title if site.labels & wanted]
            if sites:
                return [
                    Mention(finding, (term.start, term.end), term.start, term.end)
                    for site in sites
                    for finding in self._findings(qualities, site)
                ]
            if title and "stenosis" not in qualities:
                return []
        if any(view.norms[s.start] == "subchondral" for s in sites) and view.names(
            {"facet", "other_site"}
        ):
            return []  # the bone below the cartilage of a joint, not of a disc
        mentions: list[Mention] = []
        for site in sites:
            for finding in self._findings(qualities, site):
                a, b = min(term.start, site.start), max(term.end, site.end)
                near = b - a <= 9 and not any(
                    view.norms[t] in _BREAKS or view.norms[t] == ":" for t in range(a, b)
                )
                mention = Mention(
                    finding,
                    (term.start, term.end),
                    a if near else term.start,
                    b if near else term.end,
                    site=site,
                )
                mention.at_disc = all((finding, label) in self._at_disc for label in site.labels)
                if "height" in site.labels and finding == "disc_degeneration":
                    mention.needs_disc = True
                mentions.append(mention)
        if not mentions and not is_thing:
            mentions = self._elliptic(view, term, qualities)
        if not mentions and "stenosis" in qualities and not view.elsewhere_before(term):
            left = view.term_before(term)
            if left is None or not (left.labels & {"foramen", "recess"}):
                mentions.append(
                    Mention("spinal_stenosis", (term.start, term.end), term.start, term.end)
                )
        return mentions

    def _elliptic(self, view: _View, term: Term, qualities: Sequence[str]) -> list[Mention]:
        """Read "no canal stenosis apart from mild narrowing" and "irregular endplates; no erosion"."""
        if view.foreign_title:
            return []
        for quality, labels in (
            ("narrowing", {"canal", "foramen", "recess"}),
            ("erosion", {"endplate"}),
        ):
            if quality in qualities and (
                quality != "narrowing" or view.norms[term.start] == "narrowing"
            ):
                site = view.named_before(term, labels)
                if site is not None:
                    return [
                        Mention(finding, (term.start, term.end), term.start, term.end)
                        for finding in self._findings([quality], site)
                    ]
        return []

    def _findings(self, qualities: Sequence[str], site: Term) -> list[str]:
        found = [
            finding
            for quality in qualities
            for label, finding, _ in self._pairs[quality]
            if label in site.labels
        ]
        return list(dict.fromkeys(found))

    @staticmethod
    def _belongs_elsewhere(view: _View, term: Term, finding: str) -> bool:
        """Tell whether a thing is said of a place outside of the spine ("rib fracture")."""
        if finding in ("scoliosis", "osteoporosis", "transitional_vertebra", "prior_bvn_ablation"):
            return False
        return view.elsewhere_before(term)

    @staticmethod
    def _tidy(found: list[Mention], terms: Sequence[Term], norms: Sequence[str]) -> list[Mention]:
        """Drop what another mention says more exactly, and duplicates."""
        has_disc = any(
            t.labels & {"disc", "disc_height", "disc_signal", "desiccation", "bulge", "protrusion"}
            for t in terms
        )
        has_body = any(t.labels & {"body", "fracture"} for t in terms)
        kept: list[Mention] = []
        typed = [
            m for m in found if m.finding in _ENDPLATE and m.finding != "endplate_degeneration"
        ]
        things = {(m.head, m.finding) for m in found if m.site is None}
        seen: set[tuple[str, int, int]] = set()
        for mention in found:
            if mention.needs_disc and not has_disc and has_body:
                continue
            if mention.needs_disc and has_disc and has_body:
                disc = min(
                    (
                        abs(t.start - mention.start)
                        for t in terms
                        if t.labels
                        & {
                            "disc",
                            "disc_height",
                            "disc_signal",
                            "desiccation",
                            "bulge",
                            "protrusion",
                        }
                    ),
                    default=99,
                )
                body = min(
                    (
                        abs(t.start - mention.start)
                        for t in terms
                        if t.labels & {"body", "fracture"}
                    ),
                    default=99,
                )
                if body < disc:
                    continue
            if mention.finding == "endplate_degeneration" and any(
                abs(m.head[0] - mention.head[0]) <= 4
                and m.site == mention.site
                and ","
                not in norms[min(m.head[0], mention.head[0]) : max(m.head[0], mention.head[0])]
                for m in typed
            ):
                continue
            if mention.site is not None and (mention.head, mention.finding) in things:
                continue
            if mention.site is not None and any(
                other.site is None
                and other.finding == "schmorl_node"
                and other.start < mention.end
                and mention.start < other.end
                for other in found
            ):
                continue
            site = mention.site.start if mention.site else -1
            key = (
                mention.finding,
                site if mention.finding == "endplate_degeneration" else mention.head[0],
                site,
            )
            if key in seen:
                continue
            seen.add(key)
            kept.append(mention)
        kept.sort(key=lambda m: (m.head[0], m.start))
        return kept


class _View:
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
        if norm in ("/", "-", ",", "and", "&"):
            # inside a level: "L4/5", "L4-S1"
            return norm == "-" or (
                self.start < t < self.end - 1
                and self.norms[t - 1].isdigit()
                and (self.norms[t + 1].isdigit() or self.norms[t + 1] in ("l", "s", "t", "d"))
            )
        return (
            norm in self._fillers
            or (len(norm) == 1 and norm.isalpha())
            or norm.isdigit()
            or norm in ("(", ")", "")
        )

    def names(self, labels: set[str]) -> bool:
        """Tell whether the passage names a place of some kind."""
        return any(t.labels & labels for t in self._terms)

    def named_before(self, term: Term, labels: set[str]) -> Term | None:
        """Return the last place of some kind that the passage named before `term`."""
        return next(
            (t for t in reversed(self._terms) if t.end <= term.start and t.labels & labels), None
        )

    def _is_site_at(self, t: int) -> bool:
        cover = self._cover.get(t)
        return cover is not None and self._is_site(cover)

    def term_before(self, term: Term) -> Term | None:
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
            if not self._filler(t):
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

    def sites_of(
        self, term: Term, wanted: frozenset[str], *, loose: bool
    ) -> tuple[list[Term], bool]:
        """Return the places that a quality is said of, and whether they stand right beside it."""
        if self.foreign_title:
            return [], False
        left = self._left(term)
        verb = self.norms[term.start] in _OBJECTS
        if verb and not (
            self.norms[term.start] == "narrowing" and left and left[0].labels & wanted
        ):
            right = self._object(term)
            if right:
                return [s for s in right if s.labels & wanted], True
        good = [site for site in left if site.labels & wanted]
        if good:
            return good, True
        if self._passive(term):
            subject = self._subject(term, wanted, loose=loose)
            if subject:
                return subject, False
        right = self._right(term, loose=loose)
        good = [site for site in right if site.labels & wanted]
        if good:
            return good, True
        if loose and self._beside_disc(term):
            return [self._beside_disc(term)], True  # type: ignore[list-item]
        if loose and self._in_body(term):
            return [], False
        return self._subject(term, wanted, loose=loose), False

    def _passive(self, term: Term) -> bool:
        """Tell whether a quality is a predicate: "the root is compressed in the foramen"."""
        t = term.start - 1
        while t > self.start and t > term.start - 4 and self._filler(t) and t not in self._cover:
            t -= 1
        return self.norms[t] in ("is", "are", "was", "were", "appears", "appear", "remains")

    def _beside_disc(self, term: Term) -> Term | None:
        """Return the disc in "oedema along both sides of the L4-5 disc": its endplates are meant."""
        beside = False
        for t in range(term.end, min(self.end, term.end + 12)):
            if self.norms[t] in _BESIDE:
                beside = True
            elif self.norms[t] in _BREAKS or self.norms[t] == ".":
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
                    "throughout",
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
                    if sites and joined and not self._is_site(cover):
                        # "thickening of the ligament, facet and canal narrowing" ends here
                        break
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
                gap += 1
                if gap > (4 if sites else 3):
                    break
            else:
                break
            t -= 1
        return sites

    def _object(self, term: Term) -> list[Term]:
        """Collect the objects of a verb: "compressing the thecal sac and both nerve roots"."""
        t, gap = term.end, 0
        while t < self.end and (t not in self._cover or self._cover[t].labels & {"compression"}):
            if t in self._cover:  # "contacts but does not displace the root"
                t = self._cover[t].end
                continue
            if self.norms[t] in (
                "upon",
                "on",
                "to",
                "with",
                "against",
                "into",
                "but",
                "does",
                "do",
                "not",
            ) or self._filler(t):
                gap += 1
                if gap > 10:
                    return []
                t += 1
                continue
            return []
        return self._list_from(t)

    def _right(self, term: Term, *, loose: bool) -> list[Term]:
        """Collect the places that follow a quality: "narrowing of the foramina", "irregular endplates"."""
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
            if norm in _BREAKS or norm in (".", ":"):
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
                if after is not None and self._is_site(after):
                    return []
            elif not self._filler(t) and not (loose and norm in _COPULAS):
                gap += 2 if loose else 99
            gap += 1
            if gap > (9 if loose else 7):
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
            and bool(after.labels & {"narrowing", "stenosis", "compression", "disease"})
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
                if self._is_site(cover) and not cover.labels <= _TRANSPARENT | {"modic"}:
                    if not copula:
                        return []
                    if "other_site" in cover.labels:
                        return []
                t = cover.start - 1
                steps += 1
                continue
            norm = self.norms[t]
            if norm in _BREAKS or norm == ".":
                return []
            if (
                norm == ","
                and not self._filler(t)
                and not loose
                and self.norms[t + 1] not in ("which", "that")
            ):
                return []
            if norm in _COPULAS:
                copula = True
            t -= 1
            steps += 1
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
