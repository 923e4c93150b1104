"use strict";
// The list: filter, sort, and only those rows in the page that can be seen.

const COLUMNS = [
  { id: "rank", name: "#", sort: (r) => r.rank, cell: (r) => r.rank || "" },
  {
    id: "patient",
    name: "Patient",
    sort: (r) => r.patient_id,
    natural: true,
    cell: (r) => h("b", { class: "pid" }, r.patient_id),
  },
  {
    id: "verdict",
    name: "Verdict",
    sort: (r) => VERDICT_ORDER.indexOf(r.verdict),
    cell: (r) => verdictBadge(r.verdict),
  },
  {
    id: "modic",
    name: "Modic by level",
    sort: (r) => r.modic,
    cell: (r) => [
      modicChips(r.modic),
      r.modic_basis === "described" ? h("span", { class: "muted small" }, " described") : null,
    ],
  },
  { id: "bodies", name: "Bodies", sort: (r) => (r.bodies || "").length, cell: (r) => r.bodies },
  {
    id: "mri",
    name: "MRI",
    sort: (r) => r.study_date,
    cell: (r) => [
      h("div", {}, r.study_date || "undated"),
      h("div", { class: "muted small" }, age(r.mri_age_days)),
    ],
  },
  {
    id: "unknown",
    name: "Unknown",
    sort: (r) => countParts(r.criteria_unknown),
    cell: (r) => h("span", { title: r.criteria_unknown }, countParts(r.criteria_unknown) || ""),
    number: true,
  },
  {
    id: "next",
    name: "Next step",
    sort: (r) => r.next_step,
    cell: (r) => h("span", { title: r.next_step }, r.next_step),
  },
  {
    id: "decision",
    name: "Decision",
    sort: (r) => r.decision,
    cell: (r) => decisionCell(r.decision),
  },
];
const VERDICT_ORDER = [
  "urgent_review",
  "candidate",
  "needs_information",
  "needs_review",
  "not_candidate",
];
const DECISIONS = { accept: ["✓", "accepted"], reject: ["✕", "rejected"], unsure: ["?", "unsure"] };
const natural = new Intl.Collator("en", { numeric: true });

function decisionCell(text) {
  if (!text) return "";
  const known = DECISIONS[text.split(/[ :;]/)[0]];
  return h(
    "span",
    { class: "decision", title: text },
    known
      ? h("span", { "aria-hidden": "true", class: `d-${text.split(/[ :;]/)[0]}` }, known[0] + " ")
      : "",
    text,
  );
}

/** Whether a list row passes the filter. Exported to the tests through the page only. */
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

class Worklist {
  /** rows: objects; open: called with a row; extra: options {queues, columns} */
  constructor(rows, open, options = {}) {
    this.rows = rows;
    this.open = open;
    this.sort = { id: "rank", down: false };
    this.filter = {
      words: [],
      verdicts: new Set(),
      type: "",
      level: "",
      decision: "",
      queue: "all",
    };
    this.columns = COLUMNS.filter((column) => !(options.hide || []).includes(column.id));
    for (const row of rows) {
      row.levels = parseModic(row.modic);
      row.haystack = [
        row.patient_id,
        row.report_id,
        row.modic,
        row.next_step,
        row.endplate,
        row.red_flags,
        row.other_findings,
        row.evidence,
        row.study_date,
        row.bodies,
        row.modic_basis,
        (VERDICTS[row.verdict] || {}).name,
        row.decision,
        row.notes,
      ]
        .join(" ")
        .toLowerCase();
    }
    this.build(options);
    this.refresh();
  }

  build({ queues }) {
    const verdicts = VERDICT_ORDER.map((verdict) => [
      verdict,
      this.rows.filter((row) => row.verdict === verdict).length,
    ]).filter(([, n]) => n);
    const select = (label, key, choices) =>
      h(
        "label",
        { class: "field" },
        label,
        h(
          "select",
          {
            dataset: { filter: key },
            onchange: (event) => {
              this.filter[key] = event.target.value;
              this.refresh();
            },
          },
          choices.map(([value, name]) => h("option", { value }, name)),
        ),
      );
    this.search = h("input", {
      type: "search",
      id: "search",
      placeholder: "Patient, level, word of the evidence …",
      autocomplete: "off",
      spellcheck: "false",
      oninput: (event) => {
        this.filter.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
        this.refresh();
      },
    });
    const types = MODIC_TYPES.filter((type) =>
      this.rows.some((row) => row.levels.some((one) => one.type === type)),
    );
    const levels = [
      ...new Set(this.rows.flatMap((row) => row.levels.map((one) => one.level))),
    ].sort((a, b) => LEVELS.indexOf(a) - LEVELS.indexOf(b));
    this.count = h("p", { class: "muted", id: "count", "aria-live": "polite" });
    const chips =
      verdicts.length > 1 &&
      h(
        "div",
        { class: "chips", role: "group", "aria-label": "Verdict" },
        verdicts.map(([verdict, n]) =>
          h(
            "button",
            {
              type: "button",
              class: `toggle v-${verdict}`,
              "aria-pressed": "false",
              dataset: { verdict },
              onclick: (event) => {
                const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
                event.currentTarget.setAttribute("aria-pressed", String(on));
                this.filter.verdicts[on ? "add" : "delete"](verdict);
                this.refresh();
              },
            },
            h("span", { class: "sign", "aria-hidden": "true" }, VERDICTS[verdict].sign),
            VERDICTS[verdict].name,
            h("b", {}, number(n)),
          ),
        ),
      );
    this.head = h(
      "tr",
      {},
      this.columns.map((column, i) =>
        h(
          "th",
          { scope: "col", "aria-sort": "none", class: `c-${column.id}`, "aria-colindex": i + 1 },
          h(
            "button",
            { type: "button", dataset: { sort: column.id }, onclick: () => this.sortBy(column.id) },
            column.name,
            h("span", { class: "arrow", "aria-hidden": "true" }),
          ),
        ),
      ),
    );
    this.body = h("tbody", {});
    this.table = h(
      "table",
      { class: "worklist", "aria-label": "Worklist", "aria-describedby": "list-help" },
      h("thead", {}, this.head),
      this.body,
    );
    this.scroller = h("div", { class: "scroller", tabindex: -1 }, this.table);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    this.body.addEventListener("click", (event) => {
      const tr = event.target.closest("tr[data-i]");
      if (tr) this.open(this.shown[Number(tr.dataset.i)]);
    });
    this.body.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("beforeprint", () => this.draw(true));
    window.addEventListener("afterprint", () => this.draw());
    this.node = h(
      "section",
      { class: "card list-card", "aria-labelledby": "list-title" },
      h("div", { class: "list-head" }, h("h2", { id: "list-title" }, "Worklist"), this.count),
      chips,
      h(
        "div",
        { class: "filters" },
        h("label", { class: "field grow" }, "Search", this.search),
        types.length &&
          select("Modic type", "type", [
            ["", "any"],
            ...types.map((type) => [type, type === "unspecified" ? "not said" : type]),
          ]),
        levels.length &&
          select("Level", "level", [["", "any"], ...levels.map((level) => [level, level])]),
        queues && select("Patients", "queue", queues),
        this.columns.some((column) => column.id === "decision") &&
          select("Decision", "decision", [
            ["", "any"],
            ["open", "open"],
            ["done", "decided"],
          ]),
      ),
      h(
        "p",
        { id: "list-help", class: "sr" },
        "Arrow keys move through the rows, Enter opens a patient, a column's name sorts by it.",
      ),
      this.scroller,
    );
  }

  sortBy(id) {
    this.sort = { id, down: this.sort.id === id ? !this.sort.down : false };
    this.refresh();
    announce(
      `Sorted by ${this.columns.find((column) => column.id === id).name}, ${this.sort.down ? "descending" : "ascending"}`,
    );
  }

  refresh() {
    const column = this.columns.find((one) => one.id === this.sort.id) || this.columns[0];
    const sign = this.sort.down ? -1 : 1;
    this.shown = this.rows.filter((row) => passes(row, this.filter));
    if (!(column.id === "rank" && !this.sort.down)) {
      const keyed = this.shown.map((row) => [column.sort(row), row]);
      keyed.sort(([a, x], [b, y]) => {
        const blank =
          (a === "" || a === null || a === undefined) - (b === "" || b === null || b === undefined); // empty cells last, either way
        if (blank) return blank;
        return (
          sign * (column.natural ? natural.compare(a, b) : a < b ? -1 : a > b ? 1 : 0) ||
          x.order - y.order
        );
      });
      this.shown = keyed.map(([, row]) => row);
    }
    [...this.head.children].forEach((th, i) =>
      th.setAttribute(
        "aria-sort",
        this.columns[i].id === this.sort.id
          ? this.sort.down
            ? "descending"
            : "ascending"
          : "none",
      ),
    );
    this.count.textContent =
      this.shown.length === this.rows.length
        ? `${number(this.rows.length)} patients`
        : `${number(this.shown.length)} of ${number(this.rows.length)} patients`;
    this.table.setAttribute("aria-rowcount", this.shown.length + 1);
    this.first = -1;
    this.scroller.scrollTop = 0;
    this.draw();
  }

  /** Put the visible rows (or all, for print) into the table, with room above and below. */
  draw(all = false) {
    if (!this.rowHeight) this.rowHeight = 54;
    const height = this.scroller.clientHeight || 600;
    const first = all
      ? 0
      : clamp(
          Math.floor(this.scroller.scrollTop / this.rowHeight) - 8,
          0,
          Math.max(0, this.shown.length - 1),
        );
    const last = all
      ? this.shown.length
      : Math.min(this.shown.length, first + Math.ceil(height / this.rowHeight) + 16);
    if (!all && first === this.first && last === this.last) return;
    this.first = all ? -1 : first;
    this.last = last;
    const focus = this.body.contains(document.activeElement)
      ? document.activeElement.dataset.i
      : null;
    const rows = [];
    for (let i = first; i < last; i++) rows.push(this.tableRow(i));
    const gap = (n) => {
      const tr = h(
        "tr",
        { class: "gap", "aria-hidden": "true" },
        h("td", { colspan: this.columns.length }),
      );
      tr.firstChild.style.height = `${n * this.rowHeight}px`;
      return n > 0 ? [tr] : [];
    };
    this.body.replaceChildren(...gap(first), ...rows, ...gap(this.shown.length - last));
    if (!this.shown.length)
      this.body.replaceChildren(
        h(
          "tr",
          {},
          h(
            "td",
            { colspan: this.columns.length, class: "muted none" },
            "No patient matches this filter.",
          ),
        ),
      );
    const measured = rows.length && rows[0].offsetHeight;
    if (measured && Math.abs(measured - this.rowHeight) > 1 && !all) {
      this.rowHeight = measured;
      this.first = -1;
      this.draw();
      return;
    }
    if (focus !== null) {
      const again = this.body.querySelector(`tr[data-i="${focus}"]`);
      if (again) again.focus({ preventScroll: true });
    }
  }

  tableRow(i) {
    const row = this.shown[i];
    return h(
      "tr",
      {
        tabindex: i === (this.current || 0) || i === this.first ? 0 : -1,
        dataset: { i },
        "aria-rowindex": i + 2,
        class: row.decision ? "decided" : null,
      },
      this.columns.map((column) =>
        h(
          "td",
          { class: `c-${column.id}${column.number ? " num" : ""}` },
          h("div", { class: "lines" }, column.cell(row)),
        ),
      ),
    );
  }

  key(event) {
    const tr = event.target.closest("tr[data-i]");
    if (!tr) return;
    const i = Number(tr.dataset.i);
    const moves = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: 10,
      PageUp: -10,
      Home: -Infinity,
      End: Infinity,
    };
    if (event.key === "Enter") {
      event.preventDefault();
      this.open(this.shown[i]);
    } else if (event.key in moves) {
      event.preventDefault();
      this.focusRow(clamp(i + moves[event.key], 0, this.shown.length - 1));
    }
  }

  focusRow(i) {
    this.current = i;
    const top = i * this.rowHeight,
      head = this.head.offsetHeight || 40;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + this.rowHeight + head > this.scroller.scrollTop + this.scroller.clientHeight)
      this.scroller.scrollTop = top + this.rowHeight + head - this.scroller.clientHeight;
    this.draw();
    const row = this.body.querySelector(`tr[data-i="${i}"]`);
    if (row) row.focus({ preventScroll: true });
  }

  /** The row after (or before) one in the shown order. */
  beside(row, step) {
    return this.shown[this.shown.indexOf(row) + step];
  }

  /** Redraw after a row changed. */
  update() {
    this.first = -1;
    this.draw();
  }
}
