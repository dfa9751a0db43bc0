// The queue and what has been: a row per job, with what can be done about it.

import { el, fill } from "./dom.js";
import { jobState, moment, state } from "./jobs_words.js";
import { reason } from "./jobs_poll.js";
import { protocol, tablesLink } from "./runs_tables.js";

export function showJobs(section, jobs, chosen, actions) {
  const focus = document.activeElement?.dataset?.key;
  const trouble = el("p", { class: "dv-soft", role: "alert" });
  const doing = (act) => async (event) => {
    event.target.disabled = true;
    try { await act(); } catch (error) { trouble.textContent = reason(error); event.target.disabled = false; }
  };
  const button = (job, key, title, act, says) => el("button", { type: "button", class: "dv-quiet", title: says ?? null, "data-key": `${key} ${job.id}`, "aria-label": `${title} ${job.title}`, onclick: doing(act) }, title);
  const waits = (job) => {
    const before = jobs.filter((one) => one.device === job.device && (one.state === "running" || (one.state === "queued" && one.queued_s < job.queued_s))).length;
    return before > 0 && `${before} before it`;
  };
  const row = (job) => {
    const active = job.state === "queued" || job.state === "running";
    return el("tr", { "data-job": job.id, "data-state": job.state, class: job.id === chosen ? "is-chosen" : "" },
      el("td", {}, state(jobState(job))),
      el("th", { scope: "row" }, el("button", { type: "button", class: "dv-link", "data-key": `show ${job.id}`, "aria-current": job.id === chosen ? "true" : null, onclick: () => actions.choose(job.id) }, job.title),
        el("span", { class: "dv-soft dv-num" }, [job.asked.folds && protocol(job.asked), job.state === "queued" && waits(job), job.state !== "done" && job.total ? `${job.stage} ${job.done}/${job.total}` : "", moment(job.queued_s), job.device === "cpu" ? "" : job.device].filter(Boolean).join(" · "))),
      el("td", { class: "dv-row-actions" },
        active && button(job, "cancel", "Cancel", () => actions.cancel(job.id)),
        (job.state === "interrupted" || job.state === "failed") && button(job, "resume", "Resume", () => actions.resume(job.id)),
        job.left_out > 0 && button(job, "rest", "Train the rest", () => actions.resume(job.id), `${job.left_out} ${job.left_out === 1 ? "run was" : "runs were"} left out: trains those whose weights or features have come since`),
        job.state === "done" && job.kind === "train" && el("a", { class: "dv-quiet dv-open", href: `/runs?run=${encodeURIComponent(job.id)}`, "aria-label": `Results of ${job.title}` }, "Results"),
        job.has_tables && el("a", { class: "dv-quiet dv-open", href: tablesLink(job.id), "aria-label": `Tables of ${job.title}` }, "Tables"),
        // An unfinished run goes by its own page, with its job: the way to resume it must not be lost alone.
        job.state === "done" && job.kind === "sweep" && el("a", { class: "dv-quiet dv-open", href: `/runs?cohort=${encodeURIComponent(job.cohort)}`, "aria-label": `Results of ${job.title}` }, "Results"),
        !active && job.state !== "done" && job.has_run && el("a", { class: "dv-quiet dv-open", href: `/runs?run=${encodeURIComponent(job.id)}`, "aria-label": `Run of ${job.title}` }, "Run"),
        !active && (job.state === "done" || !job.has_run) && button(job, "forget", "Remove", () => actions.forget(job.id))));
  };
  fill(section, el("h2", { id: "dv-train-jobs-title" }, "Jobs"),
    jobs.length === 0
      ? el("p", { class: "dv-soft" }, "Nothing has been launched yet. What you launch is listed here and goes on by itself.")
      : el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-labelledby": "dv-train-jobs-title" }, el("table", { class: "dv-jobs" },
        el("thead", {}, el("tr", {}, ["State", "Job", "Actions"].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, jobs.map(row)))),
    trouble);
  if (focus) section.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
}
