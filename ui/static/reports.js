// The Reports page: choose a run and a subject, have the report made, look through it, take it away.

import { ICONS, el, fill, icon, request } from "./dom.js";
import { picker } from "./session_bits.js";

const POLL_MS = 400;
const RUN = "run", ALL = "all";
const badge = () => el("span", { class: "dv-badge" }, "SYNTHETIC");
const day = (seconds) => new Date(seconds * 1000).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });

class Desk {
  constructor(element) {
    this.element = element;
    this.order = element.querySelector(".dv-desk-order");
    this.shown = element.querySelector(".dv-desk-shown");
    this.order.addEventListener("submit", (event) => { event.preventDefault(); this.make(this.query.get("subject") || RUN); });
    this.subjects = [];
  }

  get query() { return new URLSearchParams(location.search); }

  remember(changes) {
    const query = this.query;
    for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
    history.replaceState(null, "", `${location.pathname}?${query}`);
  }

  async open() {
    this.runs = await request("/studio/reports/runs").then((answer) => answer.json());
    if (!this.runs.length) return this.empty();
    const asked = this.query.get("run"), person = this.query.get("subject");
    const known = this.runs.some((run) => run.id === asked);
    if (!known) this.remember({ run: this.runs[0].id, subject: "" });
    await this.choose();
    if (asked && !known) this.missing("There is no such run here", "It was deleted, or it lies elsewhere. Choose another: nothing was made of the one that is chosen now.");
    else if (person && !this.query.get("subject")) this.missing("There is no such subject in this run", "Choose another, or the whole run: nothing was made yet.");
    else if (person) this.make(person);
    else this.invite();
  }

  async choose() {
    this.subjects = [];
    this.problem = "";
    this.form();
    const asked = new URLSearchParams({ run: this.query.get("run"), cohort: this.query.get("cohort") ?? "" });
    const answer = await fetch(`/studio/reports/subjects?${asked}`);
    const found = await answer.json().catch(() => ({}));
    this.problem = answer.ok ? "" : found.error ?? "The run could not be read.";
    this.subjects = found.subjects ?? [];
    if (!this.subjects.some((one) => one.key === this.query.get("subject"))) this.remember({ subject: "" });
    this.form();
  }

  form() {
    const run = this.runs.find((one) => one.id === this.query.get("run"));
    const runs = this.runs.map((one) => ({ value: one.id, text: [one.name, `${one.system}, ${one.encoders}`, one.created_s > 0 && day(one.created_s)].filter(Boolean).join(" · ") }));
    const people = this.subjects.map((one) => ({ value: one.key, text: `${one.id} · ${one.clips} recordings`, group: one.group }));
    const usable = this.subjects.length > 0;
    fill(this.order,
      picker("Run", runs, run?.id ?? "", (id) => { this.remember({ run: id, subject: "" }); this.stop(); this.invite(); this.choose(); }),
      run?.synthetic && el("p", {}, badge()),
      picker("Report of", [{ value: "", text: "The whole run" }, ...people], this.query.get("subject") ?? "", (key) => this.remember({ subject: key })),
      el("button", { class: "dv-button is-primary", type: "submit", disabled: !usable }, "Make the report"),
      el("hr"),
      el("button", { class: "dv-button", type: "button", disabled: !usable, onclick: () => this.make(ALL) }, icon(ICONS.down), "All, in one archive"),
      el("p", { class: "dv-soft" }, "Every subject and the run, as PDF and JSON. Recordings that nobody has looked at yet are measured first: some seconds each."),
      this.problem && el("p", { role: "alert" }, this.problem));
  }

  empty() {
    fill(this.order, el("p", { class: "dv-soft" }, "A report is made from a finished run."));
    fill(this.shown, el("div", { class: "dv-desk-empty" }, el("h2", {}, "No finished run yet"),
      el("p", {}, el("a", { href: "/train" }, "Train one"), ", or open one on the ", el("a", { href: "/runs" }, "Runs page"), ".")));
  }

  invite() {
    fill(this.shown, el("div", { class: "dv-desk-empty" }, el("h2", {}, "Nothing made yet"),
      el("p", {}, "Choose a subject, or the whole run, and make its report. The pages appear here.")));
  }

  missing(title, text) { fill(this.shown, el("div", { class: "dv-desk-empty", role: "alert" }, el("h2", {}, title), el("p", {}, text))); }

  stop() {
    clearTimeout(this.timer);
    if (this.report) fetch(`/studio/reports/${this.report}`, { method: "DELETE" });
    this.report = null;
  }

  async make(of) {
    this.stop();
    this.title = of === ALL ? "All reports" : of === RUN ? "The whole run" : `Subject ${this.subjects.find((one) => one.key === of)?.id ?? ""}`;
    const asked = { run: this.query.get("run"), of, cohort: this.query.get("cohort") ?? "" };
    this.bar = el("progress", { max: 1, value: 0, "aria-label": "Progress" });
    this.stage = el("p", { class: "dv-soft" }, "…");
    fill(this.shown, el("div", { class: "dv-card" }, el("div", { class: "dv-desk-bar" }, el("h2", {}, this.title),
      el("button", { class: "dv-button", type: "button", onclick: () => { this.stop(); this.invite(); } }, "Cancel")), this.bar, this.stage));
    try {
      const started = await request("/studio/reports", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked) });
      this.report = (await started.json()).id;
      this.poll(this.report);
    } catch (error) { this.failed(error.message); }
  }

  async poll(id) {
    if (id !== this.report || !this.element.isConnected) return;
    let found;
    try { found = await request(`/studio/reports/${id}`).then((answer) => answer.json()); }
    catch { return this.failed("The studio does not answer: it was stopped, or started anew. Make the report again."); }
    if (id !== this.report) return;
    if (found.state === "done") return this.show(id, found);
    if (found.state === "failed") return this.failed(found.message);
    this.bar.value = found.done / found.total;
    this.stage.textContent = found.stage;
    this.timer = setTimeout(() => this.poll(id), POLL_MS);
  }

  failed(message) {
    this.report = null;
    fill(this.shown, el("div", { class: "dv-card dv-desk-failed", role: "alert" }, el("h2", {}, "No report"), el("p", {}, message)));
  }

  show(id, found) {
    const names = { pdf: "PDF", json: "JSON", zip: "Archive (ZIP)" };
    const files = ["pdf", "json", "zip"].filter((form) => found.files.includes(form));
    const links = files.map((form) => el("a", { class: "dv-button", href: `/studio/reports/${id}/${form}`, download: "" }, icon(ICONS.down), names[form]));
    const pages = Array.from({ length: found.pages }, (_, at) => el("li", {},
      el("img", { src: `/studio/reports/${id}/pages/${at + 1}`, alt: `Page ${at + 1} of ${found.pages} of the report; the PDF and the JSON hold its text`, loading: at ? "lazy" : "eager" })));
    fill(this.shown, el("div", { class: "dv-desk-bar" }, el("h2", {}, this.title), links),
      pages.length ? el("ol", { class: "dv-desk-pages" }, pages) : el("p", { class: "dv-soft" }, "The archive is ready."));
  }
}

export function mount(element) {
  if (element.dataset.mounted) return;
  element.dataset.mounted = "yes";
  new Desk(element).open();
}
