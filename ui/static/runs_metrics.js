// The metrics of a run beside its baselines: a column per setting and system, mean ± spread over members, pooled value with its interval over subjects.

import { el, fill } from "./dom.js";
import { sentence } from "./format.js";
import { METRICS, SETTINGS, UNITS } from "./runs_words.js";

export function showMetrics(section, document_) {
  let level = "subject";
  const systems = [{ system: document_.system, results: document_.results }, ...document_.baselines];
  const draw = () => {
    const columns = systems.flatMap(({ system, results }) => Object.keys(SETTINGS)
      .map((setting) => results.find((one) => one.modalities === setting && one.level === level)).filter(Boolean)
      .map((result) => ({ system, result, own: system === document_.system })))
      // What age, sex or the majority say does not depend on what the model is given: one column is enough.
      .filter((column, place, all) => column.own || all.findIndex((other) => other.system === column.system) === place);
    const names = Object.keys(METRICS).filter((name) => columns.some(({ result }) => result.metrics[name]));
    const items = [...new Set(columns.flatMap(({ result }) => Object.keys(result.metrics)))].filter((name) => name.startsWith("mae_") && name !== "mae_total");
    fill(section,
      el("div", { class: "dv-head" }, el("h2", { id: section.getAttribute("aria-labelledby") }, "Metrics"), levels(level, (chosen) => { level = chosen; draw(); })),
      el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": "Metrics" }, el("table", { class: "dv-metrics" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Metric"), columns.map(({ system, result, own }) => el("th", { scope: "col", class: own ? "is-own" : "" }, system, el("span", { class: "dv-soft dv-under-name" }, own ? SETTINGS[result.modalities] : "baseline"))))),
        el("tbody", {}, [...names, ...items].map((name) => row(name, columns))))),
      el("p", { class: "dv-soft dv-note" }, "Mean ± standard deviation over members (folds × seeds), each judged on its own test subjects; below it the value on predictions averaged over seeds, all folds together, with its 95 % interval (a bootstrap over subjects). With few subjects the two differ. Percentages are shares of " + (level === "subject" ? "subjects: a subject's probabilities are averaged over their clips." : "clips.")));
  };
  draw();
}

function row(name, columns) {
  const [title, unit, says] = METRICS[name] ?? [`MAE of ${sentence(name.slice(4)).toLowerCase()}`, "points", "Mean distance between the predicted and the raters' score of this item, 1 to 5."];
  return el("tr", { "data-metric": name }, el("th", { scope: "row", title: says }, title, unit === "points" && el("span", { class: "dv-soft" }, " points")),
    columns.map(({ result, own }) => {
      const found = result.metrics[name];
      if (!found) return el("td", {}, el("span", { class: "dv-soft" }, "–"));
      const shown = UNITS[unit];
      return el("td", { class: `dv-num${own ? " is-own" : ""}` }, el("strong", {}, shown(found.mean)), ` ± ${shown(found.std)}`, found.low === undefined ? null : el("span", { class: "dv-soft dv-under-name" }, `${shown(found.pooled)} (${shown(found.low)} – ${shown(found.high)})`));
    }));
}

export function levels(chosen, choose, titles = { subject: "Per subject", clip: "Per clip" }) {
  return el("div", { class: "dv-switch", role: "group", "aria-label": "Counted" }, Object.entries(titles).map(([value, title]) =>
    el("button", { type: "button", "aria-pressed": String(value === chosen), onclick: () => choose(value) }, title)));
}
