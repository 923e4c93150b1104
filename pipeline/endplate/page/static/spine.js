"use strict";
// The lumbar spine from the left side, belly to the left: what the reports say, level by level.

// Body, the tilt of its axis in degrees (lordosis), its width and height.
const COLUMN = [
  ["T10", -14, 70, 44],
  ["T11", -13, 73, 46],
  ["T12", -12, 76, 48],
  ["L1", -9, 80, 50],
  ["L2", -5, 84, 52],
  ["L3", 0, 88, 54],
  ["L4", 8, 90, 54],
  ["L5", 20, 92, 52],
  ["L6", 26, 92, 50],
  ["S1", 38, 92, 60],
  ["S2", 48, 66, 40],
];
const STATUS_ORDER = ["present", "uncertain", "historical", "indication", "absent"];
const rad = (degrees) => (degrees * Math.PI) / 180;
const at = (p, v, k) => [p[0] + v[0] * k, p[1] + v[1] * k];
const mix = (p, q, k) => [p[0] + (q[0] - p[0]) * k, p[1] + (q[1] - p[1]) * k];
const points = (...list) => list.map((p) => p.map((n) => n.toFixed(1)).join(",")).join(" ");

/** Corner points of every body that has to be shown. */
function column(named) {
  const order = COLUMN.map(([name]) => name);
  const top = Math.min(
    order.indexOf("T12"),
    ...named.map((name) => order.indexOf(name)).filter((i) => i >= 0),
  );
  const bodies = COLUMN.filter(
    ([name], i) => i >= top && (!["L6", "S2"].includes(name) || named.includes(name)),
  );
  const placed = [];
  let p = [150, 26];
  bodies.forEach(([name, tilt, width, height], i) => {
    const down = [Math.sin(rad(tilt)), Math.cos(rad(tilt))],
      back = [Math.cos(rad(tilt)), -Math.sin(rad(tilt))];
    const end = at(p, down, height);
    // the sacrum tapers
    const lower = name === "S1" || name === "S2" ? width * 0.74 : width;
    placed.push({
      name,
      centre: mix(p, end, 0.5),
      tilt,
      sa: at(p, back, -width / 2),
      sp: at(p, back, width / 2),
      ia: at(end, back, -lower / 2),
      ip: at(end, back, lower / 2),
    });
    const next = bodies[i + 1];
    const turn = rad(next ? (tilt + next[1]) / 2 : tilt);
    p = at(end, [Math.sin(turn), Math.cos(turn)], name === "S1" ? 7 : 17);
  });
  return placed;
}

function outline(body) {
  const waist = (p, q) => mix(mix(p, q, 0.5), body.centre, 0.11);
  const f = (p) => p.map((n) => n.toFixed(1)).join(" ");
  return `M${f(body.sa)}L${f(body.sp)}Q${f(waist(body.sp, body.ip))} ${f(body.ip)}L${f(body.ia)}Q${f(waist(body.ia, body.sa))} ${f(body.sa)}Z`;
}

/** The strip of a body beside one of its endplates. */
function strip(body, side, depth = 0.3) {
  return side === "superior"
    ? points(body.sa, body.sp, mix(body.sp, body.ip, depth), mix(body.sa, body.ia, depth))
    : points(body.ia, body.ip, mix(body.ip, body.sp, depth), mix(body.ia, body.sa, depth));
}

function zigzag(p, q, inward) {
  const steps = 12;
  return points(
    ...Array.from({ length: steps + 1 }, (_, i) =>
      mix(mix(p, q, i / steps), inward, i % 2 ? 0.13 : 0),
    ),
  );
}

/** What stands at one level, the strongest status first; the same thing said twice is one. */
function byLevel(findings) {
  const levels = new Map();
  for (const finding of findings) {
    if (!finding.level) continue;
    if (!levels.has(finding.level)) levels.set(finding.level, new Map());
    const key = [finding.finding, finding.modic_type, finding.endplate, finding.vertebra].join();
    const known = levels.get(finding.level).get(key);
    if (!known || STATUS_ORDER.indexOf(finding.status) < STATUS_ORDER.indexOf(known.status))
      levels.get(finding.level).set(key, finding);
  }
  return new Map(
    [...levels].map(([level, found]) => [
      level,
      [...found.values()].sort(
        (a, b) => STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status),
      ),
    ]),
  );
}

/** Which endplates a finding touches, as [body, side] pairs. */
function touched(finding, level) {
  const [upper, lower] = level.split("-");
  const all = [
    [upper, "inferior"],
    [lower, "superior"],
  ];
  const named = all.filter(
    ([body, side]) =>
      (!finding.vertebra || finding.vertebra === body) &&
      (!["superior", "inferior"].includes(finding.endplate) || finding.endplate === side),
  );
  return named.length ? named : all;
}

function labelLines(found) {
  const shown = found.filter((finding) => finding.status !== "absent");
  const sign = (finding) =>
    STATUSES[finding.status] && finding.status !== "present"
      ? ` (${STATUSES[finding.status].name})`
      : "";
  const unique = (list) => [...new Set(list)];
  const modic = unique(
    shown.filter((f) => f.finding === "modic_change").map((f) => shortName(f) + sign(f)),
  );
  const core = unique(
    shown
      .filter((f) => group(f.finding) === "core" && f.finding !== "modic_change")
      .map((f) => shortName(f) + sign(f)),
  );
  const flags = unique(
    shown.filter((f) => group(f.finding) === "flag").map((f) => shortName(f) + sign(f)),
  );
  const rest = unique(
    shown.filter((f) => group(f.finding) === "other").map((f) => shortName(f) + sign(f)),
  );
  return { modic, core, flags, rest };
}

function wrap(text, limit) {
  const lines = [];
  for (const word of text.split(" ")) {
    if (lines.length && (lines[lines.length - 1] + " " + word).length <= limit)
      lines[lines.length - 1] += " " + word;
    else lines.push(word);
  }
  return lines;
}

/** The drawing. `onLevel` is called with a level when one is chosen. */
function spineDrawing(findings, implied, onLevel) {
  const levels = byLevel(findings);
  const named = [...levels.keys()]
    .flatMap((level) => level.split("-"))
    .concat(findings.map((f) => f.vertebra).filter(Boolean));
  const bodies = column(named);
  const body = Object.fromEntries(bodies.map((one) => [one.name, one]));
  const height = Math.max(...bodies.map((one) => Math.max(one.ia[1], one.ip[1]))) + 24;
  const told = [...levels].filter(([level]) => level.split("-").every((name) => body[name]));
  told.sort((a, b) => body[a[0].split("-")[1]].centre[1] - body[b[0].split("-")[1]].centre[1]);
  const words = told
    .map(([level, found]) => {
      const lines = labelLines(found);
      const all = [...lines.modic, ...lines.core, ...lines.flags, ...lines.rest];
      return all.length ? `${level}: ${all.join(", ")}` : "";
    })
    .filter(Boolean);
  const summary =
    (words.join(". ") || "no finding with a level") +
    (implied.length ? `. Bodies implied: ${implied.join(", ")}` : "");
  const svg = s("svg", {
    viewBox: `0 0 470 ${height.toFixed(0)}`,
    class: "spine",
    role: "group",
    "aria-label": `Lumbar spine from the left side. ${summary}.`,
  });

  svg.append(
    s("text", { x: 12, y: 16, class: "side" }, "front"),
    s("text", { x: 236, y: 16, class: "side" }, "back"),
  );
  for (const one of bodies) {
    // pedicle and spinous process, for orientation only
    if (one.name === "S2") continue;
    const back = [Math.cos(rad(one.tilt)), -Math.sin(rad(one.tilt))],
      small = one.name === "S1" ? 0.6 : 1;
    const from = mix(one.sp, one.ip, 0.16),
      to = mix(one.sp, one.ip, 0.42),
      f = (p) => p.map((n) => n.toFixed(1)).join(" ");
    const tip = at(at(to, back, 58 * small), [0, 1], 26 * small),
      under = at(at(to, back, 50 * small), [0, 1], 38 * small),
      joint = at(at(to, back, 20 * small), [0, 1], 20 * small);
    svg.append(
      s("path", {
        class: "process",
        d: `M${f(from)}Q${f(at(from, back, 26 * small))} ${f(tip)}Q${f(at(tip, [0.2, 1], 9))} ${f(under)}Q${f(joint)} ${f(at(to, back, 4))}L${f(to)}Z`,
      }),
    );
  }
  bodies.forEach((one, i) => {
    const next = bodies[i + 1];
    if (next)
      svg.append(
        s("polygon", {
          class: "disc",
          points: points(
            mix(one.ia, one.ip, 0.03),
            mix(one.ip, one.ia, 0.03),
            mix(next.sp, next.sa, 0.03),
            mix(next.sa, next.sp, 0.03),
          ),
        }),
      );
  });
  for (const one of bodies) {
    const isImplied = implied.includes(one.name);
    svg.append(
      s("path", {
        d: outline(one),
        class: `body${isImplied ? " implied" : ""}`,
        dataset: { body: one.name },
      }),
    );
    if (isImplied)
      svg.append(
        s(
          "g",
          { class: "implied-mark" },
          s("title", {}, `${one.name}: a body that the level implies`),
          s("circle", { cx: one.centre[0] + 24, cy: one.centre[1], r: 7 }),
          s("circle", { cx: one.centre[0] + 24, cy: one.centre[1], r: 2.4, class: "core" }),
        ),
      );
  }

  let lowest = 24;
  for (const [level, found] of told) {
    const [upper, lower] = level.split("-").map((name) => body[name]);
    const lines = labelLines(found);
    const words = [...lines.modic, ...lines.core, ...lines.flags, ...lines.rest];
    const layer = s("g", {
      class: "spine-level",
      tabindex: 0,
      role: "button",
      dataset: { level },
      "aria-label": `${level}: ${words.join(", ") || "only denied findings"}. Show where the report says it.`,
      onclick: () => onLevel(level),
      onkeydown: (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          event.stopPropagation();
          onLevel(level);
        }
      },
    });
    for (const finding of found) drawFinding(layer, finding, level, body);
    // the label: beside the disc, never above the label before it
    const disc = mix(upper.ip, lower.sp, 0.5);
    const rows = [];
    if (lines.modic.length) rows.push(...lines.modic.map((text) => ["modic", text]));
    for (const text of lines.flags)
      rows.push(...wrap("! " + text, 26).map((line) => ["red", line]));
    if (lines.core.length)
      rows.push(...wrap(lines.core.join(", "), 27).map((line) => ["also", line]));
    if (lines.rest.length)
      rows.push(...wrap(lines.rest.join(", "), 29).map((line) => ["rest", line]));
    const shown =
      rows.length > 5 ? [...rows.slice(0, 4), ["rest", `and ${rows.length - 4} more lines`]] : rows;
    if (shown.length) {
      const y = Math.max(disc[1] - 6, lowest);
      layer.append(
        s("path", {
          class: "leader",
          d: `M${(disc[0] + 3).toFixed(1)} ${disc[1].toFixed(1)}L250 ${(y - 1).toFixed(1)}H258`,
        }),
      );
      layer.append(s("text", { x: 264, y, class: "level-name" }, level));
      shown.forEach(([kind, text], i) =>
        layer.append(
          s(
            "text",
            {
              x: kind === "modic" && i === 0 ? 312 : 264,
              y: y + (lines.modic.length ? i : i + 1) * 14,
              class: `level-line ${kind}`,
            },
            text,
          ),
        ),
      );
      lowest = y + (shown.length + (lines.modic.length ? 0 : 1)) * 14 + 8;
      layer.prepend(
        s("rect", { class: "hit", x: 258, y: y - 11, width: 210, height: lowest - y + 2, rx: 4 }),
      );
    }
    layer.prepend(
      s("polygon", {
        class: "hit",
        points: points(
          mix(upper.ia, upper.sa, 0.3),
          mix(upper.ip, upper.sp, 0.3),
          mix(lower.sp, lower.ip, 0.3),
          mix(lower.sa, lower.ia, 0.3),
        ),
      }),
    );
    svg.append(layer);
  }
  for (const one of bodies)
    svg.append(s("text", { x: one.centre[0] - 8, y: one.centre[1], class: "body-name" }, one.name));
  if (lowest + 6 > height) svg.setAttribute("viewBox", `0 0 470 ${(lowest + 6).toFixed(0)}`);
  return svg;
}

function drawFinding(layer, finding, level, body) {
  if (finding.status === "absent" || finding.status === "indication") return;
  for (const [name, side] of touched(finding, level)) {
    const one = body[name];
    const [p, q] = side === "superior" ? [one.sa, one.sp] : [one.ia, one.ip];
    const title = s("title", {}, `${name}, ${side} endplate: ${fullName(finding)}`);
    switch (finding.finding) {
      case "modic_change":
        layer.append(
          s(
            "polygon",
            {
              class: `marrow ${finding.status}`,
              dataset: { type: finding.modic_type || "unspecified" },
              fill:
                finding.status === "historical"
                  ? "none"
                  : modicFill(finding.modic_type || "unspecified"),
              points: strip(one, side),
            },
            title,
          ),
        );
        break;
      case "schmorl_node":
        layer.append(
          s(
            "circle",
            {
              class: "node",
              r: 7,
              cx: mix(mix(p, q, 0.5), one.centre, 0.12)[0],
              cy: mix(mix(p, q, 0.5), one.centre, 0.12)[1],
            },
            title,
          ),
        );
        break;
      case "endplate_erosion":
      case "endplate_irregularity":
      case "endplate_defect":
        layer.append(s("polyline", { class: "jagged", points: zigzag(p, q, one.centre) }, title));
        break;
      case "endplate_sclerosis":
        layer.append(
          s(
            "polyline",
            { class: "thick", points: points(mix(p, q, 0.04), mix(p, q, 0.96)) },
            title,
          ),
        );
        break;
      case "endplate_edema":
      case "endplate_fatty_change":
      case "endplate_degeneration":
        layer.append(s("polygon", { class: "marrow faint", points: strip(one, side, 0.2) }, title));
        break;
      default:
    }
  }
}
