// The Session page: which clip, of which run, beside which other. The address says it all, so a link brings a colleague here.

import { ICONS, el, fill, icon, request } from "./dom.js";
import { group } from "./format.js";
import { badge, picker } from "./session_bits.js";
import { ClipView } from "./session_clip.js";
import { showAttention, showRemoval } from "./session_explain.js";
import { task, taskLong } from "./session_names.js";
import { showPrediction, showRatings, showTasks } from "./session_run.js";
import { Together } from "./session_together.js";
import { typing } from "./shell.js";

const WAIT_MS = 400;
const STORED_MS = 400;

export function mount(element) { new Session(element.querySelector(".dv-session")); }

class Session {
  constructor(root) {
    this.root = root;
    this.views = root.querySelector(".dv-se-views");
    this.pickers = root.querySelector(".dv-se-pickers");
    const query = new URLSearchParams(location.search);
    this.cohort = query.get("cohort") || "default";
    this.run = query.get("run") || "";
    this.against = query.get("against") || "";
    this.start = Number(query.get("t")) || 0;
    this.wanted = { clip: query.get("clip"), beside: query.get("beside") };
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("popstate", () => this.restore());
    this.load();
  }

  async load() {
    try {
      this.roster = await (await request(`/studio/session/${encodeURIComponent(this.cohort)}`)).json();
    } catch (error) {
      this.empty("This cohort is not here", error.status === 404 ? "The studio knows no such cohort. Open it on the Cohort page, then choose a clip." : "The studio does not answer. Is it still running?");
      return;
    }
    if (this.roster.state === "loading") { this.empty("Reading the cohort", this.roster.name, false); setTimeout(() => this.load(), WAIT_MS); return; }
    if (this.roster.state === "failed") { this.empty("This cohort cannot be read", this.roster.message); return; }
    this.root.querySelector(".dv-failure").hidden = true;
    this.clips = this.roster.subjects.flatMap((subject, row) => subject.clips.map((clip) => ({ ...clip, subject, row })));
    if (!this.clips.length) { this.empty("This cohort has no clips", "Open another one on the Cohort page."); return; }
    // A link may name the cohort that the studio was started with by no id at all: from here on it has one.
    this.cohort = this.roster.id;
    if (!this.roster.runs.some((one) => one.id === this.run) && !this.run) this.run = this.roster.runs[0]?.id ?? "";
    const first = this.find(this.wanted.clip);
    if (this.wanted.clip && !first) { this.empty("This clip is not here", "The cohort has no such clip. Choose one on the Cohort page, or begin with the first.", true, this.clips[0].key); return; }
    this.show(first ?? this.clips[0], { push: false });
    const other = this.find(this.wanted.beside);
    if (other) this.compare(other, { push: false });
  }

  // Back and forward: what the address says now.
  restore() {
    const query = new URLSearchParams(location.search);
    const clip = this.find(query.get("clip"));
    if (!clip || query.get("cohort") !== this.cohort) { location.reload(); return; }
    this.run = query.get("run") || "";
    this.against = query.get("against") || "";
    this.start = Number(query.get("t")) || 0;
    this.show(clip, { push: false });
    const other = this.find(query.get("beside"));
    if (other !== (this.beside ?? undefined)) this.compare(other, { push: false });
  }

  find(key) { return this.clips?.find((one) => one.key === key); }

  get base() { return `/studio/session/${encodeURIComponent(this.cohort)}`; }

  show(clip, { push = true } = {}) {
    this.clip = clip;
    this.view?.close();
    const start = this.start;
    this.start = 0;
    this.view = this.opened(clip, start);
    this.views.prepend(this.view.node);
    this.title();
    this.address(push);
  }

  compare(clip, { push = true } = {}) {
    this.second?.close();
    this.second = clip ? this.opened(clip, 0) : null;
    this.beside = clip ?? null;
    this.together?.close();
    this.together = null;
    if (this.second) this.views.append(this.second.node);
    this.views.classList.toggle("is-pair", Boolean(this.second));
    this.title();
    this.address(push);
    this.pair();
  }

  opened(clip, start) {
    return new ClipView(this.base, clip.key, { start,
      onFacts: (view) => { this.title(); this.judge(view); },
      onReady: () => { this.pair(); this.remember(); } });
  }

  // Two players become one once both are there.
  pair() {
    this.together?.close();
    this.together = null;
    if (this.view?.connected && this.second?.connected) this.together = new Together(this.view, this.second, this.pickers);
  }

  title() {
    const { clip, view, beside } = this;
    const names = (one) => `${one.subject.id} · ${task(one.task)}`;
    fill(this.root.querySelector(".dv-name"), el("span", {}, beside ? `${names(clip)}, beside ${names(beside)}` : names(clip)), this.roster.synthetic && [" ", badge()]);
    document.title = `${names(clip)} · DIVINE`;
    const said = view?.facts && !beside ? view.describe() : [this.roster.name];
    fill(this.root.querySelector(".dv-facts"), said.map((one) => el("span", {}, one)));
    for (const [one, other] of [[this.view, clip], [this.second, beside]]) {
      if (one) fill(one.title, beside && [el("h2", {}, names(other)), el("p", { class: "dv-facts" }, (one.facts ? one.describe() : []).map((fact) => el("span", {}, fact)))]);
    }
    this.pick();
  }

  pick() {
    const { clip, roster } = this;
    const several = roster.several_datasets;
    const subjects = roster.subjects.map((subject, row) => ({ value: String(row), text: subject.id, group: several ? `${group(subject.group)}, ${subject.dataset}` : group(subject.group) }));
    const tasks = clip.subject.clips.map((one) => ({ value: one.key, text: taskLong(one.task) + (one.session && clip.subject.clips.filter((other) => other.task === one.task).length > 1 ? `, session ${one.session}` : "") }));
    const step = (path, title, act) => el("button", { type: "button", class: "dv-quiet", title, "aria-label": title, onclick: act }, icon(path));
    const others = this.clips.filter((one) => one.key !== clip.key && (one.subject === clip.subject || one.task === clip.task));
    const beside = [{ value: "", text: "Nothing" }, ...others.map((one) => ({ value: one.key, text: `${one.subject.id} · ${task(one.task)}${one.session ? `, ${one.session}` : ""}`, group: one.subject === clip.subject ? "The same person" : `${group(one.subject.group)}, same task` }))];
    if (this.beside && !others.some((one) => one.key === this.beside.key)) beside.push({ value: this.beside.key, text: `${this.beside.subject.id} · ${task(this.beside.task)}` });
    const runs = roster.runs.map((one) => ({ value: one.id, text: one.about ? `${one.name} · ${one.about}` : one.name }));
    if (this.run && !runs.some((one) => one.value === this.run)) runs.push({ value: this.run, text: this.run });
    fill(this.pickers,
      el("div", { class: "dv-se-group" }, step(ICONS.back, "Previous subject, same task (Shift+P)", () => this.move("subject", -1)),
        picker("Subject", subjects, String(clip.row), (row) => this.show(this.nearTo(Number(row)))), step(ICONS.on, "Next subject, same task (Shift+N)", () => this.move("subject", 1))),
      el("div", { class: "dv-se-group" }, step(ICONS.back, "Previous task (P)", () => this.move("task", -1)),
        picker("Task", tasks, clip.key, (key) => this.show(this.find(key))), step(ICONS.on, "Next task (N)", () => this.move("task", 1))),
      picker("Beside", beside, this.beside?.key ?? "", (key) => this.compare(this.find(key))),
      runs.length ? picker("Run", runs, this.run, (run) => this.choose(run)) : null, this.together?.tool);
  }

  // The clip of another subject that is most like this one: the same task and session, else the same task, else the first.
  nearTo(row) {
    const { clips } = this.roster.subjects[row];
    const like = clips.find((one) => one.task === this.clip.task && one.session === this.clip.session) ?? clips.find((one) => one.task === this.clip.task) ?? clips[0];
    return this.find(like.key);
  }

  move(what, by) {
    if (!this.clip) return;
    if (what === "task") {
      const { clips } = this.clip.subject;
      const at = clips.findIndex((one) => one.key === this.clip.key);
      this.show(this.find(clips[(at + by + clips.length) % clips.length].key));
      return;
    }
    const count = this.roster.subjects.length;
    for (let tried = 1; tried <= count; tried += 1) {
      const row = (this.clip.row + by * tried + tried * count) % count;
      if (this.roster.subjects[row].clips.some((one) => one.task === this.clip.task)) { if (row !== this.clip.row) this.show(this.nearTo(row)); return; }
    }
  }

  choose(run) {
    this.run = run;
    this.address(true);
    for (const view of [this.view, this.second]) if (view?.facts) this.judge(view);
  }

  async judge(view) {
    const { parts, facts } = view;
    const onOpen = (key) => { this.show(this.find(key)); window.scrollTo({ top: 0 }); };
    if (!view.asked) showRatings(parts.severity, null, facts);
    if (!this.run) {
      fill(parts.prediction, el("div", { class: "dv-head" }, el("h2", {}, "Prediction")),
        el("p", { class: "dv-soft" }, "No run was made of this cohort yet. ", el("a", { href: `/train?cohort=${encodeURIComponent(this.cohort)}` }, "Train one"), ", and its predictions, attention and gates for this clip appear here."));
      parts.prediction.hidden = false;
      return;
    }
    const asked = `${this.base}/${view.key}/run/${encodeURIComponent(this.run)}?against=${encodeURIComponent(this.against)}`;
    if (view.asked === asked) return;
    view.asked = asked;
    let said;
    try {
      said = await (await request(asked)).json();
    } catch (error) {
      for (const name of ["attention", "removal", "tasks"]) parts[name].hidden = true;
      fill(parts.prediction, el("div", { class: "dv-head" }, el("h2", {}, "Prediction")), el("p", { class: "dv-callout" }, icon(ICONS.info), el("span", {}, reason(error))));
      parts.prediction.hidden = false;
      return;
    }
    if (view.closed || view.asked !== asked) return;
    showPrediction(parts.prediction, said, facts);
    showRatings(parts.severity, said, facts);
    showTasks(parts.tasks, said, facts, view.key, onOpen);
    showAttention(parts.attention, said, { run: this.run, facts }, (against) => { this.against = against; this.address(false); this.judge(view); });
    showRemoval(parts.removal, said);
    view.node.dataset.judged = "yes";
  }

  address(push) {
    const query = new URLSearchParams({ cohort: this.cohort, clip: this.clip.key });
    if (this.run) query.set("run", this.run);
    if (this.beside) query.set("beside", this.beside.key);
    if (this.against) query.set("against", this.against);
    const time = this.view.player?.time ?? this.view.start;
    if (!push && time > 0) query.set("t", time.toFixed(3));
    const where = `${location.pathname}?${query}`;
    if (push && where !== `${location.pathname}${location.search}`) history.pushState(null, "", where); else history.replaceState(null, "", where);
  }

  // The moment stands in the address a little after the picture has come to rest.
  remember() {
    const { view } = this;
    if (view.remembered || !view.player) return;
    view.remembered = true;
    view.player.listeners.add(() => {
      clearTimeout(this.later);
      if (view.player.media.paused) this.later = setTimeout(() => { if (!view.closed) this.address(false); }, STORED_MS);
    });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]") || !this.root.isConnected) return;
    const letter = event.key.toLowerCase();
    const by = event.shiftKey ? -1 : 1;
    const { view } = this;
    if (letter === "n") this.move(event.shiftKey ? "subject" : "task", 1);
    else if (letter === "p") this.move(event.shiftKey ? "subject" : "task", -1);
    else if (letter === "r" && view?.repetitions) { if (view.repetitions.range) view.repetitions.set(null); else view.repetitions.at(view.player.time); }
    else if (letter === "h" && view?.hand) view.player.seekFrame(view.hand.next(view.player.frame, by));
    else return;
    event.preventDefault();
  }

  empty(title, message, final = true, first = null) {
    const failure = this.root.querySelector(".dv-failure");
    fill(failure, icon(ICONS.info), el("div", {}, el("h2", {}, title), el("p", {}, message),
      final && el("p", {}, el("a", { class: "dv-button is-primary", href: "/cohort" }, "To the cohorts"),
        first && [" ", el("button", { type: "button", class: "dv-button", onclick: () => { failure.hidden = true; this.show(this.find(first)); } }, "The first clip")])));
    failure.hidden = false;
  }
}

function reason(error) {
  try { return JSON.parse(error.message).error ?? error.message; } catch { return "The run cannot be read."; }
}
