"use strict";
// Puts the page together. The data comes from the page itself (report) or from the server (review).

/** Embedded data: the index at once, the patients in chunks that are parsed when one is opened. */
const embedded = {
  chunks: new Map(),
  async index() {
    return JSON.parse(document.getElementById("run").textContent);
  },
  async detail(row) {
    const n = Math.floor(row.order / this.size);
    if (!this.chunks.has(n)) {
      let node = document.getElementById(`cases-${n}`);
      if ((!node || document.readyState === "loading") && document.readyState !== "complete") {
        await new Promise((done) =>
          document.addEventListener("DOMContentLoaded", done, { once: true }),
        );
        node = document.getElementById(`cases-${n}`);
      }
      this.chunks.set(n, JSON.parse(node.textContent));
    }
    return this.chunks.get(n)[row.order % this.size];
  },
};

/** Rows come as arrays to keep the file small. */
function toRows(run) {
  return run.rows.map((values, order) => {
    const row = { order };
    run.columns.forEach((name, i) => {
      row[name] = values[i];
    });
    return row;
  });
}

class App {
  constructor(run, source, extras = {}) {
    Object.assign(this, { run, source, extras });
    this.rows = toRows(run);
    this.packs = Object.fromEntries(
      run.packs.map((pack) => [
        pack.id,
        { ...pack, criteria: Object.fromEntries(pack.criteria.map((one) => [one.id, one])) },
      ]),
    );
    this.home = h("div", { id: "home" });
    this.place = h("div", { id: "patient", hidden: true });
    if (run.flow) this.home.append(this.overview());
    this.list = new Worklist(this.rows, (row) => this.go(row), extras.list);
    this.home.append(this.list.node);
    document.getElementById("main").replaceChildren(patternDefs(), this.home, this.place);
    window.addEventListener("hashchange", () => this.route());
    document.addEventListener("keydown", (event) => this.key(event));
    this.route();
  }

  overview() {
    const { run, extras } = this;
    const bars = (counts) => counts.map(([label, n]) => ({ label, n }));
    const cards = run.cards.map(({ label, n, cls }) =>
      h("li", { class: cls || null }, h("b", {}, number(n)), h("span", {}, label)),
    );
    const verdicts = VERDICT_ORDER.map((verdict) => ({
      label: VERDICTS[verdict].name,
      n: run.figures.verdicts[verdict] || 0,
      cls: `v-${verdict}`,
    }));
    const pack = run.packs.length ? run.packs[0].title : "the criteria";
    const { age: ages, missing } = run.figures;
    return h(
      "section",
      { "aria-labelledby": "overview-title" },
      h("h2", { id: "overview-title", class: "sr" }, "Overview"),
      h("ul", { class: "numbers" }, cards),
      h(
        "details",
        { class: "figures", open: !extras.closed },
        h("summary", {}, "Figures of this run"),
        h(
          "div",
          { class: "figure-grid" },
          flowChart(run.flow),
          modicChart(run.figures.modic),
          barChart("Verdicts", `By: ${pack}`, verdicts),
          barChart(
            "What is missing most",
            "Unknown criteria, patients on the worklist",
            bars(missing),
            230,
          ),
          barChart("Age of the index MRI", "Patients on the worklist", bars(ages), 136),
        ),
      ),
    );
  }

  route() {
    const match = /^#case-(\d+)$/.exec(location.hash);
    if (match && this.rows[Number(match[1])]) this.show(this.rows[Number(match[1])]);
    else this.showHome();
  }

  // The address holds a row number and nothing of the patient.
  go(row) {
    if (row) location.hash = `case-${row.order}`;
  }

  showHome() {
    const before = this.row;
    this.row = null;
    this.view = null;
    this.place.hidden = true;
    this.home.hidden = false;
    document.title = this.run.title;
    this.list.update();
    if (before) {
      const i = this.list.shown.indexOf(before);
      if (i >= 0) this.list.focusRow(i);
    }
  }

  async show(row) {
    this.row = row;
    const detail = await this.source.detail(row);
    if (this.row !== row) return;
    this.view = new PatientView(row, detail, this.packs, {
      back: () => {
        location.hash = "";
      },
      go: (step) => this.go(this.list.beside(row, step)),
      ...(this.extras.hooks || {}),
    });
    this.place.replaceChildren(this.view.node);
    this.home.hidden = true;
    this.place.hidden = false;
    document.title = `Patient ${row.order + 1} · ${this.run.title}`;
    window.scrollTo(0, 0);
    document.getElementById("patient-title").focus({ preventScroll: true });
    if (this.extras.shown) this.extras.shown(this.view);
  }

  key(event) {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.target.closest("input, textarea, select, dialog")
    )
      return;
    if (event.key === "/" && !this.row) {
      event.preventDefault();
      this.list.search.focus();
      return;
    }
    if (!this.view) return;
    if (event.key === "Escape") location.hash = "";
    else if (event.key === "j") this.go(this.list.beside(this.row, 1));
    else if (event.key === "k") this.go(this.list.beside(this.row, -1));
    else if (event.key === "]") this.view.step(1);
    else if (event.key === "[") this.view.step(-1);
    else if (this.extras.key) this.extras.key(event, this);
  }
}
