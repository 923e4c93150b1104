"""Status of a mention: what the cues that ConText found mean together.

ConText knows the scope of a cue; where a list or a clause plainly ends it, what two cues mean
together, and what the section says, is decided here. Source: the annotation guideline, rule 4.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from endplate.reader.grading import GRADES, HANDS
from endplate.reader.mentions import Mention


@dataclass(slots=True, frozen=True)
class Cue:
    """A cue that reaches a mention: its category, its tokens, and the side it stands on."""

    category: str
    start: int
    end: int
    before: bool
    reach: str
    distance: int


#: What stands for a denied finding by itself: "and absent at L5-S1".
NONE: Final = frozenset(["none", "absent"])
_SHOWS: Final = frozenset(["show", "demonstrate", "display", "displays"])
#: Words that end the reach of an adjective ("possible", "?").
_PHRASE_ENDS: Final = frozenset(
    ", ; : is are shows show with causing resulting and where which .".split()
)


def _listed(
    between: Sequence[str], behind: Sequence[str], marks: Sequence[int], first: int, target: int
) -> bool:
    """Tell whether commas between a cue and a target only part the items of one list."""
    comma = len(between) - 1 - list(reversed(between)).index(",")
    item = between[comma + 1 :]
    if any(n in ("is", "are", "was", "were", "has", "have", "show", "there") for n in item):
        return False
    if "and" in item or ("with" not in item and any(n in ("or", "nor") for n in item[:6])):
        return True
    levelled = any(first <= m < first + comma for m in marks) and any(
        m >= first + comma for m in marks
    )
    if levelled and not any(n in ("or", "nor") for n in between):
        return False
    # the list is closed by "or" further on: "no bulge, protrusion or extrusion"
    for i, n in enumerate(behind):
        if n in (";", ".", ":") or (n in ("but", "with", "is", "are") and i < 2):
            break
        if n in ("or", "nor"):
            return True
    if (
        any(n in ("is", "are", "seen", "noted", "show", "now", "today") for n in behind[:3])
        and "seen" not in behind[:1]
    ):
        return False  # a clause of its own: "no protrusion, Modic changes are seen"
    return "and" in item[:2] or (len(item) <= 2 and not any(n in _LATERAL for n in item))


_LATERAL: Final = frozenset(
    "left right bilateral mild moderate severe small minimal central diffuse broad chronic".split()
)


def reaches(
    cue: Cue, target: tuple[int, int], norms: Sequence[str], marks: Sequence[int], end: int
) -> bool:
    """Tell whether a cue's reach plausibly includes a target.

    Parameters
    ----------
    cue : Cue
    target : tuple of int
        Head tokens of the mention.
    norms : sequence of str
    marks : sequence of int
        First tokens of the level lists of the passage: a comma between two of them ends a list.
    end : int
        End of the passage.
    """
    if cue.before:
        between = norms[cue.end : target[0]]
        if ":" in between[1:] and cue.category == "negated":
            return False  # "does not enhance: Modic type 2"
        if cue.category == "historical" and (
            "become" in between
            or any(
                a in _TURNED and b in _INTO
                for a, b in itertools.pairwise(norms[cue.end : target[0] + 2])
            )
        ):
            return False  # "previously oedematous, replaced by fat"
        if cue.category == "negated" and _one_sided(cue, norms):
            return False
        if cue.reach == "phrase":
            return len(between) <= 9 and not any(
                n in _PHRASE_ENDS and not (n == "and" and between[i + 1 : i + 2] == ["/"])
                for i, n in enumerate(between)
            )
        return "," not in between or _listed(
            between, norms[target[1] : end], marks, cue.end, target[0]
        )
    between = norms[target[1] : cue.start]
    if norms[cue.start : cue.end] == ["suspected"] and not _CLOSES.issuperset(
        norms[cue.end : cue.end + 1]
    ):
        return False  # "endplate changes and suspected discitis"
    if cue.reach == "phrase":
        words = [n for n in between if len(n) > 1 and not n.isdigit()]  # but for "at L4-5"
        return len(words) <= 4 and not any(n in _PHRASE_ENDS for n in between)
    if norms[cue.start] in NONE and cue.end < len(norms) and norms[cue.end] in (
        "at", "elsewhere", "in", "above", "below", "of", "on", "other",
    ) and (norms[cue.start] == "none" or norms[cue.start - 1] in ("and", "but", ",")):  # fmt: skip
        return False
    if norms[cue.start] == ":" and any(n in (".", ";") for n in between):
        return False
    if ":" in between:
        return False
    here = any(m < cue.start for m in marks)
    if between[-1:] == ["and"] and here and any(m >= cue.end for m in marks):
        return False  # "still visible at L4-5 and no longer visible at L5-S1"
    if "and" in between:
        at = list(between).index("and")
        if not _VERBS.isdisjoint(between[at:]):
            return False  # "Modic 1, and infection has been considered and dismissed"
        if not _VERBS.isdisjoint(between[:at]) and between[at + 1 : at + 2] == ["the"]:
            return False  # "the node with oedema is unchanged and the oedema has resolved"
    if "," in between:
        comma = len(between) - 1 - list(reversed(between)).index(",")
        if between[-1] == "," and (
            norms[cue.start] == "which"
            or (norms[cue.start] in ("is", "are") and cue.category == "uncertain")
        ):
            return True  # "a protrusion, which is no longer seen", "a lesion, with X, is suspected"
        if not _SHOWS.isdisjoint(norms[max(0, target[0] - 8) : target[0]]):
            return False  # "the endplate shows oedema, and Modic 1 is suspected"
        return any(n in ("or", "nor", "and") for n in between[comma:]) and not any(
            n in ("with", "is", "are") for n in between
        )
    return not any(n in (";",) for n in between)


def _one_sided(cue: Cue, norms: Sequence[str]) -> bool:
    """Tell whether one side is denied and the other told: "mild right and no left narrowing"."""
    before = norms[max(0, cue.start - 5) : cue.start]
    if before[-1:] == ["and"] and norms[cue.end] in HANDS:
        return before[-2:-1] == [_OTHER_HAND[norms[cue.end]]]
    # "right mild, left no narrowing"
    return (
        before[-1:] != []
        and before[-1] in HANDS
        and _OTHER_HAND[before[-1]] in before[:-1]
        and not GRADES.isdisjoint(before)
    )


_TURNED: Final = frozenset(
    "replaced converted evolved changed transformed turned progressed matured transitioned".split()
)
_INTO: Final = frozenset(["by", "to", "into"])
_OTHER_HAND: Final = {"left": "right", "right": "left"}
_VERBS: Final = frozenset(["is", "are", "was", "were", "has", "have"])
#: What follows a "suspected" that is said of what stands before it.
_CLOSES: Final = frozenset(
    ". , ; : ) ( - at on in for with here clinically and though although but".split()
)


def neither(norms: Sequence[str], target: tuple[int, int]) -> bool:
    """Tell whether "neither L3-4 nor L4-5 shows" a target: a verb would end what "neither" says."""
    before = norms[: target[0]]
    if "neither" not in before or "nor" not in before:
        return False
    behind = before[before.index("neither") :]
    return "nor" in behind and not {",", ";", "but", "."} & set(behind)


#: Findings that are told as history without being over, and words that age a fracture.
_LASTING: Final = frozenset(["prior_surgery", "prior_bvn_ablation"])
_BESIDE: Final = frozenset(
    [
        "above",
        "below",
        "adjacent",
        "near",
        "around",
        "about",
        "through",
        "within",
        "across",
        "in",
        "at",
        "along",
    ]
)
#: What is denied of implants that are there.
_FAILURES: Final = frozenset(
    "loosening failure fracture complication lucency breakage malposition subsidence migration "
    "backout".split()
)
#: Tokens over which a doubt behind an operation, or a denial in a question, is of something else.
_FAR: Final = 4
_AGEING: Final = frozenset("old prior previous remote former earlier known".split())


def weigh(
    finding: str, cues: Sequence[Cue], section: str, norms: Sequence[str]
) -> tuple[str, Cue | None]:
    """Return the status that a mention's cues and section give it, and the cue that decided.

    An empty status means that the mention is no finding (planned, "no new", technique).
    """
    by: dict[str, list[Cue]] = {}
    for cue in cues:
        # apart for ConText only: "oedema previously seen ... has been replaced by fat" has both
        category = "historical" if cue.category == "converted" else cue.category
        by.setdefault(category, []).append(cue)

    def nearest(category: str) -> Cue:
        return min(by[category], key=lambda c: c.distance)

    lasting = finding in _LASTING
    if lasting and section != "indication":
        by.pop("indication", None)  # "limits evaluation of the fused levels"
        by["negated"] = [c for c in by.get("negated", []) if not _locates(c, norms)]
        if not by["negated"]:
            del by["negated"]
    if lasting and "planned" in by:
        return "", nearest("planned")
    if lasting and any(_explains(c, norms) for c in by.get("uncertain", [])):
        return "", nearest("uncertain")
    if lasting and any(norms[c.end - 1] == "subsided" for c in by.get("resolved", [])):
        del by["resolved"]  # a cage that has sunk in
    if lasting:  # "fusion hardware degrades the images, and the endplates cannot be assessed"
        for category in ("skipped", "uncertain"):
            by[category] = [
                c
                for c in by.get(category, [])
                if (c.before or c.distance < _FAR) and norms[c.start] != "versus"
            ]  # "post discectomy - discitis versus reactive change"
            if not by[category]:
                del by[category]
    if finding == "vertebral_fracture" and "historical" in by:
        by["historical"] = [c for c in by["historical"] if norms[c.start] not in _AGEING]
        if not by["historical"]:
            del by["historical"]
    if lasting and any("had" in norms[c.start : c.end] for c in by.get("historical", [])):
        return "historical", nearest("historical")
    if section == "technique":
        return ("indication", nearest("indication")) if "indication" in by else ("", None)
    if section == "indication":
        if "negated" in by and _near(no := nearest("negated"), norms):
            return "absent", no
        if lasting:
            return "historical", None
        return "indication", nearest("indication") if "indication" in by else None
    if "skipped" in by:
        return "", nearest("skipped")
    if "resolved" in by:
        return "absent", nearest("resolved")
    decided = [
        c for category in ("negated", "uncertain", "indication") for c in by.get(category, [])
    ]
    if section == "comparison":
        if "negated" in by:
            return "", nearest("negated")
        return "historical", nearest("historical") if "historical" in by else None
    if decided:
        cue = min(decided, key=lambda c: (c.distance, c.category))
        choice = next((c for c in decided if norms[c.start] == "versus"), None)
        if norms[cue.start] == "query" and choice is not None:
            cue = choice  # "query Modic change versus infection": a doubt, not what is asked
        if cue.category == "uncertain" and cue.before and cue.reach == "phrase":
            # "the suspected fracture is not confirmed"
            refuted = next((c for c in by.get("negated", []) if not c.before), None)
            if refuted is not None:
                return "absent", refuted
        if cue.category == "uncertain" and cue.before:
            # "no fluid to suggest discitis", "without findings suspicious for": denied all the same
            denial = next(
                (c for c in by.get("negated", []) if c.before and c.end <= cue.start), None
            )
            listed = norms[cue.start : cue.start + 1] == ["suggest"] and (
                norms[cue.start - 1] == "to"
            )  # "no destruction, fluid or collection to suggest discitis"
            if (
                denial is not None
                and (listed or "," not in norms[denial.end : cue.start])
                and "but" not in norms[denial.end : cue.start]
            ):
                return "absent", denial
        if cue.category == "negated":
            if "historical" in by and not lasting and not cue.before:
                return "absent", cue
            return "absent", cue
        if (
            "historical" in by
            and "present" not in by
            and cue.category == "uncertain"
            and not lasting
        ):
            return "historical", nearest("historical")
        return ("uncertain" if cue.category == "uncertain" else "indication"), cue
    if "historical" in by and not lasting:
        if "present" in by:
            return "present", nearest("present")
        return "historical", nearest("historical")
    if "present" in by:
        return "present", nearest("present")
    return "present", None


def _near(denial: Cue, norms: Sequence[str]) -> bool:
    """Tell whether a denial is of the thing asked about: not "no trauma, ?fracture"."""
    between = norms[denial.end : denial.end + denial.distance]
    return denial.distance <= _FAR and not (denial.before and "?" in between)


def _explains(cue: Cue, norms: Sequence[str]) -> bool:
    """Tell whether a doubt is about what an operation explains: "may be postsurgical"."""
    return cue.before and norms[cue.end + cue.distance].startswith(("post", "operat"))


def _locates(cue: Cue, norms: Sequence[str]) -> bool:
    """Tell whether a denial leaves a thing there: it is only where another is, or does not fail.

    "No pars defect above the fusion", "no hardware loosening".
    """
    target = cue.end + cue.distance
    return cue.before and not (
        _BESIDE.isdisjoint(norms[cue.end : target])
        and _FAILURES.isdisjoint(norms[target : target + 5])
    )


def alternatives(mentions: Sequence[Mention], norms: Sequence[str]) -> None:
    """Make both sides of an affirmed "X or Y" uncertain."""
    for one, other in itertools.pairwise(mentions):
        between = norms[one.head[1] : other.head[0]]
        if one.finding == other.finding and one.finding != "modic_change":
            continue
        if len(between) > 6 or "or" not in between or {",", "/"} & set(between):
            continue
        statuses = {one.status, other.status}
        if statuses == {"present"} and not {"and", "with", "more"} & set(between):
            one.cue = other.cue = "or"
        elif statuses != {"present", "uncertain"}:
            continue
        one.status = other.status = "uncertain"
    for one, other in itertools.pairwise(mentions):
        # "either hemangioma or fatty Modic 2 change"
        if one.cue == "or" and other.finding == "modic_change" and other.head[0] == one.head[1]:
            other.status, other.cue = one.status, one.cue
