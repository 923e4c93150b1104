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

// How far a key moves in the list.
const MOVES = {
  ArrowDown: 1,
  ArrowUp: -1,
  j: 1,
  k: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

/** Compare rows by a column; empty cells come last either way, equal ones in the list's order. */
function byColumn(column, down) {
  const empty = (value) => value === "" || value === null || value === undefined;
  const compare = column.natural ? natural.compare : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return ([a, x], [b, y]) =>
    empty(a) - empty(b) || (down ? -1 : 1) * compare(a, b) || x.order - y.order;
}

class Worklist {
  /**
   * rows: objects; open: called with a row.
   * options: hide (columns that are left out), queues (choices of the patients' origin).
   */
  constructor(rows, open, options = {}) {
    this.rows = rows;
    this.open = open;
    this.sort = { id: "rank", down: false };
    this.current = 0; // the row that Tab leads to
    this.rowHeight = 54; // pixels, until a row has been measured
    this.filter = newFilter();
    this.columns = COLUMNS.filter((column) => !(options.hide || []).includes(column.id));
    for (const row of rows) {
      row.levels = parseModic(row.modic);
      row.haystack = haystack(row);
    }
    this.buildTable();
    this.build(options);
    this.refresh();
  }

  buildTable() {
    this.head = h(
      "tr",
      {},
      this.columns.map((column) =>
        h(
          "th",
          { scope: "col", "aria-sort": "none", class: `c-${column.id}` },
          h(
            "button",
            { type: "button", dataset: { sort: column.id }, onclick: () => this.sortBy(column.id) },
            column.name,
            h("span", { class: "arrow", "aria-hidden": "true" }),
          ),
        ),
      ),
    );
    this.body = h("tbody", {
      onclick: (event) => {
        const tr = event.target.closest("tr[data-i]");
        if (tr) this.open(this.shown[Number(tr.dataset.i)]);
      },
      onkeydown: (event) => this.key(event),
    });
    this.table = h(
      "table",
      { class: "worklist", "aria-label": "Worklist", "aria-describedby": "list-help" },
      h("thead", {}, this.head),
      this.body,
    );
    this.scroller = h("div", { class: "scroller", tabindex: -1 }, this.table);
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    window.addEventListener("beforeprint", () => this.draw(true));
    window.addEventListener("afterprint", () => this.draw());
  }

  build({ queues }) {
    const changed = () => this.refresh();
    const decisions = this.columns.some((column) => column.id === "decision");
    this.search = searchField(this.filter, changed);
    this.count = h("p", { class: "muted", id: "count", "aria-live": "polite" });
    this.node = h(
      "section",
      { class: "card list-card", "aria-labelledby": "list-title" },
      h("div", { class: "list-head" }, h("h2", { id: "list-title" }, "Worklist"), this.count),
      verdictButtons(this.rows, this.filter, changed),
      h(
        "div",
        { class: "filters" },
        h("label", { class: "field grow" }, "Search", this.search),
        choices(this.rows, this.filter, changed, { queues, decisions }),
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
    this.sort = { id, down: this.sort.id === id && !this.sort.down };
    this.refresh();
    const { name } = this.columns.find((column) => column.id === id);
    announce(`Sorted by ${name}, ${this.sort.down ? "descending" : "ascending"}`);
  }

  refresh() {
    const { id, down } = this.sort;
    const column = this.columns.find((one) => one.id === id);
    this.shown = this.rows.filter((row) => passes(row, this.filter));
    if (column && !(id === "rank" && !down)) {
      const keyed = this.shown.map((row) => [column.sort(row), row]);
      this.shown = keyed.sort(byColumn(column, down)).map(([, row]) => row);
    }
    this.columns.forEach((one, i) => {
      const order = one.id !== id ? "none" : down ? "descending" : "ascending";
      this.head.children[i].setAttribute("aria-sort", order);
    });
    const part = this.shown.length < this.rows.length ? `${number(this.shown.length)} of ` : "";
    this.count.textContent = `${part}${number(this.rows.length)} patients`;
    this.table.setAttribute("aria-rowcount", this.shown.length + 1);
    this.current = 0;
    this.first = -1;
    this.scroller.scrollTop = 0;
    this.draw();
  }

  /** First and last row (exclusive) that can be seen, with some before and after. */
  range() {
    const seen = Math.ceil((this.scroller.clientHeight || 600) / this.rowHeight);
    const top = Math.floor(this.scroller.scrollTop / this.rowHeight) - 8;
    const first = clamp(top, 0, Math.max(0, this.shown.length - 1));
    return [first, Math.min(this.shown.length, first + seen + 16)];
  }

  /** A row as high as `n` rows that are not in the page. */
  gap(n) {
    if (n <= 0) return [];
    const cell = h("td", { colspan: this.columns.length });
    cell.style.height = `${n * this.rowHeight}px`;
    return [h("tr", { class: "gap", "aria-hidden": "true" }, cell)];
  }

  /** Put the visible rows (or all, for print) into the table, with room above and below. */
  draw(all = false) {
    const [first, last] = all ? [0, this.shown.length] : this.range();
    if (!all && first === this.first && last === this.last) return;
    this.first = all ? -1 : first;
    this.last = last;
    const focused = this.body.contains(document.activeElement) && document.activeElement.dataset.i;
    const rows = this.shown.slice(first, last).map((row, n) => this.tableRow(row, first + n));
    this.body.replaceChildren(...this.gap(first), ...rows, ...this.gap(this.shown.length - last));
    if (!this.shown.length) {
      const words = "No patient matches this filter.";
      const cell = h("td", { colspan: this.columns.length, class: "muted none" }, words);
      this.body.replaceChildren(h("tr", {}, cell));
    }
    const measured = rows.length ? rows[0].offsetHeight : 0;
    if (!all && measured && Math.abs(measured - this.rowHeight) > 1) {
      this.rowHeight = measured;
      this.update();
      return;
    }
    const again = focused && this.body.querySelector(`tr[data-i="${focused}"]`);
    if (again) again.focus({ preventScroll: true });
  }

  tableRow(row, i) {
    return h(
      "tr",
      {
        tabindex: i === this.current || i === this.first ? 0 : -1,
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
    if (event.key === "Enter") this.open(this.shown[i]);
    else if (event.key in MOVES)
      this.focusRow(clamp(i + MOVES[event.key], 0, this.shown.length - 1));
    else return;
    event.preventDefault();
  }

  focusRow(i) {
    this.current = i;
    const { scroller } = this;
    const top = i * this.rowHeight;
    const end = top + this.rowHeight + this.head.offsetHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (end > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = end - scroller.clientHeight;
    }
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
