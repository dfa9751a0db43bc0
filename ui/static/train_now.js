// One job from near: its stage, and a cell for every fold of every seed with its validation loss as it falls.

import { el, fill } from "./dom.js";
import { number, sentence } from "./format.js";
import { duration, jobState, state, STATES } from "./jobs_words.js";
import { spark } from "./jobs_spark.js";
import { reason } from "./jobs_poll.js";
import { tablesLink } from "./runs_tables.js";

const STAGES = {
  features: (done, total) => `Extracting features: ${done} of ${total} clips`,
  extracting: (done, total) => `Extracting features: ${done} of ${total} clips`,
  training: (done, total) => `Training: ${done} of ${total} models`,
  runs: (done, total) => `${done} of ${total} runs`,
  tables: (done, total) => (done < total ? `Writing the tables: ${done} of ${total}` : "The tables are written"),
  evaluating: (done) => (done ? "Evaluated" : "Evaluating"),
};

const LEARNS = { M: "diagnosis and severity", C: "diagnosis", R: "severity" };
const GIVEN = { "audio+video": "face and voice", video: "face only", audio: "voice only" };

export function showNow(section, { job, members, left_s: left }, actions) {
  const focus = document.activeElement?.dataset?.key;
  const trouble = el("p", { class: "dv-soft", role: "alert" });
  const doing = (act) => async (event) => {
    event.target.disabled = true;
    try { await act(); } catch (error) { trouble.textContent = reason(error); event.target.disabled = false; }
  };
  const active = job.state === "queued" || job.state === "running";
  const says = job.state === "queued" ? `Waits until ${job.device === "cpu" ? "the processor" : job.device} is free.`
    : job.total ? (STAGES[job.stage] ?? ((done, total) => `${sentence(job.stage)}: ${done} of ${total}`))(job.done, job.total)
      : job.state === "running" ? "Starting" : "";
  fill(section,
    el("div", { class: "dv-head" }, el("h2", { id: "dv-train-now-title" }, job.title), state(jobState(job))),
    el("p", { class: "dv-soft dv-asked" }, describe(job)),
    (says || job.message) && el("div", { class: "dv-progress-row" },
      job.total > 0 && el("progress", { max: job.total, value: job.done, "aria-label": says }),
      el("span", { class: "dv-says dv-num", role: "status" }, says),
      left !== null && left !== undefined && el("span", { class: "dv-soft dv-num" }, `about ${duration(left)} left`),
      active && el("button", { type: "button", class: "dv-button", "data-key": "now cancel", onclick: doing(() => actions.cancel(job.id)) }, "Cancel"),
      (job.state === "interrupted" || job.state === "failed") && el("button", { type: "button", class: "dv-button", "data-key": "now resume", onclick: doing(() => actions.resume(job.id)) }, "Resume"),
      job.state === "done" && job.kind === "train" && el("a", { class: "dv-button", href: `/runs?run=${encodeURIComponent(job.id)}` }, "See the results"),
      job.has_tables && el("a", { class: "dv-button", href: tablesLink(job.id) }, job.state === "done" ? "See the tables" : "See the tables so far")),
    job.message && el("p", { class: "dv-callout" }, job.message),
    members.length > 0 && grid(members),
    trouble);
  section.hidden = false;
  section.dataset.job = job.id;
  section.dataset.state = job.state;
  if (focus) section.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
}

function describe(job) {
  const { asked } = job;
  const folds = asked.folds === "loso" ? "one subject left out at a time" : asked.folds === "given" ? "the given split" : `${asked.folds} folds`;
  if (asked.what) return [parts(asked.what), `${folds} × ${asked.seeds} ${asked.seeds === 1 ? "seed" : "seeds"}`, `at most ${asked.epochs} ${asked.epochs === 1 ? "epoch" : "epochs"}`].join(" · ");
  const pairs = [asked.video, asked.audio].filter((one) => one?.length).map((one) => one.join(", ")).join(" × ");
  if (asked.systems) return [asked.systems.join(", "), pairs, asked.objectives.map((one) => LEARNS[one]).join(" / "), asked.tasks.map((one) => `${one} tasks`).join(" / "), asked.train_modalities?.length > 1 ? asked.train_modalities.map((one) => GIVEN[one]).join(" / ") : "", `${folds} × ${asked.seeds} ${asked.seeds === 1 ? "seed" : "seeds"}`, `at most ${asked.epochs} ${asked.epochs === 1 ? "epoch" : "epochs"}`].filter(Boolean).join(" · ");
  if (!asked.system) return asked.encoders ?? "";
  return [`${asked.tasks === "all" ? "all" : asked.tasks} tasks`, LEARNS[asked.objective], `${folds} × ${asked.seeds} ${asked.seeds === 1 ? "seed" : "seeds"}`, asked.epochs && asked.epochs !== 50 && `at most ${asked.epochs} ${asked.epochs === 1 ? "epoch" : "epochs"}`, asked.modalities && asked.modalities !== "audio+video" ? GIVEN[asked.modalities] : "", asked.precision === "bfloat16" && "bfloat16", asked.engine && asked.engine !== "auto" && (asked.engine === "stacked" ? "as one stack" : "one by one"), asked.baselines.length ? `beside ${asked.baselines.join(", ")}` : ""].filter(Boolean).join(" · ");
}

const parts = (what) => (what === "all" ? "Tables 1 to 9 and Figure 3" : what.split(",").map((name) => (name === "figure3" ? "Figure 3" : `Table ${name.slice(5)}`)).join(", "));

export function grid(members) {
  const folds = [...new Set(members.map((one) => one.fold))].sort((a, b) => a - b);
  const seeds = [...new Set(members.map((one) => one.seed))].sort((a, b) => a - b);
  const of = new Map(members.map((one) => [`${one.fold} ${one.seed}`, one]));
  // One scale for all cells, so that they can be compared; losses of the first epochs may tower over the rest.
  const values = members.flatMap((one) => one.validation);
  const range = [Math.min(...values), Math.max(...values)];
  const cell = (fold, seed) => {
    const one = of.get(`${fold} ${seed}`);
    if (!one) return el("td", {});
    const epochs = one.validation.length;
    const best = epochs ? Math.min(...one.validation) : null;
    const told = [STATES[one.state][0], epochs ? `epoch ${epochs}, lowest validation loss ${number(best)}` : "", one.seconds ? duration(one.seconds) : ""].filter(Boolean).join(", ");
    return el("td", { class: `dv-cell is-${one.state}`, "data-member": `f${fold}s${seed}`, "data-state": one.state, title: `Fold ${fold + 1}, seed ${seed}: ${told}` },
      el("span", { class: "dv-sr" }, told), el("span", { "aria-hidden": "true", class: "dv-cell-face" }, epochs > 1 ? spark(one.validation, range) : null,
        el("span", { class: "dv-num" }, one.state === "done" ? "✓" : one.state === "training" ? `${epochs}` : "·")));
  };
  return el("div", { class: "dv-scroll dv-grid-scroll", tabindex: 0, role: "region", "aria-label": "Folds and seeds" },
    el("table", { class: "dv-grid" },
      el("caption", { class: "dv-soft" }, "A cell per model: its validation loss by epoch, all on one scale. ✓ done, a number: the epoch it is in, · waiting."),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Seed"), folds.map((fold) => el("th", { scope: "col" }, `Fold ${fold + 1}`)))),
      el("tbody", {}, seeds.map((seed) => el("tr", {}, el("th", { scope: "row" }, String(seed)), folds.map((fold) => cell(fold, seed)))))));
}
