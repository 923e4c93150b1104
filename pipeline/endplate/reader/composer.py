"""Composes mentions of findings: the things and the qualities of places that a passage names.

A quality belongs to a place by structure: next to it (``foraminal narrowing``), as its object
(``narrowing both lateral recesses``), or as its predicate (``the foramina are narrowed``). Lists
on either side are followed (``canal or foraminal stenosis``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from endplate.reader.mentions import Mention, Term
from endplate.reader.noun_phrases import BREAKS, NounPhrases

_ENDPLATE: Final = frozenset(
    ["endplate_edema", "endplate_fatty_change", "endplate_sclerosis", "endplate_irregularity",
     "endplate_erosion", "endplate_defect", "endplate_degeneration"]
)  # fmt: skip


#: Places that head a line of their own: "Foramina: no stenosis".
_OPENINGS: Final = frozenset(["foramen", "recess", "endplate", "disc"])
#: Signs of a disease that is there without them.
_SIGNS: Final = frozenset(["effusion", "fluid", "gas", "synovitis"])
#: Things whose name holds a place: "Endplate defects: erosion".
_MEANT: Final = {"endplate_fracture": "endplate"}
#: What tells that a disc loses height, and what loses height besides a disc.
_DISCAL: Final = frozenset(
    ["disc", "disc_height", "disc_signal", "desiccation", "bulge", "protrusion"]
)
#: Things of discs, and what is said of a disc without its name: "L5-S1: mildly narrowed, bulging".
_OF_DISCS: Final = {"bulge", "protrusion", "extrusion", "herniation", "desiccation", "fissure"}
_NARROWED: Final = frozenset(["narrowed", "narrow"])
_SLIGHT: Final = frozenset(["mild", "slight", "slightly", "moderate", "severe", "minor", "some"])
_CLOSED: Final[tuple[list[str], ...]] = ([], [","], ["."], [";"])
_BODIES: Final = frozenset(["body", "fracture", "endplate_fracture", "marrow"])


#: What is irregular of an endplate, not of what is seen in it.
_VAGUE: Final = frozenset(["defined", "indistinct"])
#: "Reactive endplate change without oedema" is both a change and no oedema.
_PARTED: Final = frozenset([",", "without", "no", "not"])
#: What makes a verb of "changed".
_VERBAL: Final = (["not"], ["has"], ["have"], ["hardly"], ["little"])


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

    def findings_at(self, quality: str) -> dict[str, str]:
        """Return the finding that a quality makes of each kind of place."""
        return {site: finding for site, finding, _ in self._pairs.get(quality, ())}

    def __call__(
        self,
        terms: Sequence[Term],
        norms: Sequence[str],
        start: int,
        end: int,
        title: Iterable[Term],
        field: Sequence[Term] = (),
    ) -> list[Mention]:
        """Return the mentions of the tokens ``start`` to ``end``, in order.

        `title` are the terms of the column heading that the passage stands under, `field` those
        of the heading of the line that it goes on with.
        """
        view = NounPhrases(terms, norms, start, end, self._fillers, self._sites)
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
            if norms[term.start] == "change" and norms[term.start - 1 : term.start] in _VERBAL:
                continue  # "has not changed"
            if norms[term.end - 1] in _VAGUE and any(
                "edema" in t.labels and term.end <= t.start <= term.end + 2 for t in terms
            ):
                continue  # "ill-defined subendplate edema"
            qualities = [label for label in term.labels if label in self._pairs]
            if qualities:
                found.extend(
                    self._of_quality(view, term, qualities, list(title), field, bool(thing))
                )
        return self._tidy(found, terms, norms)

    # ------------------------------------------------------------------ qualities of places

    def _of_quality(
        self,
        view: NounPhrases,
        term: Term,
        qualities: Sequence[str],
        title: list[Term],
        field: Sequence[Term],
        is_thing: bool,
    ) -> list[Mention]:
        if "compression" in qualities and (end := view.root_behind(term)):
            return [Mention("nerve_root_compression", (term.start, term.end), term.start, end)]
        wanted = frozenset().union(*(self._valid[quality] for quality in qualities))
        loose = any(pair[2] for quality in qualities for pair in self._pairs[quality])
        sites = view.sites_of(term, wanted, loose=loose)
        if not sites and not is_thing:
            sites = [site for term in title for site in _meant(term) if site.labels & wanted]
            if sites:
                return [
                    Mention(finding, (term.start, term.end), term.start, term.end)
                    for site in sites
                    for finding in self._findings(qualities, site)
                ]
            if title and "stenosis" not in qualities:
                return []
        if "dark" in qualities and view.norms[term.start - 2 : term.start] == ["t", "1"]:
            sites = [site for site in sites if "disc" not in site.labels]  # discs darken on T2
        if any(view.norms[s.start] == "subchondral" for s in sites) and view.names(
            {"facet", "other_site"}
        ):
            return []  # the bone below the cartilage of a joint, not of a disc
        mentions: list[Mention] = []
        for site in sites:
            for finding in self._findings(qualities, site):
                a, b = min(term.start, site.start), max(term.end, site.end)
                near = b - a <= 9 and not any(
                    view.norms[t] in BREAKS or view.norms[t] == ":" for t in range(a, b)
                )
                mention = Mention(
                    finding,
                    (term.start, term.end),
                    a if near else term.start,
                    b if near else term.end,
                    site=site,
                )
                if "marrow" in site.labels and view.joint_behind(term):
                    continue  # "marrow oedema about the facet joints"
                mention.at_disc = all((finding, label) in self._at_disc for label in site.labels)
                if "height" in site.labels and finding == "disc_degeneration":
                    mention.needs_disc = True
                mentions.append(mention)
        if not mentions and not is_thing:
            mentions = self._elliptic(view, term, qualities)
        if not mentions and (titled := view.title(wanted & _OPENINGS, _MEANT)) is not None:
            return [
                Mention(finding, (term.start, term.end), term.start, term.end)
                for finding in self._findings(qualities, titled)
            ]
        if not mentions and not is_thing and not view.placed(term):
            mentions = self._of_field(term, qualities, field, view.norms)
        if not mentions and "stenosis" in qualities and not view.elsewhere_before(term):
            left = view.term_before(term)
            if left is None or not (left.labels & {"foramen", "recess"}):
                mentions.append(
                    Mention("spinal_stenosis", (term.start, term.end), term.start, term.end)
                )
        return mentions

    def _of_field(
        self, term: Term, qualities: Sequence[str], field: Sequence[Term], norms: Sequence[str]
    ) -> list[Mention]:
        """Read "mild narrowing at L4-5" as said of the structure that its line is about."""
        if norms[term.start] in _SIGNS and norms[term.start - 1 : term.start] == ["no"]:
            return []  # facets without effusion may be degenerate
        return [
            Mention(finding, (term.start, term.end), term.start, term.end)
            for site in field
            if "modic" not in site.labels
            for finding in self._findings(qualities, site)
        ]

    def _elliptic(self, view: NounPhrases, term: Term, qualities: Sequence[str]) -> list[Mention]:
        """Read "no canal stenosis apart from narrowing", "irregular endplates; no erosion".

        "Erosion: none" in a list of findings is of an endplate, too.
        """
        if view.foreign_title:
            return []
        titled = view.norms[term.end : term.end + 1]
        listed = titled in (["or"], ["and"], ["/"], [","]) and view.names({"schmorl"})
        if (
            "erosion" in qualities
            and term.start <= 1
            and (listed or titled in ([":"], ["-"], ["?"]))
        ):
            return [Mention("endplate_erosion", (term.start, term.end), term.start, term.end)]
        if self._of_disc(view, term, qualities):
            return [Mention("disc_degeneration", (term.start, term.end), term.start, term.end)]
        if "tear" in qualities and view.norms[term.start] == "fissure" and view.names(_DISCAL):
            return [Mention("annular_fissure", (term.start, term.end), term.start, term.end)]
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

    @staticmethod
    def _of_disc(view: NounPhrases, term: Term, qualities: Sequence[str]) -> bool:
        """Tell whether a level is called narrowed or dark: "L5/S1 narrowed", "L1/2: narrowed"."""
        norms, end = view.norms, term.start
        said = norms[end : term.end]
        dark = "dark" in qualities and "signal" in said
        if dark and view.names(_OF_DISCS):  # "at L5-S1 there is loss of signal and a protrusion"
            return not view.placed(term)
        if not (dark and "2" in said) and not ("narrowing" in qualities and said[0] in _NARROWED):
            return False
        while end > view.start and norms[end - 1] in _SLIGHT:
            end -= 1
        closed = norms[term.end : term.end + 1] in _CLOSED
        titled = norms[end - 1 : end] == [":"]
        if titled and not dark and not view.names(_OF_DISCS):
            return False  # "Foramina ... L4-5: narrowed"
        return (titled or closed) and view.only_level(end - titled)

    def _findings(self, qualities: Sequence[str], site: Term) -> list[str]:
        found = [
            finding
            for quality in qualities
            for label, finding, _ in self._pairs[quality]
            if label in site.labels
        ]
        return list(dict.fromkeys(found))

    @staticmethod
    def _belongs_elsewhere(view: NounPhrases, term: Term, finding: str) -> bool:
        """Tell whether a thing is said of a place outside of the spine ("rib fracture")."""
        if finding == "vertebral_fracture":
            left = view.term_before(term)
            if left is not None and "surgery" in left.labels and left.end == term.start:
                return True  # of a screw
            if view.norms[term.start].startswith("collaps") and view.presses(term):
                return True  # "epidural fat collapses the sac"
        if finding in ("scoliosis", "osteoporosis", "transitional_vertebra", "prior_bvn_ablation"):
            return False
        return view.elsewhere_before(term)

    @staticmethod
    def _tidy(found: list[Mention], terms: Sequence[Term], norms: Sequence[str]) -> list[Mention]:
        """Drop what another mention says more exactly, and duplicates."""
        has_disc = any(t.labels & _DISCAL for t in terms)
        has_body = any(t.labels & _BODIES for t in terms)
        has_fracture = any(m.finding == "vertebral_fracture" for m in found)
        kept: list[Mention] = []
        hemangioma = any(m.finding == "hemangioma" for m in found)
        typed = [
            m for m in found if m.finding in _ENDPLATE and m.finding != "endplate_degeneration"
        ]
        things = {(m.head, m.finding) for m in found if m.site is None}
        placed = {
            m.head
            for m in found
            if m.site is not None and m.finding in ("spondylolysis", "disc_degeneration")
        }
        seen: set[tuple[str, int, int]] = set()
        for mention in found:
            if mention.finding == "vertebral_fracture" and mention.head in placed:
                continue  # of the pars, or the collapse of a disc space
            titled = norms[mention.head[1] : mention.head[1] + 1] == [":"]
            if titled and hemangioma and mention.finding == "spinal_neoplasm":
                continue  # "marrow lesion: hemangioma of L2"
            if mention.at_disc and has_fracture:
                continue  # the marrow of a broken body
            if mention.needs_disc and mention.site is not None:
                # "loss of height of L4 due to a node"; "bruising of T12 without height loss"
                where = [mention.site.end] if has_disc else range(len(norms))
                if any(_body_at(norms, t) for t in where):
                    continue
            if mention.needs_disc and not has_disc and (has_body or "%" in norms):
                continue  # of a vertebral body
            if mention.needs_disc and has_disc and has_body:
                disc = min(
                    (abs(t.start - mention.start) for t in terms if t.labels & _DISCAL),
                    default=99,
                )
                body = min(
                    (abs(t.start - mention.start) for t in terms if t.labels & _BODIES),
                    default=99,
                )
                if body < disc:
                    continue
            if (
                mention.finding == "endplate_degeneration"
                and any(
                    (
                        abs(m.head[0] - mention.head[0]) <= 4
                        # "oedema at the endplates of L5-S1 is degenerative"
                        or (m.site == mention.site and "is" in norms[m.head[0] : mention.head[0]])
                    )
                    and (
                        m.site == mention.site or "discogenic" in (m.site.labels if m.site else ())
                    )
                    and _PARTED.isdisjoint(
                        norms[min(m.head[0], mention.head[0]) : max(m.head[0], mention.head[0])]
                    )
                    for m in typed
                )
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


def _meant(term: Term) -> list[Term]:
    """Return the places that a term of a heading names."""
    places = frozenset(_MEANT[label] for label in term.labels if label in _MEANT)
    return [term, Term(term.start, term.end, places)] if places else [term]


def _body_at(norms: Sequence[str], t: int) -> bool:
    """Tell whether "of L4" stands at a token, and not "of L4-5"."""
    return (
        norms[t : t + 1] == ["of"]
        and norms[t + 1 : t + 2] in (["l"], ["t"], ["d"])
        and norms[t + 3 : t + 4] not in (["-"], ["/"], ["l"], ["s"])
    )
