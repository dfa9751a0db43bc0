// Figure 3: a confusion matrix per panel, shares of each true class; a panel's title opens its run.

import { el, fill } from "./dom.js";
import { group, sentence } from "./format.js";
import { runLink } from "./runs_tables.js";
import { describe } from "./runs_paper_table.js";

const TITLES = { figure3: "Figure 3. Confusion matrices", "figure3-own": "Beyond the paper: what needs no weights" };
const KINDS = ["svg", "pdf", "png", "csv"];

export function showFigure(section, { figures, notes }, file) {
  fill(section,
    el("p", { class: "dv-soft dv-paper-lead" }, "Rows are what is true, columns what was said. A cell: the share of its true class in %, over folds and seeds; an empty cell is none."),
    figures.map(({ name, panels }, place) => el("div", { class: "dv-paper-figure" },
      el("div", { class: "dv-head" }, el("h2", place === 0 ? { id: "dv-paper-title" } : {}, TITLES[name]), el("span", { class: "dv-paper-files" }, KINDS.map((kind) => file(name, kind)))),
      el("div", { class: "dv-paper-panels" }, panels.map(panelOf)))),
    el("ol", { class: "dv-paper-notes" }, notes.map((note) => el("li", {}, note))));
}

function panelOf(panel) {
  const title = `(${panel.letter}) ${panel.label}`;
  return el("figure", { class: "dv-panel" },
    el("figcaption", {}, panel.labels ? el("a", { href: runLink(panel.run.id), title: `Of the run ${describe(panel.run)}. Opens it.` }, title) : title, panel.test && [" ", el("span", { class: "dv-badge" }, "TEST")]),
    panel.labels ? matrix(panel, title) : el("p", { class: "dv-panel-none" }, sentence(panel.why)));
}

function matrix({ labels, counts, shares }, title) {
  const names = labels.map(short);
  return el("table", { "aria-label": title },
    el("thead", {}, el("tr", {}, el("td", {}), names.map((name) => el("th", { scope: "col" }, el("span", {}, name))))),
    el("tbody", {}, names.map((name, row) => el("tr", {}, el("th", { scope: "row" }, name),
      shares[row].map((share, column) => el("td", { class: row === column ? "is-right" : "", style: { "--share": share }, title: `True: ${labels[row]}. Said: ${labels[column]}. ${counts[row][column]} of ${counts[row].reduce((sum, one) => sum + one, 0)}.` }, counts[row][column] ? String(Math.round(100 * share)) : ""))))));
}

const SHORT = { moderate: "mod.", severe: "sev." };
const short = (label) => { const [name, level] = label.split(", "); return level ? `${group(name)} ${SHORT[level] ?? level}` : group(name); };
