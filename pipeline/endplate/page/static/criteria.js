"use strict";
// What each pack asks, and how it stands with a patient.

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
  if (criterion.source) about.push(criterion.source);
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
      h("p", { class: "statement" }, criterion.statement || result.id),
      result.reason && h("p", { class: "reason" }, result.reason),
      result.evidence.length > 0 &&
        h(
          "ul",
          { class: "evidence" },
          result.evidence.map((line) => h("li", {}, line)),
        ),
      result.settle &&
        h("p", { class: "settle" }, h("b", {}, "What would settle it: "), result.settle),
      h(
        "details",
        { class: "source" },
        h("summary", {}, KINDS[criterion.kind] || "criterion", ", source"),
        about.filter(Boolean).join(" · "),
      ),
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
  return section(
    "criteria",
    "Criteria",
    detail.judgements.map((judged, i) =>
      packDetails(judged, packs[judged.pack] || { criteria: {} }, i === 0),
    ),
  );
}
