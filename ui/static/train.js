// The Train page: what to train on the left, runs or the paper's tables, what is at work and the queue on the right. The server knows everything; this shows it.

import { el, fill, request } from "./dom.js";
import { Form } from "./train_form.js";
import { TablesForm } from "./train_tables.js";
import { showJobs } from "./train_jobs.js";
import { showNow } from "./train_now.js";
import { Poll } from "./jobs_poll.js";

const address = new URL(window.location.href);

export function mount(element) {
  const part = (name) => element.querySelector(`.dv-train-${name}`);
  const remember = (name, value) => {
    if (value) address.searchParams.set(name, value); else address.searchParams.delete(name);
    history.replaceState(history.state, "", address);
  };
  let chosen = address.searchParams.get("job");
  let jobs = [];

  const detail = new Poll(() => (chosen ? `/studio/work/${encodeURIComponent(chosen)}` : null), (found) => {
    showNow(part("now"), found, actions);
    return found.job.state === "running" || found.job.state === "queued";
  }, () => choose(null));
  const list = new Poll(() => "/studio/work", (found) => {
    jobs = found.jobs;
    if (!chosen) choose((jobs.find((job) => job.state === "running") ?? jobs.find((job) => job.state === "queued"))?.id ?? null, false);
    showJobs(part("jobs"), jobs, chosen, actions);
    return jobs.some((job) => job.state === "running" || job.state === "queued");
  });

  function choose(id, keep = true) {
    chosen = id;
    if (keep) remember("job", id);
    if (id) detail.now(); else { part("now").hidden = true; fill(part("now")); }
    showJobs(part("jobs"), jobs, chosen, actions);
  }

  const act = async (id, method, what) => {
    await request(`/studio/work/${encodeURIComponent(id)}${what}`, { method });
    await Promise.all([list.now(), id === chosen && method !== "DELETE" ? detail.now() : null]);
  };
  const actions = {
    choose,
    cancel: (id) => act(id, "POST", "/cancel"),
    resume: (id) => act(id, "POST", "/resume"),
    forget: async (id) => { await act(id, "DELETE", ""); if (id === chosen) choose(null); },
  };

  const launched = { onCohort: (id) => remember("cohort", id), onLaunched: async (ids) => { await list.now(); choose(ids[0]); } };
  const forms = [["runs", "Runs and sweeps", Form, part("runs")], ["tables", "The paper's tables", TablesForm, part("tables")]];
  function order(kind) {
    remember("work", kind === "runs" ? null : kind);
    fill(part("kind"), forms.map(([name, title]) => el("button", { type: "button", "aria-pressed": String(name === kind), "data-kind": name, onclick: () => { order(name); part("kind").querySelector(`[data-kind=${name}]`).focus(); } }, title)));
    const cohort = address.searchParams.get("cohort") ?? "";
    for (const one of forms) {
      const [name, , Kind, place, form] = one;
      place.hidden = name !== kind;
      if (name === kind && form?.cohort !== cohort) (one[4] = new Kind(place, { cohort, ...launched })).begin();  // what was chosen stays
    }
  }
  fill(part("jobs"), el("h2", { id: "dv-train-jobs-title" }, "Jobs"), el("p", { class: "dv-soft" }, "Reading the queue …"));
  order(address.searchParams.get("work") === "tables" ? "tables" : "runs");
  list.begin();
  detail.begin();
}
