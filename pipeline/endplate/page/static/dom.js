"use strict";
// Elements are made, never parsed: report text reaches the page only as text nodes.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : plain(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(plain(child)));
  }
  return node;
}

/** An HTML element: h("p", {class: "x", onclick: f}, "text", child). */
const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An SVG element. */
const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

// Marks that turn the writing direction, and control characters: they could make a report look
// like something else than what it says.
const INVISIBLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
const codeName = (char) => "U+" + char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");

/** Text with its invisible characters spelled out, so that nothing on the page can hide. */
function plain(value) {
  return String(value).replace(INVISIBLE, (char) => `⟦${codeName(char)}⟧`);
}

/** Nodes for report text: as `plain`, the spelled-out characters set apart. */
function textNodes(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    if (match.index > last) nodes.push(document.createTextNode(text.slice(last, match.index)));
    nodes.push(
      h("span", { class: "invisible", title: "invisible character" }, `⟦${codeName(match[0])}⟧`),
    );
    last = match.index + match[0].length;
  }
  if (last < text.length) nodes.push(document.createTextNode(text.slice(last)));
  return nodes;
}

const number = (n) => Number(n).toLocaleString("en-US");
const clamp = (n, low, high) => Math.min(high, Math.max(low, n));
const empty = (node) => {
  node.replaceChildren();
  return node;
};

/** Text in lines of about `limit` characters, for drawings. */
function wrap(text, limit) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`;
    if (lines.length && longer.length <= limit) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A card with a heading. */
const section = (id, title, ...children) =>
  h(
    "section",
    { class: "card", "aria-labelledby": `${id}-title` },
    h("h3", { id: `${id}-title` }, title),
    children,
  );

/** Say something to screen readers without moving the focus. */
function announce(message) {
  const live = document.getElementById("live");
  if (live) live.textContent = plain(message);
}
