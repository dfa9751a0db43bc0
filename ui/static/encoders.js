// The Encoders page: the catalogue, two encoders on one clip, two runs on the cohort, the grid of pairs.

import { ICONS, el, fill, icon, request } from "./dom.js";
import { badge, head, picker } from "./session_bits.js";
import { catalogueTable } from "./encoder_catalogue.js";
import { gridCard } from "./encoder_grid.js";
import { agreementLine, heatmap } from "./encoder_map.js";
import { showPaired } from "./encoder_paired.js";
import { reason } from "./jobs_poll.js";

const percent = (value) => `${(100 * value).toFixed(0)} %`;
const signed = (value, digits) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
const p = (value) => (value === null || value === undefined ? "–" : value < 0.001 ? "< 0.001" : value.toFixed(3));
const SENSE = { video: "face", audio: "voice" };
const METRICS = { accuracy: "Accuracy", macro_f1: "Macro-F1", auroc: "AUROC", brier: "Brier score", mae_total: "MAE of the total", rmse_total: "RMSE of the total" };

class Bench {
  constructor(element) {
    this.element = element;
    this.part = (name) => element.querySelector(`[data-part="${name}"]`);
  }

  get query() { return new URLSearchParams(location.search); }
  get cohort() { return this.query.get("cohort") || "default"; }

  remember(changes) {
    const query = this.query;
    for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
    history.replaceState(null, "", `${location.pathname}?${query}`);
  }

  async open() {
    const json = (path) => request(path).then((answer) => answer.json());
    [this.encoders, this.roster] = await Promise.all([json("/studio/encoders"), json(`/studio/session/${this.cohort}`)]);
    this.part("catalogue").replaceChildren(...catalogueTable(this.encoders));
    while (this.roster.state === "loading" && this.element.isConnected) {
      for (const name of ["clip", "cohort", "grid"]) fill(this.part(name), el("p", { class: "dv-soft" }, "Reading the cohort …"));
      await new Promise((go) => setTimeout(go, 300));
      this.roster = await json(`/studio/session/${this.cohort}`);
    }
    if (this.roster.state !== "ready") {
      for (const name of ["clip", "cohort", "grid"]) fill(this.part(name), el("p", { role: "alert" }, this.roster.message));
      return;
    }
    this.clips = this.roster.subjects.flatMap((person) => person.clips.map((clip) => ({ value: clip.key, text: `${person.id} · ${clip.task || clip.name}`, group: person.group })));
    this.onClip();
    this.onCohort();
    gridCard(this.part("grid"), this.cohort, this.encoders, this.roster.synthetic);
  }

  // Two encoders on one clip.

  onClip() {
    const here = this.encoders.filter((one) => one.present);
    const choice = (name, fallback) => (here.some((one) => one.code === this.query.get(name)) ? this.query.get(name) : fallback);
    const [one, other] = [choice("one", here[0]?.code), choice("other", here[1]?.code ?? here[0]?.code)];
    const clip = this.clips.some((entry) => entry.value === this.query.get("clip")) ? this.query.get("clip") : this.clips[0]?.value;
    const options = this.encoders.map((entry) => ({ value: entry.code, text: `${entry.code} · ${entry.title}${entry.present ? "" : " (weights absent)"}`, group: entry.modality === "video" ? "Face" : "Voice" }));
    const side = (label, chosen, name) => {
      const made = picker(label, options, chosen, (code) => { this.remember({ [name]: code }); this.onClip(); });
      for (const option of made.querySelectorAll("option")) option.disabled = !here.some((entry) => entry.code === option.value);
      return made;
    };
    this.likeness = el("div", { "aria-live": "polite" }, el("p", { class: "dv-soft" }, "Looking …"));
    fill(this.part("clip"),
      head("dv-enc-clip", "Two encoders on one clip", this.roster.synthetic && badge()),
      el("div", { class: "dv-enc-choose" },
        picker("Clip", this.clips, clip, (key) => { this.remember({ clip: key }); this.onClip(); }),
        side("One", one, "one"), side("The other", other, "other")),
      this.likeness);
    if (!clip) fill(this.likeness, el("p", { class: "dv-soft" }, "This cohort has no clip."));
    else this.look(clip, one, other);
  }

  async look(clip, one, other) {
    const ticket = (this.ticket = Symbol());
    let found;
    try { found = await request(`/studio/encoders/likeness/${this.cohort}/${clip}?${new URLSearchParams({ one, other })}`).then((answer) => answer.json()); }
    catch (error) { if (ticket === this.ticket) fill(this.likeness, el("p", { role: "alert" }, error.message)); return; }
    if (ticket !== this.ticket) return;
    const sides = found.sides.map((side, at) => el("figure", {},
      el("figcaption", {}, el("strong", {}, [one, other][at]), " ", el("span", { class: "dv-soft" }, this.encoders.find((entry) => entry.code === [one, other][at])?.title ?? "")),
      side.why ? el("p", { class: "dv-enc-why" }, side.why) : heatmap(side)));
    const runs = this.roster.runs;
    fill(this.likeness,
      el("div", { class: "dv-enc-sides" }, sides),
      el("p", { class: "dv-enc-says" }, found.agreement === null
        ? "Their pictures cannot be compared: one has nothing, or too little in common with the other."
        : [`What they find alike agrees by ρ = `, el("strong", { class: "dv-num" }, signed(found.agreement, 2)), " (Spearman, over all pairs of moments): ",
          found.agreement > 0.6 ? "they see the same events." : found.agreement > 0.25 ? "they share some events and differ in others." : "they look at different things."]),
      found.over_time && agreementLine(found.over_time),
      el("p", { class: "dv-soft" }, "Light where two moments of the clip look alike to the encoder (cosine of its features, each standardised over the clip), dark where they differ: repetitions make a chequered pattern."),
      this.said(clip, runs));
  }

  // What the runs made with each encoder say of this clip.

  said(clip, runs) {
    if (!runs.length) return el("p", { class: "dv-soft" }, "No run of this cohort is finished, so there are no predictions to set beside each other. ", el("a", { href: `/train?${this.query}` }, "Train one"), ".");
    const body = el("tbody", {});
    const table = el("table", { class: "dv-enc-said" }, el("caption", { class: "dv-sr" }, "What finished runs say of this clip"), el("thead", {}, el("tr", {}, ["Run", "Encoders", "Says", "Probabilities", "Total", "Gate face", "Gate voice"].map((name, at) => el("th", { scope: "col", class: at > 2 ? "is-number" : "" }, name)))), body);
    for (const run of runs.slice(0, 8)) {
      const row = el("tr", {}, el("th", { scope: "row" }, run.name), el("td", {}, run.about), el("td", { colSpan: 5, class: "dv-soft" }, "…"));
      body.append(row);
      request(`/studio/session/${this.cohort}/${clip}/run/${run.id}`).then((answer) => answer.json()).then((said) => {
        const gates = Object.fromEntries(said.gates.map((gate) => [gate.name, gate.value]));
        const gate = (name) => (Number.isFinite(gates[name]) ? gates[name].toFixed(2) : "–");
        row.replaceChildren(el("th", { scope: "row" }, run.name), el("td", {}, run.about), el("td", {}, said.prediction),
          el("td", { class: "dv-num" }, said.classes.map((name, at) => `${name} ${percent(said.probabilities[at])}`).join("  ")),
          el("td", { class: "dv-num" }, Number.isFinite(said.total) ? said.total.toFixed(1) : "–"), el("td", { class: "dv-num" }, gate("video")), el("td", { class: "dv-num" }, gate("audio")));
      }).catch((error) => row.replaceChildren(el("th", { scope: "row" }, run.name), el("td", {}, run.about), el("td", { colSpan: 5, class: "dv-soft" }, reason(error))));
    }
    return el("div", { class: "dv-enc-scroll", tabIndex: 0, role: "region", "aria-label": "What finished runs say of this clip" }, table);
  }

  // Two runs on the whole cohort.

  onCohort() {
    const runs = this.roster.runs.map((run) => ({ ...run, value: run.id, text: `${run.about} · ${run.name}` }));
    const place = this.part("cohort"), title = head("dv-enc-cohort", "Two runs on the cohort", this.roster.synthetic && badge());
    const asked = (name) => runs.find((run) => run.id === this.query.get(name));
    // Two can be compared where they split the same people alike; encoders are compared where those differ.
    const besides = (one, other) => other !== one && other.proof === one.proof;
    const first = asked("first") ?? runs.find((one) => runs.some((other) => besides(one, other))) ?? runs[0];
    const second = asked("second") ?? runs.find((one) => besides(first, one) && one.encoders !== first.encoders) ?? runs.find((one) => besides(first, one));
    if (!second) {
      fill(place, title, el("p", { class: "dv-soft" }, "It takes two finished runs of this cohort on the same folds and seeds: train the same system on two pairs of encoders. ", el("a", { href: `/train?${this.query}` }, "Train one"), "."));
      return;
    }
    this.compared = el("div", { "aria-live": "polite" }, el("p", { class: "dv-soft" }, "Comparing …"));
    fill(place, title,
      el("div", { class: "dv-enc-choose" },
        picker("First", runs, first.id, (id) => { this.remember({ first: id }); this.onCohort(); }),
        picker("Second", runs.filter((one) => one === second || besides(first, one)), second.id, (id) => { this.remember({ second: id }); this.onCohort(); })),
      this.compared);
    this.compare(first.id, second.id);
  }

  async compare(first, second) {
    const answer = await fetch(`/studio/encoders/compare?${new URLSearchParams({ first, second })}`);
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) { fill(this.compared, el("p", { role: "alert" }, found.error ?? "These runs cannot be compared.")); return; }
    const rows = found.comparisons.filter((one) => one.level === "subject" && METRICS[one.metric]);
    const number = (value) => (Number.isFinite(value) ? value.toFixed(2) : "–");
    const paired = el("div", { class: "dv-enc-people" });
    fill(this.compared, el("div", { class: "dv-enc-scroll", tabIndex: 0, role: "region", "aria-label": "Differences per subject" },
      el("table", {}, el("caption", { class: "dv-sr" }, "Differences between two runs, per subject"), el("thead", {}, el("tr", {}, ["Given", "Metric", "First", "Second", "Difference", "95 % interval", "Wilcoxon p", "Holm"].map((name, at) => el("th", { scope: "col", class: at > 1 ? "is-number" : "" }, name)))),
        el("tbody", {}, rows.map((one) => {
          const clear = one.low > 0 || one.high < 0;
          return el("tr", { class: clear ? "is-clear" : "" }, el("td", {}, one.setting.split("+").map((m) => SENSE[m] ?? m).join(" + ")), el("th", { scope: "row" }, METRICS[one.metric]),
            el("td", { class: "dv-num" }, number(one.first)), el("td", { class: "dv-num" }, number(one.second)), el("td", { class: "dv-num" }, signed(one.difference ?? one.first - one.second, 2)),
            el("td", { class: "dv-num" }, `${signed(one.low, 2)} to ${signed(one.high, 2)}`), el("td", { class: "dv-num" }, p(one.wilcoxon_p)), el("td", { class: "dv-num" }, p(one.wilcoxon_holm_p)));
        })))),
      el("p", { class: "dv-soft" }, icon(ICONS.info), " First minus second, on predictions averaged over seeds, the same subjects drawn for both (bootstrap). Bold: the interval leaves zero out. Wilcoxon's test is over subjects, where a metric belongs to single subjects; Holm corrects for all tests of this table. The lists below average a subject's errors over clips and seeds, where the table averages what is predicted first: their numbers are another measure of the same."), paired);
    showPaired(paired, first, second);
  }
}

export function mount(element) {
  if (element.dataset.mounted) return;
  element.dataset.mounted = "yes";
  new Bench(element).open();
}
