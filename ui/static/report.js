// The model's estimate: diagnosis, severity, attention and gates. Bars carry their numbers; nothing is told by colour alone.

import { ICONS, el, fill, icon } from "./dom.js";
import { fixed, group, percent, sentence } from "./format.js";

const MODALITIES = { video: "Face", audio: "Voice" };

const head = (id, title, ...rest) => el("div", { class: "dv-head" }, el("h2", { id }, title), ...rest);
const width = (fraction) => ({ "--part": `${100 * Math.min(Math.max(fraction, 0), 1)}%` });

function bar(label, fraction, value, extra = {}) {
  return el("li", { class: `dv-bar ${extra.class ?? ""}` },
    el("span", { class: "dv-bar-label" }, label, extra.mark ?? null),
    el("span", { class: "dv-bar-track", "aria-hidden": "true" }, el("span", { class: "dv-bar-fill", style: width(fraction) }), extra.ticks ?? null),
    el("span", { class: "dv-bar-value dv-num" }, value));
}

export const syntheticBadge = () => el("span", { class: "dv-badge" }, "SYNTHETIC");

// Holds the place while the model has not spoken.
export function showSkeleton(section) {
  fill(section, head("dv-diagnosis-title", "Diagnosis"),
    el("div", { class: "dv-skeleton", "aria-hidden": "true" }, [0, 1, 2].map(() => el("span"))),
    el("p", { class: "dv-soft" }, "Comes last, when the face and the voice have been measured."));
  section.hidden = false;
}

export function showDiagnosis(section, result) {
  const { classes, probabilities, prediction } = result.diagnosis;
  const card = result.checkpoint;
  fill(section,
    head("dv-diagnosis-title", "Diagnosis", card.synthetic && syntheticBadge()),
    el("ul", { class: "dv-bars" }, classes.map((name, index) => {
      const first = name === prediction;
      return bar(group(name), probabilities[index], percent(probabilities[index]), {
        class: first ? "is-first" : "",
        mark: first ? el("span", { class: "dv-tag" }, "most probable") : null,
      });
    })),
    result.diagnosis.abstained && el("p", { class: "dv-callout" }, icon(ICONS.info), "The model abstains: the recording does not decide between these."),
    el("p", { class: "dv-soft" }, "The model's probabilities. ", el("b", {}, "Research use only. Not a diagnosis."),
      card.synthetic && " The model behind them was trained on rendered faces and voices, never on patients: they show that the software works and say nothing about this person."));
  section.hidden = false;
}

export function showSeverity(section, result) {
  const severity = result.severity;
  if (!severity) {
    fill(section, head("dv-severity-title", "Severity"), el("p", { class: "dv-soft" }, "This model was trained without ratings and gives no severity."));
    section.hidden = false;
    return;
  }
  const scores = Object.entries(severity.items);
  const [low, high] = severity.scale;
  const steps = Array.from({ length: high - low + 1 }, (_, place) => low + place);
  const ticks = () => steps.slice(1, -1).map((step) => el("i", { style: { "--at": `${100 * (step - low) / (high - low)}%` } }));
  fill(section,
    head("dv-severity-title", "Severity", result.checkpoint.synthetic && syntheticBadge()),
    el("p", { class: "dv-total" }, el("b", { class: "dv-num" }, fixed(severity.total, 1)),
      el("span", {}, ` of ${high * scores.length}; ${low * scores.length} is normal`)),
    el("ul", { class: "dv-bars" }, scores.map(([name, score]) => bar(sentence(name), (score - low) / (high - low), fixed(score, 1), { ticks: ticks() }))),
    el("div", { class: "dv-scale", "aria-hidden": "true" }, el("span"), el("span", { class: "dv-scale-marks" }, steps.map((step) => el("i", {}, String(step)))), el("span")),
    severity.level_probabilities && el("p", { class: "dv-levels" }, "Level ",
      Object.entries(severity.level_probabilities).map(([name, value]) => el("span", { class: name === severity.level ? "is-first" : "" }, `${name} `, el("span", { class: "dv-num" }, percent(value))))),
    el("p", { class: "dv-soft" }, `Each item from ${low} (normal) to ${high} (worst), as a speech-language pathologist would rate it`, severity.level_probabilities ? "; levels are not a clinical grade." : ".", severity.cutoffs && ` ${levelWords(severity)}`),
    severity.cutoffs && disagreement(severity));
  section.hidden = false;
}

// A level is a stretch of the total; which one is judged by a part of the model of its own, so the two may differ.
function levelWords({ cutoffs, level_probabilities: levels }) {
  const names = Object.keys(levels);
  const up = cutoffs.map((total, place) => `${names[place]} up to ${fixed(total, 1)}`).join(", ");
  return `By the total, ${up} and ${names[names.length - 1]} above: the tertiles of the affected subjects that the model was trained on.`;
}

function disagreement({ cutoffs, level, level_probabilities: levels, total }) {
  const place = cutoffs.findIndex((cutoff) => total <= cutoff);
  const meant = Object.keys(levels)[place < 0 ? cutoffs.length : place];
  return meant !== level && el("p", { class: "dv-callout" }, icon(ICONS.info),
    el("span", {}, `The model judges the total and the level apart, and here they differ: a total of ${fixed(total, 1)} lies in ${meant}, its level says ${level}. Rely on neither.`));
}

// Systems without symptom tokens or without gates have nothing to show of them.
export function showAttention(section, result) {
  const tokens = Object.entries(result.attention);
  const gated = Object.keys(result.gates).length > 0;
  fill(section,
    head("dv-attention-title", "What the model looked at"),
    tokens.length > 0 && [el("h3", {}, "Attention to each symptom"),
      el("ul", { class: "dv-bars" }, tokens.map(([name, value]) => bar(sentence(name), value, percent(value)))),
      el("p", { class: "dv-soft" }, "How the model's weight is shared between its symptom tokens. It sums to 100 % and is not a severity.")],
    gated && [el("h3", {}, "Gates"),
      el("ul", { class: "dv-bars" }, Object.entries(MODALITIES).map(([name, label]) => {
        const used = result.modalities.includes(name);
        return bar(label, used ? result.gates[name] : 0, used ? fixed(result.gates[name], 2) : "not used", { class: used ? `is-${name}` : "is-absent" });
      })),
      el("p", { class: "dv-soft" }, "How far the model let each modality through, from 0 (shut) to 1 (open).")]);
  section.hidden = tokens.length === 0 && !gated;
}

export function showNotes(section, result, notes) {
  const card = result.checkpoint;
  const timing = result.timing_s?.total;
  fill(section,
    head("dv-notes-title", "About this result"),
    el("dl", { class: "dv-about" },
      el("dt", {}, "Model"), el("dd", {}, card.name, card.synthetic ? " " : "", card.synthetic ? syntheticBadge() : null),
      el("dt", {}, "Trained on"), el("dd", {}, card.trained_on),
      el("dt", {}, "Judged by"), el("dd", {}, result.modalities.map((name) => MODALITIES[name].toLowerCase()).join(" and ") || "nothing"),
      timing !== undefined && [el("dt", {}, "Time taken"), el("dd", { class: "dv-num" }, `${fixed(timing, 1)} s`)]),
    notes.length > 0 && [el("h3", {}, "Notes on the recording"), el("ul", { class: "dv-list" }, notes.map((note) => el("li", {}, note)))],
    el("p", { class: "dv-callout" }, icon(ICONS.info), el("span", {}, result.notice)));
  section.hidden = false;
}
