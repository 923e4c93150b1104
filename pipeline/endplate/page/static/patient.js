"use strict";
// One patient: the reports with their findings, the spine, the studies over time, the criteria.

const FOLD_AFTER = 100000; // characters of a report that are laid out at once

/** The report as nodes. Segments come cut at the borders of the findings: [text, [finding …]]. */
function reportText(study, onFinding) {
  const box = h("div", { class: "report", dir: "auto" });
  const last = new Map();
  study.segments.forEach(([, ids], i) => ids.forEach((id) => last.set(id, i)));
  let room = FOLD_AFTER;
  const rest = [];
  study.segments.forEach((segment, i) => {
    if (room <= 0 && !segment[1].length) rest.push(i);
    box.append(...segmentNodes(study, segment, i, last, onFinding, Math.max(room, 0)));
    room -= segment[0].length;
  });
  return box;
}

function segmentNodes(study, [text, ids], i, last, onFinding, room) {
  if (!ids.length) {
    if (text.length <= room || text.length < 400) return textNodes(text);
    const shown = Math.max(room, 200),
      more = h(
        "button",
        {
          type: "button",
          class: "quiet",
          onclick: () => more.replaceWith(...textNodes(text.slice(shown))),
        },
        `show ${number(text.length - shown)} more characters`,
      );
    return [...textNodes(text.slice(0, shown)), more];
  }
  const found = ids.map((id) => study.findings[id]);
  const kind = ["flag", "core", "other"].find((one) => found.some((f) => group(f.finding) === one));
  const lead = found.find((f) => group(f.finding) === kind);
  const ending = ids.filter((id) => last.get(id) === i).map((id) => study.findings[id]);
  const tags = new Map(); // one tag for the same thing at several levels
  for (const f of ending) {
    const key = `${shortName(f)}|${f.status}|${f.conflict}`;
    if (!tags.has(key)) tags.set(key, { f, places: [] });
    if (place(f) && !tags.get(key).places.includes(place(f))) tags.get(key).places.push(place(f));
  }
  const mark = h(
    "mark",
    {
      class: `f ${kind} ${lead.status} ${lead.finding === "modic_change" ? typeClass(lead.modic_type) : ""}`,
      tabindex: 0,
      "aria-label": `${text.trim()}: ${found.map(fullName).join("; ")}`,
      title: found.map(fullName).join("\n"),
      dataset: {
        ids: ids.join(" "),
        levels: [...new Set(found.map((f) => f.level).filter(Boolean))].join(" "),
      },
    },
    textNodes(text),
  );
  for (const { f, places } of tags.values()) {
    const status = STATUSES[f.status] || { sign: "", name: f.status };
    mark.append(
      h(
        "span",
        {
          class: `tag ${group(f.finding)} ${f.finding === "modic_change" ? typeClass(f.modic_type) : ""}`,
          "aria-hidden": "true",
        },
        status.sign ? h("b", {}, status.sign + " ") : "",
        shortName(f),
        places.length ? h("b", {}, " " + places.join(", ")) : "",
        f.status !== "present" ? ` ${status.name}` : "",
        f.conflict ? " ⚡conflict" : "",
      ),
    );
  }
  mark.addEventListener("click", () => onFinding(ids));
  mark.addEventListener("focus", () => onFinding(ids, true));
  return [mark];
}

function legend() {
  const item = (cls, text, what) => h("li", {}, h("mark", { class: `f ${cls}` }, text), " " + what);
  return h(
    "details",
    { class: "legend" },
    h("summary", {}, "How to read the marks"),
    h(
      "ul",
      {},
      item("core present m1", "boxed, striped edge", "endplate or Modic finding, present"),
      item("core absent", "∅ struck through", "denied"),
      item("core uncertain", "? wavy line", "uncertain"),
      item("core historical", "↺ double line", "only in the past"),
      item("core indication", "⁇ dotted line", "asked about, the reason for the examination"),
      item("other present", "thin line", "any other finding; its name shows when it has the focus"),
      item("flag present", "! heavy line", "red flag"),
    ),
  );
}

/** The studies along a line of time; choosing one shows its report. */
function timeline(studies, chosen, onChoose) {
  if (!studies.length) return null;
  return h(
    "ol",
    { class: "timeline", "aria-label": "Studies over time" },
    studies.map((study, i) => {
      const modic = [
        ...new Map(
          study.findings
            .filter(
              (f) =>
                f.finding === "modic_change" &&
                f.status !== "absent" &&
                f.status !== "indication" &&
                f.status !== "historical",
            )
            .map((f) => [f.level + f.modic_type, f]),
        ).values(),
      ];
      return h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            class: `study${study.index ? " index" : ""}`,
            "aria-pressed": String(i === chosen),
            dataset: { study: i },
            onclick: () => onChoose(i),
          },
          h(
            "span",
            { class: "when" },
            study.date || "undated",
            study.index ? h("b", { class: "index-mark" }, " index study") : "",
          ),
          h(
            "span",
            { class: "what" },
            [
              study.procedure || study.modality || "report",
              study.status && study.status !== "final" ? `(${study.status})` : "",
            ]
              .filter(Boolean)
              .join(" "),
          ),
          h(
            "span",
            { class: "modics" },
            modic.length
              ? modicChips(
                  modic
                    .map((f) => `${place(f) || "level ?"}:${f.modic_type || "unspecified"}`)
                    .join(";"),
                )
              : h("span", { class: "muted small" }, "no Modic change"),
          ),
        ),
      );
    }),
  );
}

const STANDINGS = {
  against: { css: "bad", order: 0 },
  flag: { css: "open", order: 1 },
  open: { css: "open", order: 2 },
  for: { css: "good", order: 3 },
};
const KINDS = { include: "inclusion", exclude: "exclusion", flag: "to be looked at" };

function criterionItem(result, criterion) {
  const truth = TRUTHS[result.truth] || TRUTHS.unknown;
  const about = [KINDS[criterion.kind], (criterion.class || "").replaceAll("_", " ")];
  return h(
    "li",
    { class: `criterion ${STANDINGS[result.standing].css}` },
    h(
      "span",
      { class: "truth" },
      h("span", { class: "sign", "aria-hidden": "true" }, truth.sign),
      truth.name,
    ),
    h(
      "div",
      {},
      h(
        "p",
        { class: "statement" },
        criterion.statement || result.id,
        h("span", { class: "muted small" }, ` · ${about.filter(Boolean).join(" · ")}`),
      ),
      result.reason && h("p", { class: "reason" }, result.reason),
      result.evidence.length > 0 &&
        h(
          "ul",
          { class: "evidence" },
          result.evidence.map((line) => h("li", {}, line)),
        ),
      result.settle &&
        h("p", { class: "settle" }, h("b", {}, "What would settle it: "), result.settle),
      criterion.source && h("p", { class: "muted small source" }, `Source: ${criterion.source}`),
    ),
  );
}

/** One pack: what speaks against comes first, then what is open, then what is in favour. */
function packDetails(judged, pack, open) {
  const results = judged.results
    .filter((result) => result.standing in STANDINGS)
    .sort((a, b) => STANDINGS[a.standing].order - STANDINGS[b.standing].order);
  const n = (standing) => results.filter((result) => result.standing === standing).length;
  const flags = n("flag") ? ` · ${n("flag")} to be looked at` : "";
  return h(
    "details",
    { class: "pack", open },
    h(
      "summary",
      {},
      h("b", {}, pack.title || judged.pack),
      pack.draft && h("span", { class: "draft" }, "draft"),
      " ",
      verdictBadge(judged.verdict),
      h(
        "span",
        { class: "muted small" },
        ` ${n("for")} in favour · ${n("against")} against · ${n("open")} unknown${flags}`,
      ),
    ),
    h(
      "ul",
      { class: "criteria" },
      results.map((result) => criterionItem(result, pack.criteria[result.id] || {})),
    ),
  );
}

function criteriaCard(detail, packs) {
  if (!detail.judgements) return null;
  return h(
    "section",
    { class: "card", "aria-labelledby": "criteria-title" },
    h("h3", { id: "criteria-title" }, "Criteria"),
    detail.judgements.map((judged, i) =>
      packDetails(judged, packs[judged.pack] || { criteria: {} }, i === 0),
    ),
  );
}

function findingsTable(study) {
  const rows = study.findings.map((f) =>
    h(
      "tr",
      { class: group(f.finding) },
      h("th", { scope: "row" }, shortName(f)),
      h(
        "td",
        {},
        f.level || "",
        f.level && f.vertebra ? " " : "",
        f.vertebra || "",
        f.endplate ? ` ${f.endplate}` : "",
      ),
      h(
        "td",
        {},
        STATUSES[f.status] ? `${STATUSES[f.status].sign} ${STATUSES[f.status].name}` : f.status,
      ),
      h("td", {}, f.basis || f.grade || ""),
      h("td", {}, f.section),
    ),
  );
  return h(
    "details",
    { class: "card as-table" },
    h("summary", {}, `All findings of this report as a table (${rows.length})`),
    h(
      "table",
      { class: "plain" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Finding", "Where", "Status", "Basis or grade", "Section"].map((name) =>
            h("th", { scope: "col" }, name),
          ),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}

/** The whole view. `hooks.panel(detail, view)` may add a decision panel. */
class PatientView {
  constructor(row, detail, packs, hooks) {
    Object.assign(this, { row, detail, packs, hooks });
    this.chosen = Math.max(
      0,
      detail.studies.findIndex((study) => study.index),
    );
    this.reportBox = h("div", {});
    this.spineBox = h("div", {});
    this.timeBox = h("div", {});
    const facts = [
      detail.study_date && `Index MRI ${detail.study_date}`,
      detail.mri_age_days !== "" &&
        detail.mri_age_days !== null &&
        detail.mri_age_days !== undefined &&
        `${age(detail.mri_age_days)} old`,
      detail.bodies && `bodies implied: ${detail.bodies}`,
      detail.modic_basis && `basis: ${detail.modic_basis}`,
    ].filter(Boolean);
    this.node = h(
      "article",
      { class: "patient", "aria-labelledby": "patient-title" },
      h(
        "header",
        { class: "patient-head" },
        h(
          "nav",
          { class: "patient-nav", "aria-label": "Patients" },
          h("button", { type: "button", id: "back", onclick: hooks.back }, "← List"),
          h("button", { type: "button", id: "previous", onclick: () => hooks.go(-1) }, "Previous"),
          h("button", { type: "button", id: "next", onclick: () => hooks.go(1) }, "Next"),
        ),
        h(
          "div",
          { class: "patient-name" },
          h("h2", { id: "patient-title", tabindex: -1 }, detail.patient_id),
          detail.verdict ? verdictBadge(detail.verdict) : null,
          h("span", { class: "modics" }, modicChips(detail.modic)),
          detail.red_flags
            ? h("span", { class: "red-flag" }, "! ", detail.red_flags.replaceAll("_", " "))
            : null,
        ),
        h("p", { class: "muted" }, facts.join(" · ")),
        detail.history && h("p", {}, h("b", {}, "Since earlier studies: "), detail.history),
      detail.next_step &&
          h("p", { class: "next-step" }, h("b", {}, "Next step: "), detail.next_step),
      ),
      hooks.panel ? hooks.panel(this) : null,
      h(
        "div",
        { class: "columns" },
        h(
          "div",
          { class: "left" },
          h(
            "section",
            { class: "card", "aria-labelledby": "studies-title" },
            h("h3", { id: "studies-title" }, "Studies over time"),
            this.timeBox,
          ),
          this.reportBox,
        ),
        h("div", { class: "right" }, this.spineBox, criteriaCard(detail, packs)),
      ),
    );
    this.choose(this.chosen);
  }

  get study() {
    return this.detail.studies[this.chosen];
  }

  choose(i) {
    this.chosen = i;
    const study = this.study;
    empty(this.timeBox).append(
      timeline(this.detail.studies, i, (n) => {
        this.choose(n);
        this.timeBox.querySelector(`[data-study="${n}"]`).focus();
      }) || h("p", { class: "muted" }, "No study is on record."),
    );
    empty(this.reportBox);
    empty(this.spineBox);
    if (!study) return;
    const note =
      study.from === "sentences"
        ? h(
            "p",
            { class: "warn" },
            "The report's full text is not at hand; these are the sentences of its findings.",
          )
        : null;
    this.text = reportText(study, (ids, quiet) => this.showFinding(ids, quiet));
    this.reportBox.append(
      h(
        "section",
        { class: "card report-card", "aria-labelledby": "report-title" },
        h("h3", { id: "report-title" }, `Report ${study.report_id}`),
        h(
          "p",
          { class: "muted small" },
          [study.date, study.procedure, study.modality, study.status].filter(Boolean).join(" · "),
        ),
        note,
        legend(),
        this.text,
        h("p", { class: "sr" }, "End of the report"),
      ),
      findingsTable(study),
    );
    const implied = study.index ? (this.detail.bodies || "").split(/\s+/).filter(Boolean) : [];
    this.spineBox.append(
      h(
        "section",
        { class: "card", "aria-labelledby": "spine-title" },
        h("h3", { id: "spine-title" }, "Spine"),
        spineDrawing(study.findings, implied, (level) => this.showLevel(level)),
        h(
          "p",
          { class: "muted small" },
          implied.length ? "◎ a body that the level implies. " : "",
          "Choose a level to see where the report says it.",
        ),
      ),
    );
    if (this.hooks.chosen) this.hooks.chosen(this);
  }

  showLevel(level) {
    const marks = [...this.text.querySelectorAll("mark.f")];
    const hits = marks.filter((mark) => mark.dataset.levels.split(" ").includes(level));
    marks.forEach((mark) => mark.classList.toggle("lit", hits.includes(mark)));
    this.spineBox
      .querySelectorAll(".spine-level")
      .forEach((node) => node.classList.toggle("lit", node.dataset.level === level));
    if (hits.length)
      hits[0].scrollIntoView({
        block: "center",
        behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
      });
    announce(`${hits.length} mentions at ${level}`);
  }

  showFinding(ids, quiet) {
    this.selected = ids;
    const levels = new Set(ids.map((id) => this.study.findings[id].level).filter(Boolean));
    this.spineBox
      .querySelectorAll(".spine-level")
      .forEach((node) => node.classList.toggle("lit", levels.has(node.dataset.level)));
    if (!quiet) announce(ids.map((id) => fullName(this.study.findings[id])).join("; "));
    if (this.hooks.selected) this.hooks.selected(this, ids);
  }

  /** Move the focus to the next (or previous) marked finding. */
  step(by) {
    const marks = [...this.text.querySelectorAll("mark.f")];
    if (!marks.length) return;
    const now = marks.indexOf(document.activeElement);
    const next = marks[(now + by + marks.length + (now < 0 && by < 0 ? 1 : 0)) % marks.length];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  }
}
