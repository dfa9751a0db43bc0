// Every run in a row: filter, open; of those that are chosen, compare two or delete them all.

import { el, fill, request } from "./dom.js";
import { active, moment, state } from "./jobs_words.js";
import { reason } from "./jobs_poll.js";
import { UNITS } from "./runs_words.js";

export const OBJECTIVES = { M: "diagnosis and severity", C: "diagnosis", R: "severity" };

export class RunList {
  constructor(element, actions) {
    Object.assign(this, { element, actions, runs: null, chosen: new Set(), asking: new Set(), troubles: new Map() });
    this.filter = el("input", { type: "search", id: "dv-run-filter", placeholder: "cohort, system, encoders …", oninput: () => this.draw() });
    this.states = el("select", { id: "dv-run-state", onchange: () => this.draw() }, [["", "every state"], ["done", "done"], ["training", "training"], ["unfinished", "unfinished"]].map(([value, title]) => el("option", { value }, title)));
    this.only = el("label", { class: "dv-choice", hidden: !actions.cohort }, el("input", { type: "checkbox", checked: Boolean(actions.cohort), onchange: () => this.draw() }), el("span", {}, "This cohort only"));
    this.button = el("button", { type: "button", class: "dv-button", id: "dv-compare", disabled: true, title: "Choose two finished runs", onclick: () => actions.compare(...this.chosen) }, "Compare two");
    this.bin = el("button", { type: "button", class: "dv-button", id: "dv-delete-chosen", hidden: true, onclick: () => this.removeChosen() });
    this.table = el("div", {});
    this.path = el("input", { type: "text", id: "dv-run-path", placeholder: "/home/me/runs/first", autocomplete: "off", spellcheck: false });
    this.trouble = el("p", { class: "dv-soft", role: "alert" });
    const opening = el("form", { class: "dv-open-run", onsubmit: (event) => { event.preventDefault(); this.open(); } },
      el("label", { for: "dv-run-path" }, "Folder of a run of ", el("code", {}, "divine train --run")), this.path, el("button", { class: "dv-button" }, "Open"), this.trouble);
    fill(element,
      el("div", { class: "dv-hero" }, el("h1", {}, "Runs"), el("p", {}, "What came out, per run: metrics with intervals over subjects, confusion matrices whose cells open their clips, calibration and learning curves.")),
      actions.beside,
      el("section", { class: "dv-card", "aria-label": "Runs" },
        el("div", { class: "dv-run-tools" },
          el("div", {}, el("label", { for: "dv-run-filter" }, "Filter"), this.filter), el("div", {}, el("label", { for: "dv-run-state" }, "State"), this.states), this.only,
          el("span", { class: "dv-push" }), this.bin, this.button),
        this.table,
        el("details", { class: "dv-elsewhere" }, el("summary", {}, "Open a run that lies elsewhere"), opening)));
  }

  show(runs) {
    this.runs = runs;
    for (const id of this.chosen) if (!runs.some((one) => one.id === id)) this.chosen.delete(id);
    this.draw();
    this.fetchMain();
  }

  // The main number of a run is computed once, on request: one run after the other.
  async fetchMain() {
    for (const run of this.runs) {
      if (run.state !== "done" || run.main || this.asking.has(run.id)) continue;
      this.asking.add(run.id);
      try { await request(`/studio/runs/${encodeURIComponent(run.id)}/evaluation`); } catch (error) { this.troubles.set(run.id, reason(error)); this.draw(); continue; }
      this.actions.changed();
      return;
    }
  }

  async open() {
    try {
      const found = await (await request("/studio/runs", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ path: this.path.value }) })).json();
      this.actions.open(found.id);
    } catch (error) { this.trouble.textContent = reason(error); }
  }

  wanted(run) {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = [run.name, run.cohort?.name, run.system, run.encoders, OBJECTIVES[run.objective], run.tasks, run.synthetic ? "synthetic" : ""].join(" ").toLowerCase();
    const right = { "": true, done: run.state === "done", training: active(run), unfinished: run.state !== "done" && !active(run) }[this.states.value];
    const here = !this.actions.cohort || !this.only.querySelector("input").checked || run.cohort?.id === this.actions.cohort;
    return right && here && words.every((word) => text.includes(word));
  }

  draw() {
    if (!this.runs) return;
    const focus = document.activeElement?.dataset?.key;
    const wanted = this.runs.filter((run) => this.wanted(run));
    this.tell();
    if (this.runs.length === 0) {
      fill(this.table, el("p", { class: "dv-empty" }, "No run yet. ", el("a", { href: "/train" }, "Train one"), ", or open the folder of one below."));
      return;
    }
    fill(this.table, wanted.length === 0 ? el("p", { class: "dv-empty" }, "No run fits the filter.")
      : el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": "Runs" }, el("table", { class: "dv-run-table" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, this.all(wanted)), ["Run", "Encoders", "Cohort", "Learned", "Members", "State", "Per subject, 95 % interval"].map((name) => el("th", { scope: "col" }, name)), el("th", { scope: "col" }, el("span", { class: "dv-sr" }, "Delete")))),
        el("tbody", {}, wanted.map((run) => this.row(run))))));
    if (focus) this.table.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
  }

  // What can be done with those that are chosen: two finished ones compared, all of ours deleted.
  tell() {
    const chosen = this.runs.filter((run) => this.chosen.has(run.id));
    this.button.disabled = chosen.length !== 2 || chosen.some((run) => run.state !== "done");
    const gone = this.removable();
    this.bin.hidden = gone.length === 0;
    fill(this.bin, `Delete ${gone.length}`);
    this.bin.title = gone.length < chosen.length ? "The demonstration run comes with the studio and stays" : "They can be brought back";
  }

  removable() { return this.runs.filter((run) => this.chosen.has(run.id) && !run.shipped && !active(run)); }

  async removeChosen() {
    this.bin.disabled = true;
    await this.actions.remove(this.removable());
    this.bin.disabled = false;
  }

  // Chooses every run that passes the filter, or none of them.
  all(wanted) {
    const able = wanted.filter((run) => !active(run));
    const count = able.filter((run) => this.chosen.has(run.id)).length;
    return el("input", { type: "checkbox", "data-key": "choose all", "aria-label": "Choose all of these runs", checked: count > 0 && count === able.length, indeterminate: count > 0 && count < able.length,
      onchange: (event) => { for (const run of able) if (event.target.checked) this.chosen.add(run.id); else this.chosen.delete(run.id); this.draw(); } });
  }

  row(run) {
    const box = el("input", { type: "checkbox", "data-key": `choose ${run.id}`, "aria-label": `Choose ${run.system ?? ""} ${run.encoders ?? ""} ${run.name}`, checked: this.chosen.has(run.id), disabled: active(run),
      onchange: () => { if (box.checked) this.chosen.add(run.id); else this.chosen.delete(run.id); this.draw(); } });
    return el("tr", { "data-run": run.id, "data-state": run.state },
      el("td", { class: "dv-narrow" }, box),
      el("th", { scope: "row" }, el("a", { href: `/runs?run=${encodeURIComponent(run.id)}`, "data-key": `open ${run.id}`, onclick: (event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); this.actions.open(run.id); } } }, run.system ?? run.name),
        " ", run.synthetic && el("span", { class: "dv-badge" }, "SYNTHETIC"), el("span", { class: "dv-soft dv-under-name" }, run.shipped ? run.name : run.ours ? moment(run.created_s) : run.name)),
      el("td", {}, run.encoders ?? ""),
      el("td", { class: "dv-anywhere" }, run.cohort?.name ?? ""),
      el("td", {}, OBJECTIVES[run.objective] ?? "", run.tasks && run.tasks !== "all" ? el("span", { class: "dv-soft dv-under-name" }, `${run.tasks} tasks`) : null),
      el("td", { class: "dv-num" }, run.total ? `${run.done}/${run.total}` : ""),
      el("td", { title: run.message }, state(run.state)),
      el("td", { class: "dv-num" }, main(run, this.troubles.get(run.id))),
      el("td", { class: "dv-narrow" }, !run.shipped && !active(run) && el("button", { type: "button", class: "dv-quiet", "data-key": `delete ${run.id}`, "aria-label": run.ours ? `Delete ${run.system ?? ""} ${run.name}` : `Take ${run.system ?? ""} ${run.name} off the list; its folder stays`, onclick: () => this.actions.remove([run]) }, run.ours ? "Delete" : "Take off")));
  }
}

function main(run, trouble) {
  if (!run.main && trouble) return el("span", { class: "dv-soft", title: trouble }, "cannot be read");
  if (!run.main) return run.state === "done" ? el("span", { class: "dv-soft" }, "computing …") : "";
  const { name, pooled, low, high } = run.main;
  const [title, shown] = name === "accuracy" ? ["accuracy", UNITS.percent] : ["MAE of the total", UNITS.points];
  return [el("strong", {}, shown(pooled)), ` ${title}`, low !== undefined && el("span", { class: "dv-soft dv-under-name dv-range" }, `${shown(low)} to ${shown(high)}`)];
}
