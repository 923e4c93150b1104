"use strict";
// Decisions: sent at once, sent again until the server has answered, and never for the wrong patient.

const RETRY = 1500; // milliseconds between attempts to reach the server

class Review {
  constructor(run) {
    this.run = run;
    this.states = {};
    this.reviewer = "";
    this.waiting = 0;
    this.busy = false;
    window.addEventListener("beforeunload", (event) => {
      if (this.waiting) event.preventDefault();
    });
    document.getElementById("who").addEventListener("click", () => this.sign(true));
    document.getElementById("help").addEventListener("click", showHelp);
  }

  /** POST until the server answers; a lost answer does no harm, as each request has its own name. */
  async send(path, body) {
    this.waiting += 1;
    const trouble = document.getElementById("trouble");
    try {
      for (;;) {
        try {
          const answer = await fetch(path, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(body),
          });
          if (answer.status === 403) {
            trouble.hidden = false;
            trouble.textContent =
              "The server has been started anew: open the address that it printed. The last entry is not saved.";
            return { status: 403, told: {} };
          }
          const told =
            answer.headers.get("content-type") === "application/json"
              ? await answer.json()
              : { message: await answer.text() };
          trouble.hidden = true;
          return { status: answer.status, told };
        } catch (error) {
          trouble.hidden = false;
          trouble.textContent =
            "The server does not answer. The last entry is not saved yet; it is sent again until it is.";
          await new Promise((done) => setTimeout(done, RETRY));
        }
      }
    } finally {
      this.waiting -= 1;
    }
  }

  name() {
    return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
  }

  state(row) {
    return (
      this.states[row.order] || {
        decision: "",
        reason: "",
        note: "",
        checked: [],
        corrections: [],
        others: [],
        seen: 0,
      }
    );
  }

  /** Ask for the reviewer's name and fetch what he has decided. */
  async sign(again = false) {
    let name = again ? "" : sessionStorage.getItem("reviewer") || document.body.dataset.reviewer;
    while (!name) {
      name = await askName(this.reviewer);
      if (!name && this.reviewer) return;
    }
    const { status, told } = await this.send("/api/session", { reviewer: name });
    if (status !== 200) {
      announce(told.message || "");
      return this.sign(true);
    }
    sessionStorage.setItem("reviewer", name);
    this.reviewer = name;
    this.states = told;
    document.getElementById("who").textContent = `Reviewer: ${plain(name)}`;
    if (this.app) {
      this.applyAll();
      this.app.list.refresh();
      this.refresh();
    }
  }

  /** Bring a patient's state into his row. */
  apply(row) {
    const now = this.state(row);
    row.decision = now.decision
      ? now.decision + (now.reason ? `: ${this.run.reasons[now.reason] || now.reason}` : "")
      : "";
    row.notes = now.note;
  }

  applyAll() {
    this.app.rows.forEach((row) => this.apply(row));
    this.tellProgress();
  }

  tellProgress() {
    const { rows } = this.app;
    const done = rows.filter((row) => row.decision).length;
    document.getElementById("progress").textContent = `${done} of ${rows.length} decided`;
  }

  refresh() {
    if (this.view) this.drawPanel();
  }

  /** Send one entry about the patient that is shown; returns whether it was taken. */
  async enter(kind, data) {
    if (this.busy || !this.view) return false;
    const { row } = this.view;
    this.busy = true;
    try {
      const { status, told } = await this.send("/api/events", {
        reviewer: this.reviewer,
        case: row.order,
        patient_id: this.view.detail.patient_id,
        kind,
        data,
        request: this.name(),
        seen: this.state(row).seen,
      });
      if (status === 200 || status === 409) {
        this.states[row.order] = told;
        this.apply(row);
        this.tellProgress();
        this.app.list.update();
        this.refresh();
      }
      if (status === 409)
        this.say(
          "You decided this patient in another tab meanwhile. That is shown now; press again to change it.",
        );
      else if (status !== 200 && told.message) this.say(told.message);
      return status === 200;
    } finally {
      this.busy = false;
    }
  }

  say(message) {
    announce(message);
    if (this.saying) this.saying.textContent = plain(message);
  }

  async decide(decision) {
    if (this.busy || !this.view) return;
    const { row } = this.view;
    const reason = decision === "reject" ? await askReason(this.run.reasons) : "";
    if (reason === null) return;
    if (await this.enter("decision", { decision, reason })) {
      const words = DECISIONS[decision][1];
      if (!this.nextOpen(row)) this.say(`${words}. Every patient of this list is decided.`);
      else announce(`${words}. Next patient.`);
    }
  }

  /** Go to the next patient without a decision, after the shown one and then from the top. */
  nextOpen(row) {
    const shown = this.app.list.shown.length ? this.app.list.shown : this.app.rows;
    const here = shown.indexOf(row);
    const next = [...shown.slice(here + 1), ...shown.slice(0, Math.max(here, 0))].find(
      (one) => !one.decision,
    );
    if (next) this.app.go(next);
    return Boolean(next);
  }

  async undo() {
    if (this.busy) return;
    this.busy = true;
    try {
      const { status, told } = await this.send("/api/undo", {
        reviewer: this.reviewer,
        request: this.name(),
      });
      if (status !== 200) return this.say(told.message || "");
      if (told.case === null) return this.say("There is nothing to undo.");
      const row = this.app.rows[told.case];
      this.states[told.case] = told.state;
      this.apply(row);
      this.tellProgress();
      this.app.list.update();
      if (this.app.row === row) this.refresh();
      else this.app.go(row);
      announce(`Undone: the ${told.kind} of this patient.`);
      this.undone = told.kind;
    } finally {
      this.busy = false;
    }
    return undefined;
  }

  async note() {
    const text = await askNote(this.state(this.view.row).note);
    if (text !== null) await this.enter("note", { text });
  }

  async correct() {
    const ids = this.view.selected || [];
    if (!ids.length) return this.say("Choose a finding first: with ] and [, or by a click.");
    const findings = ids.map((id) => this.view.study.findings[id]);
    const id =
      ids.length === 1
        ? ids[0]
        : await ask("Which finding?", (close) =>
            h(
              "ol",
              { class: "choices" },
              findings.map((finding, i) =>
                h(
                  "li",
                  {},
                  h("button", { type: "button", onclick: () => close(ids[i]) }, fullName(finding)),
                ),
              ),
            ),
          );
    if (id === null) return undefined;
    const answer = await askFinding(this.view.study.findings[id]);
    if (answer)
      await this.enter("correction", {
        report_id: this.view.study.report_id,
        place: id,
        ...answer,
      });
    return undefined;
  }

  async missed() {
    const quote = String(window.getSelection()).trim().slice(0, 500);
    const answer = await askFinding(null, quote);
    if (answer)
      await this.enter("correction", {
        report_id: this.view.study.report_id,
        place: null,
        ...answer,
      });
  }

  async checked() {
    await this.enter("checked", { report_id: this.view.study.report_id });
  }

  panel(view) {
    this.view = view;
    view.selected = null;
    this.box = h("section", { class: "card decide", "aria-label": "Decision" });
    this.drawPanel();
    return this.box;
  }

  drawPanel() {
    const now = this.state(this.view.row);
    const { study } = this.view;
    const checked = study && now.checked.includes(study.report_id);
    this.saying = h("p", { class: "saying", id: "saying" });
    this.box.replaceChildren(
      h(
        "div",
        { class: "buttons" },
        this.decisionButton("a", "Accept", "accept", "This patient belongs on the list"),
        this.decisionButton("r", "Reject …", "reject", "Does not belong on the list"),
        this.decisionButton("u", "Unsure", "unsure", "Cannot be decided from this"),
        h("span", { class: "gap" }),
        this.button("n", "Note …"),
        this.button("c", "Correct …", "Correct the chosen finding"),
        this.button("m", "Missed …", "Write down a finding that was missed"),
        this.button("f", checked ? "Findings checked ✓" : "Findings checked"),
        h("span", { class: "gap" }),
        this.button("z", "Undo"),
        this.button("o", "Next open", "Go to the next patient without a decision"),
      ),
      this.statusLine("Your decision", this.decisionWords(now) || "not decided yet", "status"),
      ...(now.note ? [this.statusLine("Note", now.note)] : []),
      ...(now.corrections.length ? [correctionList(now.corrections)] : []),
      ...(now.others.length ? [this.statusLine("Others", this.othersWords(now.others))] : []),
      this.saying,
    );
  }

  button(key, name, title) {
    const shown = [h("kbd", { "aria-hidden": "true" }, key), name];
    const act = () => this.act(key);
    return h("button", { type: "button", title, "aria-keyshortcuts": key, onclick: act }, shown);
  }

  decisionButton(key, name, decision, title) {
    const button = this.button(key, name, title);
    button.className = `big d-${decision}`;
    const pressed = this.state(this.view.row).decision === decision;
    button.setAttribute("aria-pressed", String(pressed));
    return button;
  }

  statusLine(name, text, id) {
    return h("p", { class: "status", id }, h("span", { class: "muted" }, `${name}: `), text);
  }

  decisionWords({ decision, reason }) {
    if (!decision) return "";
    const [sign, word] = DECISIONS[decision];
    const why = reason ? `: ${this.run.reasons[reason] || reason}` : "";
    return [h("b", { class: `d-${decision}` }, `${sign} ${word}`), why];
  }

  othersWords(others) {
    const why = ({ reason }) => (reason ? ` (${this.run.reasons[reason] || reason})` : "");
    return others.map((one) => `${one.reviewer}: ${one.decision}${why(one)}`).join("; ");
  }

  /** What a key or its button does. */
  act(key) {
    const acts = {
      a: () => this.decide("accept"),
      r: () => this.decide("reject"),
      u: () => this.decide("unsure"),
      n: () => this.note(),
      c: () => this.correct(),
      m: () => this.missed(),
      f: () => this.checked(),
      z: () => this.undo(),
      o: () => this.nextOpen(this.view.row),
    };
    if (!(key in acts)) return false;
    acts[key]();
    return true;
  }

  key(event) {
    if (!event.repeat && event.key !== "z" && this.act(event.key)) event.preventDefault();
  }
}

function correctionWords({ was, now, quote }) {
  if (!now) return `not in the report: ${fullName(was)}`;
  if (!was) return `missed: ${fullName(now)}${quote ? ` (“${quote}”)` : ""}`;
  return `${fullName(was)} → ${fullName(now)}`;
}

function correctionList(corrections) {
  return h(
    "ul",
    { class: "corrections", "aria-label": "Corrections" },
    corrections.map((one) => h("li", {}, correctionWords(one))),
  );
}
