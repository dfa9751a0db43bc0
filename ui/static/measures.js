// Quality checks and the table of measures. Every number has a unit, and says on demand what it is and where it comes from.

import { ICONS, el, fill, icon } from "./dom.js";
import { number, sentence } from "./format.js";

const GROUPS = { video: "Face", audio: "Voice" };

const head = (id, title, ...rest) => el("div", { class: "dv-head" }, el("h2", { id }, title), ...rest);

export function showQuality(section, quality) {
  const failed = quality.checks.filter((check) => !check.passed);
  const total = quality.checks.length;
  const verdict = quality.passed ? `all ${total} checks passed` : `${failed.length} of ${total} checks failed`;
  const line = (check) => el("li", { class: check.passed ? "is-pass" : "is-warn" },
    icon(check.passed ? ICONS.pass : ICONS.warn, check.passed ? "passed" : "failed"),
    el("span", { class: "dv-check-name" }, sentence(check.name)),
    el("span", { class: "dv-num" }, `${number(check.value)}${check.unit ? `\u202f${check.unit}` : ""}`),
    !check.passed && check.advice && el("p", {}, check.advice));
  fill(section, el("details", { open: !quality.passed },
    el("summary", {}, el("h2", { id: "dv-quality-title" }, "Quality"), el("span", { class: `dv-state ${quality.passed ? "is-pass" : "is-warn"}` },
      icon(quality.passed ? ICONS.pass : ICONS.warn), verdict)),
    el("ul", { class: "dv-checks" }, [...failed, ...quality.checks.filter((check) => check.passed)].map(line)),
    !quality.passed && el("p", { class: "dv-callout" }, icon(ICONS.warn), el("span", {}, "Read every number below with caution, or record again."))));
  section.hidden = false;
}

export function showMeasures(section, measures) {
  const tip = el("div", { class: "dv-tip", popover: "auto", id: "dv-tip", role: "tooltip" });
  const known = measures.filter((measure) => measure.value !== null);
  const missing = measures.filter((measure) => measure.value === null);
  const anyNorm = known.some((measure) => measure.norm);
  const groups = Object.entries(GROUPS).map(([modality, title]) => [title, known.filter((measure) => measure.modality === modality)]).filter(([, rows]) => rows.length);
  fill(section,
    head("dv-measures-title", "Measures", el("span", { class: "dv-soft" }, "Press a name to see what it is and where it comes from")),
    el("div", { class: "dv-tables" }, groups.map(([title, rows]) => table(title, rows, tip))),
    missing.length > 0 && el("details", { class: "dv-missing" },
      el("summary", {}, `${missing.length} ${missing.length === 1 ? "measure" : "measures"} could not be computed`),
      el("ul", { class: "dv-list" }, missing.map((measure) => el("li", {}, el("b", {}, measure.title), ": ", measure.why || "no reason was given")))),
    el("p", { class: "dv-soft" }, "ICD is the distance between the inner corners of the eyes, the ruler that every face carries. Right and left are the person's own.",
      anyNorm ? "" : " No published norm applies to these measures as computed here."),
    known.filter((measure) => measure.norm).map((measure) => el("p", { class: "dv-soft dv-norm-note" }, el("b", {}, measure.title), ": ", measure.norm_note)),
    tip);
  section.hidden = measures.length === 0;
}

function table(title, rows, tip) {
  const anyNorm = rows.some((measure) => measure.norm);
  return el("table", {},
    el("caption", {}, title),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Measure"), el("th", { scope: "col", class: "dv-right" }, "Value"), el("th", { scope: "col" }, "Unit"), anyNorm && el("th", { scope: "col" }, "Norm"))),
    el("tbody", {}, rows.map((measure) => el("tr", {},
      el("th", { scope: "row" }, el("button", { type: "button", class: "dv-explain", "aria-describedby": "dv-tip", onclick: (event) => explain(tip, measure, event.currentTarget) }, measure.title)),
      el("td", { class: "dv-num dv-right" }, aligned(number(measure.value))),
      el("td", { class: "dv-soft" }, measure.unit),
      anyNorm && el("td", {}, measure.norm ? norm(measure) : "")))));
}

// The decimal points of a column stand under each other.
function aligned(text) {
  const point = text.includes(".") ? text.indexOf(".") : text.length;
  return [text.slice(0, point), el("span", { class: "dv-fraction" }, text.slice(point))];
}

function norm(measure) {
  const [low, high] = measure.norm;
  const within = measure.value >= low && measure.value <= high;
  const where = within ? "within" : measure.value < low ? "below" : "above";
  return el("span", { class: `dv-norm ${within ? "is-pass" : "is-warn"}`, title: measure.norm_note }, icon(within ? ICONS.pass : ICONS.warn), el("span", { class: "dv-num" }, `${number(low)} to ${number(high)}`), ` ${where}`);
}

function explain(tip, measure, button) {
  const fact = (term, text) => (text ? [el("dt", {}, term), el("dd", {}, text)] : []);
  fill(tip, el("b", {}, measure.title), el("p", {}, measure.help),
    el("dl", {}, fact("Formula", measure.formula), fact("From", measure.source), fact("Norm", measure.norm_source), fact("Note", measure.norm_note)));
  tip.showPopover();
  const box = button.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left), window.innerWidth - tip.offsetWidth - 8);
  const below = box.bottom + 6 + tip.offsetHeight < window.innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? box.bottom + 6 : Math.max(8, box.top - tip.offsetHeight - 6)}px`;
}
