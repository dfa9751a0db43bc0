// Subjects by tasks. Every subject is in the page, so that the browser's own search finds it; cells are made as they come near.

import { assessLink, media, sessionLink } from "./cohort_model.js";
import { el, fill } from "./dom.js";
import { group, number, percent } from "./format.js";
import { task as taskName } from "./session_names.js";

const PAGE_ROWS = 8;
const NEAR = "400px";

export class Grid {
  constructor(root, choose) {
    this.root = root;
    this.choose = choose;
    this.place = { row: 0, column: 0 };
    this.near = new IntersectionObserver((entries) => { for (const { isIntersecting, target } of entries) if (isIntersecting) this.complete(this.rows[target.firstChild.firstChild.dataset.row]); }, { root, rootMargin: NEAR });
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("focusin", (event) => this.focused(event.target.closest("[data-row]")));
  }

  build(cohort) {
    const held = this.root.contains(document.activeElement) ? this.place : null;
    this.cohort = cohort;
    this.opens = document.querySelector(".dv-top nav a[href^='/session']") ? sessionLink : assessLink;
    const { tasks } = cohort.facts;
    this.root.style.setProperty("--tasks", tasks.length);
    this.root.setAttribute("aria-rowcount", cohort.subjects.length + 1);
    this.heads = tasks.map((code) => heading(code));
    this.wanted = new Set(cohort.clips);
    this.shown = tasks.map(() => true);
    this.near.disconnect();
    this.rows = cohort.subjects.map((subject, row) => this.row(subject, row));
    fill(this.root, el("div", { role: "row", class: "dv-row is-head" }, el("div", { role: "columnheader", class: "dv-who" }, "Subject"), this.heads), this.rows.map((one) => one.node));
    for (const row of this.rows) this.near.observe(row.node);
    this.point(this.place, held !== null);
  }

  row(subject, row) {
    const who = el("button", { type: "button", class: "dv-name-button", tabIndex: -1, onclick: () => this.choose(subject, null) },
      el("b", {}, subject.id), el("span", { title: group(subject.group) }, [short(subject.group), subject.age && `${number(subject.age)}`, subject.sex].filter(Boolean).join(" · ")));
    who.dataset.row = row; who.dataset.column = 0;
    const node = el("div", { role: "row", class: "dv-row", "aria-rowindex": row + 2 }, el("div", { role: "rowheader", class: "dv-who" }, who));
    return { node, who, cells: null, subject, row };
  }

  // Make a row's cells, if it has none yet.
  complete(line) {
    if (line.cells !== null) return line;
    const { tasks } = this.cohort.facts;
    const byTask = new Map(tasks.map((code) => [code, []]));
    for (const clip of line.subject.clips) byTask.get(clip.task).push(clip);
    line.cells = tasks.map((code, place) => this.cell(byTask.get(code), line.row, place + 1));
    line.node.append(...line.cells.map((one) => one.node));
    this.near.unobserve(line.node);
    this.dim(line);
    return line;
  }

  dim(line) {
    line.cells.forEach((cell, place) => {
      cell.node.hidden = !this.shown[place];
      cell.node.classList.toggle("is-off", cell.clips.length > 0 && !cell.clips.some((clip) => this.wanted.has(clip)));
    });
  }

  cell(clips, row, column) {
    if (clips.length === 0) {
      const none = el("div", { role: "gridcell", class: "dv-cell is-none", tabIndex: -1, title: "not recorded", "aria-label": "not recorded" });
      none.dataset.row = row; none.dataset.column = column;
      return { node: none, target: none, clips };
    }
    const said = words(clips);
    const target = el("a", { href: this.opens(this.cohort, clips[0]), tabIndex: -1, title: said.join("\n"), "aria-label": said.join("; ") }, marks(clips));
    target.dataset.row = row; target.dataset.column = column;
    return { node: el("div", { role: "gridcell", class: "dv-cell" }, target), target, clips };
  }

  // Rows without a wanted clip go; a cell without one stays in its place, faint.
  filter(wanted, only) {
    const { tasks } = this.cohort.facts;
    this.wanted = wanted;
    this.shown = tasks.map((code) => only === null || code === only);
    this.root.style.setProperty("--tasks", this.shown.filter(Boolean).length);
    this.heads.forEach((head, place) => { head.hidden = !this.shown[place]; });
    const counts = tasks.map((code) => this.cohort.clips.reduce((sum, clip) => sum + (clip.task === code && wanted.has(clip)), 0));
    for (const line of this.rows) {
      line.node.hidden = !line.subject.clips.some((clip) => wanted.has(clip));
      if (line.cells !== null) this.dim(line);
    }
    this.heads.forEach((head, place) => { head.lastChild.textContent = counts[place]; });
    if (this.rows[this.place.row]?.node.hidden !== false) this.point({ row: this.rows.findIndex((row) => !row.node.hidden), column: 0 });
  }

  at({ row, column }) { const line = this.rows[row]; return line && (column === 0 ? line.who : this.complete(line).cells[column - 1]?.target); }

  // One cell at a time is reached by Tab; arrows move it.
  point(place, focus = false) {
    const before = this.at(this.place);
    if (before) before.tabIndex = -1;
    const next = this.at(place) ?? this.at({ row: 0, column: 0 });
    if (!next) return;
    this.place = { row: Number(next.dataset.row), column: Number(next.dataset.column) };
    next.tabIndex = 0;
    if (focus) { next.focus(); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  }

  focused(target) {
    if (!target) return;
    this.point({ row: Number(target.dataset.row), column: Number(target.dataset.column) });
    const line = this.rows[this.place.row];
    this.choose(line.subject, this.place.column ? line.cells[this.place.column - 1].clips[0] ?? null : null);
  }

  key(event) {
    if (event.altKey || event.metaKey || !event.target.closest("[data-row]")) return;
    const { row, column } = this.place;
    const edge = event.ctrlKey ? this.rows.length : null;
    const moves = {
      ArrowLeft: () => this.across(-1), ArrowRight: () => this.across(1), ArrowUp: () => this.down(-(edge ?? 1)), ArrowDown: () => this.down(edge ?? 1),
      PageUp: () => this.down(-PAGE_ROWS), PageDown: () => this.down(PAGE_ROWS), Home: () => ({ row, column: 0 }), End: () => this.across(Infinity),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.point(move() ?? { row, column }, true);
  }

  down(steps) {
    const visible = this.rows.map((row, place) => (row.node.hidden ? -1 : place)).filter((place) => place >= 0);
    const to = Math.max(0, Math.min(visible.length - 1, visible.indexOf(this.place.row) + steps));
    return { row: visible[to], column: this.place.column };
  }

  across(steps) {
    const columns = [0, ...this.heads.map((head, place) => (head.hidden ? -1 : place + 1)).filter((place) => place > 0)];
    const to = Math.max(0, Math.min(columns.length - 1, columns.indexOf(this.place.column) + steps));
    return { row: this.place.row, column: columns[to] };
  }
}

// TNF's codes have a family and a name: DDK_PATAKA. Any other code is shown whole.
function heading(code) {
  const [, family, name] = /^(DDK|NSM|BBP)_(.+)$/.exec(code) ?? [null, "", code || "no task"];
  return el("div", { role: "columnheader", class: "dv-task", title: taskName(code) }, el("span", {}, family), el("b", {}, name), el("span", { class: "dv-num", title: "clips shown" }, ""));
}

const mark = (kind) => el("i", { class: `dv-mark is-${kind}` });

function marks(clips) {
  const [clip] = clips;
  const has = media(clip);
  const seen = clip.quality ? (clip.quality.passed ? "pass" : "warn") : "unseen";
  return [
    el("span", { class: "dv-line" }, has.video && mark("video"), (has.sound || has.maybe) && mark(has.sound ? "sound" : "maybe"), mark(seen), clip.problems > 0 && mark("problem"),
      clips.length > 1 && el("span", { class: "dv-times" }, `×${clips.length}`)),
    el("span", { class: "dv-line" }, el("span", { class: "dv-raters" }, clip.ratings.length ? `R${clip.ratings.length}` : "–"),
      clip.said ? el("span", { class: `dv-said ${clip.said.right ? "is-right" : "is-wrong"}` }, mark(clip.said.right ? "same" : "differs"), short(clip.said.prediction)) : el("span", { class: "dv-said" }, clip.said === undefined ? "…" : "–")),
  ];
}

const short = (name) => (name.length > 8 ? `${name.slice(0, 7)}…` : name);

function words(clips) {
  const [clip] = clips;
  const { quality, said, ratings } = clip;
  return [
    `${clip.subject.id}, ${taskName(clip.task)}${clips.length > 1 ? `, first of ${clips.length} clips` : ""}`,
    media(clip).words || "nothing recorded",
    quality ? (quality.passed ? "quality: passed" : `quality: ${quality.failed.map((one) => one.name).join(", ")} failed`) : "quality: not looked at",
    ratings.length ? `rated by ${ratings.map((one) => one.rater).join(" and ")}` : "not rated",
    said ? `predicted ${group(said.prediction)}, ${percent(said.probability)}: ${said.right ? "as the group" : `the group is ${group(clip.subject.group)}`}` : said === undefined ? "predictions are being read" : "not predicted",
    clip.problems ? `${clip.problems} problem${clip.problems === 1 ? "" : "s"}` : null,
  ].filter(Boolean);
}
