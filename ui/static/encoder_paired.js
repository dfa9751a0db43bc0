// Two runs subject by subject: a bar for each person's difference, and the test over all of them.

import { el, fill, request } from "./dom.js";
import { fixed, group } from "./format.js";

const METRICS = {
  probability_of_truth: { title: "Probability of the true diagnosis", unit: "points", scale: 100, digits: 1, better: (value) => value > 0, says: "surer of the truth" },
  error_of_total: { title: "Error of the severity total", unit: "points of the total", scale: 1, digits: 2, better: (value) => value < 0, says: "nearer to the raters" },
};

const signed = (value, digits) => { const shown = fixed(value, digits); return value > 0 && Number(shown) !== 0 ? `+${shown}` : shown; };
const median = (values) => { const sorted = [...values].sort((a, b) => a - b), middle = sorted.length / 2; return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2; };

export async function showPaired(place, first, second) {
  let found;
  try { found = await request(`/studio/encoders/paired?${new URLSearchParams({ first, second })}`).then((answer) => answer.json()); }
  catch { return; }  // the comparison above says why
  fill(place, found.map((one) => card(one)));
}

function card({ metric, p, subjects }) {
  const { title, unit, scale, digits, better, says } = METRICS[metric];
  const rows = subjects.map(([diagnosis, subject, first, second]) => ({ diagnosis, subject, first: scale * first, second: scale * second, value: scale * (first - second) })).sort((a, b) => b.value - a.value);
  const most = Math.max(1e-9, ...rows.map((one) => Math.abs(one.value)));
  const wins = rows.filter((one) => better(one.value)).length;
  const told = p === null ? "nobody differs" : `Wilcoxon over subjects, p ${p < 0.001 ? "< 0.001" : `= ${fixed(p, 3)}`}`;
  return el("section", { class: "dv-enc-paired", "data-metric": metric },
    el("h3", {}, `${title}, subject by subject`),
    el("p", {}, `The first run is ${says} in `, el("strong", { class: "dv-num" }, `${wins} of ${rows.length}`), ` subjects; median difference `, el("strong", { class: "dv-num" }, signed(median(rows.map((one) => one.value)), digits)), ` ${unit} (${told}).`),
    el("ul", { tabIndex: 0, "aria-label": `${title}: first minus second, by subject` }, rows.map((one) => el("li", { title: `${one.subject}: ${fixed(one.first, digits)} and ${fixed(one.second, digits)}` },
      el("span", {}, one.subject, " ", el("span", { class: "dv-soft" }, group(one.diagnosis))),
      el("span", { class: "dv-enc-lean", "aria-hidden": "true" }, el("i", { class: better(one.value) ? "" : "is-worse", style: { left: `${50 + 50 * Math.min(one.value / most, 0)}%`, width: `${50 * Math.abs(one.value) / most}%` } })),
      el("b", { class: "dv-num" }, signed(one.value, digits))))));
}
