// The reproductions of the paper there are: a row each, with how far it is.

import { el, fill, request } from "./dom.js";
import { moment, state } from "./jobs_words.js";
import { reason } from "./jobs_poll.js";

export const tablesLink = (id, table = null) => `/runs?tables=${encodeURIComponent(id)}${table ? `&table=${table}` : ""}`;

// A run's address that knows the table which it was opened from.
export function runLink(run) {
  const query = new URLSearchParams(location.search);
  query.set("run", run);
  return `/runs?${query}`;
}

export const protocol = (one) => `${one.folds === "loso" ? "leave one subject out" : one.folds === "given" ? "given split" : `${one.folds} folds`} × ${one.seeds} ${one.seeds === 1 ? "seed" : "seeds"}${one.epochs ? `, at most ${one.epochs} ${one.epochs === 1 ? "epoch" : "epochs"}` : ""}`;

export const badges = (one) => one.marks.map((mark) => [el("span", { class: "dv-badge" }, mark), " "]);

export class TablesList {
  constructor(section, { open, remove }) {
    Object.assign(this, { open, remove });
    this.table = el("div", {}, el("p", { class: "dv-soft" }, "Looking for them …"));
    this.path = el("input", { type: "text", id: "dv-tables-path", placeholder: "/home/me/tnf", autocomplete: "off", spellcheck: false });
    this.trouble = el("p", { class: "dv-soft", role: "alert" });
    fill(section,
      el("div", { class: "dv-head" }, el("h2", { id: "dv-tables-title" }, "The paper's tables"), el("a", { class: "dv-quiet dv-open", href: "/train?work=tables" }, "Reproduce them")),
      this.table,
      el("details", { class: "dv-elsewhere" }, el("summary", {}, "Open tables that lie elsewhere"),
        el("form", { class: "dv-open-run", onsubmit: (event) => { event.preventDefault(); this.add(); } },
          el("label", { for: "dv-tables-path" }, "Folder of ", el("code", {}, "divine reproduce --out")), this.path, el("button", { class: "dv-button" }, "Open"))), this.trouble);
  }

  show(found) {
    const focus = document.activeElement?.dataset?.key;
    fill(this.table, found.length === 0
      ? el("p", { class: "dv-soft" }, "None yet. Tables 1 to 9 and Figure 3 can be made from your own cohort, beside the numbers that the paper prints.")
      : el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-labelledby": "dv-tables-title" }, el("table", { class: "dv-tables-list" },
        el("thead", {}, el("tr", {}, ["Cohort", "Protocol", "Runs", "State"].map((name) => el("th", { scope: "col" }, name)), el("th", { scope: "col" }, el("span", { class: "dv-sr" }, "Delete")))),
        el("tbody", {}, found.map((one) => this.row(one))))));
    if (focus) this.table.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
  }

  row(one) {
    const href = tablesLink(one.id);
    return el("tr", { "data-tables": one.id, "data-state": one.state },
      el("th", { scope: "row" }, el("a", { href, "data-key": `tables ${one.id}`, onclick: (event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); this.open(one.id); } } }, one.cohort ?? one.name), " ", badges(one), el("span", { class: "dv-soft dv-under-name" }, one.ours ? moment(one.created_s) : one.name)),
      el("td", {}, one.folds ? protocol(one) : ""),
      el("td", { class: "dv-num" }, one.asked && [`${one.asked.done} of ${one.asked.runs}`, one.asked.absent > 0 && el("span", { class: "dv-soft dv-under-name" }, `${one.asked.absent} without weights`), one.asked.failed > 0 && el("span", { class: "dv-soft dv-under-name" }, `${one.asked.failed} failed`)]),
      el("td", { title: one.message }, state(one.state)),
      el("td", { class: "dv-narrow" }, one.state !== "running" && this.bin(one)));
  }

  bin(one) {
    const title = `the tables of ${one.cohort ?? one.name}`;
    const [word, says] = one.ours ? ["Delete", `Delete ${title} and their runs`] : ["Take off", `Take ${title} off the list; the folder ${one.name} stays`];
    return el("button", { type: "button", class: "dv-quiet", "data-key": `delete ${one.id}`, "aria-label": says, title: says, onclick: () => this.remove({ id: one.id, title }) }, word);
  }

  async add() {
    try {
      const found = await (await request("/studio/tables", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ path: this.path.value }) })).json();
      this.open(found.id);
    } catch (error) { this.trouble.textContent = reason(error); }
  }
}
