"use strict";
// One patient: studies over time, the report, the spine, the criteria.

/** Modic changes that a report affirms or suspects, each once, as a cell like "L4-L5:2". */
function modicOf(study) {
  const on = mergeModic(study.findings).filter(
    (f) => f.finding === "modic_change" && (f.status === "present" || f.status === "uncertain"),
  );
  const cells = on.map((f) => {
    const doubt = f.status === "uncertain" ? "?" : "";
    return `${place(f) || "level not said"}:${f.modic_type || "unspecified"}${doubt}`;
  });
  return [...new Set(cells)].join("; ");
}

function studyButton(study, i, chosen, onChoose) {
  const modic = modicOf(study);
  const what = [study.procedure || study.modality || "report"];
  if (study.status && study.status !== "final") what.push(`(${study.status})`);
  const role = study.part ? " further report" : study.index ? " index study" : "";
  return h(
    "button",
    {
      type: "button",
      class: "study",
      "aria-pressed": String(i === chosen),
      dataset: { study: i },
      onclick: () => onChoose(i),
    },
    h(
      "span",
      { class: "when" },
      study.date || "undated",
      role && h("b", { class: "index-mark" }, role),
    ),
    h("span", { class: "what" }, what.join(" ")),
    h(
      "span",
      { class: "modics" },
      modic ? modicChips(modic) : h("span", { class: "muted small" }, "no Modic change"),
    ),
  );
}

/** The studies along a line of time; choosing one shows its report. */
function timeline(studies, chosen, onChoose) {
  if (!studies.length) return h("p", { class: "muted" }, "No study is on record.");
  return h(
    "ol",
    { class: "timeline", "aria-label": "Studies over time" },
    studies.map((study, i) => h("li", {}, studyButton(study, i, chosen, onChoose))),
  );
}

function patientHead(detail, hooks) {
  const known = (value) => value !== "" && value !== null && value !== undefined;
  const facts = [
    detail.study_date && `Index MRI ${detail.study_date}`,
    known(detail.mri_age_days) && `${age(detail.mri_age_days)} old`,
    detail.bodies && `bodies implied: ${detail.bodies}`,
    detail.modic_basis && `basis: ${detail.modic_basis}`,
  ];
  const button = (id, name, act) => h("button", { type: "button", id, onclick: act }, name);
  return h(
    "header",
    { class: "patient-head" },
    h(
      "nav",
      { class: "patient-nav", "aria-label": "Patients" },
      button("back", "← List", hooks.back),
      button("previous", "Previous", () => hooks.go(-1)),
      button("next", "Next", () => hooks.go(1)),
    ),
    h(
      "div",
      { class: "patient-name" },
      h("h2", { id: "patient-title", tabindex: -1 }, detail.patient_id),
      detail.verdict && verdictBadge(detail.verdict),
      h("span", { class: "modics" }, modicChips(detail.modic)),
      detail.red_flags &&
        h("span", { class: "red-flag" }, `! ${detail.red_flags.replaceAll("_", " ")}`),
    ),
    h("p", { class: "muted" }, facts.filter(Boolean).join(" · ")),
    detail.history && h("p", {}, h("b", {}, "Since earlier studies: "), detail.history),
    detail.next_step && h("p", { class: "next-step" }, h("b", {}, "Next step: "), detail.next_step),
  );
}

/** The whole view. `hooks.panel(view)` may add a decision panel. */
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
    this.node = h(
      "article",
      { class: "patient", "aria-labelledby": "patient-title" },
      patientHead(detail, hooks),
      hooks.panel && hooks.panel(this),
      h(
        "div",
        { class: "columns" },
        h(
          "div",
          { class: "left" },
          section("studies", "Studies over time", this.timeBox),
          this.reportBox,
        ),
        h("div", { class: "right" }, this.spineBox, criteriaCard(detail, packs)),
      ),
    );
    this.choose(this.chosen);
  }

  /** The report that is shown. */
  get study() {
    return this.detail.studies[this.chosen];
  }

  choose(i) {
    this.chosen = i;
    this.selected = null;
    const again = (n) => {
      this.choose(n);
      this.timeBox.querySelector(`[data-study="${n}"]`).focus();
    };
    this.timeBox.replaceChildren(timeline(this.detail.studies, i, again));
    if (!this.study) return;
    this.text = reportText(this.study, (ids, quiet) => this.showFinding(ids, quiet));
    this.reportBox.replaceChildren(reportCard(this.study, this.text), findingsTable(this.study));
    this.spineBox.replaceChildren(this.spineCard());
    if (this.hooks.chosen) this.hooks.chosen(this);
  }

  /** The drawing of a study, with what its addenda say. */
  spineCard() {
    const { study } = this;
    const findings = this.detail.studies
      .filter((one) => one.group === study.group)
      .flatMap((one) => one.findings);
    const implied = study.index ? (this.detail.bodies || "").split(/\s+/).filter(Boolean) : [];
    const note = implied.length ? "◎ a body that the level implies. " : "";
    return section(
      "spine",
      "Spine",
      spineDrawing(findings, implied, (level) => this.showLevel(level)),
      h("p", { class: "muted small" }, note, "Choose a level to see where the report says it."),
    );
  }

  light(wanted) {
    this.spineBox
      .querySelectorAll(".spine-level")
      .forEach((node) => node.classList.toggle("lit", wanted(node.dataset.level)));
  }

  showLevel(level) {
    const marks = [...this.text.querySelectorAll("mark.f")];
    const hits = marks.filter((mark) => mark.dataset.levels.split(" ").includes(level));
    marks.forEach((mark) => mark.classList.toggle("lit", hits.includes(mark)));
    this.light((name) => name === level);
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (hits.length) {
      hits[0].scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    }
    announce(`${hits.length} mentions at ${level}`);
  }

  showFinding(ids, quiet) {
    this.selected = ids;
    const found = ids.map((id) => this.study.findings[id]);
    const places = new Set(found.map(place));
    this.light((name) => places.has(name));
    if (!quiet) announce(found.map(fullName).join("; "));
  }

  /** Move the focus to the next (or previous) marked finding. */
  step(by) {
    const marks = [...this.text.querySelectorAll("mark.f")];
    if (!marks.length) return;
    const now = marks.indexOf(document.activeElement);
    const start = now < 0 && by < 0 ? marks.length : now;
    const next = marks[(start + by + marks.length) % marks.length];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  }
}
