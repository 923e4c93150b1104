"use strict";
// A report with its findings marked: what, where and how certain, not by colour alone.

const FOLD_AFTER = 100000; // characters of a report that are laid out at once

/** The card of one report. */
function reportCard(study, text) {
  const about = [study.date, study.procedure, study.modality, study.status];
  return section(
    "report",
    `Report ${study.report_id}`,
    h("p", { class: "muted small" }, about.filter(Boolean).join(" · ")),
    study.from === "sentences" &&
      h(
        "p",
        { class: "warn" },
        "The report's full text is not at hand; these are the sentences of its findings.",
      ),
    legend(),
    text,
  );
}

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
        levels: [...new Set(found.map(place).filter(Boolean))].join(" "),
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
