// One run from near: how far it is, and when it is done, everything that came out.

import { coded, el, fill, request } from "./dom.js";
import { active, moment, state } from "./jobs_words.js";
import { reason } from "./jobs_poll.js";
import { grid } from "./train_now.js";
import { OBJECTIVES } from "./runs_list.js";
import { Attention } from "./runs_attention.js";
import { showMetrics } from "./runs_metrics.js";
import { Confusion } from "./runs_confusion.js";
import { showCalibration, showCurves } from "./runs_charts.js";
import { SETTINGS } from "./runs_words.js";

const TROUBLE = {
  interrupted: "Until it is finished there are no results. A run of the command line goes on when its command is given again.",
  failed: "This run failed. Its message says why; resume it once that is mended.",
  damaged: "A file of this run cannot be read. Nothing of it is shown.",
};

export class RunView {
  constructor(element, { id, remove }) {
    Object.assign(this, { element, id, remove, state: null });
    fill(element, el("p", { class: "dv-soft" }, "Reading the run …"));
  }

  close() { this.closed = true; }

  show({ run, members }) {
    document.title = `${run.system ?? "Run"} ${run.encoders ?? ""} · DIVINE`;
    const header = this.head(run);
    if (run.state !== "done") {
      fill(this.element, header, this.unfinished(run, members));
      this.state = run.state;
      return;
    }
    if (this.state === "done") return;
    this.state = "done";
    const section = (name, title) => el("section", { class: `dv-card dv-run-${name}`, "aria-labelledby": `dv-run-${name}-title` }, el("h2", { id: `dv-run-${name}-title` }, title), el("p", { class: "dv-soft" }, "Computing …"));
    const metrics = section("metrics", "Metrics");
    const confusion = section("confusion", "Confusion");
    const looked = section("looked", "What the models looked at");
    const calibration = section("calibration", "Calibration");
    const curves = section("curves", "Learning curves");
    fill(this.element, header, metrics, confusion, looked, el("div", { class: "dv-run-pair" }, run.objective !== "R" && calibration, curves), this.about(run));
    this.fill(metrics, "evaluation", (found) => showMetrics(metrics, found));
    new Confusion(confusion, run, this.settings(run)).begin();
    new Attention(looked, run).begin();
    if (run.objective !== "R") showCalibration(calibration, run, this.settings(run));
    this.fill(curves, "curves", (found) => showCurves(curves, found.curves));
  }

  settings(run) {
    const encoders = run.encoders.split("+");
    return encoders.length > 1 ? Object.keys(SETTINGS) : null;
  }

  async fill(section, what, show) {
    try {
      const found = await (await request(`/studio/runs/${encodeURIComponent(this.id)}/${what}`)).json();
      if (!this.closed) show(found);
    } catch (error) { fill(section, section.firstChild, el("p", { class: "dv-callout", role: "alert" }, reason(error))); }
  }

  head(run) {
    const facts = [run.cohort?.name, OBJECTIVES[run.objective], run.tasks && `${run.tasks} tasks`, run.folds && `${run.folds === "loso" ? "leave one subject out" : run.folds === "given" ? "given split" : `${run.folds} folds`} × ${run.seeds} ${run.seeds === 1 ? "seed" : "seeds"}`, moment(run.created_s)].filter(Boolean);
    const name = encodeURIComponent(run.id);
    return el("div", { class: "dv-run-head" },
      el("div", {}, el("h1", {}, `${run.system ?? run.name} ${run.encoders ?? ""}`.trim(), " ", run.synthetic && el("span", { class: "dv-badge" }, "SYNTHETIC")),
        el("p", { class: "dv-soft" }, state(run.state), " ", facts.join(" · ")),
        run.synthetic && el("p", { class: "dv-soft" }, "Trained and tested on rendered faces and voices: these numbers test the software and say nothing about patients.")),
      el("div", { class: "dv-run-actions" },
        run.state === "done" && [el("a", { class: "dv-button", href: `/studio/runs/${name}/predictions.parquet`, download: "" }, "Predictions (Parquet)"), el("a", { class: "dv-button", href: `/studio/runs/${name}/predictions.csv`, download: "" }, "CSV"),
          el("a", { class: "dv-button", href: `/reports?run=${name}` }, "Report")],
        run.judges && el("a", { class: "dv-button", href: `/assess?model=${name}`, title: "Let this run's models judge a recording that it has not seen" }, "Assess a recording"),
        !run.shipped && !active(run) && el("button", { type: "button", class: "dv-button", onclick: () => this.remove(run) }, "Delete")));
  }

  unfinished(run, members) {
    if (run.state === "damaged") return el("section", { class: "dv-card", "aria-label": "What is damaged" }, el("p", { class: "dv-callout dv-message" }, run.message), el("p", { class: "dv-note" }, TROUBLE.damaged));
    return el("section", { class: "dv-card", "aria-label": "Progress" },
      el("div", { class: "dv-progress-row" }, run.total > 0 && el("progress", { max: run.total, value: run.done, "aria-label": "Models trained" }), el("span", { role: "status" }, run.total ? `${run.done} of ${run.total} models trained` : "No model is trained yet")),
      run.message && el("p", { class: "dv-callout dv-message" }, run.message),
      TROUBLE[run.state] && el("p", { class: "dv-note" }, TROUBLE[run.state]),
      run.ours && el("p", { class: "dv-note" }, el("a", { href: `/train?job=${encodeURIComponent(run.id)}` }, active(run) ? "Watch it on the Train page" : "Resume it on the Train page")),
      members.length > 0 && grid(members));
  }

  about(run) {
    return el("section", { class: "dv-card", "aria-labelledby": "dv-run-about-title" }, el("h2", { id: "dv-run-about-title" }, "How it was made"),
      el("dl", { class: "dv-facts-list" },
        el("dt", {}, "Folds"), el("dd", {}, "Drawn by subject and stratified by diagnosis: nobody stands on two sides. Every number is of subjects that the model never saw."),
        el("dt", {}, "Split proof"), el("dd", {}, el("code", { class: "dv-proof" }, run.proof)),
        run.notes.length > 0 && [el("dt", {}, "Left out"), el("dd", {}, run.notes.map((note) => el("p", {}, coded(note))))],
        el("dt", {}, "Run"), el("dd", {}, run.name)));
  }
}
