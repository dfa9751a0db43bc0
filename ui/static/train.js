// The Train page: a form on the left, what is at work and the queue on the right. The server knows everything; this shows it.

import { el, fill, request } from "./dom.js";
import { Form } from "./train_form.js";
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

  const form = new Form(part("form"), {
    cohort: address.searchParams.get("cohort") ?? "",
    onCohort: (id) => remember("cohort", id),
    onLaunched: async (ids) => { await list.now(); choose(ids[0]); },
  });
  fill(part("jobs"), el("h2", { id: "dv-train-jobs-title" }, "Jobs"), el("p", { class: "dv-soft" }, "Reading the queue …"));
  form.begin();
  list.begin();
  detail.begin();
}
