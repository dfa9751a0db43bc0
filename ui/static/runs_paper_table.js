// A table of the paper: ours above what is printed, its tests and footnotes. Arrows move from cell to cell, Enter opens a run.

import { coded, el, fill } from "./dom.js";
import { fixed, sentence } from "./format.js";
import { OBJECTIVES } from "./runs_list.js";
import { runLink } from "./runs_tables.js";
import { METRICS, SETTINGS } from "./runs_words.js";

const HEADS = { accuracy: "Accuracy", macro_f1: "Macro-F1", mae_total: "MAE", rmse_total: "RMSE" };
const GIVEN = { "audio+video": "face and voice", video: "the face only", audio: "the voice only" };
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class PaperTable {
  constructor(place, number) {
    Object.assign(this, { number, at: null });
    this.frame = el("div", { class: "dv-scroll dv-paper-frame", tabindex: 0, role: "region", "aria-labelledby": "dv-paper-title", onkeydown: (event) => this.key(event) });
    this.below = el("div", {});
    fill(place, this.frame, this.below);
  }

  // The frame stays, so that a table which fills keeps its place and its focus.
  show(table, level) {
    const held = this.frame.contains(document.activeElement) ? document.activeElement.dataset.at : null;
    const [left, top] = [this.frame.scrollLeft, this.frame.scrollTop];
    this.table = table;
    const groups = [];
    for (const column of table.columns) if (groups.at(-1)?.name === column.group) groups.at(-1).size += 1; else groups.push({ name: column.group, size: 1 });
    let block = "paper";
    const bodies = table.rows.map((row, place) => {
      const title = row.block === block ? null : el("tbody", { class: "is-block" }, el("tr", {}, el("th", { scope: "colgroup", colSpan: table.columns.length + 2 }, el("span", {}, table.blocks[row.block]))));
      block = row.block;
      return [title, this.row(row, place, level)];
    });
    fill(this.frame, el("table", { class: "dv-paper-table" },
      el("thead", {},
        el("tr", {}, el("th", { rowSpan: 2, class: "is-label", scope: "col" }, "Row"), el("th", { rowSpan: 2, class: "is-whose", scope: "col" }, el("span", { class: "dv-sr" }, "Whose")), groups.map((group, place) => el("th", { colSpan: group.size, scope: "colgroup", class: place > 0 ? "is-first" : "" }, sentence(group.name)))),
        el("tr", {}, table.columns.map((column, place) => el("th", { scope: "col", class: this.edge(place), title: `${METRICS[column.metric][2]} ${column.up ? "Higher" : "Lower"} is better.` }, HEADS[column.metric], el("span", { class: "dv-soft" }, ` ${column.unit} ${column.up ? "↑" : "↓"}`))))),
      bodies));
    const cells = [...this.frame.querySelectorAll("a[data-at]")];
    const first = cells.find((one) => one.dataset.at === this.at) ?? cells[0];
    if (first) { first.tabIndex = 0; this.at = first.dataset.at; }
    this.frame.scrollTo(left, top);
    if (held) this.frame.querySelector(`a[data-at="${held}"]`)?.focus({ preventScroll: true });
    fill(this.below, this.tests(), el("ol", { class: "dv-paper-notes" }, table.notes[level].map((note) => el("li", {}, note))));
  }

  edge(place) { return place > 0 && this.table.columns[place].group !== this.table.columns[place - 1].group ? "is-first" : ""; }

  row(row, place, level) {
    const printed = row.cells.some((cell) => cell.printed !== null);
    const [first] = row.cells;
    const none = row.cells.every((cell) => !cell[level] && cell.why === first.why && cell.message === first.message);
    return el("tbody", {},
      el("tr", { class: "is-ours" },
        el("th", { rowSpan: printed ? 2 : 1, scope: "rowgroup", class: "is-label" }, row.label, row.test && [" ", el("span", { class: "dv-badge", title: "Of encoders made for tests: tiny, random, and without meaning" }, "TEST")]),
        el("th", { scope: "row", class: "is-whose" }, "ours"),
        none && first.why ? el("td", { colSpan: row.cells.length, class: "is-none" }, el("span", {}, el("b", {}, sentence(first.why)), why(first)))
          : row.cells.map((cell, column) => this.cell(row, cell, place, column, level))),
      printed && el("tr", { class: "is-printed" }, el("th", { scope: "row", class: "is-whose" }, "paper"), row.cells.map((cell, column) => el("td", { class: `dv-num ${this.edge(column)}` }, cell.printed === null ? "" : fixed(cell.printed, 2)))));
  }

  cell(row, cell, place, column, level) {
    const found = cell[level];
    if (!found) return el("td", { class: `is-missing ${this.edge(column)}`, title: cell.message || null }, cell.why || "–");
    const show = (value) => fixed(value, this.table.columns[column].unit === "%" ? 1 : 2);
    const [mean, std, pooled, low, high] = found.map(show);
    const run = this.table.runs[cell.run];
    const best = cell.best[level];
    return el("td", { class: `dv-num ${this.edge(column)}${best ? " is-best" : ""}` },
      el("a", { href: runLink(run.id), tabIndex: -1, "data-at": `${place} ${column}`, title: [best ? "Our best of this column, picked on test scores." : "", `Of the run ${describe(run)}.`, cell.system === run.system ? "" : `Its baseline: ${cell.system}.`, `Tested on ${GIVEN[cell.modalities]}. Opens the run.`].filter(Boolean).join(" ") },
        el("b", {}, mean), el("span", {}, ` ± ${std}`), el("span", { class: "dv-range", title: `On predictions averaged over seeds, all folds together: ${pooled}` }, `[${low}, ${high}]`), best && el("span", { class: "dv-sr" }, "best of the column")));
  }

  tests() {
    const { tests } = this.table;
    if (tests.rows.length === 0) return null;
    return el("div", { class: "dv-paper-tests" }, el("h3", { id: "dv-paper-tests" }, `Against ${tests.against}: ${tests.group}, per clip`),
      el("div", { class: "dv-scroll dv-paper-frame", tabindex: 0, role: "region", "aria-labelledby": "dv-paper-tests" }, el("table", {},
        el("thead", {}, el("tr", {}, tests.headings.map((title) => el("th", { scope: "col" }, title ? sentence(title) : "Row")))),
        el("tbody", {}, tests.rows.map(([name, ...values]) => el("tr", {}, el("th", { scope: "row" }, name), values.map((value) => el("td", { class: "dv-num" }, value.replaceAll("-", "\u2212")))))))));
  }

  key(event) {
    const move = MOVES[event.key];
    const at = event.target.dataset?.at;
    if (!move || !at || event.altKey || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    let [row, column] = at.split(" ").map(Number);
    do { row += move[0]; column += move[1]; } while (this.table.rows[row]?.cells[column] && !this.find(row, column));
    const next = this.find(row, column);
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    this.at = next.dataset.at;
    next.focus();
  }

  find(row, column) { return this.frame.querySelector(`a[data-at="${row} ${column}"]`); }
}

// A message of absent weights begins with what stands before it already.
function why({ why: reason, message }) {
  const rest = message.startsWith(`${reason}: `) ? message.slice(reason.length + 2) : message;
  return rest && [". ", coded(rest)];
}

export function describe(run) {
  return `${run.system} ${run.encoders}, ${OBJECTIVES[run.objective]}, ${run.tasks} tasks${run.train_modalities === "audio+video" ? "" : `, trained on ${SETTINGS[run.train_modalities].toLowerCase()}`}`;
}
