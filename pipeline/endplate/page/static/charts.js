"use strict";
// Small SVG charts; each has its numbers in words and as a table beside it.

const MODIC_COLOURS = {
  1: "m1",
  "1/2": "m12",
  2: "m2",
  "2/3": "m23",
  "1/3": "m13",
  3: "m3",
  unspecified: "mu",
};

/** Fill patterns: a type is told by stripes, dots and lattice, not by colour alone. */
function patternDefs() {
  const tile = (id, ...marks) =>
    s(
      "pattern",
      { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
      s("rect", { width: 8, height: 8, class: `fill-${id}` }),
      marks,
    );
  const stripe = (extra) =>
    s("path", { d: "M-2 10 10-2M-2 2 2-2M6 10 10 6", class: "ink", ...extra });
  const back = () => s("path", { d: "M-2-2 10 10M-2 6 2 10M6-2 10 2", class: "ink" });
  const dots = () => [
    s("circle", { cx: 2, cy: 2, r: 1.3, class: "ink dot" }),
    s("circle", { cx: 6, cy: 6, r: 1.3, class: "ink dot" }),
  ];
  const bars = () => s("path", { d: "M0 2H8M0 6H8", class: "ink" });
  return s(
    "svg",
    { width: 0, height: 0, "aria-hidden": "true", class: "defs", focusable: "false" },
    s(
      "defs",
      {},
      tile("m1", stripe()),
      tile("m2", dots()),
      tile("m3", stripe(), back()),
      tile("m12", stripe(), dots()),
      tile("m23", dots(), bars()),
      tile("m13", stripe(), bars()),
      tile("mu"),
    ),
  );
}

const modicFill = (type) => `url(#${MODIC_COLOURS[type] || "mu"})`;

function figure(title, note, drawing, headers, rows) {
  return h(
    "figure",
    { class: "card figure" },
    h("figcaption", {}, h("h3", {}, title), note && h("p", { class: "muted" }, note)),
    drawing,
    h(
      "details",
      { class: "as-table" },
      h("summary", {}, "As a table"),
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            headers.map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          rows.map((row) =>
            h(
              "tr",
              {},
              row.map((cell, i) => h(i ? "td" : "th", i ? {} : { scope: "row" }, cell)),
            ),
          ),
        ),
      ),
    ),
  );
}

const CHART = { width: 520, row: 36, value: 52 };

/** One row of a bar chart: label, track, parts side by side, and the number. */
function chartRow(svg, i, { label, parts, n }, most, labelWidth) {
  const y = i * CHART.row + 4;
  const middle = y + CHART.row / 2 - 2;
  const room = CHART.width - labelWidth - CHART.value;
  const box = { y: y + 3, height: CHART.row - 10, rx: 3 };
  svg.append(
    wrapLabel(label, labelWidth - 10, middle),
    s("rect", { ...box, x: labelWidth, width: room, class: "track" }),
  );
  let x = labelWidth;
  for (const part of parts.filter((one) => one.n)) {
    const width = Math.max(2, (room * part.n) / most);
    const look = part.fill ? { fill: part.fill, class: "segment" } : { class: `bar ${part.css}` };
    const title = s("title", {}, `${label}${part.name ? `, ${part.name}` : ""}: ${part.n}`);
    svg.append(s("rect", { ...box, x, width, ...look }, title));
    if (part.fill && width > 26) {
      svg.append(s("text", { x: x + width / 2, y: middle, class: "inside" }, part.n));
    }
    x += width;
  }
  svg.append(s("text", { x: labelWidth + room + 8, y: middle, class: "value" }, number(n)));
}

/** A drawing of rows {label, n, parts}; `words` is its text alternative. */
function rowsChart(rows, labelWidth, words) {
  const most = Math.max(1, ...rows.map((row) => row.n));
  const svg = s("svg", {
    viewBox: `0 0 ${CHART.width} ${rows.length * CHART.row + 8}`,
    role: "img",
    class: "chart",
    "aria-label": words,
  });
  rows.forEach((row, i) => chartRow(svg, i, row, most, labelWidth));
  return svg;
}

/** Horizontal bars. rows: [{label, n, cls}] */
function barChart(title, note, rows, labelWidth = 150) {
  const bars = rows.map((row) => ({ ...row, parts: [{ n: row.n, css: row.cls || "" }] }));
  const words = `${title}: ${rows.map((row) => `${row.label} ${row.n}`).join(", ")}`;
  return figure(
    title,
    note,
    rowsChart(bars, labelWidth, words),
    ["", "Patients"],
    rows.map((row) => [row.label, number(row.n)]),
  );
}

/** A right-aligned label on one or two lines that ends at x. */
function wrapLabel(text, x, y) {
  const limit = Math.floor(x / 7.6);
  const lines = wrap(plain(text), limit);
  const shown = lines.slice(0, 2);
  if (lines.length > 2) shown[1] = `${shown[1].slice(0, limit - 1)}…`;
  const node = s("text", { x, y, class: "label end" }, s("title", {}, text));
  shown.forEach((line, i) =>
    node.append(s("tspan", { x, y: y + (i - (shown.length - 1) / 2) * 14 }, line)),
  );
  return node;
}

/** Modic by level and type: one stacked bar a level, from top to bottom as in the spine. */
function modicChart({ levels, types, counts }) {
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const name = (type) => (type === "unspecified" ? "type not said" : `type ${type}`);
  const rows = levels.map((label, i) => ({
    label,
    n: sum(counts[i]),
    parts: types.map((type, t) => ({ n: counts[i][t], fill: modicFill(type), name: name(type) })),
  }));
  const words = rows.map(({ label, n, parts }) => {
    const told = parts.filter((part) => part.n).map((part) => `${part.name}: ${part.n}`);
    return told.length ? `${label} ${n} (${told.join(", ")})` : `${label} none`;
  });
  const used = types.filter((_, t) => counts.some((row) => row[t]));
  const key = h(
    "ul",
    { class: "key", "aria-hidden": "true" },
    used.map((type) =>
      h(
        "li",
        {},
        s(
          "svg",
          { width: 16, height: 16 },
          s("rect", { width: 16, height: 16, rx: 3, fill: modicFill(type), class: "segment" }),
        ),
        name(type),
      ),
    ),
  );
  return figure(
    "Modic changes by level and type",
    "Patients of the run, on the index study",
    [rowsChart(rows, 112, `Modic changes: ${words.join("; ")}`), key],
    ["Level", ...used.map(name)],
    rows.map((row, i) => [
      row.label,
      ...used.map((type) => String(counts[i][types.indexOf(type)])),
    ]),
  );
}

/** The flow of patients: boxes down the middle, what left the way at the right. */
function flowChart(steps) {
  const list = h("ol", { class: "flow" });
  steps.forEach((step) => {
    list.append(
      h(
        "li",
        {},
        h(
          "div",
          { class: "flow-box" },
          h("b", {}, number(step.n)),
          h("span", {}, step.label),
          step.parts.length > 0 &&
            h(
              "ul",
              {},
              step.parts.map(([label, n]) => h("li", {}, `${number(n)} ${label}`)),
            ),
        ),
        step.out && step.out.length
          ? h(
              "ul",
              { class: "flow-out" },
              step.out.map(([reason, n]) => h("li", {}, h("b", {}, number(n)), " ", reason)),
            )
          : null,
      ),
    );
  });
  return h(
    "figure",
    { class: "card figure flow-figure" },
    h(
      "figcaption",
      {},
      h("h3", {}, "From the archive to the list"),
      h("p", { class: "muted" }, "What each step kept, and at the right what it left out"),
    ),
    list,
  );
}
