"use strict";
// The dialogs of the review. A native <dialog> keeps the focus inside and closes with Escape.

const FINDING_CODES = [
  "modic_change",
  "endplate_edema",
  "endplate_fatty_change",
  "endplate_sclerosis",
  "endplate_irregularity",
  "endplate_erosion",
  "endplate_defect",
  "endplate_degeneration",
  "schmorl_node",
  "disc_bulge",
  "disc_protrusion",
  "disc_extrusion",
  "disc_herniation",
  "disc_degeneration",
  "annular_fissure",
  "spinal_stenosis",
  "lateral_recess_stenosis",
  "foraminal_stenosis",
  "nerve_root_compression",
  "cauda_equina_compression",
  "facet_arthropathy",
  "spondylolisthesis",
  "spondylolysis",
  "vertebral_fracture",
  "spinal_infection",
  "spinal_neoplasm",
  "hemangioma",
  "prior_bvn_ablation",
  "prior_surgery",
  "transitional_vertebra",
  "scoliosis",
  "osteophyte",
  "osteoporosis",
];
const ALL_LEVELS = [...LEVELS, "L5-L6", "L6-S1", "S1-S2"];

/** Show a dialog and return what it was closed with; null when it was left. */
function ask(title, build) {
  return new Promise((done) => {
    const before = document.activeElement;
    let answer = null;
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    dialog.append(
      h("h2", { id: "dialog-title" }, title),
      build(close, dialog),
      h(
        "button",
        { type: "button", class: "quiet close", onclick: () => close(null) },
        "Cancel (Esc)",
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before && before.isConnected) before.focus({ preventScroll: true });
      done(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    const first = dialog.querySelector("[autofocus], input, textarea, select, button");
    if (first) first.focus();
  });
}

const askName = (name) =>
  ask("Who reviews?", (close) => {
    const input = h("input", {
      id: "reviewer-name",
      value: name,
      maxlength: 80,
      autocomplete: "off",
      required: true,
    });
    const form = h(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          if (input.value.trim()) close(input.value.trim().replace(/\s+/g, " "));
        },
      },
      h("label", { class: "field" }, "Your name, as it shall stand beside your decisions", input),
      h("button", { type: "submit", class: "primary" }, "Start"),
    );
    return form;
  });

const askReason = (reasons) =>
  ask("Why rejected?", (close, dialog) => {
    const codes = Object.keys(reasons);
    dialog.addEventListener("keydown", (event) => {
      const code = codes[Number(event.key) - 1];
      if (code && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        close(code);
      }
    });
    return h(
      "ol",
      { class: "choices" },
      codes.map((code, i) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", dataset: { reason: code }, onclick: () => close(code) },
            h("kbd", {}, i + 1),
            reasons[code],
          ),
        ),
      ),
    );
  });

const askNote = (note) =>
  ask("Note", (close) => {
    const area = h("textarea", { id: "note-text", rows: 5, maxlength: 4000 });
    area.value = note;
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        close(area.value.trim());
      }
    });
    return h(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          close(area.value.trim());
        },
      },
      h("label", { class: "field" }, "For the clinic; it comes into the worklist", area),
      h("button", { type: "submit", class: "primary" }, "Save (Ctrl+Enter)"),
    );
  });

/** Correct a finding, or write down a missed one (`finding` null). */
const askFinding = (finding, quote) =>
  ask(finding ? `Correct: ${fullName(finding)}` : "A finding that was missed", (close) => {
    const now = finding || {
      finding: "modic_change",
      level: "",
      modic_type: "",
      status: "present",
    };
    const choose = (label, name, options, value) =>
      h(
        "label",
        { class: "field" },
        label,
        h(
          "select",
          { name },
          options.map(([code, text]) =>
            h("option", { value: code, selected: code === (value || "") }, text),
          ),
        ),
      );
    const form = h(
      "form",
      {
        class: "finding-form",
        onsubmit: (event) => {
          event.preventDefault();
          const data = new FormData(form);
          close({
            now: Object.fromEntries(
              ["finding", "level", "modic_type", "status"].map((name) => [
                name,
                data.get(name) || "",
              ]),
            ),
            quote: quote || "",
          });
        },
      },
      quote && h("blockquote", {}, quote),
      h(
        "div",
        { class: "filters" },
        choose(
          "Finding",
          "finding",
          FINDING_CODES.map((code) => [code, findingName(code)]),
          now.finding,
        ),
        choose(
          "Level",
          "level",
          [["", "none"], ...ALL_LEVELS.map((level) => [level, level])],
          now.level,
        ),
        choose(
          "Modic type",
          "modic_type",
          [
            ["", "–"],
            ...MODIC_TYPES.map((type) => [type, type === "unspecified" ? "not said" : type]),
          ],
          now.modic_type,
        ),
        choose(
          "Status",
          "status",
          Object.entries(STATUSES).map(([code, { name }]) => [code, name]),
          now.status,
        ),
      ),
      h(
        "div",
        { class: "buttons" },
        h(
          "button",
          { type: "submit", class: "primary" },
          finding ? "Save the correction" : "Save the finding",
        ),
        finding &&
          h(
            "button",
            { type: "button", id: "no-finding", onclick: () => close({ now: null, quote: "" }) },
            "The report does not say this at all",
          ),
      ),
    );
    return form;
  });

const HELP = [
  ["a", "accept: belongs on the list; goes on to the next open patient"],
  ["r", "reject: then the number of the reason"],
  ["u", "unsure"],
  ["n", "note"],
  ["z", "undo your last entry"],
  ["j / k", "next / previous patient"],
  ["o", "next open patient"],
  ["] / [", "next / previous finding in the report"],
  ["c", "correct the chosen finding"],
  ["m", "a finding was missed (mark its words first)"],
  ["f", "all findings of this report are checked"],
  ["Esc", "back to the list"],
  ["/", "search the list"],
  ["?", "this help"],
];
const showHelp = () =>
  ask("Keys", () =>
    h(
      "dl",
      { class: "keys" },
      HELP.map(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)]),
    ),
  );
