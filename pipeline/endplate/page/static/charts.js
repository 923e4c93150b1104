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

/** Horizontal bars. rows: [{label, n, cls}] */
function barChart(title, note, rows, unit, labelWidth = 150) {
  const width = 520,
    rowHeight = 30,
    top = 4;
  const most = Math.max(1, ...rows.map((row) => row.n));
  const room = width - labelWidth - 56;
  const svg = s("svg", {
    viewBox: `0 0 ${width} ${rows.length * rowHeight + top * 2}`,
    role: "img",
    class: "chart",
    "aria-label": `${title}: ` + rows.map((row) => `${row.label} ${row.n}`).join(", "),
  });
  rows.forEach((row, i) => {
    const y = top + i * rowHeight;
    const long = row.n ? Math.max(2, (room * row.n) / most) : 0;
    svg.append(
      wrapLabel(row.label, labelWidth - 10, y + rowHeight / 2),
      s("rect", {
        x: labelWidth,
        y: y + 5,
        width: room,
        height: rowHeight - 10,
        class: "track",
        rx: 3,
      }),
      s("rect", {
        x: labelWidth,
        y: y + 5,
        width: long,
        height: rowHeight - 10,
        class: `bar ${row.cls || ""}`,
        rx: 3,
      }),
      s("text", { x: labelWidth + room + 8, y: y + rowHeight / 2, class: "value" }, number(row.n)),
    );
  });
  return figure(
    title,
    note,
    svg,
    ["", unit],
    rows.map((row) => [row.label, number(row.n)]),
  );
}

/** A right-aligned label on one or two lines that ends at x. */
function wrapLabel(text, x, y) {
  const words = plain(text).split(" "),
    limit = Math.floor(x / 6.4),
    lines = [""];
  for (const word of words) {
    const line = lines[lines.length - 1];
    if (line && (line + " " + word).length > limit) lines.push(word);
    else lines[lines.length - 1] = line ? line + " " + word : word;
  }
  const shown = lines.slice(0, 2);
  if (lines.length > 2) shown[1] = shown[1].slice(0, limit - 1) + "…";
  const node = s("text", { x, y, class: "label end" }, s("title", {}, text));
  shown.forEach((line, i) =>
    node.append(s("tspan", { x, y: y + (i - (shown.length - 1) / 2) * 12.5 }, line)),
  );
  return node;
}

/** Modic by level and type: one stacked bar a level, from top to bottom as in the spine. */
function modicChart(data) {
  const width = 520,
    labelWidth = 62,
    rowHeight = 34;
  const rows = data.levels.map((level, i) => ({
    level,
    counts: data.counts[i],
    n: data.counts[i].reduce((a, b) => a + b, 0),
  }));
  const most = Math.max(1, ...rows.map((row) => row.n));
  const room = width - labelWidth - 50;
  const used = data.types.filter((_, t) => rows.some((row) => row.counts[t]));
  const svg = s("svg", {
    viewBox: `0 0 ${width} ${rows.length * rowHeight + 34}`,
    role: "img",
    class: "chart",
    "aria-label":
      "Modic by level and type: " +
      rows
        .map(
          (row) =>
            `${row.level} ${row.n}` +
            (row.n
              ? ` (${data.types
                  .map((type, t) => row.counts[t] && `type ${type}: ${row.counts[t]}`)
                  .filter(Boolean)
                  .join(", ")})`
              : ""),
        )
        .join("; "),
  });
  rows.forEach((row, i) => {
    const y = i * rowHeight + 4;
    svg.append(
      s(
        "text",
        { x: labelWidth - 10, y: y + rowHeight / 2 - 2, class: "label end strong" },
        row.level,
      ),
      s("rect", {
        x: labelWidth,
        y: y + 3,
        width: room,
        height: rowHeight - 10,
        class: "track",
        rx: 3,
      }),
    );
    let x = labelWidth;
    row.counts.forEach((n, t) => {
      if (!n) return;
      const long = (room * n) / most;
      svg.append(
        s(
          "rect",
          {
            x,
            y: y + 3,
            width: long,
            height: rowHeight - 10,
            fill: modicFill(data.types[t]),
            class: "segment",
          },
          s("title", {}, `${row.level}, type ${data.types[t]}: ${n}`),
        ),
      );
      if (long > 26)
        svg.append(s("text", { x: x + long / 2, y: y + rowHeight / 2 - 2, class: "inside" }, n));
      x += long;
    });
    svg.append(
      s(
        "text",
        { x: labelWidth + room + 8, y: y + rowHeight / 2 - 2, class: "value" },
        number(row.n),
      ),
    );
  });
  let x = labelWidth;
  const y = rows.length * rowHeight + 12;
  used.forEach((type) => {
    const label = type === "unspecified" ? "type not said" : `type ${type}`;
    svg.append(
      s("rect", { x, y, width: 14, height: 14, fill: modicFill(type), class: "segment", rx: 2 }),
      s("text", { x: x + 19, y: y + 7, class: "label" }, label),
    );
    x += 30 + label.length * 6.8;
  });
  return figure(
    "Modic changes by level and type",
    "Patients of the run, on the index study",
    svg,
    ["Level", ...data.types],
    rows.map((row) => [row.level, ...row.counts.map(String)]),
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
