// A confusion matrix as a table whose cells are buttons: a click lists who stands there, and a clip opens its session.

import { el, fill, request } from "./dom.js";
import { group, percent } from "./format.js";
import { reason } from "./jobs_poll.js";
import { levels } from "./runs_metrics.js";
import { SETTINGS } from "./runs_words.js";

const KINDS = { diagnosis: "Diagnosis", level: "Severity level", combined: "Both" };
// Of a run that learned one of the two, the other head answers untrained.
const LEARNED = { C: { diagnosis: KINDS.diagnosis }, R: { level: KINDS.level } };

export class Confusion {
  constructor(section, run, settings) {
    const query = new URLSearchParams(location.search);
    const asked = (name, among, usual) => (Object.hasOwn(among, query.get(name) ?? "") ? query.get(name) : usual);
    const kinds = LEARNED[run.objective] ?? KINDS;
    Object.assign(this, { section, run, settings, kinds, kind: asked("matrix", kinds, Object.keys(kinds)[0]), cell: /^\d+-\d+$/.test(query.get("cell") ?? "") ? query.get("cell").replace("-", " ") : null });
    this.level = this.kind === "diagnosis" ? asked("counted", { clip: 1, subject: 1 }, "clip") : "clip";
    this.modalities = settings ? asked("given", SETTINGS, "audio+video") : null;
  }

  async begin() {
    // A run of one encoder was judged in one setting: the first that answers is it.
    for (const setting of this.settings ? [this.modalities] : ["video", "audio", "audio+video"]) {
      this.modalities = setting;
      if (await this.load() || this.settings) return;
    }
  }

  address(what, extra = {}) {
    const query = new URLSearchParams({ kind: this.kind, modalities: this.modalities, level: this.level, ...extra });
    return `/studio/runs/${encodeURIComponent(this.run.id)}/${what}?${query}`;
  }

  async load() {
    try {
      this.found = await (await request(this.address("confusion"))).json();
      this.draw();
      const button = this.cell && this.section.querySelector(`[data-cell="${this.cell}"]:not([disabled])`);
      if (button) button.click();
      return true;
    } catch (error) {
      fill(this.section, this.section.firstChild, el("p", { class: "dv-callout", role: "alert" }, reason(error)));
      return false;
    }
  }

  pick(changes) {
    Object.assign(this, changes, { cell: null });
    if (this.kind !== "diagnosis") this.level = "clip";
    this.keep();
    this.load();
  }

  // A link shows a colleague the same matrix, and the same cell.
  keep() {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries({ matrix: this.kind, counted: this.level, given: this.settings ? this.modalities : null, cell: this.cell?.replace(" ", "-") })) if (value) query.set(name, value); else query.delete(name);
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
  }

  draw() {
    const { labels, counts, shares } = this.found;
    this.list = el("div", { class: "dv-cell-list", "aria-live": "polite" }, el("p", { class: "dv-soft" }, "Choose a cell to see who stands in it."));
    const head = el("div", { class: "dv-head dv-matrix-head" }, el("h2", { id: this.section.getAttribute("aria-labelledby") }, "Confusion"),
      levels(this.kind, (kind) => this.pick({ kind }), this.kinds),
      this.kind === "diagnosis" && levels(this.level, (level) => this.pick({ level })),
      this.settings && levels(this.modalities, (modalities) => this.pick({ modalities }), SETTINGS));
    if (labels.length === 0) {
      fill(this.section, head, el("p", { class: "dv-soft" }, "This run knows no severity levels: its cohort was not rated, or it learned the diagnosis alone."));
      return;
    }
    const cell = (row, column) => el("td", { class: `dv-share${row === column ? " is-right" : ""}`, style: { "--share": shares[row][column] } },
      el("button", { type: "button", disabled: counts[row][column] === 0, "data-cell": `${row} ${column}`, "aria-pressed": "false",
        "aria-label": `${name(labels[row])} judged ${name(labels[column])}: ${counts[row][column]}, ${percent(shares[row][column])} of the row`, onclick: (event) => this.open(row, column, event.currentTarget) },
      el("span", { class: "dv-num" }, percent(shares[row][column])), el("span", { class: "dv-num dv-count" }, String(counts[row][column]))));
    fill(this.section, head,
      el("div", { class: "dv-matrix-row" },
        el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": "Confusion matrix" }, el("table", { class: "dv-matrix" },
          el("caption", { class: "dv-soft" }, "Rows: what is true. Columns: what was judged. Share of the row, and below it how often: each ", this.level, " once per seed."),
          el("thead", {}, el("tr", {}, el("td", {}), labels.map((label) => el("th", { scope: "col" }, name(label))))),
          el("tbody", {}, labels.map((label, row) => el("tr", {}, el("th", { scope: "row" }, name(label)), labels.map((_, column) => cell(row, column))))))),
        this.list),
      this.kind !== "diagnosis" && el("p", { class: "dv-soft dv-note" }, "Levels cut the affected subjects' totals at their tertiles. They are not a clinical grade."));
  }

  async open(row, column, button) {
    for (const other of this.section.querySelectorAll("[data-cell]")) other.setAttribute("aria-pressed", String(other === button));
    const { labels } = this.found;
    this.cell = button.dataset.cell;
    this.keep();
    let found;
    try { found = await (await request(this.address("cell", { row, column }))).json(); } catch (error) { fill(this.list, el("p", { role: "alert" }, reason(error))); return; }
    const seeds = this.run.seeds;
    const link = (clip) => el("a", { href: `/session?${new URLSearchParams({ cohort: this.run.cohort.id, clip: clip.key, run: this.run.id })}`, title: clip.name }, clip.task || clip.name);
    const times = (number) => (seeds > 1 && number ? el("span", { class: "dv-soft dv-num" }, ` ${number}/${seeds}`) : null);
    fill(this.list,
      el("h3", {}, `${name(labels[row])} judged ${name(labels[column])}`),
      seeds > 1 && el("p", { class: "dv-soft" }, "n/m: by how many of the seeds' models."),
      el("ul", { class: "dv-people" }, found.subjects.map((one) => el("li", {}, el("strong", {}, one.subject), this.level === "subject" && times(one.seeds), el("span", { class: "dv-clips" }, one.clips.map((clip) => el("span", {}, link(clip), times(clip.seeds))))))));
  }
}

const name = (label) => label.split(", ").map((part) => group(part)).join(", ");
