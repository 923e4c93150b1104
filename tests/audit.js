// What a page must not have. Run in the page by the tests.

/** Buttons, fields and drawings without a name for those who cannot see them. */
function unnamed() {
  const shown = (node) =>
    node.offsetParent !== null || node.ownerSVGElement || node.tagName === "svg";
  return [...document.querySelectorAll("button, input, select, textarea, svg[role], [role=button]")]
    .filter(shown)
    .filter(
      (node) =>
        !(node.getAttribute("aria-label") || node.textContent.trim() || node.closest("label")),
    )
    .map((node) => node.outerHTML.slice(0, 90));
}

const rgba = (text) => {
  const parts = text.match(/[\d.]+/g).map(Number);
  return parts.length < 4 ? [...parts, 1] : parts;
};
const over = (paper, ink) => paper.map((value, i) => value * (1 - ink[3]) + ink[i] * ink[3]);

/** WCAG's relative luminance. */
function luminance(colour) {
  const [r, g, b] = colour.map((value) => {
    const c = value / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The colour that lies under an element. */
function under(element) {
  const layers = [];
  for (let node = element; node; node = node.parentElement) {
    const colour = rgba(getComputedStyle(node).backgroundColor);
    if (colour[3]) layers.push(colour);
    if (colour[3] === 1) break;
  }
  return layers.reverse().reduce(over, [255, 255, 255]);
}

/** Text with less than 4.5:1 against what lies under it (3:1 when it is large). */
function lowContrast() {
  const bad = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const node = walker.currentNode.parentElement;
    if (!text || node.closest("script, style, noscript, .sr, .skip, [hidden]")) continue;
    if (!node.getClientRects().length || getComputedStyle(node).visibility === "hidden") continue;
    const style = getComputedStyle(node);
    const drawing = node.ownerSVGElement;
    const paper = under(drawing ? drawing.parentElement : node);
    const ink = over(paper, rgba(drawing ? style.fill : style.color));
    const [light, dark] = [luminance(ink), luminance(paper)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) {
      bad.add(
        `${node.tagName} ${node.getAttribute("class")}: ${ratio.toFixed(2)} ${text.slice(0, 20)}`,
      );
    }
  }
  return [...bad];
}
