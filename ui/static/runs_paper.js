// One reproduction: its protocol, how far it is, and one of the paper's tables or its figure. What is shown stands in the address.

import { coded, el, fill } from "./dom.js";
import { state } from "./jobs_words.js";
import { levels } from "./runs_metrics.js";
import { badges, protocol, tablesLink } from "./runs_tables.js";
import { PaperTable } from "./runs_paper_table.js";
import { showFigure } from "./runs_paper_figure.js";

const FIRST = "3";
const pageOf = (name) => (name === "figure3" ? "figure" : name.slice(5));

export class PaperView {
  constructor(element, id) {
    Object.assign(this, { element, id, drawn: null });
    this.head = el("div", { class: "dv-run-head" });
    this.progress = el("div", {});
    this.pages = el("nav", { class: "dv-paper-pages", "aria-label": "Tables of the paper" });
    this.section = el("section", { class: "dv-card dv-paper", "aria-labelledby": "dv-paper-title" }, el("h2", { id: "dv-paper-title" }, "Reading the table …"), el("p", { class: "dv-soft", role: "status" }, "Every run is judged once: a bootstrap over subjects takes some seconds."));
    fill(element, this.head, this.progress, this.pages, this.section);
    this.turn();
  }

  close() {}

  // Read from the address which page is asked for.
  turn() {
    const query = new URLSearchParams(location.search);
    this.page = /^([1-9]|figure)$/.test(query.get("table") ?? "") ? query.get("table") : FIRST;
    this.level = query.get("counted") === "subject" ? "subject" : "clip";
    for (const link of this.pages.querySelectorAll("a")) if (link.dataset.page === this.page) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    this.section.setAttribute("aria-busy", String(this.drawn !== null && this.drawn !== this.page));
  }

  get address() { return `/studio/tables/${encodeURIComponent(this.id)}/${this.page === "figure" ? "figure" : `table/${this.page}`}`; }

  show({ reproduction, table, figure }) {
    if (!this.chosen && this.begun(reproduction)) return true;
    this.tell(reproduction);
    if (!table && !figure) { fill(this.section, el("h2", { id: "dv-paper-title" }, "These tables cannot be read"), el("p", {}, "A file of this reproduction is damaged.")); return false; }
    if (table) this.showTable(table); else showFigure(this.section, figure, (name, kind) => this.file(name, kind));
    if (figure) this.table = null;
    this.drawn = this.page;
    this.section.setAttribute("aria-busy", "false");
    document.title = `${table ? `Table ${table.number}` : "Figure 3"} of the paper · DIVINE`;
    return reproduction.state === "running";
  }

  // Whoever asks for no table in particular sees the one that is filled furthest: tables share runs.
  begun(one) {
    this.chosen = true;
    if (new URLSearchParams(location.search).has("table")) return false;
    const filled = ({ done, absent, failed, runs }) => (done > 0 ? (done + absent + failed) / runs : 0);
    const best = one.parts.reduce((best, part) => (filled(part) > filled(best) ? part : best));
    if (filled(best) === 0 || pageOf(best.name) === this.page) return false;
    const address = new URL(location.href);
    address.searchParams.set("table", pageOf(best.name));
    history.replaceState(history.state, "", address);
    this.turned();
    return true;
  }

  tell(one) {
    const { asked } = one;
    fill(this.head, el("div", {},
      el("h1", {}, "The paper's tables ", badges(one)),
      el("p", { class: "dv-soft" }, state(one.state), " ", [one.cohort ?? one.name, one.folds && protocol(one)].filter(Boolean).join(" · ")),
      one.lines?.filter((line) => !line.startsWith("Ours:")).map((line) => el("p", { class: "dv-soft" }, coded(line)))));
    fill(this.progress, one.state !== "done" && el("section", { class: "dv-card dv-paper-progress", "aria-label": "Progress" },
      el("div", { class: "dv-progress-row" }, asked && el("progress", { max: asked.runs, value: asked.done + asked.absent + asked.failed, "aria-label": "Runs settled" }),
        el("span", { role: "status", class: "dv-num" }, asked ? `${asked.done} of ${asked.runs} runs trained${asked.absent ? `, ${asked.absent} without weights` : ""}${asked.failed ? `, ${asked.failed} failed` : ""}` : "No run is trained yet"),
        one.ours && el("a", { href: `/train?job=${encodeURIComponent(one.id)}` }, one.state === "running" ? "Watch it on the Train page" : "Resume it on the Train page")),
      one.message && el("p", { class: "dv-callout" }, coded(one.message))));
    if (this.pages.childElementCount === 0) fill(this.pages, one.parts.map((part) => this.link(pageOf(part.name))));
    for (const part of one.parts) this.pages.querySelector(`[data-page="${pageOf(part.name)}"] .dv-soft`).textContent = `${part.done}/${part.runs} runs`;
  }

  link(page) {
    return el("a", { href: tablesLink(this.id, page), "data-page": page, "aria-current": page === this.page ? "page" : null,
      onclick: (event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); this.go({ table: page }); } } },
    el("b", {}, page === "figure" ? "Figure 3" : `Table ${page}`), el("span", { class: "dv-soft dv-num" }));
  }

  go(changes) {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) address.searchParams.set(name, value);
    history.pushState(null, "", address);
    this.turned();
  }

  showTable(table) {
    if (!this.table || this.table.number !== table.number) {
      const place = el("div", {});
      this.counted = el("div", {});
      fill(this.section,
        el("div", { class: "dv-head dv-matrix-head" }, el("h2", { id: "dv-paper-title" }, `Table ${table.number}. ${table.title}`), this.counted),
        el("div", { class: "dv-paper-files" }, el("span", { class: "dv-soft" }, "Take it along:"), [["csv", "CSV"], ["md", "Markdown"], ["tex", "LaTeX"]].map(([kind, title]) => this.file(`table${table.number}`, kind, title))),
        place);
      this.table = new PaperTable(place, table.number);
    }
    fill(this.counted, levels(this.level, (level) => this.count(level), { clip: "Per clip", subject: "Per subject" }));
    this.table.show(table, this.level);
    this.found = table;
  }

  count(level) {
    const address = new URL(location.href);
    address.searchParams.set("counted", level);
    history.replaceState(history.state, "", address);
    this.level = level;
    this.showTable(this.found);
    this.counted.querySelector('[aria-pressed="true"]').focus();
  }

  file(name, kind, title = kind.toUpperCase()) {
    return el("a", { href: `/studio/tables/${encodeURIComponent(this.id)}/${name}.${kind}`, download: "" }, title);
  }
}
