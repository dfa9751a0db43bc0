// A player that knows which frame it shows: times come from the decoder, seeks go to the middle of a frame, and the
// browser says by requestVideoFrameCallback which picture is on the screen.

import { ICONS, el, fill, icon } from "./dom.js";
import { clock } from "./format.js";
import { STEPS, drawFrame, nearest, seen } from "./track.js";
import { typing } from "./shell.js";

const SPEEDS = { "1": 1, "2": 0.5, "4": 0.25 };
const NUDGE_S = 0.1;

export class Player {
  constructor(section, { url, sound, name }) {
    this.section = section;
    this.sound = sound;
    this.listeners = new Set();
    this.states = new Set();
    this.overlay = null;
    this.loop = null;
    this.deaf = false;
    this.times = null;
    this.track = null;
    this.frame = 0;
    this.showTrack = true;
    this.media = el(sound ? "audio" : "video", { src: url, preload: "auto", playsInline: true, "aria-label": name });
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.absent = el("p", { class: "dv-absent", hidden: true }, "No face in this frame");
    this.build();
    this.media.addEventListener("loadedmetadata", () => { this.fit(); this.tell(); });
    for (const event of ["play", "pause", "ended", "ratechange"]) this.media.addEventListener(event, () => { this.drawButtons(); this.say(event); });
    this.media.addEventListener("seeked", () => this.tell());
    this.media.addEventListener("error", () => this.fail());
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.resizing = new ResizeObserver(() => this.fit());
    this.resizing.observe(this.media);
    this.follow();
  }

  build() {
    this.playButton = el("button", { type: "button", class: "dv-button dv-play", onclick: () => this.toggle() });
    this.slider = el("input", { type: "range", class: "dv-slider", min: 0, max: 1000, value: 0, step: 1, "aria-label": "Position", oninput: () => this.slide() });
    this.clock = el("output", { class: "dv-clock dv-num", "aria-label": "Time and frame" });
    this.speed = el("select", { "aria-label": "Speed", onchange: () => this.setSpeed(Number(this.speed.value)) },
      el("option", { value: "1" }, "1 ×"), el("option", { value: "0.5" }, "½ ×"), el("option", { value: "0.25" }, "¼ ×"));
    const stepper = (path, label, by) => el("button", { type: "button", class: "dv-quiet", "aria-label": label, title: label, onclick: () => this.step(by) }, icon(path));
    this.marks = el("label", { class: "dv-check", hidden: true },
      el("input", { type: "checkbox", checked: true, onchange: (event) => this.toggleTrack(event.target.checked) }), "Landmarks");
    this.legend = el("ul", { class: "dv-legend", "aria-label": "Confidence of a landmark", hidden: true },
      STEPS.map((step) => el("li", { class: step.ring ? "is-ring" : "", style: { "--dot": step.colour } }, step.name)));
    const screen = this.sound ? el("div", { class: "dv-sound-only" }, "Sound only", this.media) : el("div", { class: "dv-screen" }, this.media, this.canvas, this.absent);
    fill(this.section, screen,
      el("div", { class: "dv-transport" }, this.playButton,
        !this.sound && stepper(ICONS.back, "One frame back (←)", -1), !this.sound && stepper(ICONS.on, "One frame on (→)", 1),
        this.slider, this.clock, this.speed),
      el("div", { class: "dv-under" }, this.marks, this.legend));
    this.section.hidden = false;
    this.drawButtons();
  }

  setTimes(times) { this.times = times; this.slider.max = Math.max(1, times.length - 1); this.tell(); }

  setTrack(track) {
    this.track = track;
    this.marks.hidden = false;
    this.legend.hidden = false;
    this.draw();
  }

  get duration() { return this.times ? this.times[this.times.length - 1] : this.media.duration || 0; }

  // The track's frame for the picture on the screen: the same number where both count the same frames, else the nearest time.
  get trackFrame() {
    if (!this.track || !this.track.frames) return -1;
    if (this.times && this.times.length === this.track.frames) return this.frame;
    return nearest(this.track.times, this.time);
  }

  get time() { return this.times ? this.times[this.frame] : this.media.currentTime; }

  follow() {
    if (this.sound || !this.media.requestVideoFrameCallback) { this.poll(); return; }
    const onFrame = (now, metadata) => {
      this.tell(metadata.mediaTime);
      if (this.media.isConnected) this.media.requestVideoFrameCallback(onFrame);
    };
    this.media.requestVideoFrameCallback(onFrame);
  }

  // Sound has no pictures, and an old browser no callback: ask at every repaint while it plays.
  poll() {
    const ask = () => {
      if (!this.media.isConnected) return;
      if (!this.media.paused) this.tell();
      requestAnimationFrame(ask);
    };
    requestAnimationFrame(ask);
  }

  // `mediaTime` is the presentation time of the picture on the screen, where the browser gives it.
  tell(mediaTime = null) {
    if (this.times) this.frame = mediaTime === null ? this.at(this.media.currentTime) : nearest(this.times, mediaTime);
    this.draw();
    const total = clock(this.media.duration || 0);
    this.clock.value = this.times && !this.sound ? `${clock(this.time)} / ${total} · frame ${this.frame + 1} of ${this.times.length}` : `${clock(this.time)} / ${total}`;
    this.slider.value = this.times ? this.frame : 1000 * this.media.currentTime / (this.media.duration || 1);
    this.slider.setAttribute("aria-valuetext", this.clock.value);
    for (const listener of this.listeners) listener(this.time);
    this.repeat();
  }

  // Listeners of `states` hear "play", "pause", "ended" and "ratechange".
  say(event) {
    if (event === "ended" && this.loop) { this.seek(this.loop.from); this.media.play(); }
    for (const listener of this.states) listener(event);
  }

  // Play a stretch (`from`, `to` in seconds) over and over; null ends that.
  setLoop(range) {
    this.loop = range;
    if (range && (this.time < range.from || this.time >= range.to)) this.seek(range.from);
  }

  repeat() {
    if (!this.loop || this.media.paused || this.media.seeking) return;
    if (this.time >= this.loop.to || this.time < this.loop.from - 0.25) this.seek(this.loop.from);
  }

  setSpeed(speed) { this.speed.value = String(speed); this.media.playbackRate = speed; }

  // The frame that is on at a moment: the last one that began before it.
  at(time) {
    const near = nearest(this.times, time);
    return this.times[near] > time + 1e-4 && near > 0 ? near - 1 : near;
  }

  seekFrame(frame) {
    if (!this.times) return;
    const last = this.times.length - 1;
    const wanted = Math.min(Math.max(frame, 0), last);
    const next = wanted < last ? this.times[wanted + 1] : Math.max(this.media.duration || 0, this.times[wanted]);
    // The middle of the frame: at its edge the browser may show either neighbour.
    this.media.currentTime = (this.times[wanted] + next) / 2;
  }

  seek(time) {
    if (this.times) this.seekFrame(this.at(time)); else this.media.currentTime = Math.max(0, time);
  }

  // A recording may begin in the dark: as long as nobody has moved it, show the first frame that has a face.
  showFace() {
    if (!this.times || !this.track || !this.media.paused || this.frame !== 0 || seen(this.track, 0)) return;
    let first = 1;
    while (first < this.track.frames && !seen(this.track, first)) first += 1;
    if (first < this.track.frames) this.seek(this.track.times[first]);
  }

  step(by) { this.media.pause(); this.seekFrame(this.frame + by); }

  // A tenth of a second, and a frame at least.
  nudge(by) {
    this.media.pause();
    if (!this.times) { this.seek(this.media.currentTime + by * NUDGE_S); return; }
    const there = this.at(Math.max(0, this.time + by * NUDGE_S));
    this.seekFrame(there === this.frame ? this.frame + by : there);
  }

  slide() {
    this.media.pause();
    if (this.times) this.seekFrame(Number(this.slider.value));
    else this.media.currentTime = (Number(this.slider.value) / 1000) * (this.media.duration || 0);
  }

  toggle() { if (this.media.paused) this.media.play(); else this.media.pause(); }

  toggleTrack(on) { this.showTrack = on; this.marks.querySelector("input").checked = on; this.legend.hidden = !on; this.draw(); }

  drawButtons() {
    const paused = this.media.paused;
    this.playButton.replaceChildren(icon(paused ? ICONS.play : ICONS.pause), paused ? "Play" : "Pause");
  }

  fit() {
    if (this.sound) return;
    const ratio = window.devicePixelRatio || 1;
    const box = this.media.getBoundingClientRect();
    this.canvas.width = Math.round(box.width * ratio);
    this.canvas.height = Math.round(box.height * ratio);
    this.draw();
  }

  draw() {
    if (this.sound) return;
    const context = this.canvas.getContext("2d");
    const frame = this.trackFrame;
    this.canvas.dataset.frame = String(this.frame);
    if (this.showTrack && frame >= 0) drawFrame(context, this.track, frame, this.canvas.width, this.canvas.height, window.devicePixelRatio || 1);
    else context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.overlay?.(context, this.frame, this.canvas.width, window.devicePixelRatio || 1);
    this.absent.hidden = !this.track || frame < 0 || seen(this.track, frame);
  }

  key(event) {
    if (this.deaf || !this.media.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === " " && event.target instanceof Element && event.target.closest("button, a, summary, [role=tab]")) return;
    const by = event.key === "ArrowLeft" ? -1 : 1;
    if (event.key === " ") this.toggle();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      if (event.shiftKey || !this.times) this.nudge(by); else this.step(by);
    } else if (event.key === "Home") this.seek(0);
    else if (event.key === "End") this.seek(this.duration);
    else if (event.key in SPEEDS) this.setSpeed(SPEEDS[event.key]);
    else if (event.key.toLowerCase() === "l" && this.track) this.toggleTrack(!this.showTrack);
    else return;
    event.preventDefault();
  }

  fail() {
    this.section.querySelector(".dv-under").replaceChildren(el("p", { class: "dv-soft" }, "This browser cannot play the viewing copy; the numbers do not depend on it."));
  }

  close() {
    document.removeEventListener("keydown", this.onKey);
    this.resizing.disconnect();
    this.media.removeAttribute("src");
    this.media.load();
  }
}
