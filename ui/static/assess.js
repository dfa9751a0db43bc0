// Follows one assessment and shows each part as it becomes available. A reload with ?id= takes it up again.

import { ICONS, el, fill, icon, reason, request } from "./dom.js";
import { clock, number } from "./format.js";
import { showMeasures, showQuality } from "./measures.js";
import { Player } from "./player.js";
import { Plot } from "./plot.js";
import { showProgress } from "./progress.js";
import { showAttention, showDiagnosis, showNotes, showSeverity, showSkeleton, syntheticBadge } from "./report.js";
import { parseTrack } from "./track.js";

const POLL_MS = 250;
const OVER = new Set(["done", "failed", "cancelled"]);

export function mount(element, props, watch) {
  const root = element.querySelector(".dv-assessment");
  const pristine = root.cloneNode(true);
  let view = null;

  function open(id) {
    view?.close();
    const fresh = pristine.cloneNode(true);
    root.replaceChildren(...fresh.childNodes);
    root.hidden = false;
    document.body.dataset.page = "result";
    history.replaceState(null, "", `${location.pathname}?id=${encodeURIComponent(id)}`);
    view = new View(root, id);
    window.scrollTo(0, 0);
  }

  watch("value", () => {
    const answer = JSON.parse(props.value || "{}");
    if (answer.job) { window.dispatchEvent(new Event("divine-spent")); open(answer.job); }
    else if (answer.error) document.querySelector("#dv-intake .dv-trouble").textContent = answer.error;
  });

  const query = new URLSearchParams(location.search);
  if (query.get("id")) open(query.get("id"));
  else if (query.get("clip")) fromCohort(query.get("cohort") || "default", query.get("clip")).then(open, refuse);

  function refuse(error) {
    root.hidden = false;
    document.body.dataset.page = "result";
    root.querySelector(".dv-name").textContent = "Nothing to show";
    fill(root.querySelector(".dv-failure"), icon(ICONS.warn), el("div", {}, el("h2", {}, "This clip cannot be assessed"), el("p", {}, error.message),
      el("p", {}, el("a", { class: "dv-button is-primary", href: "/cohort" }, "Choose another clip"))));
    root.querySelector(".dv-failure").hidden = false;
  }
}

// A link to a clip of a cohort, which may still be on its way in.
async function fromCohort(cohort, clip) {
  const base = `/studio/cohorts/${encodeURIComponent(cohort)}`;
  await request("/studio/session");
  while ((await (await request(base)).json()).state === "loading") await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  try {
    return (await (await request(`${base}/clips/${encodeURIComponent(clip)}/assess`, { method: "POST" })).json()).job;
  } catch (error) {
    if (error.status === 404) throw new Error("The cohort has no such clip, or is not open any more.");
    throw new Error(reason(error));
  }
}

class View {
  constructor(root, id) {
    this.root = root;
    this.base = `/studio/jobs/${encodeURIComponent(id)}`;
    this.began = performance.now();
    this.shown = new Set();
    this.job = null;
    this.closed = false;
    this.poll();
  }

  part(name) { return this.root.querySelector(`.dv-${name}`); }

  async poll() {
    if (this.closed || !this.root.isConnected) return;
    try {
      this.job = await (await request(this.base)).json();
    } catch (error) {
      if (error.status === 404) { this.gone(); return; }
      this.part("failure").hidden = false;
      fill(this.part("failure"), icon(ICONS.warn), el("p", {}, "The studio does not answer. Is it still running? Trying again."));
      setTimeout(() => this.poll(), 4 * POLL_MS);
      return;
    }
    if (this.closed) return;
    try {
      await this.update();
    } catch (error) {
      // Another tab may have deleted it between two requests; anything else is ours, and must not look like waiting.
      if (error.status === 404) { this.gone(); return; }
      this.fail("The page could not show this", String(error.message));
      throw error;
    }
    const waiting = !OVER.has(this.job.state) || this.missingMedia();
    if (waiting) setTimeout(() => this.poll(), POLL_MS);
  }

  // The viewing copy may be ready after the result.
  missingMedia() {
    const { job } = this;
    return job.state === "done" && job.clip?.video && !job.picture_error && !job.parts.includes("media.mp4");
  }

  async update() {
    const { job } = this;
    const over = OVER.has(job.state);
    this.showTitle();
    if (over) this.part("progress").hidden = true;
    else showProgress(this.part("progress"), job, (performance.now() - this.began) / 1000, () => this.cancel());
    this.part("failure").hidden = true;
    if (!over && !this.skeleton) { this.skeleton = true; showSkeleton(this.part("diagnosis")); }
    const steps = { "media.mp4": "video", "media.wav": "sound", "track.bin": "track", "measured.json": "measured", "assessment.json": "result" };
    for (const [name, step] of Object.entries(steps)) {
      if (!job.parts.includes(name) || this.shown.has(name)) continue;
      if (name === "track.bin" && !this.player) continue;
      this.shown.add(name);
      await this[step](name);
    }
    if (job.state === "failed") this.fail("This recording could not be assessed", job.error);
    if (job.state === "cancelled") this.fail("Cancelled", "The assessment was stopped before it was done.");
    if (job.picture_error) this.pictureless(job.picture_error);
    this.root.dataset.state = job.state;
  }

  showTitle() {
    const { job } = this;
    fill(this.part("name"), el("span", {}, job.name), job.example && [" ", syntheticBadge()]);
    document.title = `${job.name} · DIVINE`;
    const facts = [];
    const clip = job.clip;
    if (clip) {
      facts.push(clock(clip.duration_s, 1));
      facts.push(clip.video ? `${clip.video.width} × ${clip.video.height}, ${number(clip.video.fps)} frames/s` : "no picture");
      const origin = { embedded: "", sibling: " from the file beside it", given: ` from ${job.sound_name || "a separate file"}` };
      facts.push(clip.audio ? `sound at ${number(clip.audio.rate_hz / 1000)} kHz${origin[clip.audio.origin]}` : "no sound");
    }
    if (job.face) facts.push(job.face.found ? `face in ${job.face.found} of ${job.face.frames} frames` : "no face found");
    if (job.task) facts.push(`task ${job.task}`);
    fill(this.part("facts"), facts.map((fact) => el("span", {}, fact)));
    this.showActions();
  }

  showActions() {
    const has = (part) => this.job.parts.includes(part);
    const state = has("assessment.json") ? (has("report.pdf") ? "printed" : "ready") : "early";
    const actions = this.part("actions");
    if (actions.dataset.state === state) return;
    actions.dataset.state = state;
    fill(actions,
      state !== "early" && el("a", { class: "dv-button", href: `${this.base}/assessment.json?download=1`, download: "", id: "dv-download" }, icon(ICONS.down), "Save JSON"),
      state === "printed" && el("a", { class: "dv-button", href: `${this.base}/report.pdf?download=1`, download: "", id: "dv-report-pdf" }, icon(ICONS.down), "Save PDF"),
      el("button", { type: "button", class: "dv-button", id: "dv-forget", title: "Delete the recording and everything computed from it", onclick: (event) => this.forget(event.currentTarget) }, "Delete"),
      el("a", { class: "dv-button", href: this.again(), id: "dv-another" }, "Assess another"));
  }

  // The next recording by the same model.
  again() { return this.job?.model ? `/assess?model=${encodeURIComponent(this.job.model)}` : "/assess"; }

  async video() {
    const times = new Float64Array(await (await request(`${this.base}/frames.bin`)).arrayBuffer());
    this.player = new Player(this.part("player"), { url: `${this.base}/media.mp4`, sound: false, name: this.job.name });
    this.player.setTimes(times);
    this.connect();
  }

  sound() {
    this.player = new Player(this.part("player"), { url: `${this.base}/media.wav`, sound: true, name: this.job.name });
    this.connect();
  }

  async track() {
    this.player.setTrack(parseTrack(await (await request(`${this.base}/track.bin`)).arrayBuffer()));
    this.player.showFace();
  }

  async measured() {
    const measured = await (await request(`${this.base}/measured.json`)).json();
    showQuality(this.part("quality"), measured.quality);
    showMeasures(this.part("measures"), measured.measures);
    // One table alone would stretch over the whole page, beside an empty column.
    if (this.part("measures").querySelectorAll("table").length === 1) {
      this.part("watch").append(this.part("measures"));
      this.part("verdict").append(this.part("notes"));
    }
    this.plot = new Plot(this.part("curves"), measured.curves, this.job.clip?.duration_s ?? 0, (time) => this.player?.seek(time));
    this.connect();
  }

  connect() {
    if (this.player && this.plot && !this.connected) {
      this.connected = true;
      this.player.listeners.add((time) => this.plot.moveTo(time));
    }
  }

  async result() {
    const result = await (await request(`${this.base}/assessment.json`)).json();
    showDiagnosis(this.part("diagnosis"), result);
    showSeverity(this.part("severity"), result);
    showAttention(this.part("attention"), result);
    const notes = new Set([...(result.notes ?? []), ...(this.job.clip?.notes ?? []), ...(this.job.face?.notes ?? [])]);
    showNotes(this.part("notes"), result, [...notes]);
  }

  pictureless(message) {
    const section = this.part("player");
    if (this.player || !section.hidden) return;
    fill(section, el("p", { class: "dv-callout" }, icon(ICONS.info), el("span", {}, message)));
    section.hidden = false;
  }

  fail(title, message) {
    if (!this.shown.has("assessment.json")) this.part("diagnosis").hidden = true;
    const failure = this.part("failure");
    fill(failure, icon(ICONS.warn), el("div", {}, el("h2", {}, title), el("p", {}, message),
      el("p", {}, el("a", { class: "dv-button is-primary", href: this.again() }, "Try another recording"))));
    failure.hidden = false;
  }

  gone() {
    this.part("name").textContent = "Nothing to show";
    this.part("progress").hidden = true;
    this.fail("This assessment is not here", "It was deleted, it has expired, or it belongs to another browser. Recordings are kept only while they are looked at.");
  }

  async cancel() {
    this.part("progress").querySelector("#dv-cancel").disabled = true;
    await request(`${this.base}/cancel`, { method: "POST" });
  }

  // A second press within four seconds, since nothing brings it back.
  async forget(button) {
    if (!button.dataset.asked) {
      button.dataset.asked = "yes";
      button.textContent = "Press again to delete";
      setTimeout(() => { delete button.dataset.asked; button.textContent = "Delete"; }, 4000);
      return;
    }
    await request(this.base, { method: "DELETE" });
    location.assign("/assess");
  }

  close() {
    this.closed = true;
    this.player?.close();
  }
}
