// Two runs on the same people: differences with their intervals and tests.

import { el, fill, request } from "./dom.js";
import { fixed, sentence } from "./format.js";
import { reason } from "./jobs_poll.js";
import { levels } from "./runs_metrics.js";
import { METRICS, SETTINGS, UNITS } from "./runs_words.js";

const HIGHER = new Set(["accuracy", "macro_f1", "auroc", "spearman_total"]);

export async function showComparison(place, back, first, second) {
  document.title = "Two runs · DIVINE";
  const section = el("section", { class: "dv-card", "aria-labelledby": "dv-versus-title" }, el("h1", { id: "dv-versus-title" }, "Two runs"), el("p", { class: "dv-soft", role: "status" }, "Comparing: a bootstrap over subjects takes some seconds …"));
  fill(place, back, section);
  let found;
  try { found = await (await request(`/studio/runs/${encodeURIComponent(first)}/compare/${encodeURIComponent(second)}`)).json(); } catch (error) {
    fill(section, section.firstChild, el("p", { class: "dv-callout", role: "alert" }, reason(error)));
    return;
  }
  let level = "subject";
  const name = (one) => `${one.system} ${one.encoders}${one.objective === "M" ? "" : ` (${one.objective})`}`;
  const draw = () => {
    const rows = found.comparisons.filter((one) => one.level === level);
    const settings = [...new Set(rows.map((one) => one.setting))].sort((a, b) => b.length - a.length);
    fill(section,
      el("div", { class: "dv-head" }, el("h1", { id: "dv-versus-title" }, name(found.first), el("span", { class: "dv-soft" }, " against "), name(found.second), " ", found.synthetic && el("span", { class: "dv-badge" }, "SYNTHETIC")), levels(level, (chosen) => { level = chosen; draw(); })),
      settings.map((setting) => [el("h2", {}, setting.split(" | ").map((part) => SETTINGS[part] ?? part).join(" against ")), table(rows.filter((one) => one.setting === setting), name(found.first), name(found.second))]),
      el("p", { class: "dv-soft dv-note" }, "Difference: first minus second (pp: percentage points), on predictions averaged over seeds, with the 95 % interval of a bootstrap that judges both on the same drawn subjects. Where it leaves zero out, it says which is better, without a correction for how many tests there are. Wilcoxon over subjects is the test to go by, corrected for all tests on this page (Holm). ",
        "The paper's Wilcoxon over folds × seeds treats runs that share subjects as independent: it is too sure. The corrected t-test is Nadeau and Bengio's. – : this metric or these data cannot give it."));
  };
  draw();
}

function table(rows, first, second) {
  const p = (value) => (value === undefined || value === null ? "–" : value < 0.001 ? "< 0.001" : fixed(value, 3));
  return el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": "Differences" }, el("table", { class: "dv-versus" },
    el("thead", {}, el("tr", {}, ["Metric", first, second, "Difference", "95 % interval", "Wilcoxon, subjects (Holm)", "Wilcoxon, runs", "Corrected t"].map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, rows.map((one) => {
      const [title, unit, says] = METRICS[one.metric] ?? [`MAE of ${sentence(one.metric.replace(/^mae_/, "")).toLowerCase()}`, "points", ""];
      const show = UNITS[unit];
      const apart = one.low > 0 || one.high < 0;
      const digits = unit === "percent" ? 1 : unit === "points" ? 2 : 3, factor = unit === "percent" ? 100 : 1;
      // A bound that rounding would print as zero, though the interval leaves zero out, gets another digit.
      const finer = apart && [one.low, one.high].some((value) => Math.abs(factor * value) < 0.5 * 10 ** -digits) ? 1 : 0;
      const difference = (value, more = 0) => `${signed(factor * value, digits + more)}${unit === "percent" ? " pp" : ""}`;
      const better = apart && (HIGHER.has(one.metric) === one.low > 0 ? "first" : "second");
      return el("tr", { "data-metric": one.metric }, el("th", { scope: "row", title: says }, title), [show(one.first), show(one.second)].map((value) => el("td", { class: "dv-num" }, value)),
        el("td", { class: "dv-num" }, el("strong", {}, difference(one.difference))),
        el("td", { class: "dv-num" }, one.low === undefined ? "–" : `${difference(one.low, finer)} to ${difference(one.high, finer)}`, better && el("span", { class: "dv-soft dv-under-name", title: "The interval leaves zero out. It is not corrected for the number of tests on this page." }, `${better} better`)),
        [one.wilcoxon_holm_p, one.runs_p, one.corrected_t_p].map((value) => el("td", { class: "dv-num" }, p(value))));
    }))));
}

const signed = (value, decimals) => {
  const shown = fixed(value, decimals);
  return Number(shown.replace("\u2212", "-")) === 0 ? fixed(0, decimals) : value > 0 ? `+${shown}` : shown;
};
