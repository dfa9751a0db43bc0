// Attention and gates with the group behind them, and what each modality adds when it is really taken away.

import { ICONS, el, fill, icon } from "./dom.js";
import { fixed, group, percent, sentence } from "./format.js";
import { badge, head, picker } from "./session_bits.js";
import { SENSES, subset } from "./session_names.js";

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 26;

export function showAttention(section, said, { run, facts }, onAgainst) {
  if (!said.attention.length && !said.gates.length) { section.hidden = true; return; }
  const title = said.choices.find((one) => one.id === said.against)?.title ?? "nobody";
  const against = said.choices.length > 0 && picker("Against", said.choices.map((one) => ({ value: one.id, text: `${one.title} (${one.clips} ${one.clips === 1 ? "clip" : "clips"})` })), said.against, onAgainst);
  fill(section,
    head("", "What the model looked at", said.synthetic && badge()),
    against && el("div", { class: "dv-se-against" }, against, legend(title)),
    said.attention.length > 0 && [el("h3", {}, "Attention to each symptom"), strips(said.attention, (value) => percent(value), sentence),
      el("p", { class: "dv-soft" }, said.attention_means)],
    said.gates.length > 0 && [el("h3", {}, "Gates"), strips(said.gates, (value) => fixed(value, 2), (name) => SENSES[name] ?? name),
      el("p", { class: "dv-soft" }, said.gates_mean)],
    said.typical.length > 0 && overview(said),
    el("p", { class: "dv-soft" }, el("a", { href: `/runs?${new URLSearchParams({ run, task: facts.task })}#dv-looked` }, "Clip by clip over the whole cohort")));
  section.hidden = false;
}

// The same numbers for every group of diagnosis and severity.
function overview(said) {
  const cells = (attention, gates) => [...attention.map((value) => el("td", { class: "dv-right dv-num" }, fixed(100 * value, 1))),
    ...said.gates.map((one) => el("td", { class: "dv-right dv-num" }, gates[one.name] === undefined ? "–" : fixed(gates[one.name], 2)))];
  const own = Object.fromEntries(said.gates.map((one) => [one.name, one.value]));
  return el("details", { class: "dv-missing" }, el("summary", {}, "By diagnosis and severity"),
    el("div", { class: "dv-se-scroll", tabindex: "0", role: "region", "aria-label": "Attention and gates by diagnosis and severity" }, el("table", { class: "dv-se-table" },
      el("caption", {}, "Medians over other people's clips of this task: attention in %, gates from 0 to 1"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Group"), el("th", { scope: "col", class: "dv-right" }, "Clips"),
        said.attention.map((one) => el("th", { scope: "col", class: "dv-right" }, sentence(one.name))), said.gates.map((one) => el("th", { scope: "col", class: "dv-right" }, `Gate, ${(SENSES[one.name] ?? one.name).toLowerCase()}`)))),
      el("tbody", {}, el("tr", { class: "is-here" }, el("th", { scope: "row" }, "This clip"), el("td", { class: "dv-right dv-num" }, "1"), cells(said.attention.map((one) => one.value), own)),
        said.typical.map((one) => el("tr", {}, el("th", { scope: "row" }, sentence(one.title)), el("td", { class: "dv-right dv-num" }, String(one.clips)), cells(one.attention, one.gates)))))));
}

const legend = (title) => el("p", { class: "dv-se-legend dv-soft" },
  [["value", "this clip"], ["other", `one clip of ${title}`], ["half", "their middle half"]].map(([kind, text]) => el("span", {},
    el("i", { class: `dv-se-mark is-${kind}`, "aria-hidden": "true" }), text)));

// Every row on one scale, so that they can be compared.
function strips(readings, write, name) {
  const all = readings.flatMap((one) => [one.value, ...one.others]);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const margin = 0.06 * (most - least || 1);
  const x = (value) => `${((100 * (value - least + margin)) / (most - least + 2 * margin)).toFixed(2)}%`;
  // What is the same for all, such as that nobody else did this task, is said once.
  const [same] = readings.every((one) => one.where === readings[0].where) ? [readings[0].where] : [];
  return el("ul", { class: "dv-se-strips" }, readings.map((one) => el("li", { title: one.sentence },
    el("span", {}, name(one.name)), strip(one, x), el("b", { class: "dv-num" }, write(one.value)),
    same === undefined && el("p", { class: "dv-soft" }, one.where))),
  same !== undefined && el("li", {}, el("p", { class: "dv-soft" }, same)),
  el("li", { class: "dv-se-scale dv-soft dv-num", "aria-hidden": "true" }, el("span"), el("span", { class: "dv-se-ends" }, el("span", {}, write(least)), el("span", {}, write(most))), el("span")));
}

// Places are percentages, so that a narrow column squeezes the scale and not the marks.
function strip(reading, x) {
  const svg = node("svg", { "aria-hidden": "true" });
  svg.append(node("line", { x1: "0%", x2: "100%", y1: HIGH / 2, y2: HIGH / 2, class: "is-line" }));
  if (reading.quartiles) {
    const [low, middle, high] = reading.quartiles.map(x);
    svg.append(node("rect", { x: low, y: 4, width: `${parseFloat(high) - parseFloat(low)}%`, height: HIGH - 8, class: "is-half" }),
      node("line", { x1: middle, x2: middle, y1: 4, y2: HIGH - 4, class: "is-middle" }));
  }
  // Neighbours step aside, always alike.
  reading.others.forEach((value, place) => svg.append(node("circle", { cx: x(value), cy: HIGH / 2 + ((place % 3) - 1) * 5, r: 2.4, class: "is-other" })));
  const mark = node("svg", { x: x(reading.value), overflow: "visible" });
  mark.append(node("path", { d: `M0 ${HIGH / 2 - 9} l6 9 l-6 9 l-6 -9 Z`, class: "is-value" }));
  svg.append(mark);
  return svg;
}

function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

export function showRemoval(section, said) {
  const found = said.removal;
  if (!found) {
    fill(section, head("", "What each modality adds"), el("p", { class: "dv-callout" }, icon(ICONS.info), el("span", {}, said.removal_says)));
    section.hidden = false;
    return;
  }
  const rated = found.answers.every((one) => one.total !== null);
  const gate = (name) => said.gates.find((one) => one.name === name)?.value;
  const most = Math.max(0.02, ...found.contributions.map((one) => Math.abs(one.probability)));
  fill(section,
    head("", "What each modality adds", said.synthetic && badge()),
    el("p", { class: "dv-se-says" }, said.removal_says),
    el("table", { class: "dv-se-table" },
      el("caption", {}, "Contribution and gate"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Modality"), el("th", { scope: "col" }, `Adds to ${group(found.of)}`), el("th", { scope: "col", class: "dv-right" }, "Points"), rated && el("th", { scope: "col", class: "dv-right" }, "To the total"), el("th", { scope: "col", class: "dv-right" }, "Gate"))),
      el("tbody", {}, found.contributions.map((one) => el("tr", {},
        el("th", { scope: "row" }, SENSES[one.modality]), el("td", {}, lean(one.probability / most)),
        el("td", { class: "dv-right dv-num" }, signed(100 * one.probability, 1)), rated && el("td", { class: "dv-right dv-num" }, signed(one.total, 2)),
        el("td", { class: "dv-right dv-num" }, gate(one.modality) === undefined ? "–" : fixed(gate(one.modality), 2)))))),
    el("table", { class: "dv-se-table" },
      el("caption", {}, "The model's answer, asked with each subset"),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Given"), said.classes.map((name) => el("th", { scope: "col", class: "dv-right" }, group(name))), rated && el("th", { scope: "col", class: "dv-right" }, "Total"))),
      el("tbody", {}, found.answers.map((one) => el("tr", {}, el("th", { scope: "row" }, subset(one.modalities)),
        one.probabilities.map((value) => el("td", { class: "dv-right dv-num" }, percent(value))), rated && el("td", { class: "dv-right dv-num" }, fixed(one.total, 1)))))),
    el("p", { class: "dv-soft" }, "A contribution is what a modality adds on average, whether it comes first or second (Shapley value); together they lead from “Neither”, the shares of the classes among the training subjects' clips, to the whole answer."));
  section.hidden = false;
}

const signed = (value, decimals) => `${value > 0 ? "+" : ""}${fixed(value, decimals)}`;
const lean = (part) => el("span", { class: "dv-se-lean", "aria-hidden": "true" },
  el("i", { class: part < 0 ? "is-less" : "", style: { left: `${50 + 50 * Math.min(part, 0)}%`, width: `${50 * Math.abs(part)}%` } }));
