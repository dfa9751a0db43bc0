// What could not be loaded, or needs a look: file, row, column, and what to do.

import { ICONS, el, fill, icon } from "./dom.js";

const FIRST = 100;

export function showProblems(section, facts, busy, work) {
  const { problems } = facts;
  const errors = problems.filter((one) => one.severity === "error").length;
  const unopened = facts.clips.filter((clip) => clip.duration_s === undefined && (clip.video || clip.audio !== "none")).length;
  const open = unopened > 0 && el("button", { type: "button", class: "dv-button", id: "dv-open-all", disabled: busy, onclick: () => work("recordings"), title: "Opens each file as a session would, without decoding it: finds damaged ones, and tells lengths and sounds" }, "Open every recording");
  section.hidden = false;
  if (!problems.length) {
    fill(section, el("h2", { id: "dv-problems-title" }, "Problems"), el("p", { class: "dv-state is-pass" }, icon(ICONS.pass), busy ? "None so far; files are still being checked." : unopened ? "None in sheets and annotations; recordings were not opened." : "None: every sheet and file was read."), open);
    return;
  }
  const body = el("tbody", {}, problems.slice(0, FIRST).map(line));
  fill(section, el("h2", { id: "dv-problems-title" }, "Problems"),
    el("p", { class: "dv-soft" }, `${errors} left something out; ${problems.length - errors} loaded, but need a look. Everything else is loaded.`),
    el("div", { class: "dv-scroll", tabIndex: 0, role: "region", "aria-labelledby": "dv-problems-title" }, el("table", {},
      el("thead", {}, el("tr", {}, ["", "File", "Row", "Column", "What", "What to do"].map((head) => el("th", { scope: "col" }, head)))), body)),
    problems.length > FIRST && el("button", { type: "button", class: "dv-button", onclick: (event) => { body.append(...problems.slice(FIRST).map(line)); event.currentTarget.remove(); } }, `Show all ${problems.length}`), open);
}

const line = (one) => el("tr", {},
  el("td", {}, el("span", { class: `dv-state ${one.severity === "error" ? "is-warn" : "is-soft"}` }, icon(one.severity === "error" ? ICONS.stop : ICONS.info), one.severity === "error" ? "left out" : "look")),
  el("td", {}, one.file), el("td", { class: "dv-num" }, one.row ?? ""), el("td", {}, one.column), el("td", {}, one.what), el("td", {}, one.remedy));
