// What a run says of a clip and of all its subject's tasks, beside what the raters gave.

import { el, fill } from "./dom.js";
import { fixed, group, percent, sentence } from "./format.js";
import { badge, bar, head } from "./session_bits.js";
import { task } from "./session_names.js";

const score = (value) => (value === null || value === undefined ? "–" : fixed(value, Number.isInteger(value) ? 0 : 1));
const modelled = (value) => (value === null || value === undefined ? "–" : fixed(value, 1));
const soft = (...text) => el("p", { class: "dv-soft" }, ...text);

export function showPrediction(section, said, facts) {
  const order = said.classes.map((name, place) => ({ name, value: said.probabilities[place] }));
  fill(section,
    head("", "Prediction for this clip", said.synthetic && badge()),
    el("ul", { class: "dv-bars" }, order.map(({ name, value }) => bar(group(name), value, percent(value), {
      class: name === said.prediction ? "is-first" : "",
      mark: [name === said.prediction && el("span", { class: "dv-tag" }, "predicted"), name === facts.group && el("span", { class: "dv-tag is-plain" }, "in the dataset")],
    }))),
    soft(`From ${said.seeds === 1 ? "a model" : `${said.seeds} models (mean)`} that never saw this person. `, el("b", {}, "Research use only. Not a diagnosis."),
      said.synthetic && " The model was trained on rendered faces and voices, never on patients."));
  section.hidden = false;
}

export function showRatings(section, said, facts) {
  const items = said?.scores ? said.items : facts.items;
  if (!items.length) { section.hidden = true; return; }
  const raters = facts.ratings;
  const given = (rater, name) => score(rater.scores[facts.items.indexOf(name)]);
  const scored = Boolean(said?.scores);
  if (!scored && !raters.length) { section.hidden = true; return; }
  fill(section,
    head("", "Severity", said?.synthetic && badge()),
    el("table", { class: "dv-se-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Item"), scored && el("th", { scope: "col", class: "dv-right" }, "Model"), raters.map((rater) => el("th", { scope: "col", class: "dv-right" }, rater.rater)))),
      el("tbody", {}, items.map((name, place) => el("tr", {}, el("th", { scope: "row" }, sentence(name)),
        scored && el("td", { class: "dv-right dv-num" }, modelled(said.scores[place])), raters.map((rater) => el("td", { class: "dv-right dv-num" }, given(rater, name)))))),
      el("tfoot", {}, el("tr", {}, el("th", { scope: "row" }, "Total"), scored && el("td", { class: "dv-right dv-num" }, modelled(said.total)), raters.map((rater) => el("td", { class: "dv-right dv-num" }, score(rater.total)))))),
    soft(`Each item from ${facts.scale[0]} (normal) to ${facts.scale[1]}.`, raters.length ? "" : " Nobody has rated this clip.", scored ? "" : " Choose a run to see a model's scores beside them."));
  section.hidden = false;
}

// One row per task; a press opens that task.
export function showTasks(section, said, facts, chosen, onOpen) {
  if (!said) { section.hidden = true; return; }
  const raters = [...new Set(said.tasks.flatMap((one) => one.ratings.map((rating) => rating.rater)))];
  const rated = said.total !== null;
  const total = (one, rater) => score(one.ratings.find((rating) => rating.rater === rater)?.total);
  const row = (one) => el("tr", { class: one.key === chosen ? "is-here" : "", "aria-current": one.key === chosen ? "true" : null },
    el("th", { scope: "row" }, el("button", { type: "button", class: "dv-se-link", onclick: () => onOpen(one.key) }, task(one.task)), one.session && el("span", { class: "dv-soft" }, ` ${one.session}`)),
    one.probabilities
      ? [el("td", {}, stack(one.probabilities, said.classes)), el("td", { class: one.prediction === facts.group ? "" : "is-other" }, group(one.prediction)), said.classes.map((name, place) => el("td", { class: "dv-right dv-num" }, percent(one.probabilities[place])))]
      : el("td", { colspan: 2 + said.classes.length, class: "dv-soft" }, "not tested in this run"),
    rated && el("td", { class: "dv-right dv-num" }, modelled(one.total)),
    raters.map((rater) => el("td", { class: "dv-right dv-num" }, total(one, rater))));
  fill(section,
    head("", `Every task of ${facts.subject}`, said.synthetic && badge()),
    el("div", { class: "dv-se-scroll", tabindex: "0", role: "region", "aria-label": "Predictions for every task" }, el("table", { class: "dv-se-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Task"), el("th", { scope: "col" }, el("span", { class: "dv-sr" }, "Probabilities as a bar")), el("th", { scope: "col" }, "Predicted"),
        said.classes.map((name, place) => el("th", { scope: "col", class: "dv-right" }, el("span", { class: `dv-se-key is-${place % 6}`, "aria-hidden": "true" }), group(name))),
        rated && el("th", { scope: "col", class: "dv-right" }, "Total, model"), raters.map((rater) => el("th", { scope: "col", class: "dv-right" }, `Total, ${rater}`)))),
      el("tbody", {}, said.tasks.map(row)))),
    soft(`The dataset has this person as ${group(facts.group)}. `, rated && `Totals run from ${said.items.length * facts.scale[0]} (normal) to ${said.items.length * facts.scale[1]}.`));
  section.hidden = false;
}

const stack = (probabilities, classes) => el("span", { class: "dv-se-stack", "aria-hidden": "true" },
  probabilities.map((value, place) => el("i", { class: `is-${place % 6}`, style: { width: `${100 * value}%` }, title: group(classes[place]) })));
