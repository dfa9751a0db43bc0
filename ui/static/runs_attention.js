// What the models of a run looked at, over the whole cohort: attention and gates by diagnosis and severity, clip by clip,
// with a reference group behind them.

import { el, fill, request } from "./dom.js";
import { fixed, group, percent, sentence } from "./format.js";
import { reason } from "./jobs_poll.js";
import { ask, showRemoval } from "./runs_removal.js";
import { picker } from "./session_bits.js";
import { SENSES, task as taskName, taskLong } from "./session_names.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 1000;
const HIGH = 22;
const WRITE = { attention: percent, gate: (value) => fixed(value, 3) };

export class Attention {
  constructor(section, run) {
    const query = new URLSearchParams(location.search);
    Object.assign(this, { section, run, task: query.get("task") ?? "", against: query.get("against") ?? "" });
  }

  async begin() {
    const ticket = (this.ticket = Symbol());
    const query = new URLSearchParams({ task: this.task, against: this.against });
    let found;
    try {
      found = await (await request(`/studio/runs/${encodeURIComponent(this.run.id)}/attention?${query}`)).json();
    } catch (error) {
      fill(this.section, this.section.firstChild, el("p", { class: "dv-callout", role: "alert" }, reason(error)));
      return;
    }
    if (ticket !== this.ticket) return;
    this.draw(found);
    if (location.hash === "#dv-looked" && !this.reached) this.section.scrollIntoView();
    this.reached = true;
  }

  pick(changes) {
    Object.assign(this, changes);
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries({ task: this.task, against: this.against })) if (value) query.set(name, value); else query.delete(name);
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
    this.begin();
  }

  draw(found) {
    const title = el("h2", { id: this.section.getAttribute("aria-labelledby") }, "What the models looked at");
    if (found.numbers.length === 0) {
      fill(this.section, title, el("p", { class: "dv-soft" }, "This system has neither symptom tokens nor gates: there is nothing to look into."));
      return;
    }
    const clips = found.clips.map(([key, subject, diagnosis, code]) => ({ key, subject, diagnosis, code }));
    const tasks = [{ value: "", text: `All tasks (${found.tested} clips)` }, ...found.tasks.map((one) => ({ value: one.task, text: `${taskLong(one.task)} (${one.clips})` }))];
    const groups = found.groups.map((one) => ({ value: one.id, text: `${one.title} (${one.clips} ${one.clips === 1 ? "clip" : "clips"} of ${one.subjects})` }));
    const reference = found.groups.find((one) => one.id === found.against);
    const kinds = { attention: ["Attention to each symptom", found.attention_means], gate: ["Gates", found.gates_mean] };
    fill(this.section,
      el("div", { class: "dv-head" }, title, el("span", { class: "dv-soft" }, "over the whole cohort; every clip as judged by models that never saw its subject")),
      el("div", { class: "dv-look-tools" }, picker("Task", tasks, found.task, (task) => this.pick({ task })), picker("Against", groups, found.against, (against) => this.pick({ against })), legend(reference.title)),
      Object.entries(kinds).map(([kind, [name, means]]) => {
        const numbers = found.numbers.filter((one) => one.kind === kind);
        if (numbers.length === 0) return null;
        const known = numbers.flatMap((one) => one.values.filter((value) => value !== null));
        const scale = [Math.min(...known), Math.max(...known)];
        return [el("h3", {}, name), el("div", { class: "dv-looks" }, numbers.map((one) => this.number(one, found, clips, scale))), el("p", { class: "dv-soft dv-note" }, means)];
      }),
      table(found), this.removal());
  }

  // Whom it is read against does not change what removal does: the answer is asked for once a task.
  removal() {
    const box = el("div", { class: "dv-removal" });
    if (this.asked !== this.task) Object.assign(this, { asked: this.task, answer: ask(this.run, this.task) });
    showRemoval(box, this.answer, (clip) => this.session(clip));
    return box;
  }

  // One token or modality: a strip for each group, on the scale of all of them.
  number(one, found, clips, [least, most]) {
    const name = one.kind === "gate" ? SENSES[one.name] ?? one.name : sentence(one.name);
    const write = WRITE[one.kind];
    const x = (value) => (WIDE * (0.03 + 0.94 * (value - least) / (most - least || 1))).toFixed(1);
    const quartiles = one.spreads.find((spread) => spread.group === found.against)?.quartiles;
    const reading = el("p", { class: "dv-look-reading dv-soft", "aria-live": "polite" });
    const known = one.values.map((value, place) => ({ value, clip: clips[place] })).filter(({ value }) => value !== null).sort((a, b) => a.value - b.value);
    const link = ({ value, clip }) => [el("a", { href: this.session(clip) }, `${clip.subject}, ${taskName(clip.code)}`), ` ${write(value)}`];
    const ends = () => fill(reading, "Lowest: ", link(known[0]), " · Highest: ", link(known[known.length - 1]));
    const near = (members, event) => {
      const box = event.currentTarget.getBoundingClientRect();
      const at = WIDE * (event.clientX - box.left) / box.width;
      return members.filter((place) => one.values[place] !== null).reduce((best, place) => (best === null || Math.abs(x(one.values[place]) - at) < Math.abs(x(one.values[best]) - at) ? place : best), null);
    };
    ends();
    return el("article", { class: "dv-look", "data-number": `${one.kind} ${one.name}` },
      el("h4", {}, name), el("p", { class: "dv-look-says" }, one.sentence),
      one.spreads.map((spread, row) => {
        const { title, members, id } = found.groups[row];
        if (id === "everybody" && found.against !== id) return null;
        const strip = draw(members.map((place) => one.values[place]).filter((value) => value !== null), spread, quartiles, x);
        strip.setAttribute("role", "img");
        strip.setAttribute("aria-label", spread.middle === null ? `${title}: none` : `${title}: median ${write(spread.middle)}${spread.quartiles ? `, middle half from ${write(spread.quartiles[0])} to ${write(spread.quartiles[2])}` : ""}`);
        const told = (event) => { const place = near(members, event); if (place !== null) fill(reading, link({ value: one.values[place], clip: clips[place] }), ` · ${group(clips[place].diagnosis)}`); };
        strip.addEventListener("pointermove", told);
        strip.addEventListener("click", (event) => { const place = near(members, event); if (place !== null) location.assign(this.session(clips[place])); });
        return el("div", { class: `dv-look-row${id === found.against ? " is-reference" : ""}`, title: spread.where }, el("span", {}, sentence(title)), strip, el("b", { class: "dv-num" }, spread.middle === null ? "–" : write(spread.middle)));
      }),
      el("div", { class: "dv-look-row dv-look-scale dv-soft dv-num", "aria-hidden": "true" }, el("span"), el("span", {}, el("i", {}, write(least)), el("i", {}, write(most))), el("span")),
      reading);
  }

  session(clip) { return `/session?${new URLSearchParams({ cohort: this.run.cohort.id, clip: clip.key, run: this.run.id })}`; }
}

const legend = (title) => el("p", { class: "dv-look-legend dv-soft" },
  [["clip", "one clip"], ["half", "middle half"], ["middle", "median"], ["behind", `middle half of ${title}`]].map(([kind, text]) => el("span", {}, el("i", { class: `is-${kind}`, "aria-hidden": "true" }), text)));

// Stretched to the column's width: strokes keep theirs.
function draw(values, spread, behind, x) {
  const svg = node("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none" });
  if (behind) svg.append(node("rect", { x: x(behind[0]), y: 0, width: Math.max(1, x(behind[2]) - x(behind[0])), height: HIGH, class: "is-behind" }));
  svg.append(node("path", { d: `M0 ${HIGH / 2}H${WIDE}`, class: "is-line" }));
  if (spread.quartiles) svg.append(node("path", { d: `M${x(spread.quartiles[0])} ${HIGH / 2}H${x(spread.quartiles[2])}`, class: "is-half" }));
  svg.append(node("path", { d: values.map((value) => `M${x(value)} 5V${HIGH - 5}`).join(""), class: "is-clip" }));
  if (spread.middle !== null) svg.append(node("path", { d: `M${x(spread.middle)} 1V${HIGH - 1}`, class: "is-middle" }));
  return svg;
}

function node(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function table(found) {
  const cell = ({ kind, spreads }, row) => {
    const { middle, quartiles } = spreads[row];
    const write = WRITE[kind];
    return el("td", { class: "dv-num" }, middle === null ? "–" : write(middle), quartiles && el("span", { class: "dv-soft dv-under-name dv-range" }, `${write(quartiles[0])} – ${write(quartiles[2])}`));
  };
  return el("details", { class: "dv-numbers" }, el("summary", {}, "As a table"), el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": "Attention and gates by diagnosis and severity" }, el("table", { class: "dv-look-table" },
    el("caption", { class: "dv-soft" }, "Medians over clips; below them the middle half, where there are five clips or more."),
    el("thead", {}, el("tr", {}, ["Group", "Clips", "Subjects", ...found.numbers.map((one) => (one.kind === "gate" ? `Gate, ${(SENSES[one.name] ?? one.name).toLowerCase()}` : sentence(one.name)))].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, found.groups.map((one, row) => el("tr", {}, el("th", { scope: "row" }, sentence(one.title)), el("td", { class: "dv-num" }, String(one.clips)), el("td", { class: "dv-num" }, String(one.subjects)), found.numbers.map((number) => cell(number, row))))))));
}
