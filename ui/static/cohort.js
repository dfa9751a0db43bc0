// The Cohort page: opens a cohort, follows its loading, and puts grid, filters, panel and problems together.

import { Filters } from "./cohort_filters.js";
import { Grid } from "./cohort_grid.js";
import { Cohort } from "./cohort_model.js";
import { Opener } from "./cohort_open.js";
import { Panel } from "./cohort_panel.js";
import { showProblems } from "./cohort_problems.js";
import { ICONS, el, fill, icon, reason, request } from "./dom.js";
import { group } from "./format.js";

const POLL_MS = 300;
const REFRESH_MS = 1500;
const STAGES = { reading: "Reading the cohort", "checking files": "Checking its files", "checking quality": "Checking quality", "opening recordings": "Opening every recording", waiting: "Waiting for other work" };

export function mount(element) { new CohortPage(element.querySelector(".dv-cohort")); }

class CohortPage {
  constructor(root) {
    this.root = root;
    this.query = new URLSearchParams(location.search);
    this.wanted = this.query.get("cohort") || "default";
    this.revision = -1;
    this.refreshed = 0;
    this.opener = new Opener(root.querySelector(".dv-open"), (id) => this.go(id));
    this.grid = new Grid(root.querySelector(".dv-grid"), (subject, clip) => this.panel.show(subject, clip));
    this.filters = new Filters(root.querySelector(".dv-filters"), this.query, {
      changed: () => this.filtered(), run: (id) => { this.keep("run", id); this.say(id); }, work: (what) => this.work(what) });
    this.panel = new Panel(root.querySelector(".dv-panel"));
    window.addEventListener("popstate", () => location.reload());
    this.start();
  }

  part(name) { return this.root.querySelector(`.dv-${name}`); }

  get base() { return `/studio/cohorts/${encodeURIComponent(this.wanted)}`; }

  // What a link to this page is to show.
  keep(name, value) {
    this.query = new URLSearchParams(location.search);
    this.query.set(name, value);
    history.replaceState(null, "", `${location.pathname}?${this.query}`);
  }

  go(id) { location.assign(`/cohort?cohort=${encodeURIComponent(id)}`); }

  async start() {
    // The owner's cookie: nothing else answers before it is there.
    await request("/studio/session");
    await this.opener.list(this.wanted);
    this.poll();
  }

  async poll() {
    if (!this.root.isConnected) return;
    try {
      this.standing = await (await request(this.base)).json();
      if (this.standing.state === "ready") await this.refresh();
    } catch (error) {
      if (error.status === 404) { this.fail("This cohort is not here", "The studio does not know it, or no longer. Open its folder or manifest above."); return; }
      if (error.status) { this.fail("The page could not show this", error.message); throw error; }
      this.working("The studio does not answer. Is it still running? Trying again.");
      setTimeout(() => this.poll(), 4 * POLL_MS);
      return;
    }
    const { state, busy, stage, fraction, message, name } = this.standing;
    if (state === "failed") { this.fail(`${name} cannot be opened`, message); return; }
    if (this.cohort && busy !== this.busy) { this.busy = busy; this.showProblems(); }
    this.working(busy ? STAGES[stage] ?? "Working" : "", fraction, stage);
    this.root.setAttribute("aria-busy", String(state !== "ready"));
    if (busy || state !== "ready") setTimeout(() => this.poll(), POLL_MS);
  }

  // While something works on the cohort its clips change many times a second: now and then is enough to watch.
  async refresh() {
    const { revision, busy } = this.standing;
    if (revision === this.revision || (busy && this.cohort && performance.now() - this.refreshed < REFRESH_MS)) return;
    const facts = await (await request(`${this.base}/grid`)).json();
    this.revision = facts.revision;
    this.refreshed = performance.now();
    const said = this.cohort?.said;
    this.cohort = new Cohort(facts);
    if (said) this.cohort.hear(said.run, said.clips);
    this.show();
    if (!this.runs) this.listRuns();
  }

  async listRuns() {
    this.runs = await (await request(`${this.base}/runs`)).json();
    const asked = this.runs.find((one) => one.id === this.query.get("run")) ?? this.runs[0];
    this.filters.offerRuns(this.runs, asked?.id ?? "");
    await this.say(asked?.id);
  }

  async say(id) {
    const run = this.runs.find((one) => one.id === id) ?? null;
    const ticket = (this.asked = Symbol(id));
    if (this.cohort.said) { this.cohort.wait(); this.show(); }
    let said = {};
    try {
      if (run) said = await (await request(`${this.base}/said?run=${encodeURIComponent(id)}`)).json();
    } catch (error) { this.opener.say(reason(error)); }
    if (ticket !== this.asked) return;
    this.cohort.hear(run, said);
    this.show();
  }

  show() {
    const { facts } = this.cohort;
    document.title = `${facts.name} · DIVINE`;
    fill(this.part("name"), el("span", {}, facts.name), facts.synthetic && [" ", el("span", { class: "dv-badge" }, "SYNTHETIC")]);
    fill(this.part("facts"), this.facts().map((fact) => el("span", {}, fact)));
    this.part("browse").hidden = facts.clips.length === 0;
    if (facts.clips.length === 0) this.fail("This cohort has no clips", "Nothing in it could be loaded: the table of problems says why, row by row.");
    this.filters.offer(this.cohort);
    this.grid.build(this.cohort);
    this.filtered();
    this.showProblems();
  }

  showProblems() { showProblems(this.part("problems"), this.cohort.facts, this.standing.busy, (what) => this.work(what)); }

  facts() {
    const { facts, subjects } = this.cohort;
    const people = facts.groups.map((name) => `${subjects.filter((one) => one.group === name).length} ${group(name)}`);
    const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
    return [
      plural(subjects.length, "subject") + (people.length ? `: ${people.join(", ")}` : ""),
      plural(facts.clips.length, "clip"),
      plural(facts.tasks.length, "task"),
      facts.raters.length ? `rated by ${facts.raters.join(" and ")}` : "no ratings",
      facts.kind === "tnf" ? "Toronto NeuroFace layout" : "from a manifest",
    ];
  }

  filtered() {
    const clips = this.filters.apply(this.cohort);
    this.grid.filter(new Set(clips), this.filters.task);
    const people = new Set(clips.map((clip) => clip.subject)).size;
    const all = this.cohort.clips.length;
    fill(this.part("shown"), clips.length === all ? `All ${all} clips` : `${clips.length} of ${all} clips`, `, ${people} subject${people === 1 ? "" : "s"}`,
      clips.length === 0 && [" · ", el("button", { type: "button", class: "dv-quiet", onclick: () => this.filters.reset() }, "Show all")]);
    this.panel.keep(this.cohort, clips);
  }

  async work(what) {
    const stop = what === "stop";
    try {
      await request(`${this.base}/work`, stop ? { method: "DELETE" } : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ what }) });
    } catch (error) {
      this.opener.say(reason(error));
      return;
    }
    if (!stop) this.poll();
  }

  working(text, fraction = 0, stage = "") {
    const line = this.part("working");
    line.hidden = !text;
    if (!text) { fill(line); return; }
    const measured = fraction > 0;
    fill(line, el("span", {}, text + (measured ? ` · ${Math.floor(100 * fraction)} %` : " …")), el("progress", measured ? { max: 1, value: fraction, "aria-label": text } : { "aria-label": text }),
      ["checking quality", "opening recordings", "waiting"].includes(stage) && el("button", { type: "button", class: "dv-quiet", onclick: () => this.work("stop") }, "Stop"));
  }

  fail(title, message) {
    this.working("");
    this.root.setAttribute("aria-busy", "false");
    const failure = this.part("failure");
    fill(failure, icon(ICONS.warn), el("div", {}, el("h2", {}, title), el("p", {}, message),
      this.opener.shipped !== this.standing?.id && el("p", {}, el("a", { class: "dv-button", href: `/cohort?cohort=${this.opener.shipped}` }, "Show the demonstration cohort"))));
    failure.hidden = false;
  }
}
