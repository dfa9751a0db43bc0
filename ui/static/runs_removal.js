// Gates beside exact removal over a cohort: whether the gate of a modality follows what taking the modality away does.

import { el, fill, request } from "./dom.js";
import { fixed, group, percent, sentence } from "./format.js";
import { reason } from "./jobs_poll.js";
import { Chart, scale, shape } from "./runs_charts.js";
import { SENSES, subset, task as taskName } from "./session_names.js";

const MARKS = ["M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z", "M0 -4.600 4.600 3.600H-4.600Z", "M-3.600 -3.600H3.600V3.600H-3.600Z", "M0 -5.200 5.200 0 0 5.200 -5.200 0Z", "M-4.500 -1.500H-1.500V-4.500H1.500V-1.500H4.500V1.500H1.500V4.500H-1.500V1.500H-4.500Z"];
const REACH = 40;  // how near a pointer must come to a clip, in units of the chart
const EITHER_WAY = "The gate against the size of the change, whether the true diagnosis loses or gains: a gate that lets much through may do harm as well as good.";
const NOTHING = {
  known: "What is said of a clip of which nothing is given: the run's majority baseline, the share of each diagnosis among the training subjects' clips.",
  unknown: "This run was trained without the majority baseline, so its answer to nothing is not known. Train with --baselines majority to see it.",
};

export const ask = async (run, task) => (await request(`/studio/runs/${encodeURIComponent(run.id)}/removal?${new URLSearchParams({ task })}`)).json();

export async function showRemoval(box, answer, session) {
  const title = el("h3", {}, "Gates beside removal");
  fill(box, title, el("p", { class: "dv-soft" }, "Computing …"));
  let found;
  try { found = await answer; } catch (error) {
    fill(box, title, el("p", { class: "dv-callout", role: "alert" }, reason(error)));
    return;
  }
  if (found.why) {
    fill(box, title, el("p", { class: "dv-soft" }, found.why));
    return;
  }
  const clips = found.clips.map(([key, subject, diagnosis, code]) => ({ key, subject, diagnosis, code }));
  const diagnoses = [...new Set(clips.map((one) => one.diagnosis))].sort();
  const lost = scale(...extent(found.senses.flatMap((one) => one.lost)));
  fill(box, title,
    el("p", { class: "dv-soft dv-note" }, "Each of these clips was also judged without the face and without the voice, so what the true diagnosis loses is the model's own answer and no estimate. ",
      `${clips.length} clips of ${found.subjects} subjects; ${left(found.left_out)}. `,
      `On ${found.followed} of the ${clips.length} the modality with the wider gate is also the one without which more is lost.`),
    legend(diagnoses),
    el("div", { class: "dv-looks" }, found.senses.map((one) => sense(one, { clips, diagnoses, lost, session, subjects: found.subjects }))),
    means(found.means), everyClip(found.senses, clips, session));
}

const left = (count) => (count === 0 ? "none has one modality only" : count === 1 ? "1 clip that has one modality only is left out" : `${count} clips that have one modality only are left out`);
const extent = (values) => [Math.min(0, ...values), Math.max(0, ...values)];
const mark = (diagnoses, name) => diagnoses.indexOf(name) % MARKS.length;
const points = (value) => `${fixed(100 * value, 1)}`;
const loses = (value, name) => `without the ${name} the true diagnosis ${value < 0 ? "gains" : "loses"} ${fixed(100 * Math.abs(value), 1)} points`;

const legend = (diagnoses) => el("ul", { class: "dv-marks dv-soft" }, diagnoses.map((name) => {
  const svg = shape("svg", { viewBox: "-7 -7 14 14", "aria-hidden": "true" });
  svg.append(shape("path", { d: MARKS[mark(diagnoses, name)], class: `dv-mark-${mark(diagnoses, name)}` }));
  return el("li", {}, svg, group(name));
}), el("li", {}, el("i", { class: "is-ring", "aria-hidden": "true" }), "named below"));

// One modality: every clip by its gate and by what is lost without it.
function sense(one, { clips, diagnoses, lost, session, subjects }) {
  const name = (SENSES[one.name] ?? one.name).toLowerCase();
  const gates = scale(Math.min(...one.gates), Math.max(...one.gates));
  const chart = new Chart(`Gate of the ${name} and points that the true diagnosis loses without the ${name}, ${clips.length} clips`, { ...gates, title: `gate of the ${name}` }, { ...lost, show: (value) => fixed(100 * value, 0) });
  chart.line([[gates.low, 0], [gates.high, 0]], "is-ideal");
  const named = new Set(one.apart.map((found) => found.clip));
  clips.forEach((clip, place) => {
    const [x, y] = [chart.px(one.gates[place]), chart.py(one.lost[place])].map((value) => value.toFixed(1));
    if (named.has(place)) chart.svg.append(shape("circle", { cx: x, cy: y, r: 8, class: "is-ring" }));
    chart.svg.append(shape("path", { d: MARKS[mark(diagnoses, clip.diagnosis)], transform: `translate(${x} ${y})`, class: `dv-mark-${mark(diagnoses, clip.diagnosis)}` }));
  });
  const link = (clip) => el("a", { href: session(clip) }, `${clip.subject}, ${taskName(clip.code)}`);
  const reading = el("p", { class: "dv-look-reading dv-soft", "aria-live": "polite" }, "Point at a clip to read it; press it to open its session.");
  const near = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.svg.getScreenCTM().inverse());
    const far = (place) => Math.hypot(chart.px(one.gates[place]) - at.x, chart.py(one.lost[place]) - at.y);
    const best = clips.reduce((found, _, place) => (far(place) < far(found) ? place : found), 0);
    return far(best) < REACH ? best : null;
  };
  chart.svg.addEventListener("pointermove", (event) => {
    const place = near(event);
    if (place !== null) fill(reading, link(clips[place]), ` · ${group(clips[place].diagnosis)} · gate ${fixed(one.gates[place], 3)}; ${loses(one.lost[place], name)}`);
  });
  chart.svg.addEventListener("click", (event) => { const place = near(event); if (place !== null) location.assign(session(clips[place])); });
  return el("article", { class: "dv-beside", "data-sense": one.name },
    el("h4", {}, sentence(name)), el("p", { class: "dv-look-says" }, one.sentence),
    el("p", { class: "dv-axis dv-soft" }, `Points that the true diagnosis loses without the ${name}`), chart.svg, reading,
    correlations(one.rank, clips.length, subjects),
    one.apart.length > 0 && [el("h5", {}, "Furthest apart"), el("ul", { class: "dv-apart" }, one.apart.map(({ clip, narrower, less }) => el("li", {},
      link(clips[clip]), el("span", { class: "dv-soft" }, ` ${group(clips[clip].diagnosis)}`), el("br"),
      `Gate ${fixed(one.gates[clip], 3)}, wider than ${narrower} of the ${clips.length - 1} others; ${loses(one.lost[clip], name)}, `,
      one.lost[clip] < 0 ? `and ${less} of them gain more.` : `more than ${less} of them.`)))]);
}

const signed = (value) => (value === null ? "–" : fixed(value, 2));
const correlations = (rank, clips, subjects) => el("dl", { class: "dv-ranks" },
  el("dt", { title: "Spearman's rank correlation of gate and loss, with the 95 % interval of a bootstrap over subjects" }, "Rank correlation over clips"),
  el("dd", { class: "dv-num" }, signed(rank.rho), rank.low !== null && el("span", { class: "dv-soft" }, ` (${signed(rank.low)} to ${signed(rank.high)})`), `, n = ${clips}`),
  el("dt", { title: "The same of each subject's mean gate and mean loss: one number a person" }, "Over subjects"), el("dd", { class: "dv-num" }, `${signed(rank.of_subjects)}, n = ${subjects}`),
  el("dt", { title: EITHER_WAY }, "With the size of the change, either way"), el("dd", { class: "dv-num" }, `${signed(rank.of_size)}, n = ${clips}`));

// What is said given each of the four subsets, and what follows from it, by diagnosis and severity.
function means(rows) {
  const known = rows[0].given.some((one) => one.modalities.length === 0);
  const senses = Object.keys(rows[0].lost);
  const why = known ? NOTHING.known : NOTHING.unknown;
  const head = (text, about) => el("th", { scope: "col", title: about }, text);
  const over = (text, span, about) => el("th", { scope: "colgroup", colspan: span, title: about }, text);
  const subsets = [...(known ? [] : [{ modalities: [] }]), ...rows[0].given];
  const cell = (value, write) => el("td", { class: "dv-num", title: value === undefined ? why : null }, value === undefined ? "–" : write(value));
  return el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": "The true diagnosis given each subset of face and voice" }, el("table", { class: "dv-subsets" },
    el("caption", { class: "dv-soft" }, "The true diagnosis given each subset: means over clips. Lost and added in points of its probability; added is the mean over both orders (Shapley value)."),
    el("thead", {}, el("tr", {}, el("td", { colspan: 3 }), over("Probability given", subsets.length), over("Lost without", senses.length), over("Added by", senses.length, why)),
      el("tr", {}, ["Group", "Clips", "Subjects"].map((name) => head(name)), subsets.map(({ modalities }) => head(subset(modalities), modalities.length ? null : why)), senses.map((name) => head(SENSES[name])), senses.map((name) => head(SENSES[name], why)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row" }, sentence(row.title)), el("td", { class: "dv-num" }, String(row.clips)), el("td", { class: "dv-num" }, String(row.subjects)),
      subsets.map(({ modalities }) => cell(row.given.find((one) => one.modalities.join() === modalities.join())?.probability, percent)),
      senses.map((name) => cell(row.lost[name], points)), senses.map((name) => cell(row.adds[name], points)))))));
}

// Made when it is opened: a cohort may have thousands.
function everyClip(senses, clips, session) {
  const box = el("details", { class: "dv-numbers" }, el("summary", {}, "Every clip as a table"));
  box.addEventListener("toggle", () => {
    const names = senses.map((one) => SENSES[one.name] ?? one.name);
    box.append(el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": "Gate and loss of every clip" }, el("table", {},
      el("thead", {}, el("tr", {}, ["Clip", "Diagnosis", ...names.flatMap((name) => [`Gate, ${name.toLowerCase()}`, `Lost without ${name.toLowerCase()}`])].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, clips.map((clip, place) => el("tr", {}, el("th", { scope: "row" }, el("a", { href: session(clip) }, `${clip.subject}, ${taskName(clip.code)}`)), el("td", {}, group(clip.diagnosis)),
        senses.flatMap((one) => [el("td", { class: "dv-num" }, fixed(one.gates[place], 3)), el("td", { class: "dv-num" }, points(one.lost[place]))])))))));
  }, { once: true });
  return box;
}
