"use strict";
// What the list can be narrowed by.

const newFilter = () => ({
  words: [],
  verdicts: new Set(),
  type: "",
  level: "",
  decision: "",
  queue: "all",
});

/** Whether a row passes the filter. */
function passes(row, filter) {
  if (filter.verdicts.size && !filter.verdicts.has(row.verdict)) return false;
  if (filter.queue !== "all" && row.queue !== filter.queue) return false;
  if (filter.type || filter.level) {
    const hit = row.levels.some(
      ({ level, type }) =>
        (!filter.level || level === filter.level) && (!filter.type || type === filter.type),
    );
    if (!hit) return false;
  }
  if (filter.decision === "open" && row.decision) return false;
  if (filter.decision === "done" && !row.decision) return false;
  return filter.words.every((word) => row.haystack.includes(word));
}

const SEARCHED = [
  ...["patient_id", "report_id", "modic", "next_step", "endplate", "red_flags", "other_findings"],
  ...["evidence", "study_date", "bodies", "modic_basis", "notes"],
];

/** Everything of a row that the search looks through. */
function haystack(row) {
  const verdict = (VERDICTS[row.verdict] || {}).name;
  return [...SEARCHED.map((name) => row[name]), verdict].join(" ").toLowerCase();
}

function searchField(filter, changed) {
  const oninput = (event) => {
    filter.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    changed();
  };
  return h("input", {
    type: "search",
    id: "search",
    placeholder: "Patient, level, word of the evidence …",
    autocomplete: "off",
    spellcheck: "false",
    oninput,
  });
}

function choice(filter, changed, label, key, choices) {
  const onchange = (event) => {
    filter[key] = event.target.value;
    changed();
  };
  const options = choices.map(([value, name]) => h("option", { value }, name));
  return h(
    "label",
    { class: "field" },
    label,
    h("select", { dataset: { filter: key }, onchange }, options),
  );
}

/** A button for each verdict with its number of patients; several can be pressed. */
function verdictButtons(rows, filter, changed) {
  const count = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  const known = VERDICT_ORDER.map((verdict) => [verdict, count(verdict)]).filter(([, n]) => n);
  if (known.length < 2) return null;
  const toggle = (event, verdict) => {
    const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
    event.currentTarget.setAttribute("aria-pressed", String(on));
    filter.verdicts[on ? "add" : "delete"](verdict);
    changed();
  };
  const button = ([verdict, n]) =>
    h(
      "button",
      {
        type: "button",
        class: `toggle v-${verdict}`,
        "aria-pressed": "false",
        dataset: { verdict },
        onclick: (event) => toggle(event, verdict),
      },
      h("span", { class: "sign", "aria-hidden": "true" }, VERDICTS[verdict].sign),
      VERDICTS[verdict].name,
      h("b", {}, number(n)),
    );
  return h("div", { class: "chips", role: "group", "aria-label": "Verdict" }, known.map(button));
}

/** The selects that make sense for these rows. */
function choices(rows, filter, changed, { queues, decisions }) {
  const found = rows.flatMap((row) => row.levels);
  const types = [...new Set(found.map((one) => one.type))];
  const levels = [...new Set(found.map((one) => one.level))];
  const rank = (order, name) => order.indexOf(name) + 1 || order.length + 1;
  types.sort((a, b) => rank(MODIC_TYPES, a) - rank(MODIC_TYPES, b));
  levels.sort((a, b) => rank(LEVELS, a) - rank(LEVELS, b));
  const typeWord = (type) => (type === "unspecified" ? "not said" : type);
  const add = (label, key, list) => choice(filter, changed, label, key, list);
  const any = ["", "any"];
  return [
    types.length && add("Modic type", "type", [any, ...types.map((one) => [one, typeWord(one)])]),
    levels.length && add("Level", "level", [any, ...levels.map((one) => [one, one])]),
    queues && add("Patients", "queue", queues),
    decisions && add("Decision", "decision", [any, ["open", "open"], ["done", "decided"]]),
  ];
}
