"use strict";
// What codes are called on the page, and the sign that tells them apart without colour.

const VERDICTS = {
  urgent_review: {
    name: "Urgent review",
    sign: "!",
    hint: "a red flag stands beside the endplate change",
  },
  candidate: { name: "Candidate", sign: "✓", hint: "every criterion is decided in favour" },
  needs_information: { name: "Needs information", sign: "i", hint: "a clinical fact is unknown" },
  needs_review: {
    name: "Needs review",
    sign: "?",
    hint: "somebody must read the images or the report",
  },
  not_candidate: { name: "Not a candidate", sign: "–", hint: "a criterion speaks against it" },
};

const VERDICT_ORDER = [
  "urgent_review",
  "candidate",
  "needs_information",
  "needs_review",
  "not_candidate",
];

const STATUSES = {
  present: { name: "present", sign: "" },
  absent: { name: "denied", sign: "∅" },
  uncertain: { name: "uncertain", sign: "?" },
  historical: { name: "historical", sign: "↺" },
  indication: { name: "asked about", sign: "⁇" },
};

const TRUTHS = {
  met: { name: "met", sign: "✓" },
  not_met: { name: "not met", sign: "✕" },
  unknown: { name: "unknown", sign: "?" },
};

const CORE = new Set([
  "modic_change",
  "endplate_edema",
  "endplate_fatty_change",
  "endplate_sclerosis",
  "endplate_irregularity",
  "endplate_erosion",
  "endplate_defect",
  "endplate_degeneration",
  "schmorl_node",
]);
const RED_FLAGS = new Set([
  "spinal_infection",
  "spinal_neoplasm",
  "vertebral_fracture",
  "cauda_equina_compression",
]);
const MODIC_TYPES = ["1", "1/2", "2", "2/3", "1/3", "3", "unspecified"];
const LEVELS = ["T10-T11", "T11-T12", "T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"];

const FINDING_NAMES = {
  modic_change: "Modic",
  endplate_edema: "endplate oedema",
  endplate_fatty_change: "fatty endplate change",
  schmorl_node: "Schmorl’s node",
  prior_bvn_ablation: "prior BVN ablation",
};

const findingName = (code) => FINDING_NAMES[code] || code.replaceAll("_", " ");
const group = (code) => (CORE.has(code) ? "core" : RED_FLAGS.has(code) ? "flag" : "other");
/** How many parts a cell like "duration; odi" has. */
const countParts = (text) =>
  String(text || "")
    .split("; ")
    .filter(Boolean).length;
const typeName = (type) => (type === "unspecified" ? "?" : type);
const place = (finding) => finding.level || finding.vertebra || "";

/** "Modic 2", "Schmorl’s node": a finding without its level and status. */
function shortName(finding) {
  const name = findingName(finding.finding);
  return finding.finding === "modic_change"
    ? `Modic ${typeName(finding.modic_type || "unspecified")}`
    : name;
}

/** One type for several that are said of a place: 2 and 1/2 are 1/2; a type outdoes "not said". */
function mergeTypes(types) {
  const parts = [...new Set(types.flatMap((type) => type.split("/")))].filter(
    (one) => one !== "unspecified",
  );
  return parts.sort().join("/") || "unspecified";
}

/** Findings with the Modic changes of one place and status made one. */
function mergeModic(findings) {
  const groups = new Map();
  const others = [];
  for (const finding of findings) {
    if (finding.finding !== "modic_change") others.push(finding);
    else {
      const key = `${place(finding)}|${finding.status}`;
      groups.set(key, [...(groups.get(key) || []), finding]);
    }
  }
  const merged = [...groups.values()].map((group) => {
    const shared = (name) => (group.every((f) => f[name] === group[0][name]) ? group[0][name] : "");
    const modic_type = mergeTypes(group.map((f) => f.modic_type || "unspecified"));
    return { ...group[0], modic_type, vertebra: shared("vertebra"), endplate: shared("endplate") };
  });
  return [...merged, ...others];
}

/** Everything a finding says, as a sentence. */
function fullName(finding) {
  const parts = [
    finding.finding === "modic_change"
      ? `Modic change, type ${finding.modic_type || "unspecified"}`
      : findingName(finding.finding),
  ];
  if (finding.level) parts.push(`level ${finding.level}`);
  if (finding.vertebra) parts.push(`body ${finding.vertebra}`);
  if (finding.endplate)
    parts.push(`${finding.endplate} endplate${finding.endplate === "both" ? "s" : ""}`);
  if (finding.grade) parts.push(finding.grade);
  parts.push(STATUSES[finding.status] ? STATUSES[finding.status].name : finding.status);
  if (finding.basis) parts.push(finding.basis);
  if (finding.conflict) parts.push("findings and impression disagree");
  return parts.join(", ");
}

/** "245 days", "8 months", "3.2 years". */
function age(days) {
  if (days === null || days === undefined || days === "") return "";
  const n = Number(days);
  if (n < 60) return `${n} days`;
  if (n < 730) return `${Math.round(n / 30.44)} months`;
  return `${(n / 365.25).toFixed(1)} years`;
}

/** "L4-L5:2; L5-S1:1?" as [{level, type, doubtful}]. */
function parseModic(text) {
  return (text || "")
    .split(";")
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      const at = part.lastIndexOf(":");
      const type = at < 0 ? "unspecified" : part.slice(at + 1).trim();
      const level = at < 0 ? part : part.slice(0, at).trim();
      return {
        level,
        type: type.replace(/\?$/, "") || "unspecified",
        doubtful: type.endsWith("?"),
      };
    });
}

function verdictBadge(verdict) {
  const known = VERDICTS[verdict] || { name: verdict || "hidden", sign: "·" };
  return h(
    "span",
    { class: `badge v-${verdict || "hidden"}`, title: known.hint },
    h("span", { class: "sign", "aria-hidden": "true" }, known.sign),
    known.name,
  );
}

const typeClass = (type) => "m" + (type || "unspecified").replace("/", "");

function modicChips(text) {
  return parseModic(text).map(({ level, type, doubtful }) =>
    h(
      "span",
      {
        class: `chip ${typeClass(type)}${doubtful ? " doubtful" : ""}`,
        title: doubtful ? "the report is not certain of this" : null,
      },
      h("b", {}, level),
      type === "unspecified" ? " type not said" : ` type ${type}`,
      doubtful ? " ?" : "",
    ),
  );
}
