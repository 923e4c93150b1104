"use strict";
// What each pack asks, and how it stands with a patient.

// How a criterion bears on the patient, in the order of the list.
const STANDINGS = {
  against: { css: "bad", name: "against" },
  flag: { css: "open", name: "to be looked at" },
  open: { css: "open", name: "unknown" },
  silent: { css: "silent", name: "not recorded" },
  for: { css: "good", name: "in favour" },
};

/** An exclusion that is "not met" only because nothing is recorded has something to settle. */
function standingOf(result) {
  return result.standing === "for" && result.settle ? "silent" : result.standing;
}

const KINDS = { include: "inclusion", exclude: "exclusion", flag: "to be looked at" };

function criterionItem(result, criterion) {
  const standing = standingOf(result);
  const silent = { name: "not recorded", sign: "–" };
  const truth = standing === "silent" ? silent : TRUTHS[result.truth] || TRUTHS.unknown;
  const about = [KINDS[criterion.kind], (criterion.class || "").replaceAll("_", " ")];
  if (criterion.source) about.push(criterion.source);
  return h(
    "li",
    { class: `criterion ${STANDINGS[standing].css}` },
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
        h(
          "p",
          { class: "settle" },
          h("b", {}, truth === silent ? "To be confirmed: " : "What would settle it: "),
          result.settle,
        ),
      h(
        "details",
        { class: "source" },
        h("summary", {}, KINDS[criterion.kind] || "criterion", ", source"),
        about.filter(Boolean).join(" · "),
      ),
    ),
  );
}

/** One pack: what speaks against comes first, then what is open, last what is in favour. */
function packDetails(judged, pack, open) {
  const order = Object.keys(STANDINGS);
  const results = judged.results
    .filter((result) => standingOf(result) in STANDINGS)
    .sort((a, b) => order.indexOf(standingOf(a)) - order.indexOf(standingOf(b)));
  const counts = order
    .map((name) => [results.filter((one) => standingOf(one) === name).length, STANDINGS[name].name])
    .filter(([n]) => n)
    .map(([n, name]) => `${n} ${name}`);
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
      h("span", { class: "muted small" }, ` ${counts.reverse().join(" · ")}`),
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
