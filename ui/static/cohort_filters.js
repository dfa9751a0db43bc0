// The filters above the grid: each option with the number of clips that it would show; the address keeps what is chosen.

import { FILTERS, select, tally } from "./cohort_model.js";
import { el, fill } from "./dom.js";
import { group, plain } from "./format.js";
import { taskLong } from "./session_names.js";

const TITLES = { group: "Group", task: "Task", rated: "Ratings", quality: "Quality", predicted: "Prediction" };
const WORDS = {
  rated: { several: "by several raters", one: "by one rater", no: "not rated" },
  quality: { passed: "passed", failed: "something failed", unknown: "not looked at" },
  predicted: { right: "as the group", wrong: "another group", none: "none" },
};
const LEGEND = [["video", "video"], ["sound", "sound"], ["maybe", "sound unknown"], ["pass", "quality passed"], ["warn", "quality failed"], ["unseen", "not looked at"], ["problem", "problem"], ["same", "predicted as the group"], ["differs", "predicted another"]];

export class Filters {
  constructor(root, query, on) {
    this.root = root;
    this.on = on;
    this.wanted = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, query.get(name)]));
    this.selects = Object.fromEntries(Object.keys(TITLES).map((name) => [name, el("select", { id: `dv-filter-${name}`, onchange: (event) => this.choose(name, event.target.value ? event.target.value.slice(1) : null) })]));
    this.search = el("input", { type: "search", id: "dv-filter-text", placeholder: "Subject", value: query.get("q") ?? "", oninput: () => this.changed() });
    this.problems = el("input", { type: "checkbox", id: "dv-filter-problems", onchange: () => this.choose("problems", this.problems.checked ? "yes" : null) });
    this.problemCount = el("span", {});
    this.runs = el("select", { id: "dv-run", onchange: () => this.on.run(this.runs.value) });
    this.runField = el("label", { hidden: true }, el("span", {}, "Predictions of"), this.runs);
    fill(root, el("label", {}, el("span", {}, "Find"), this.search),
      Object.entries(TITLES).map(([name, title]) => el("label", {}, el("span", {}, title), this.selects[name])),
      this.runField,
      el("label", { class: "dv-check" }, this.problems, this.problemCount),
      el("span", { class: "dv-do" }, el("button", { type: "button", class: "dv-button", id: "dv-check-quality", onclick: () => this.on.work("quality"), title: "Follow every face and listen to every voice that nobody has looked at: some seconds a clip" }, "Check quality")));
    fill(root.parentElement.querySelector(".dv-legend"), LEGEND.map(([kind, text]) => el("span", {}, el("i", { class: `dv-mark is-${kind}` }), text)), el("span", {}, el("b", {}, "R2"), "raters"));
  }

  get task() { return this.wanted.task; }

  choose(name, value) { this.wanted[name] = value; this.changed(); }

  reset() {
    for (const name of Object.keys(FILTERS)) this.wanted[name] = null;
    this.search.value = "";
    this.changed();
  }

  changed() {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of [...Object.entries(this.wanted), ["q", this.search.value.trim() || null]]) if (value === null) query.delete(name); else query.set(name, value);
    history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    this.on.changed();
  }

  // What there is to choose from: a filter whose clips are all alike is no choice.
  offer(cohort) {
    this.cohort = cohort;
    const { groups, tasks } = cohort.facts;
    this.values = { group: groups, task: tasks, ...Object.fromEntries(Object.entries(WORDS).map(([name, words]) => [name, Object.keys(words)])) };
    for (const [name, values] of Object.entries(this.values)) if (this.wanted[name] !== null && !values.includes(this.wanted[name])) this.wanted[name] = null;
  }

  offerRuns(runs, chosen) {
    this.runField.hidden = runs.length === 0;
    fill(this.runs, runs.map((run) => el("option", { value: run.id, selected: run.id === chosen }, `${run.name} · ${run.system}, ${run.encoders}`)));
  }

  apply(cohort) {
    const text = this.search.value;
    for (const [name, values] of Object.entries(this.values)) {
      const among = select(cohort, this.wanted, text, name);
      const counts = tally(among, name);
      // Option values carry a mark, since a task or a group may be called "".
      const options = values.filter((value) => counts.has(value) || value === this.wanted[name]).map((value) => el("option", { value: `=${value}`, selected: value === this.wanted[name] }, `${title(name, value)} (${counts.get(value) ?? 0})`));
      fill(this.selects[name], el("option", { value: "" }, `All (${among.length})`), options);
    }
    const among = select(cohort, this.wanted, text, "problems");
    this.problems.checked = this.wanted.problems === "yes";
    this.problemCount.textContent = `With a problem (${tally(among, "problems").get("yes") ?? 0})`;
    const unseen = cohort.clips.some((clip) => !clip.quality && (clip.video || clip.audio !== "none"));
    this.root.querySelector("#dv-check-quality").hidden = !unseen;
    return select(cohort, this.wanted, text);
  }
}

function title(name, value) {
  if (name === "group") return group(value);
  if (name === "task") return taskLong(value);
  return WORDS[name][value] ?? plain(value);
}
