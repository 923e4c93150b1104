"""The reader: a report in, plain rows out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span

from endplate.codes import CORE_FINDINGS, LEVELS
from endplate.reader.assertion import Cue, ReportContext, expand, reaches, weigh
from endplate.reader.layout import Layout, Passage
from endplate.reader.levels import LevelGrammar, Place, between_neighbours
from endplate.reader.lexicon import Lexicon, load_lexicon
from endplate.reader.linking import NEVER_INHERIT, OF_BODIES, Context, Spot, choose, spots_of
from endplate.reader.mentions import Composer, Mention, Term
from endplate.reader.modic import (
    caused_otherwise,
    modic_mentions,
    read_types,
    signal_mentions,
)
from endplate.reader.region import RegionRules
from endplate.reader.sections import SectionRules, SectionTracker
from endplate.reader.values import headings, title_end, values
from endplate.reader.words import ReportTokenizer, Speller, flatten
from endplate.records import Finding, Reading, Report

_MARROW: Final = {"endplate_edema": "1", "endplate_fatty_change": "2", "endplate_sclerosis": "3"}
_SEVERITY: Final = {
    "mild": "mild", "minimal": "mild", "slight": "mild", "minor": "mild", "trace": "mild", "slightly": "mild",
    "moderate": "moderate", "severe": "severe", "marked": "severe", "markedly": "severe", "critical": "severe",
    "advanced": "severe", "high grade": "severe", "gross": "severe", "minimally": "mild",
}  # fmt: skip
_GRADED: Final = frozenset(["spinal_stenosis", "lateral_recess_stenosis", "foraminal_stenosis"])
_MEASURED: Final = frozenset(
    ["disc_protrusion", "disc_extrusion", "disc_herniation", "disc_bulge", "spondylolisthesis"]
)
_ROMAN: Final = {
    "i": "1",
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "1": "1",
    "2": "2",
    "3": "3",
    "4": "4",
    "one": "1",
    "two": "2",
    "three": "3",
}
_BLANK: Final = re.compile(
    r"\[\s*\](?!\s*\w)|_{3,}|\*{3,}|\[[^\]\n]{0,60}/[^\]\n]{0,60}\]|\{[^}\n]{0,60}[/|][^}\n]{0,60}\}|<[^>\n]{0,40}>|\.{5,}|\[(?:level|type|grade|side|severity|no|select[^\]]{0,20})\]"
)
_BOX: Final = re.compile(r"\[(?P<a>[ xX✓✔]?)\]|\((?P<b>[xX✓✔ ])\)|(?P<c>[☐☑☒□■✓✔✗])")
_NO_VALUE: Final = re.compile(
    r"[^:\n]{2,60}:\s*(?:n/?a|not assessed|not applicable|not evaluated|-+|\?+|tbd)?\s*\.?$",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_FACING: Final = frozenset(
    "both adjacent opposing adjoining apposing facing either corresponding contiguous apposed opposed neighboring neighbouring".split()
)
_CORRECTED: Final = re.compile(
    r"\b(?:in fact|actually|should (?:read|be|have been|say)|is really|are really|instead at|corrected to|must read)\b"
)
_SPINE: Final = frozenset(
    "spine spinal vertebra vertebral disc lumbar lumbosacral endplate modic thecal conus lss lordosis".split()
)


_CHANGED: Final = frozenset(
    "matured converted evolved changed progressed transformed transitioned developed converting evolving become".split()
)


class Passages:
    """A tokenized report: its passages with their tokens, norms and terms."""

    def __init__(self, text: str, doc: Doc) -> None:
        self.text = text
        self.doc = doc
        self.norms: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        for token in doc:
            self.norms.append(token.norm_)
            self.starts.append(token.idx)
            self.ends.append(token.idx + len(token.text.rstrip()))

    def tokens(self, start: int, end: int) -> tuple[int, int]:
        """Return the token range of a character range."""
        first = bisect_right(self.starts, start) - 1
        if first < 0 or (self.ends[first] <= start and first + 1 < len(self.starts)):
            first += 1
        last = bisect_right(self.starts, end - 1)
        return first, max(first, last)


class Row:
    """A finding being made: the mention with its place and passage."""

    __slots__ = (
        "acuity",
        "cue",
        "end",
        "endplate",
        "finding",
        "grade",
        "level",
        "passage",
        "remaining",
        "section",
        "start",
        "status",
        "types",
        "vertebra",
        "basis",
        "caused",
        "conflict",
        "mixed",
    )

    def __init__(self, **values: object) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name, ""))


class Reader:
    """Reads reports. One object a process; not to be shared between threads.

    Parameters
    ----------
    lexicon : Lexicon
        The rule files.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.fingerprint = lexicon.fingerprint
        self.nlp = spacy.blank("en")
        words = _words_of(lexicon)
        speller = Speller(
            lexicon.spelling["spelling"],
            lexicon.spelling["tolerant"],
            lexicon.spelling["protected"],
            words,
        )
        runs = frozenset(w for w in words if len(w) >= 3) | {
            "noted",
            "level",
            "type",
            "sac",
            "seen",
            "both",
            "with",
            "changes",
            "and",
        }
        self.nlp.tokenizer = ReportTokenizer(self.nlp.vocab, speller, runs)
        self._levels = LevelGrammar(lexicon.levels)
        self._sections = SectionRules(lexicon.sections)
        self._denials = frozenset(str(word) for word in lexicon.sections["denials"])
        self._regions = RegionRules(lexicon.regions)
        self._compose = Composer(lexicon.findings)
        self._context = ReportContext(self.nlp, lexicon.assertion)
        self._matcher = PhraseMatcher(self.nlp.vocab, attr="NORM")
        self._label_sets: dict[int, frozenset[str]] = {}
        by_phrase: dict[str, set[str]] = {}
        for label, phrases in lexicon.labels.items():
            for phrase in phrases:
                key = " ".join(t.norm_ for t in self.nlp.tokenizer(str(phrase)))
                by_phrase.setdefault(key, set()).add(label)
        for meant, said in lexicon.spelling["misheard"].items():
            key = " ".join(t.norm_ for t in self.nlp.tokenizer(meant))
            for phrase in said:
                heard = " ".join(t.norm_ for t in self.nlp.tokenizer(phrase))
                if key in by_phrase:
                    by_phrase.setdefault(heard, set()).update(by_phrase[key])
        for key, labels in by_phrase.items():
            name = f"term:{key}"
            self._matcher.add(name, [self.nlp.tokenizer(key)])
            self._label_sets[self.nlp.vocab.strings[name]] = frozenset(labels)
        level = self._levels
        heading = re.compile(
            rf"(?:{self._sections.pattern.pattern})|\W{{0,6}}(?:at\s+)?(?:l|t|d|s|lwk|th)\s?\d{{1,2}}\s?[-–/]\s?[ltds]?\s?\d{{0,2}}[^:\n]{{0,24}}(?::|[-–—]\s|$)",
            re.IGNORECASE,
        )
        columns = re.compile(
            r"\W*(?:levels?|segments?|disc(?: level| spaces?| height)?s?|modic(?: type| changes?)?|(?:spinal |central )?canal|foram\w+|neural foramina|(?:lateral )?recess(?:es)?|pfirrmann(?: grade)?|"
            r"facets?(?: joints?)?|end ?plates?|nerve roots?|stenosis|herniation|findings?|site|cord|roots?|remarks?|comments?|thecal sac|osteophytes?|listhesis|type|extent|side|grade|height|epidural.*|canal stenosis|foraminal stenosis|central stenosis)\W*"
        )
        self._layout = Layout(heading, columns, level._atom)

    # ------------------------------------------------------------------ one report

    def read(self, report: Report) -> Reading:
        """Read one report.

        Parameters
        ----------
        report : Report
            Its `modality` and `procedure` outrank what the text says of itself.

        Returns
        -------
        Reading
            Rows in the order of the text.
        """
        text = report.text
        modality, regions, known = self._regions.heading(text)
        if report.procedure:
            flat = flatten(report.procedure)
            named = self._regions.regions(flat)
            if named:
                regions, known = named, True
            modality = self._regions.modality(flat) or modality
        if report.modality:
            modality = {
                "MR": "MR",
                "MRI": "MR",
                "CT": "CT",
                "CR": "XR",
                "DX": "XR",
                "XR": "XR",
            }.get(report.modality.strip().upper(), report.modality.strip().upper())
        lumbar = ("lumbar" in regions) if regions else None
        if regions and not regions & {"lumbar", "cervical", "thoracic", "whole"}:
            return Reading(report.report_id, modality, False, ())
        rows, names_lumbar = self._rows(text, regions)
        if lumbar is None and names_lumbar:
            lumbar = True
        return Reading(
            report.report_id, modality, lumbar, tuple(self._findings(report.report_id, text, rows))
        )

    def _rows(self, text: str, regions: set[str]) -> tuple[list[Row], bool]:
        view = Passages(text, self.nlp.tokenizer(text))
        passages = self._layout(text)
        terms_by_token = self._terms(view.doc)
        context = Context()
        tracker = SectionTracker()
        body_follows = self._body_follows(text, passages)
        level_follows = self._level_follows(text, passages)
        level_next = [
            after.paragraph == before.paragraph
            and bool(self._levels.starts_with_level(flatten(text[after.start : after.end])))
            for before, after in zip(passages, passages[1:], strict=False)
        ] + [False]
        blanks = {p.line: 0 for p in passages}
        for p in passages:
            blanks[p.line] += len(_BLANK.findall(text[p.start : p.end]))
        here = set(regions)
        rows: list[Row] = []
        names_lumbar = False
        last_findings: list[Mention] = []
        corrections: list[tuple[str, str]] = []
        spine = not view.norms or bool(_SPINE & set(view.norms)) or bool(regions)
        block: tuple[list[str], int] = ([], -1)
        for number, passage in enumerate(passages):
            start, end = passage.start, passage.end
            body = text[start:end]
            # ---- headings
            if not passage.cell:
                opened, own = self._sections.heading(body)
                if opened:
                    alone = not re.search(r"\w", body[own:])
                    tracker.open(opened, passage.line, passage.paragraph, alone=alone)
                    context.heading, context.heading_line = [], -1
                    context.topic = []
                    if opened in ("findings", "impression", "addendum") and alone:
                        here_title = self._regions.regions(flatten(body[:own]))
                        if here_title & {"lumbar", "cervical", "thoracic"}:
                            here = here_title
                    start += own
                    while start < end and text[start] in " \t\n:*_-–>":
                        start += 1
                    if start >= end:
                        continue
                    body = text[start:end]
                elif self._turns_region(body):
                    turned = self._regions.regions(flatten(body.split(":")[0])) & {
                        "lumbar",
                        "cervical",
                        "thoracic",
                        "whole",
                    }
                    if turned:
                        here = turned | ({"lumbar"} if "whole" in turned else set())
                        context.heading, context.topic = [], []
            flat = flatten(body)
            section = tracker.at(
                passage.line,
                passage.paragraph,
                heading_follows=body_follows[number],
                starts_body=self._starts_body(body),
            )
            # ---- templates, legends, blanks
            boxes = list(_BOX.finditer(body))
            ticked = [
                m
                for m in boxes
                if (m.group("a") or m.group("b") or m.group("c") or " ").strip()
                in ("x", "X", "✓", "✔", "☑", "☒", "■", "✗")
            ]
            options = (
                len(boxes) >= 1 and (ticked or any(m.group("c") for m in boxes)) or len(boxes) > 1
            )
            if not options and (_BLANK.search(body) or blanks[passage.line] > 1):
                continue
            if _NO_VALUE.fullmatch(body) and not any(p.kind == "named" for p in self._levels(flat)):
                block = self._block(view, terms_by_token, start, end, passage)
                continue
            if self._sections.legend(flat):
                continue
            value = re.split(r":|\s-\s", flat)[-1].strip(" .;,*_|")
            denied = (":" in flat or " - " in flat or passage.cell) and value in self._denials
            a, b = view.tokens(start, end)
            if a >= b:
                continue
            places = self._levels(flat)
            if any(p.kind == "named" for p in places):
                names_lumbar = True
            places = self._drop_corrected(flat, places, corrections)
            spots = spots_of(places, view.starts, view.ends, view.norms, start, a, b)
            # ---- level headings
            if passage.cell and passage.row is None:
                if places and places[0].segments:
                    context.heading, context.heading_line = places[0].segments, passage.line
                    context.heading_block = False
                continue
            if passage.first and not passage.cell and context.heading_line != passage.line:
                if passage.paragraph == context.heading_paragraph and (
                    context.heading_block or (level_follows[number] and not passage.bullet)
                ):
                    context.heading_line = passage.line
                elif context.heading:
                    context.heading, context.heading_line = [], -1
            heads = [s for s in spots if s.heads]
            if heads and passage.first and not passage.cell:
                alone = flat.endswith(":") or not re.search(
                    r"[a-z]{3}",
                    re.sub(r"level|disc|space|segment|at|the", "", flat[heads[-1].place.end :]),
                )
                named = [seg for s in heads for seg in s.place.segments]
                if named or heads[0].place.kind == "foreign":
                    context.heading = named or ["foreign"]
                    context.heading_line = passage.line
                    context.heading_block = alone
                    context.heading_paragraph = passage.paragraph
            # ---- mentions
            terms = [t for i in range(a, b) for t in terms_by_token.get(i, ()) if t.end <= b]
            title: list[Term] = []
            titled_modic = False
            if passage.column:
                ca, cb = view.tokens(*passage.column)
                title = [t for i in range(ca, cb) for t in terms_by_token.get(i, ()) if t.end <= cb]
                titled_modic = any("modic" in t.labels for t in title)
                head = flatten(text[slice(*passage.column)])
                if "modic_change" in block[0] and re.fullmatch(
                    r"\W*(?:type|grade|class|modic)\W*", head
                ):
                    titled_modic = True
            mentions = self._mentions(terms, view.norms, a, b, title, titled_modic)
            if mentions and value in ("yes", "present") and level_next[number]:
                block = [m.finding for m in mentions], passage.paragraph
                continue
            if not (boxes and options):
                below = block[0] if block[1] == passage.paragraph else []
                mentions = self._valued(
                    view, a, b, spots, terms, mentions, below, headed=bool(heads)
                )
            if boxes and options:
                mentions = self._ticked(mentions, boxes, ticked, body, view, start)
            if not mentions:
                mentions = self._none_at(view, a, b, spots, last_findings)
                if not mentions:
                    self._remember(context, spots, passage, number, places)
                    continue
            self._assert(view, a, b, mentions, section, spots, denied=denied)
            made = self._place(
                view,
                text,
                passage,
                start,
                flat,
                number,
                mentions,
                spots,
                places,
                context,
                section,
                here,
            )
            rows.extend(made)
            last_findings = [
                m for m in mentions if m.status in ("present", "uncertain")
            ] or last_findings
            self._remember(context, spots, passage, number, places)
        rows = self._correct(rows, corrections)
        self._describe(rows)
        self._mark_conflicts(rows)
        if not spine and not names_lumbar and self._regions.regions(flatten(text[:80])):
            return [], False
        return rows, names_lumbar

    # ------------------------------------------------------------------ stages

    def _terms(self, doc: Doc) -> dict[int, list[Term]]:
        hits = [(a, b, self._label_sets[i]) for i, a, b in self._matcher(doc)]
        hits.sort(key=lambda h: (h[0] - h[1], h[0]))
        taken = bytearray(len(doc))
        found: dict[int, list[Term]] = {}
        for a, b, labels in hits:
            if any(taken[a:b]):
                continue
            taken[a:b] = b"\1" * (b - a)
            found.setdefault(a, []).append(Term(a, b, labels))
        return found

    def _body_follows(self, text: str, passages: Sequence[Passage]) -> list[bool]:
        """Tell for each passage whether a heading of findings or impression still comes."""
        follows, seen = [], False
        for passage in reversed(passages):
            follows.append(seen)
            if not seen and not passage.cell:
                opened, _ = self._sections.heading(text[passage.start : passage.end])
                seen = opened in ("findings", "impression", "technique", "comparison")
        return follows[::-1]

    def _level_follows(self, text: str, passages: Sequence[Passage]) -> list[bool]:
        """Tell for each passage whether its paragraph goes on to another level heading."""
        follows: list[bool] = []
        seen = -1
        for passage in reversed(passages):
            follows.append(seen == passage.paragraph)
            if passage.first and not passage.cell:
                head = flatten(text[passage.start : min(passage.end, passage.start + 40)])
                match = self._levels.starts_with_level(head.lstrip("*_[ "))
                if match and re.match(r"[^:.]{0,16}:", head.lstrip("*_[ ")[match.end() :]):
                    seen = passage.paragraph
        return follows[::-1]

    def _starts_body(self, body: str) -> bool:
        title, colon, _ = body.partition(":")
        if not colon or len(title) > 40:
            return False
        flat = flatten(title).strip("*_ -")
        level = self._levels.starts_with_level(flat)
        return self._sections.subheading(title) or bool(level and len(flat) - level.end() < 14)

    def _turns_region(self, body: str) -> bool:
        head = body.split(":")[0]
        return (
            len(head) <= 60
            and len(head.split()) <= 8
            and (":" in body[:61] or not body.rstrip().endswith("."))
            and (len(body) <= 80 or ":" in body[:61])
        )

    def _mentions(
        self,
        terms: Sequence[Term],
        norms: Sequence[str],
        a: int,
        b: int,
        title: Sequence[Term],
        titled_modic: bool,
    ) -> list[Mention]:
        modic = modic_mentions(terms, norms, a, b, titled=titled_modic)
        modic = [x for m in modic for x in _conversion(m, norms)]
        for one, other in zip(modic, modic[1:], strict=False):
            between = norms[one.head[1] : other.head[0]]
            if between[-1:] == ["from"] and set(between) & _CHANGED:
                other.status, other.cue = "historical", "from"
        taken = {t for m in modic for t in range(m.head[0], m.head[1])}
        plain = [
            t
            for t in terms
            if not (t.start in taken and t.labels & {"change", "degenerative", "degenerate"})
        ]
        found = self._compose(plain, norms, a, b, title)
        if modic:
            found = [
                m
                for m in found
                if m.finding != "endplate_degeneration"
                or not any(x.head[0] - 8 <= m.head[0] <= x.head[1] + 6 for x in modic)
            ]
        for signal in signal_mentions(terms, norms, a, b, title):
            twins = [m for m in found if m.finding == signal.finding]
            if twins:
                if not any(m.basis == "described" for m in twins):
                    twins[0].types, twins[0].basis = signal.types, "described"
            else:
                found.append(signal)
        found += modic
        found += _ellipses(sorted(found, key=lambda m: m.head), norms, a, b)
        found.sort(key=lambda m: (m.head[0], m.head[1]))
        return found

    def _block(
        self,
        view: Passages,
        terms_by_token: dict[int, list[Term]],
        start: int,
        end: int,
        passage: Passage,
    ) -> tuple[list[str], int]:
        """Return the findings that a heading alone on its line names for the lines below it."""
        a, b = view.tokens(start, end)
        terms = [t for i in range(a, b) for t in terms_by_token.get(i, ()) if t.end <= b]
        found = self._mentions(terms, view.norms, a, b, [], False)
        return [m.finding for m in found], passage.paragraph

    def _valued(
        self,
        view: Passages,
        a: int,
        b: int,
        spots: Sequence[Spot],
        terms: Sequence[Term],
        mentions: list[Mention],
        below: Sequence[str],
        *,
        headed: bool,
    ) -> list[Mention]:
        """Add what valued pieces say: "L4-5 mild, L5-S1 none" behind or below a heading."""
        norms = view.norms
        colon = title_end(a, b, norms, spots)
        if headed and below:
            made = values(colon, b, norms, spots, mentions, below, read_types)
            return mentions + made
        modic = any("modic" in t.labels and t.end <= colon for t in terms)
        titles = headings(mentions, modic, colon) if colon > a and not headed else []
        places = [s for s in spots if s.start >= colon and s.place.kind in ("named", "foreign")]
        if len(places) < 2 and not (titles and len(places) == 1 and norms[colon:b].count(",")):
            return mentions
        first = colon if titles else a
        made = values(
            first, b, norms, spots, [m for m in mentions if m.head[0] >= colon], titles, read_types
        )
        if made and titles:
            mentions = [m for m in mentions if m.head[1] > colon]
        return sorted(mentions + made, key=lambda m: m.head)

    def _ticked(
        self,
        mentions: list[Mention],
        boxes: Sequence[re.Match[str]],
        ticked: Sequence[re.Match[str]],
        body: str,
        view: Passages,
        offset: int,
    ) -> list[Mention]:
        kept: list[Mention] = []
        chosen = [
            body[m.end() : next((x.start() for x in boxes if x.start() >= m.end()), len(body))]
            .strip()
            .lower()
            for m in ticked
        ]
        for mention in mentions:
            at = view.starts[mention.head[0]] - offset
            box = next((m for m in reversed(boxes) if m.end() <= at), None)
            if box is None:
                if any(re.match(r"(?:yes|present|y\b)", c) for c in chosen):
                    kept.append(mention)
                elif any(re.match(r"(?:no|absent|none|n\b|nil)", c) for c in chosen):
                    mention.status, mention.cue = "absent", "box"
                    mention.decided = True
                    kept.append(mention)
            elif box in ticked:
                kept.append(mention)
        return kept

    def _none_at(
        self, view: Passages, a: int, b: int, spots: Sequence[Spot], last: Sequence[Mention]
    ) -> list[Mention]:
        """Read "None at L3-L4." as a denial of what was named last."""
        if not last or not spots:
            return []
        norms = view.norms[a:b]
        if norms[:1] == ["none"] and len(norms) <= 12 and spots[0].place.kind == "named":
            return [
                Mention(
                    m.finding,
                    (a, a + 1),
                    a,
                    a + 1,
                    basis="stated" if m.finding == "modic_change" else "",
                    status="absent",
                    cue="none",
                    decided=True,
                )
                for m in last[-1:]
            ]
        return []

    def _assert(
        self,
        view: Passages,
        a: int,
        b: int,
        mentions: Sequence[Mention],
        section: str,
        spots: Sequence[Spot],
        *,
        denied: bool,
    ) -> None:
        modifiers = self._context.modifiers(view.doc, a, b)
        marks = [s.start for s in spots if s.place.kind == "named"]
        for mention in mentions:
            if mention.decided:
                continue
            if denied:
                mention.status, mention.cue = (
                    "absent",
                    view.text[view.starts[b - 1] : view.ends[b - 1]],
                )
                continue
            target = Span(view.doc, mention.head[0], mention.head[1], label=mention.finding)
            cues = [
                c
                for c in self._context.cues(target, modifiers)
                if reaches(c, mention.head, view.norms, marks, b)
            ]
            status, cue = weigh(mention.finding, cues, section, view.norms)
            if mention.status == "historical" and status in ("present", "historical"):
                continue
            mention.status = status
            mention.cue = self._cue_text(view, cue)
        self._alternatives(view, mentions, section)

    @staticmethod
    def _cue_text(view: Passages, cue: Cue | None) -> str:
        return view.text[view.starts[cue.start] : view.ends[cue.end - 1]] if cue else ""

    @staticmethod
    def _alternatives(view: Passages, mentions: Sequence[Mention], section: str) -> None:
        """Make both sides of an affirmed "X or Y" and "X versus Y" uncertain."""
        if section == "indication":
            return
        for one, other in zip(mentions, mentions[1:], strict=False):
            between = view.norms[one.head[1] : other.head[0]]
            if one.finding == other.finding and one.finding != "modic_change":
                continue
            if len(between) <= 6 and "or" in between and "," not in between and "/" not in between:
                if (
                    one.status == "present"
                    and other.status == "present"
                    and not any(n in ("and", "with", "more") for n in between)
                ):
                    one.status = other.status = "uncertain"
                    one.cue = other.cue = "or"
                elif "uncertain" in (one.status, other.status) and {one.status, other.status} == {
                    "present",
                    "uncertain",
                }:
                    one.status = other.status = "uncertain"

    # ------------------------------------------------------------------ rows

    def _place(
        self,
        view: Passages,
        text: str,
        passage: Passage,
        offset: int,
        flat: str,
        number: int,
        mentions: list[Mention],
        spots: list[Spot],
        places: list[Place],
        context: Context,
        section: str,
        here: set[str],
    ) -> list[Row]:
        rows: list[Row] = []
        norms = view.norms
        a, b = view.tokens(offset, passage.end)
        caused = caused_otherwise(norms[a:b])
        shares = self._respectively(norms, a, b, mentions, spots)
        only_lumbar_named = bool(here) and "lumbar" not in here
        for mention in mentions:
            if not mention.status:
                continue
            spot = mention.spot
            if spot is not None:
                where = None
            elif id(mention) in shares:
                where = shares[id(mention)]
            else:
                spot = choose(
                    mention,
                    self._useful(mention, spots),
                    mentions,
                    norms,
                    headed=self._headed(context, passage),
                )
                where = None
            if where is not None:
                spread = [(level, "", "", types) for level, types in where]
            else:
                spread = [
                    (*place, mention.types)
                    for place in self._levels_of(
                        mention,
                        spot,
                        passage,
                        number,
                        context,
                        places,
                        norms,
                        spots,
                        section,
                        disc_named="disc" in norms[a:b],
                    )
                ]
            if not spread:
                continue
            if mention.at_disc and not any(level for level, *_ in spread):
                continue
            if mention.finding == "endplate_degeneration" and self._anaphoric(mention, norms):
                continue
            endplate = "both" if self._facing(mention, norms) else ""
            start, end = view.starts[mention.start], view.ends[mention.end - 1]
            remaining = bool(spot and spot.place.kind == "none")
            for level, vertebra, side, types in spread:
                if only_lumbar_named and not level and not vertebra:
                    continue
                if level and level not in LEVELS:
                    continue
                rows.append(Row(
                    finding=mention.finding, level=level, vertebra=vertebra,
                    endplate=side or (endplate if mention.finding in CORE_FINDINGS and level else ""),
                    types=types, status=mention.status, section=section, start=start, end=end, passage=passage,
                    cue=mention.cue, grade=self._grade(mention, norms, a, b), basis=mention.basis,
                    acuity=self._acuity(mention, norms, a, b), caused=caused, remaining=remaining,
                    mixed=mention.choice,
                ))  # fmt: skip
        told = {
            r.level
            for r in rows
            if (r.finding == "modic_change" or r.basis == "described") and r.status != "absent"
        }
        affirmed = {
            (r.finding, r.level)
            for r in rows
            if r.finding != "modic_change" and r.status == "present" and (r.level or r.vertebra)
        }
        rows = [
            r
            for r in rows
            if not (r.finding == "endplate_degeneration" and r.level in told)
            # "abutting but not displacing", "left mild, right none": it is there
            and not (r.status == "absent" and (r.finding, r.level) in affirmed)
        ]
        return self._merge_types(rows, norms[a:b])

    @staticmethod
    def _headed(context: Context, passage: Passage) -> bool:
        return bool(context.heading) and (
            context.heading_line == passage.line or context.heading_block
        )

    @staticmethod
    def _useful(mention: Mention, spots: list[Spot]) -> list[Spot]:
        """Leave out single bodies where a finding of discs cannot be at them."""
        if mention.finding in OF_BODIES or mention.finding in CORE_FINDINGS:
            return spots
        return [
            s
            for s in spots
            if s.place.kind != "named"
            or s.place.segments
            or between_neighbours([i.body for i in s.place.items if i.body])
        ]

    def _respectively(
        self,
        norms: Sequence[str],
        a: int,
        b: int,
        mentions: Sequence[Mention],
        spots: Sequence[Spot],
    ) -> dict[int, list[tuple[str, list[str]]]]:
        """Deal out "type 1 and 2 at L3-4 and L4-5, respectively"."""
        at = next(
            (t for t in range(a, b) if norms[t] in ("respectively", "resp", "correspondingly")),
            None,
        )
        if at is None:
            return {}
        named = [s for s in spots if s.place.kind == "named" and s.place.segments]
        if not named:
            return {}
        spot = next((s for s in reversed(named) if s.end <= at), named[-1])
        levels = spot.place.segments
        if len(levels) < 2:
            levels = [seg for s in named for seg in s.place.segments]
        count = len(levels)
        typed = [m for m in mentions if len(m.types) == count]
        if typed:
            return {
                id(m): [(level, [kind]) for level, kind in zip(levels, m.types, strict=True)]
                for m in typed
            }
        group = [m for m in mentions if m.head[1] <= at]
        last = [m for m in group if m.head[1] <= spot.start] or group
        seen: list[Mention] = []
        for m in last:
            seen.append(m)
        if len(seen) == count:
            return {id(m): [(level, m.types)] for m, level in zip(seen, levels, strict=True)}
        return {}

    def _levels_of(
        self,
        mention: Mention,
        spot: Spot | None,
        passage: Passage,
        number: int,
        context: Context,
        places: Sequence[Place],
        norms: Sequence[str],
        spots: Sequence[Spot],
        section: str,
        *,
        disc_named: bool,
    ) -> list[tuple[str, str, str]]:
        """Return (level, vertebra, endplate) of each row that a mention makes; none if it is elsewhere."""
        finding = mention.finding
        around = norms[max(0, mention.head[0] - 3) : mention.head[1]]
        residual = bool({"residual", "recurrent", "associated"} & set(around))
        if finding in ("scoliosis", "osteoporosis"):
            return [] if spot is not None and spot.place.kind == "foreign" else [("", "", "")]
        if spot is not None:
            place = spot.place
            if place.kind == "foreign":
                return []
            if place.kind == "none":
                named = [s for s in spots if s.heads and s.place.segments]
                return (
                    [("", "", "")]
                    if not named
                    else [(seg, "", "") for seg in named[0].place.segments]
                )
            if place.kind == "named":
                told = self._named(finding, place)
                if finding in CORE_FINDINGS and not any(level for level, _, _ in told):
                    # "at the L4-5 disc, greater on the L5 side"
                    near = [
                        s
                        for s in spots
                        if any(
                            v in s.place.segments[0].split("-")
                            for _, v, _ in told
                            if s.place.segments
                        )
                    ]
                    if near:
                        return [(seg, "", "") for seg in near[0].place.segments]
                if (
                    finding in ("prior_surgery", "spondylolysis")
                    and self._headed(context, passage)
                    and not any(level for level, _, _ in told)
                ):
                    body = told[0][1] if len(told) == 1 else ""
                    return [(seg, body, "") for seg in context.heading if seg != "foreign"]
                if finding == "prior_surgery" and not any(level for level, _, _ in told):
                    lead = next((s for s in spots if s.leads and s.place.segments), None)
                    if lead is not None:
                        return [(seg, "", "") for seg in lead.place.segments]
                if (
                    any(level for level, _, _ in told)
                    or finding in OF_BODIES
                    or finding in CORE_FINDINGS
                ):
                    return told
                if not (context.heading and context.heading_line == passage.line):
                    inherited = self._inherit(
                        mention,
                        passage,
                        number,
                        context,
                        section,
                        disc_named=disc_named,
                        residual=residual,
                    )
                    return [(seg, "", "") for seg in inherited] or told
                return [(seg, "", "") for seg in context.heading if seg != "foreign"] or told
            earlier = [p for p in places if p.end <= place.start]
            if earlier and earlier[-1].kind == "foreign":
                return []
            segments = context.resolve(place, earlier)
            if segments:
                return [(seg, "", "") for seg in segments]
        if context.heading == ["foreign"] and (
            context.heading_line == passage.line or context.heading_block
        ):
            return []
        if self._headed(context, passage):
            return [(seg, "", "") for seg in context.heading]
        inherited = self._inherit(
            mention, passage, number, context, section, disc_named=disc_named, residual=residual
        )
        return [(seg, "", "") for seg in inherited] or [("", "", "")]

    @staticmethod
    def _named(finding: str, place: Place) -> list[tuple[str, str, str]]:
        told: list[tuple[str, str, str]] = []
        bodies = [item.body for item in place.items if item.body and not item.endplate]
        pair = between_neighbours(bodies) if len(bodies) > 1 and finding not in OF_BODIES else []
        if pair:
            told += [(seg, "", "") for seg in pair]
        for item in place.items:
            if item.body and not item.endplate:
                if not pair and item.body in (
                    "T10",
                    "T11",
                    "T12",
                    "L1",
                    "L2",
                    "L3",
                    "L4",
                    "L5",
                    "L6",
                    "S1",
                    "S2",
                ):
                    told.append(("", item.body, ""))
                continue
            if item.endplate and finding in OF_BODIES:
                told.append(("", item.body, ""))
                continue
            if item.endplate and finding not in CORE_FINDINGS:
                told += [(seg, "", "") for seg in item.segments]
                continue
            for seg in item.segments:
                if item.endplate == "both":
                    side = "superior" if seg.endswith(f"-{item.body}") else "inferior"
                    told.append((seg, item.body, side))
                else:
                    told.append((seg, item.body if item.endplate else "", item.endplate))
        # both endplates of one disc, named one by one
        by_level: dict[str, list[tuple[str, str, str]]] = {}
        for row in told:
            by_level.setdefault(row[0], []).append(row)
        merged: list[tuple[str, str, str]] = []
        for level, group in by_level.items():
            sides = {side for _, _, side in group if side}
            if level and {"superior", "inferior"} <= sides and len({v for _, v, _ in group}) > 1:
                merged.append((level, "", "both"))
            else:
                merged += group if not level else list(dict.fromkeys(group))
        if finding in OF_BODIES:
            merged = [row for row in merged if row[0] or row[1]] or merged
        return [row for row in merged if not row[0] or row[0] in LEVELS] or []

    @staticmethod
    def _inherit(
        mention: Mention,
        passage: Passage,
        number: int,
        context: Context,
        section: str,
        *,
        disc_named: bool,
        residual: bool,
    ) -> list[str]:
        if section == "indication":
            return []
        if mention.finding in NEVER_INHERIT or not context.topic or passage.cell:
            return []
        if context.topic_paragraph != passage.paragraph:
            return []
        if mention.finding == "spinal_infection" and mention.status == "absent":
            return context.topic if disc_named and context.topic_line == passage.line else []
        if context.topic_line == passage.line:
            if context.topic_leads or residual:
                return context.topic
            recent = number - context.topic_passage <= 2
            return context.topic if mention.status != "absent" and recent else []
        # line after line about one level: what is affirmed goes on about it
        if (
            not passage.bullet
            and mention.status == "present"
            and len(context.topic) == 1
            and context.levels_told == set(context.topic)
            and number - context.topic_passage <= 3
        ):
            return context.topic
        return []

    @staticmethod
    def _remember(
        context: Context,
        spots: Sequence[Spot],
        passage: Passage,
        number: int,
        places: Sequence[Place],
    ) -> None:
        named = [s for s in spots if s.place.kind == "named" and s.place.segments]
        context.levels_told.update(seg for s in named for seg in s.place.segments)
        if passage.cell:
            return
        if named:
            leading = next((s for s in named if s.leads or s.heads), None)
            if leading is not None and leading is named[0] and len(named) == 1:
                context.set_topic(
                    leading.place.segments, passage.line, passage.paragraph, number, True
                )
            else:
                last = named[-1]
                context.set_topic(
                    last.place.segments, passage.line, passage.paragraph, number, last.leads
                )
        elif any(s.place.kind in ("none", "foreign") for s in spots):
            if any(s.place.kind == "foreign" or s.leads for s in spots):
                context.topic = []
        elif context.topic_line == passage.line:
            context.topic_passage = number

    @staticmethod
    def _merge_types(rows: list[Row], norms: Sequence[str]) -> list[Row]:
        """Make one row of the types that one passage affirms at one level."""
        kept: list[Row] = []
        for row in rows:
            if row.finding == "modic_change" and row.status == "present" and not row.mixed:
                twin = next(
                    (
                        r
                        for r in kept
                        if r.finding == "modic_change"
                        and r.status == "present"
                        and not r.mixed
                        and r.level == row.level
                        and r.vertebra == row.vertebra
                    ),
                    None,
                )
                if twin is not None:
                    if row.types or not twin.types:
                        if not twin.types:
                            twin.start, twin.end = row.start, row.end
                        twin.types = list(dict.fromkeys([*twin.types, *row.types]))
                    continue
            kept.append(row)
        return kept

    @staticmethod
    def _anaphoric(mention: Mention, norms: Sequence[str]) -> bool:
        """Tell whether "the endplate changes" only points back at changes named before."""
        inside = norms[mention.start : mention.end]
        before = norms[max(0, mention.start - 2) : mention.start]
        return not set(inside) & {
            "degenerative",
            "discogenic",
            "reactive",
            "degeneration",
        } and bool(set(before) & {"the", "these", "this", "those", "described", "above"})

    @staticmethod
    def _facing(mention: Mention, norms: Sequence[str]) -> bool:
        if mention.site is None or "endplate" not in mention.site.labels:
            return any(n in _FACING for n in norms[mention.head[1] : mention.head[1] + 6]) and any(
                n in ("endplate", "plate") for n in norms[mention.head[1] : mention.head[1] + 9]
            )
        at = mention.site.start
        return any(n in _FACING for n in norms[max(0, at - 3) : at])

    @staticmethod
    def _grade(mention: Mention, norms: Sequence[str], a: int, b: int) -> str:
        first, last = mention.start, mention.end
        if mention.finding == "spondylolisthesis":
            window = norms[max(a, first - 8) : min(b, last + 16)]
            for i, n in enumerate(window[:-1]):
                if n in ("grade", "gr", "meyerding") and window[i + 1] in _ROMAN:
                    return _ROMAN[window[i + 1]]
        if mention.finding in _MEASURED:
            window = norms[max(a, first - 5) : min(b, last + 12)]
            for i, n in enumerate(window):
                if (
                    n in ("mm", "millimeter", "millimeters", "millimetre", "millimetres", "mms")
                    and i
                ):
                    j = i - 2 if window[i - 1] == "-" else i - 1
                    value = window[j]
                    while (
                        j >= 2
                        and window[j - 1] in ("x", "*")
                        and re.fullmatch(r"\d+(?:\.\d+)?", window[j - 2])
                    ):
                        j -= 2
                        value = window[j]
                    if re.fullmatch(r"\d+(?:\.\d+)?", value):
                        return f"{value}mm"
            return ""
        if mention.finding in _GRADED and mention.status != "absent":
            told = [_SEVERITY[n] for n in norms[max(a, first - 5) : first] if n in _SEVERITY][-2:]
            inside = [_SEVERITY[n] for n in norms[first:last] if n in _SEVERITY]
            t = first - 1
            near: list[str] = []
            while t >= a and first - t <= 6:
                n = norms[t]
                if n in _SEVERITY:
                    near.append(_SEVERITY[n])
                elif n in (",", ";", ".", "with", "at", "in", "causing"):
                    break
                elif n == "and" and near:
                    break
                t -= 1
            del told
            choices = inside or near
            if not choices:
                after = norms[last : min(b, last + 14)]
                for i, n in enumerate(after):
                    if n in (";", ".") or (n == "," and i > 2 and "where" not in after):
                        break
                    if n in _SEVERITY and (
                        "is" in after[:i] or "are" in after[:i] or ":" in after[:i]
                    ):
                        choices = [_SEVERITY[n]]
                        break
            if choices:
                order = ["mild", "moderate", "severe"]
                return max(choices, key=order.index)
        return ""

    @staticmethod
    def _acuity(mention: Mention, norms: Sequence[str], a: int, b: int) -> str:
        if mention.finding != "vertebral_fracture":
            return ""
        first, last = mention.start, mention.end
        while first > max(a, mention.start - 7) and norms[first - 1] not in (";", "."):
            first -= 1
        while last < min(b, mention.end + 14) and norms[last] not in (";", "."):
            last += 1
        near = norms[first:last]
        if any(n in ("acute", "subacute", "recent", "fresh", "new", "unhealed") for n in near):
            return "acute"
        if any(
            n
            in (
                "old",
                "chronic",
                "healed",
                "remote",
                "longstanding",
                "prior",
                "previous",
                "stable",
                "unchanged",
            )
            for n in near
        ):
            return "chronic"
        if any(n in ("edema", "edematous") for n in near):
            return "chronic" if any(n in ("no", "without") for n in near) else "acute"
        return ""

    # ------------------------------------------------------------------ the whole report

    @staticmethod
    def _drop_corrected(
        flat: str, places: list[Place], corrections: list[tuple[str, str]]
    ) -> list[Place]:
        """In "reported at L5-S1 are in fact at L4-5" only the second level counts."""
        match = _CORRECTED.search(flat)
        if not match:
            return places
        wrong = next(
            (p for p in reversed(places) if p.kind == "named" and p.end <= match.start()), None
        )
        right = next((p for p in places if p.kind == "named" and p.start >= match.end()), None)
        if wrong is None or right is None:
            return places
        corrections.extend(("*", seg) for seg in wrong.segments)
        return [p for p in places if p is not wrong]

    @staticmethod
    def _correct(rows: list[Row], corrections: Sequence[tuple[str, str]]) -> list[Row]:
        if not corrections:
            return rows
        wrong = {level for _, level in corrections}
        corrected = {r.finding for r in rows if r.section == "addendum"}
        return [
            r
            for r in rows
            if not (r.level in wrong and r.finding in corrected and r.section != "addendum")
        ]

    @staticmethod
    def _describe(rows: list[Row]) -> None:
        """Add the Modic rows that are only described."""
        stated = {
            (r.level, "past" if r.status == "historical" else "now")
            for r in rows
            if r.finding == "modic_change" and r.status not in ("absent", "indication")
        }
        other_cause = {
            (r.level or r.vertebra, id(r.passage))
            for r in rows
            if r.finding in ("spinal_infection", "vertebral_fracture", "spinal_neoplasm")
            and r.status in ("present",)
        }
        infected = {
            r.level
            for r in rows
            if r.finding == "spinal_infection" and r.status == "present" and r.level
        }
        stated_passages = {id(r.passage) for r in rows if r.finding == "modic_change"}
        added: list[Row] = []
        for r in rows:
            kind = _MARROW.get(r.finding)
            if (
                kind is None
                or r.status not in ("present", "uncertain", "historical")
                or r.section in ("technique",)
            ):
                continue
            if r.finding == "endplate_sclerosis" and r.basis != "described":
                continue
            if r.basis == "described" and not r.types:
                continue
            if (
                r.caused
                or (r.level, id(r.passage)) in other_cause
                or (r.vertebra, id(r.passage)) in other_cause
            ):
                continue
            if r.level in infected:
                continue
            when = "past" if r.status == "historical" else "now"
            if (r.level, when) in stated or (not r.level and id(r.passage) in stated_passages):
                continue
            twin = next(
                (
                    x
                    for x in added
                    if x.level == r.level
                    and x.vertebra == r.vertebra
                    and x.status == r.status
                    and x.passage is r.passage
                ),
                None,
            )
            if twin is not None:
                twin.types = list(dict.fromkeys([*twin.types, kind]))
                continue
            added.append(Row(
                finding="modic_change", level=r.level, vertebra=r.vertebra, endplate=r.endplate, types=[kind], status=r.status,
                section=r.section, start=r.start, end=r.end, passage=r.passage, cue=r.cue, basis="described", remaining=r.remaining,
            ))  # fmt: skip
        for r in added:
            at = next(i for i, x in enumerate(rows) if x.start >= r.start and x.end >= r.end)
            rows.insert(at, r)

    @staticmethod
    def _mark_conflicts(rows: list[Row]) -> None:
        """Mark Modic rows that findings and impression tell differently at one level."""
        parts = {"findings": [], "impression": []}  # type: dict[str, list[Row]]
        for r in rows:
            if (
                r.finding == "modic_change"
                and r.section in parts
                and r.status in ("present", "absent")
            ):
                parts[r.section].append(r)
        for one, other in (("findings", "impression"), ("impression", "findings")):
            for r in parts[one]:
                if r.status != "present":
                    continue
                here = [x for x in parts[other] if x.level == r.level and x.level]
                denied = [x for x in here if x.status == "absent"]
                denied += [
                    x
                    for x in parts[other]
                    if x.status == "absent" and not x.level and not x.remaining
                ]
                affirmed = [x for x in here if x.status == "present" and x.types]
                if denied and not affirmed:
                    for x in (r, *denied):
                        x.conflict = "yes"
                elif (
                    r.types and affirmed and not any(set(x.types) & set(r.types) for x in affirmed)
                ):
                    for x in (r, *affirmed):
                        x.conflict = "yes"

    def _findings(self, report_id: str, text: str, rows: Sequence[Row]) -> list[Finding]:
        made: list[Finding] = []
        for r in rows:
            if r.finding == "modic_change":
                kinds = _type_codes(r)
            else:
                kinds = [""]
            for kind in kinds:
                made.append(Finding(
                    report_id, r.finding, r.level, r.vertebra, r.endplate, kind,
                    (r.basis or "stated") if r.finding == "modic_change" else "",
                    r.grade, "uncertain" if r.mixed and r.status == "present" and len(kinds) > 1 else r.status,
                    r.section, r.start, r.end, text[r.start : r.end], text[r.passage.start : r.passage.end],
                    r.cue, r.acuity, r.conflict,
                ))  # fmt: skip
        return made


def _type_codes(row: Row) -> list[str]:
    types = sorted(set(row.types))
    if not types:
        return ["unspecified"]
    if row.status == "absent" or row.mixed:
        return types
    if len(types) == 1:
        return types
    if len(types) == 2:
        return ["/".join(types)]
    return ["1/2"]


def _conversion(mention: Mention, norms: Sequence[str]) -> list[Mention]:
    """Split "from Modic 1 to 2": the first is history, the second is there."""
    inside = norms[mention.start : mention.end]
    if len(mention.types) == 2 and "to" in inside:
        before = norms[max(0, mention.start - 2) : mention.start]
        around = norms[max(0, mention.start - 5) : mention.end + 3]
        changed = _CHANGED | {
            "conversion",
            "converted",
            "transformation",
            "transition",
            "evolution",
            "converting",
            "evolved",
            "transformed",
            "progression",
            "changed",
        }
        if "from" in before or "from" in inside or changed & set(around):
            first = Mention(
                "modic_change",
                mention.head,
                mention.start,
                mention.end,
                types=mention.types[:1],
                basis="stated",
                status="historical",
                cue="from ... to",
            )
            mention.types = mention.types[1:]
            return [first, mention]
    return [mention]


def _ellipses(found: Sequence[Mention], norms: Sequence[str], a: int, b: int) -> list[Mention]:
    """Read "another in the endplate of T11" and ", none at L5-S1" as the finding named before."""
    made: list[Mention] = []
    for t in range(a + 1, b - 1):
        after = norms[t + 1]
        again = norms[t] in ("another", "further", "others") and after in (
            "in",
            "at",
            "of",
            "on",
            "one",
        )
        none = (
            norms[t] == "none"
            and after in ("at", "in")
            and norms[t - 1] in (",", "but", "and", ";")
        )
        if not (again or none):
            continue
        last = next(
            (m for m in reversed(found) if m.head[1] <= t and m.site is None or m.head[1] <= t),
            None,
        )
        if last is None:
            continue
        made.append(
            Mention(
                last.finding,
                (t, t + 1),
                t,
                t + 1,
                types=[] if none else list(last.types),
                basis=last.basis,
                status="absent" if none else "present",
                cue="none" if none else "",
                decided=none,
            )
        )
    return made


def _words_of(lexicon: Lexicon) -> set[str]:
    """Return every word that the lexicon uses."""
    phrases = [p for phrases in lexicon.labels.values() for p in phrases]
    slots = lexicon.assertion["slots"]
    for group in lexicon.assertion["cues"]:
        phrases += expand(group["phrases"], slots)
    phrases += expand(lexicon.assertion["ends"], slots)
    phrases += [str(p) for p in lexicon.findings["fillers"]]
    words = {word for phrase in phrases for word in re.findall(r"[a-z]+", str(phrase))}
    # a plural beside its singular would keep the tokenizer from bringing both to one
    return {
        word for word in words if not (len(word) > 3 and word.endswith("s") and word[:-1] in words)
    }


def load(rules: Path | None = None) -> Reader:
    """Load the reader with the shipped rules and, where given, a site's overlay folder."""
    return Reader(load_lexicon(rules))
