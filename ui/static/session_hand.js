// Landmarks that a person placed, drawn as crosses over the tracker's dots, with how far the two are apart.

import { ICONS, el, fill, icon } from "./dom.js";
import { clock, fixed } from "./format.js";

const COLOUR = "#ff5cf4";

export class HandMarks {
  constructor(frames) {
    this.frames = frames;
    this.byFrame = new Map(frames.map((one) => [one.frame, one]));
    this.shown = true;
  }

  // As a player's overlay: `width` is the picture's on the canvas, in device pixels.
  drawer(trackWidth, refresh) {
    this.refresh = refresh;
    return (context, frame, width, ratio) => {
      const marks = this.shown ? this.byFrame.get(frame) : null;
      if (!marks) return;
      const scale = width / trackWidth;
      const arm = 3.2 * ratio;
      for (const [colour, line] of [["rgba(0, 0, 0, 0.65)", 2.6], [COLOUR, 1.3]]) {
        context.strokeStyle = colour;
        context.lineWidth = line * ratio;
        context.beginPath();
        for (let point = 0; point < marks.points.length; point += 2) {
          const [x, y] = [marks.points[point] * scale, marks.points[point + 1] * scale];
          context.moveTo(x - arm, y - arm); context.lineTo(x + arm, y + arm);
          context.moveTo(x + arm, y - arm); context.lineTo(x - arm, y + arm);
        }
        context.stroke();
      }
    };
  }

  toggle() {
    this.shown = !this.shown;
    if (this.box) this.box.checked = this.shown;
    this.refresh?.();
  }

  // A switch, a legend and a way from one annotated frame to the next, for the line under the player.
  controls(player) {
    this.box = el("input", { type: "checkbox", checked: true, onchange: () => this.toggle() });
    this.says = el("span", { class: "dv-num" });
    const go = (path, label, by) => el("button", { type: "button", class: "dv-quiet", title: label, "aria-label": label, onclick: () => player.seekFrame(this.next(player.frame, by)) }, icon(path));
    player.listeners.add(() => this.say(player.frame));
    this.say(player.frame);
    return el("div", { class: "dv-se-hand" },
      el("label", { class: "dv-check" }, this.box, el("span", { class: "dv-se-cross", "aria-hidden": "true" }, "×"), "By hand"),
      go(ICONS.back, "Annotated frame before this (Shift+H)", -1), go(ICONS.on, "Next annotated frame (H)", 1), this.says);
  }

  next(frame, by) {
    const frames = this.frames.map((one) => one.frame);
    const beyond = frames.filter((one) => (by > 0 ? one > frame : one < frame));
    return by > 0 ? beyond[0] ?? frames[0] : beyond[beyond.length - 1] ?? frames[frames.length - 1];
  }

  say(frame) {
    const marks = this.byFrame.get(frame);
    const text = !marks ? `${this.frames.length} annotated ${this.frames.length === 1 ? "frame" : "frames"}` : apart(marks);
    if (this.says.textContent !== text) this.says.textContent = text;
    this.says.classList.toggle("dv-soft", !marks);
  }
}

const apart = (marks) => (marks.error_px === null ? "the tracker saw no face here" : `${fixed(marks.error_px, 1)} px apart, ${fixed(100 * marks.error_icd, 1)} % of ICD`);

export function showHand(section, hand, onSeek) {
  const seen = hand.frames.filter((one) => one.error_px !== null);
  const mean = (name) => seen.reduce((sum, one) => sum + one[name], 0) / seen.length;
  fill(section,
    el("div", { class: "dv-head" }, el("h2", {}, "Against landmarks placed by hand"),
      el("span", { class: "dv-soft dv-num" }, seen.length ? `mean ${fixed(mean("error_px"), 1)} px, ${fixed(100 * mean("error_icd"), 1)} % of ICD` : "no face found there")),
    el("ul", { class: "dv-se-jumps" }, hand.frames.map((one) => el("li", {},
      el("button", { type: "button", class: "dv-chip", onclick: () => onSeek(one.time_s), title: apart(one) }, el("span", { class: "dv-num" }, `${clock(one.time_s)} · ${one.error_px === null ? "no face" : `${fixed(one.error_px, 1)} px`}`))))),
    el("p", { class: "dv-soft" }, "Mean distance between the tracker's 68 points and those of the dataset's annotators, in pixels of the recording and as a fraction of the distance between the inner corners of the eyes (ICD)."));
  section.hidden = false;
}
