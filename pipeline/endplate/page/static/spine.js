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
const spot = (p) => p.map((n) => n.toFixed(1)).join(" ");
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
  const waist = (p, q) => spot(mix(mix(p, q, 0.5), body.centre, 0.11));
  const back = `L${spot(body.sp)}Q${waist(body.sp, body.ip)} ${spot(body.ip)}`;
  const front = `L${spot(body.ia)}Q${waist(body.ia, body.sa)} ${spot(body.sa)}`;
  return `M${spot(body.sa)}${back}${front}Z`;
}

/** The strip of a body beside one of its endplates; the whole body where no side is said. */
function strip(body, side, depth = 0.3) {
  if (!side) return points(...corners(body));
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

/** What stands at each place (a disc level, else a body), the strongest status first. */
function byPlace(findings) {
  const places = new Map();
  for (const finding of findings) {
    if (!place(finding)) continue;
    if (!places.has(place(finding))) places.set(place(finding), new Map());
    const found = places.get(place(finding));
    // the same thing said twice is one
    const key = [finding.finding, finding.modic_type, finding.endplate, finding.vertebra].join();
    if (!found.has(key) || strength(finding) < strength(found.get(key))) found.set(key, finding);
  }
  const sorted = (found) => [...found.values()].sort((a, b) => strength(a) - strength(b));
  return [...places].map(([name, found]) => ({ name, found: sorted(found) }));
}

const strength = (finding) => STATUS_ORDER.indexOf(finding.status);

/** Where a place is in the drawing; null when it is none of the bodies and discs that are drawn. */
function locate(name, body) {
  const [upper, lower] = name.split("-").map((part) => body[part]);
  if (!name.includes("-")) {
    return upper ? { at: mix(upper.sp, upper.ip, 0.5), area: corners(upper) } : null;
  }
  if (!upper || !lower) return null;
  const area = [
    mix(upper.ia, upper.sa, 0.3),
    mix(upper.ip, upper.sp, 0.3),
    mix(lower.sp, lower.ip, 0.3),
    mix(lower.sa, lower.ia, 0.3),
  ];
  return { at: mix(upper.ip, lower.sp, 0.5), area };
}

const corners = (one) => [one.sa, one.sp, one.ip, one.ia];

/** Which endplates a finding touches, as [body, side] pairs; no side where none is said. */
function touched(finding) {
  const [upper, lower] = place(finding).split("-");
  const said = ["superior", "inferior"].includes(finding.endplate);
  if (!lower) return [[upper, said ? finding.endplate : ""]];
  const all = [
    [upper, "inferior"],
    [lower, "superior"],
  ];
  const named = all.filter(
    ([body, side]) =>
      (!finding.vertebra || finding.vertebra === body) && (!said || finding.endplate === side),
  );
  return named.length ? named : all;
}

/** The words beside a place, by weight: Modic, dangers, endplates, everything else. */
function wordsOf(found) {
  const shown = found.filter((finding) => finding.status !== "absent");
  const word = (finding) =>
    finding.status === "present"
      ? shortName(finding)
      : `${shortName(finding)} (${STATUSES[finding.status].name})`;
  const pick = (wanted) => [...new Set(shown.filter(wanted).map(word))];
  const modic = (finding) => finding.finding === "modic_change";
  return {
    modic: pick(modic),
    flags: pick((finding) => group(finding.finding) === "flag"),
    core: pick((finding) => group(finding.finding) === "core" && !modic(finding)),
    rest: pick((finding) => group(finding.finding) === "other"),
  };
}

/** The lines of a label as [class, text], five at most. */
function labelLines({ modic, flags, core, rest }) {
  const lines = modic.map((text) => ["modic", text]);
  for (const text of flags) lines.push(...wrap(`! ${text}`, 26).map((line) => ["red", line]));
  if (core.length) lines.push(...wrap(core.join(", "), 27).map((line) => ["also", line]));
  if (rest.length) lines.push(...wrap(rest.join(", "), 29).map((line) => ["rest", line]));
  if (lines.length <= 5) return lines;
  return [...lines.slice(0, 4), ["rest", `and ${lines.length - 4} more lines`]];
}

/** Everything that the drawing shows, in words. */
function spineWords(places, implied) {
  const told = places
    .map(({ name, found }) => [name, Object.values(wordsOf(found)).flat()])
    .filter(([, words]) => words.length)
    .map(([name, words]) => `${name}: ${words.join(", ")}`);
  const bodies = implied.length ? ` Bodies implied: ${implied.join(", ")}.` : "";
  return `Lumbar spine from the left side. ${told.join(". ") || "No finding with a level"}.${bodies}`;
}

/** The drawing. `onLevel` is called with a level or body when one is chosen. */
function spineDrawing(findings, implied, onLevel) {
  const told = byPlace(mergeModic(findings));
  const bodies = column(told.flatMap(({ name }) => name.split("-")));
  const body = Object.fromEntries(bodies.map((one) => [one.name, one]));
  const places = told
    .map((one) => ({ ...one, ...locate(one.name, body) }))
    .filter((one) => one.at)
    .sort((a, b) => a.at[1] - b.at[1]);
  const svg = s("svg", {
    class: "spine",
    role: "group",
    "aria-label": spineWords(places, implied),
  });
  svg.append(s("text", { x: 12, y: 16, class: "side" }, "front"));
  svg.append(s("text", { x: 236, y: 16, class: "side" }, "back"));
  drawBones(svg, bodies, implied);
  let lowest = 24;
  for (const one of places) {
    const layer = placeLayer(one, onLevel);
    for (const finding of one.found) drawFinding(layer, finding, body);
    lowest = drawLabel(layer, one, lowest);
    svg.append(layer);
  }
  for (const one of bodies) {
    const [x, y] = one.centre;
    svg.append(s("text", { x: x - 8, y, class: "body-name" }, one.name));
  }
  const bottom = Math.max(lowest, ...bodies.map((one) => Math.max(one.ia[1], one.ip[1]) + 18));
  svg.setAttribute("viewBox", `0 0 470 ${(bottom + 6).toFixed(0)}`);
  return svg;
}

function drawBones(svg, bodies, implied) {
  for (const one of bodies) if (one.name !== "S2") svg.append(spinousProcess(one));
  bodies.slice(1).forEach((next, i) => {
    const one = bodies[i];
    const disc = points(
      mix(one.ia, one.ip, 0.03),
      mix(one.ip, one.ia, 0.03),
      mix(next.sp, next.sa, 0.03),
      mix(next.sa, next.sp, 0.03),
    );
    svg.append(s("polygon", { class: "disc", points: disc }));
  });
  for (const one of bodies) {
    const marked = implied.includes(one.name);
    svg.append(
      s("path", {
        d: outline(one),
        class: `body${marked ? " implied" : ""}`,
        dataset: { body: one.name },
      }),
    );
    if (marked) {
      const [x, cy] = one.centre;
      svg.append(
        s(
          "g",
          { class: "implied-mark" },
          s("title", {}, `${one.name}: a body that the level implies`),
          s("circle", { cx: x + 24, cy, r: 7 }),
          s("circle", { cx: x + 24, cy, r: 2.4, class: "core" }),
        ),
      );
    }
  }
}

/** Pedicle and spinous process, for orientation only. */
function spinousProcess(one) {
  const back = [Math.cos(rad(one.tilt)), -Math.sin(rad(one.tilt))];
  const size = one.name === "S1" ? 0.6 : 1;
  const from = mix(one.sp, one.ip, 0.16);
  const to = mix(one.sp, one.ip, 0.42);
  const tip = at(at(to, back, 58 * size), [0, 1], 26 * size);
  const under = at(at(to, back, 50 * size), [0, 1], 38 * size);
  const joint = at(at(to, back, 20 * size), [0, 1], 20 * size);
  const d =
    `M${spot(from)}Q${spot(at(from, back, 26 * size))} ${spot(tip)}` +
    `Q${spot(at(tip, [0.2, 1], 9))} ${spot(under)}Q${spot(joint)} ${spot(at(to, back, 4))}L${spot(to)}Z`;
  return s("path", { class: "process", d });
}

/** A group that can be chosen with mouse and keyboard. */
function placeLayer({ name, found, area }, onLevel) {
  const words = wordsOf(found);
  const seen = labelLines(words).map(([, text]) => text);
  // what can be seen comes first, so that it can be asked for by voice; then all of it
  const all = Object.values(words).flat().join(", ") || "only denied findings";
  const choose = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    onLevel(name);
  };
  return s(
    "g",
    {
      class: "spine-level",
      tabindex: 0,
      role: "button",
      dataset: { level: name },
      "aria-label": `${[name, ...seen].join(" ")}. Show where the report says it: ${all}.`,
      onclick: () => onLevel(name),
      onkeydown: choose,
    },
    s("polygon", { class: "hit", points: points(...area) }),
  );
}

/** Write the label at the right, never above the one before; returns where it ends. */
function drawLabel(layer, { name, found, at: [x, y] }, lowest) {
  const lines = labelLines(wordsOf(found));
  if (!lines.length) return lowest;
  const top = Math.max(y - 6, lowest);
  const beside = lines[0][0] === "modic"; // the type stands beside the level's name
  const end = top + (lines.length + (beside ? 0 : 1)) * 14 + 8;
  const texts = lines.map(([kind, text], i) => {
    const shift = beside && i === 0 ? 6 + name.length * 8.6 : 0;
    const row = top + (beside ? i : i + 1) * 14;
    return s("text", { x: 264 + shift, y: row, class: `level-line ${kind}` }, `${text} `);
  });
  layer.append(
    s("rect", { class: "hit", x: 258, y: top - 11, width: 210, height: end - top + 2, rx: 4 }),
    s("path", { class: "leader", d: `M${spot([x + 3, y])}L${spot([250, top - 1])}H258` }),
    s("text", { x: 264, y: top, class: "level-name" }, `${name} `),
    ...texts,
  );
  return end;
}

function drawFinding(layer, finding, body) {
  if (finding.status === "absent" || finding.status === "indication") return;
  if (finding.finding === "vertebral_fracture" && body[finding.vertebra]) {
    const one = body[finding.vertebra];
    const line = zigzag(mix(one.sa, one.ia, 0.4), mix(one.sp, one.ip, 0.4), one.centre);
    layer.append(s("polyline", { class: "jagged broken", points: line }));
  }
  for (const [name, side] of touched(finding)) {
    const shape = endplateShape(finding, body[name], side);
    if (!shape) continue;
    shape.append(s("title", {}, plain(`${name}: ${fullName(finding)}`)));
    layer.append(shape);
  }
}

/** The sign of a finding at one endplate; null for findings that have none. */
function endplateShape(finding, one, side) {
  const [p, q] = side === "superior" ? [one.sa, one.sp] : [one.ia, one.ip];
  const type = finding.modic_type || "unspecified";
  switch (finding.finding) {
    case "modic_change":
      return s("polygon", {
        class: `marrow ${finding.status}${side ? "" : " whole"}`,
        dataset: { type },
        fill: finding.status === "historical" ? "none" : modicFill(type),
        points: strip(one, side),
      });
    case "schmorl_node": {
      const [cx, cy] = side ? mix(mix(p, q, 0.5), one.centre, 0.12) : at(one.centre, [0, 1], 16);
      return s("circle", { class: "node", r: 7, cx, cy });
    }
    case "endplate_erosion":
    case "endplate_irregularity":
    case "endplate_defect":
      if (!side) return null;
      return s("polyline", { class: "jagged", points: zigzag(p, q, one.centre) });
    case "endplate_sclerosis":
      if (!side) return null;
      return s("polyline", { class: "thick", points: points(mix(p, q, 0.04), mix(p, q, 0.96)) });
    case "endplate_edema":
    case "endplate_fatty_change":
    case "endplate_degeneration":
      return s("polygon", { class: "marrow faint", points: strip(one, side, 0.2) });
    default:
      return null;
  }
}
