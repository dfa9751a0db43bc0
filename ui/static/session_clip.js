// One clip of a cohort on the page: opens it, shows each part as it comes, and keeps picture, curves and sound on one clock.

import { ICONS, el, fill, icon, request } from "./dom.js";
import { clock, group, number } from "./format.js";
import { showMeasures, showQuality } from "./measures.js";
import { Player } from "./player.js";
import { Plot } from "./plot.js";
import { HandMarks, showHand } from "./session_hand.js";
import { taskLong } from "./session_names.js";
import { Repetitions } from "./session_reps.js";
import { soundLanes, parseSound } from "./session_sound.js";
import { parseTrack } from "./track.js";

const POLL_MS = 250;
const STAGES = { "": "Opening", sound: "Listening", landmarks: "Following the face", measured: "Measuring" };
const PARTS = ["failure", "progress", "player", "curves", "repetitions", "hand", "quality", "prediction", "severity", "attention", "removal", "rating", "tasks", "measures"];

export class ClipView {
  // `onReady(view)` is told once picture and curves are there, `onFacts(view)` when it is known whose clip this is.
  constructor(base, key, { start = 0, onFacts, onReady }) {
    Object.assign(this, { base: `${base}/${key}`, key, start, onFacts, onReady });
    this.parts = Object.fromEntries(PARTS.map((name) => [name, el("section", { class: `dv-card dv-${name}`, hidden: true })]));
    this.parts.player.setAttribute("aria-label", "Recording");
    this.parts.failure.setAttribute("role", "alert");
    const { player, curves, repetitions, hand, quality, prediction, severity, attention, removal, rating, tasks, measures, failure, progress } = this.parts;
    this.title = el("div", { class: "dv-se-title" });
    this.node = el("article", { class: "dv-se-view", "data-state": "opening" }, this.title,
      el("div", { class: "dv-columns" },
        el("div", { class: "dv-watch" }, failure, progress, player, curves, repetitions, hand),
        el("div", { class: "dv-verdict" }, rating, prediction, severity, attention, removal, quality)),
      tasks, measures);
    this.shown = new Set();
    this.closed = false;
    this.open();
  }

  async open() {
    try {
      this.facts = await (await request(this.base, { method: "POST" })).json();
    } catch (error) {
      this.fail("This clip is not here", error.status === 404 ? "The cohort has no such clip. It may have been renamed or removed." : "The studio does not answer. Is it still running?");
      return;
    }
    if (this.closed) return;
    this.onFacts(this);
    if (!this.facts.media) {
      this.node.dataset.state = "featureless";
      fill(this.parts.player, el("p", { class: "dv-callout" }, icon(ICONS.info), el("span", {}, "This clip came as features without a recording: there is nothing to watch. Predictions stand beside it where a run was made.")));
      this.parts.player.hidden = false;
      this.onReady(this);
      return;
    }
    await this.follow();
  }

  async follow() {
    while (!this.closed && this.node.isConnected) {
      await this.update();
      if (this.settled) { this.parts.progress.hidden = true; return; }
      await new Promise((done) => setTimeout(done, POLL_MS));
      try {
        this.facts = await (await request(this.base)).json();
      } catch (error) {
        // The studio was started anew, or many other clips were opened since: ask again from the start.
        if (error.status === 404) { await this.open(); return; }
        this.fail("The studio does not answer", "Is it still running? Reload the page once it is.");
        return;
      }
    }
  }

  get settled() {
    const { facts } = this;
    const over = (state) => state === "done" || state === "failed";
    return over(facts.state) && (facts.clip?.video || facts.state === "failed" ? over(facts.view_state) : true);
  }

  async update() {
    const { facts } = this;
    this.showProgress();
    if (facts.clip && !this.told) { this.told = true; this.onFacts(this); }
    const steps = [["media.mp4", "video"], ["media.wav", "sound"], ["track.bin", "track"], ["measured.json", "measured"]];
    for (const [part, step] of steps) {
      if (!facts.parts.includes(part) || this.shown.has(part)) continue;
      if (part === "track.bin" && !this.player) continue;
      this.shown.add(part);
      await this[step]();
      if (this.closed) return;
    }
    if (facts.state === "failed") this.fail("This recording cannot be measured", facts.error);
    else if (facts.view_state === "failed") this.fail("The picture cannot be shown", facts.view_error);
    this.connect();
  }

  showProgress() {
    const { facts } = this;
    const section = this.parts.progress;
    if (!section.firstChild) {
      section.append(el("div", { class: "dv-progress-row" }, el("progress", { max: 1, "aria-label": "Opening the clip" }), el("span", { class: "dv-says", role: "status" })),
        el("p", { class: "dv-soft" }, "Only the first opening takes this long: landmarks and the copy to play are kept."));
      // What is kept comes at once: a bar that flashes up would only unsettle.
      setTimeout(() => { section.hidden = this.closed || this.settled; }, 400);
    }
    section.querySelector("progress").value = facts.stage === "landmarks" ? facts.fraction : facts.stage === "measured" ? 1 : 0;
    const says = facts.state === "queued" ? "Waiting for its turn" : facts.state === "done" ? "Making a copy to play" : `${STAGES[facts.stage] ?? "Working"}${facts.stage === "landmarks" ? ` ${Math.round(100 * facts.fraction)} %` : ""}`;
    const status = section.querySelector(".dv-says");
    if (status.textContent !== says) status.textContent = says;
  }

  async bytes(part) { return (await request(`${this.base}/${part}`)).arrayBuffer(); }

  async json(part) { return this.facts.parts.includes(part) ? (await request(`${this.base}/${part}`)).json() : null; }

  async video() {
    const times = new Float64Array(await this.bytes("frames.bin"));
    this.player = new Player(this.parts.player, { url: `${this.base}/media.mp4`, sound: false, name: this.name });
    this.player.setTimes(times);
    this.player.seek(this.start);
  }

  sound() {
    this.player = new Player(this.parts.player, { url: `${this.base}/media.wav`, sound: true, name: this.name });
    this.player.media.addEventListener("loadedmetadata", () => this.player.seek(this.start), { once: true });
  }

  async track() { this.player.setTrack(parseTrack(await this.bytes("track.bin"))); }

  async measured() {
    const [measured, hand, found, sound] = await Promise.all([this.json("measured.json"), this.json("hand.json"), this.json("repetitions.json"),
      this.facts.parts.includes("sound.bin") ? this.bytes("sound.bin") : null]);
    if (this.closed) return;
    showQuality(this.parts.quality, measured.quality);
    showMeasures(this.parts.measures, measured.measures);
    // One table alone would stretch over the whole page.
    if (this.parts.measures.querySelectorAll("table").length === 1) this.node.querySelector(".dv-watch").append(this.parts.measures);
    Object.assign(this, { curves: measured.curves, found, lanes: sound ? soundLanes(parseSound(sound)) : [], hand: hand?.length ? new HandMarks(hand) : null });
  }

  // Once both the player and the curves are there, they share a clock.
  connect() {
    if (this.connected || !this.player || !this.curves || (this.facts.face && !this.player.track)) return;
    this.connected = true;
    const { player } = this;
    this.repetitions = new Repetitions(this.found ?? [], player);
    this.plot = new Plot(this.parts.curves, this.curves, this.facts.clip.duration_s, (time) => player.seek(time), {
      lanes: this.lanes, above: this.repetitions.strip, onBrush: (from, to) => this.repetitions.set({ from, to }) });
    this.repetitions.attach(this.plot, this.parts.repetitions);
    player.listeners.add((time) => this.plot.moveTo(time));
    if (this.hand && player.track) {
      player.overlay = this.hand.drawer(player.track.width, () => player.draw());
      this.parts.player.querySelector(".dv-under").append(this.hand.controls(player));
      showHand(this.parts.hand, this.hand, (time) => player.seek(time));
    }
    player.tell();
    this.node.dataset.state = "ready";
    this.onReady(this);
  }

  get name() { return `${this.facts.subject}, ${taskLong(this.facts.task)}`; }

  // What was recorded, for the line under the title.
  describe() {
    const { facts } = this;
    const said = [group(facts.group)];
    if (facts.session) said.push(`session ${facts.session}`);
    if (facts.age !== null) said.push(`${number(facts.age)} years`);
    if (facts.sex) said.push({ F: "female", M: "male" }[facts.sex] ?? facts.sex);
    const { clip, face } = facts;
    if (clip) {
      said.push(clock(clip.duration_s, 1), clip.video ? `${clip.video.width} × ${clip.video.height}, ${number(clip.video.fps)} frames/s` : "no picture",
        clip.audio ? `sound at ${number(clip.audio.rate_hz / 1000)} kHz` : "no sound");
    }
    if (face) said.push(face.found === face.frames ? "face in every frame" : `face in ${face.found} of ${face.frames} frames`);
    return said;
  }

  fail(title, message) {
    this.node.dataset.state = "failed";
    this.parts.progress.hidden = true;
    fill(this.parts.failure, icon(ICONS.warn), el("div", {}, el("h2", {}, title), el("p", {}, message)));
    this.parts.failure.hidden = false;
  }

  close() {
    this.closed = true;
    this.player?.close();
    this.plot?.close();
    this.node.remove();
  }
}
