// Lanes over time that share one clock: curves, and whatever else can be drawn. A cursor moves with the recording; a click
// goes there, a drag with the Shift key chooses a stretch.

import { el, fill } from "./dom.js";
import { clock, fixed, number } from "./format.js";
import { nearest } from "./track.js";

const AXIS_PX = 22;
const LEFT_PX = 44;
const RIGHT_PX = 8;
const PAD_PX = 6;
const FIRST_SHOWN = { video: 4, audio: 2 };
const SHORTEST_S = 0.05;

// A lane: `name`, `title`, `modality` (video, audio), `unit`, `height`, `start`, `describe()`, `reading(time)`, and
// `draw(context, area, colours)`, where `area` has `left`, `right`, `height` and `x(time)`.
class CurveLane {
  constructor(curve) {
    this.curve = curve;
    ({ name: this.name, title: this.title, modality: this.modality, unit: this.unit } = curve);
    this.height = 64;
    const values = curve.values.filter((value) => value !== null);
    this.empty = values.length === 0;
    this.low = values.reduce((least, value) => Math.min(least, value), Infinity);
    this.high = values.reduce((most, value) => Math.max(most, value), -Infinity);
    this.end = curve.times_s[curve.times_s.length - 1] ?? 0;
  }

  describe() { return `${this.title}: from ${number(this.low)} to ${number(this.high)} ${this.unit}`; }

  reading(time) {
    const { times_s: times, values } = this.curve;
    return number(times.length ? values[nearest(times, time)] : null);
  }

  draw(context, { left, right, height, x }, colours) {
    const { times_s: times, values } = this.curve;
    const span = this.high - this.low || 1;
    const y = (value) => height - PAD_PX - ((value - this.low) / span) * (height - 2 * PAD_PX);
    // As many decimals as the span needs, the same at both ends.
    const decimals = Math.max(0, Math.min(3, 1 - Math.floor(Math.log10(span))));
    label(context, colours.soft, fixed(this.high, decimals), left - 5, PAD_PX + 4, "right");
    label(context, colours.soft, fixed(this.low, decimals), left - 5, height - PAD_PX, "right");
    inside(context, left, right, height);
    context.strokeStyle = colours[this.modality];
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.beginPath();
    // Where many samples share a pixel, its lowest and highest stand for them: no peak is lost.
    let pixel = null;
    const close = () => { if (pixel && pixel.count > 2) { context.lineTo(pixel.x, y(pixel.low)); context.lineTo(pixel.x, y(pixel.high)); context.lineTo(pixel.x, y(pixel.last)); } };
    for (let index = 0; index < values.length; index += 1) {
      const value = values[index];
      if (value === null) { close(); pixel = null; continue; }
      const at = x(times[index]);
      if (pixel && Math.abs(at - pixel.x) < 0.5) {
        pixel = { x: pixel.x, low: Math.min(pixel.low, value), high: Math.max(pixel.high, value), last: value, count: pixel.count + 1 };
        continue;
      }
      close();
      if (pixel) context.lineTo(at, y(value)); else context.moveTo(at, y(value));
      pixel = { x: at, low: value, high: value, last: value, count: 1 };
    }
    close();
    context.stroke();
  }
}

export class Plot {
  // `lanes` stand below the curves; `onDraw(x, width)` is told of every new scale, `onBrush(from, to)` of a chosen stretch.
  constructor(section, curves, duration, onSeek, { lanes = [], onBrush = null, onDraw = null, above = null, id = "dv-curves-title" } = {}) {
    this.all = [...curves.map((curve) => new CurveLane(curve)).filter((lane) => !lane.empty), ...lanes];
    this.duration = Math.max(duration, 0.1, ...this.all.map((lane) => lane.end ?? 0));
    this.window = [0, this.duration];
    this.shown = new Set([...Object.entries(FIRST_SHOWN).flatMap(([modality, count]) =>
      this.all.filter((lane) => lane instanceof CurveLane && lane.modality === modality).slice(0, count)), ...lanes].map((lane) => lane.name));
    Object.assign(this, { onSeek, onBrush, onDraw, time: 0 });
    this.lanes = el("div", { class: "dv-lanes" });
    this.cursor = el("div", { class: "dv-cursor", "aria-hidden": "true" });
    this.brush = el("div", { class: "dv-brush", "aria-hidden": "true", hidden: true });
    this.axis = el("canvas", { class: "dv-axis", "aria-hidden": "true" });
    this.stage = el("div", { class: "dv-stage" }, above, this.lanes, this.axis, this.brush, this.cursor);
    this.stage.addEventListener("pointerdown", (event) => this.press(event));
    this.stage.addEventListener("pointermove", (event) => this.drag(event));
    this.stage.addEventListener("pointerup", (event) => this.release(event));
    fill(section,
      el("div", { class: "dv-head" }, el("h2", { id }, "Movement and voice over time"),
        el("span", { class: "dv-soft" }, "Click to go there", onBrush && "; Shift and drag to repeat a stretch")),
      el("div", { class: "dv-chips", role: "group", "aria-label": "Curves shown" }, this.all.map((lane) => this.chip(lane))), this.stage);
    section.hidden = this.all.length === 0;
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.stage);
    this.onTheme = () => this.draw();
    window.addEventListener("divine-theme", this.onTheme);
    this.layOut();
  }

  chip(lane) {
    const chip = el("button", { type: "button", class: `dv-chip is-${lane.modality}`, "aria-pressed": String(this.shown.has(lane.name)) }, lane.title);
    chip.addEventListener("click", () => {
      if (this.shown.has(lane.name)) this.shown.delete(lane.name); else this.shown.add(lane.name);
      chip.setAttribute("aria-pressed", String(this.shown.has(lane.name)));
      this.layOut();
    });
    return chip;
  }

  layOut() {
    this.rows = this.all.filter((lane) => this.shown.has(lane.name)).map((lane) => {
      const canvas = el("canvas", { role: "img", "aria-label": lane.describe() });
      const reading = el("output", { class: "dv-num" });
      const node = el("div", { class: "dv-lane" },
        el("div", { class: "dv-lane-head" },
          el("span", { class: `dv-swatch is-${lane.modality}`, "aria-hidden": "true" }),
          el("span", {}, lane.title), el("span", { class: "dv-soft" }, lane.modality === "audio" ? "voice" : "face"), reading,
          el("span", { class: "dv-soft dv-unit" }, lane.unit)), canvas);
      return { lane, canvas, reading, node };
    });
    this.lanes.replaceChildren(...this.rows.map((row) => row.node));
    this.draw();
  }

  x(time, width) { return LEFT_PX + ((time - this.window[0]) / (this.window[1] - this.window[0])) * (width - LEFT_PX - RIGHT_PX); }

  // Show a stretch of the recording only; null for all of it.
  zoom(range) {
    this.window = range ? [Math.max(0, range.from), Math.min(this.duration, range.to)] : [0, this.duration];
    this.draw();
  }

  // The moment under the pointer, null beside the lanes.
  timeAt(event) {
    const box = this.stage.getBoundingClientRect();
    const part = (event.clientX - box.left - LEFT_PX) / (box.width - LEFT_PX - RIGHT_PX);
    if (part < -0.02 || part > 1.02) return null;
    return this.window[0] + Math.min(Math.max(part, 0), 1) * (this.window[1] - this.window[0]);
  }

  press(event) {
    if (event.button !== 0 || event.target.closest("button")) return;
    const time = this.timeAt(event);
    if (time === null) return;
    this.brushed = this.onBrush && event.shiftKey ? time : null;
    if (this.brushed === null) this.onSeek(time); else this.stage.setPointerCapture(event.pointerId);
  }

  drag(event) {
    if (event.buttons !== 1 || event.target.closest("button")) return;
    const time = this.timeAt(event);
    if (time === null) return;
    if (this.brushed === null || this.brushed === undefined) { this.onSeek(time); return; }
    const [from, to] = [this.brushed, time].sort((a, b) => a - b).map((moment) => this.x(moment, this.stage.clientWidth));
    Object.assign(this.brush.style, { left: `${from}px`, width: `${to - from}px` });
    this.brush.hidden = false;
  }

  release(event) {
    const from = this.brushed;
    this.brushed = null;
    this.brush.hidden = true;
    const to = this.timeAt(event);
    if (from !== null && from !== undefined && to !== null && Math.abs(to - from) >= SHORTEST_S) this.onBrush(Math.min(from, to), Math.max(from, to));
  }

  moveTo(time) {
    this.time = time;
    const outside = time < this.window[0] - 1e-6 || time > this.window[1] + 1e-6;
    this.cursor.style.visibility = outside && this.window[1] - this.window[0] < this.duration ? "hidden" : "";
    this.cursor.style.transform = `translateX(${this.x(Math.min(time, this.duration), this.stage.clientWidth)}px)`;
    for (const { lane, reading } of this.rows) reading.value = lane.reading(time);
  }

  draw() {
    const width = this.stage.clientWidth;
    if (!width) return;
    const style = getComputedStyle(this.stage);
    const colour = (name) => style.getPropertyValue(name).trim();
    const colours = { video: colour("--dv-face"), audio: colour("--dv-voice"), soft: colour("--dv-ink-soft"), line: colour("--dv-line"), surface: colour("--dv-surface") };
    const x = (time) => this.x(time, width);
    for (const { lane, canvas } of this.rows) {
      const context = sized(canvas, width, lane.height);
      context.strokeStyle = colours.line;
      context.lineWidth = 1;
      context.strokeRect(LEFT_PX + 0.5, 0.5, width - LEFT_PX - RIGHT_PX - 1, lane.height - 1);
      context.save();
      lane.draw(context, { left: LEFT_PX, right: width - RIGHT_PX, height: lane.height, x }, colours);
      context.restore();
    }
    this.drawAxis(width, colours);
    this.onDraw?.(x, width);
    this.moveTo(this.time);
  }

  close() {
    this.resizing.disconnect();
    window.removeEventListener("divine-theme", this.onTheme);
  }

  drawAxis(width, colours) {
    const context = sized(this.axis, width, AXIS_PX);
    const [from, to] = this.window;
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300].find((candidate) => ((width - LEFT_PX) * candidate) / (to - from) > 52) ?? 600;
    const first = Math.ceil(from / step - 1e-9);
    for (let index = first; index * step <= to + 1e-9; index += 1) {
      const time = index * step;
      const text = this.duration < 60 ? `${fixed(time, step < 0.1 ? 2 : step < 1 ? 1 : 0)} s` : clock(time, step < 1 ? 2 : 0);
      const x = this.x(time, width);
      label(context, colours.soft, text, x, 15, x < LEFT_PX + 12 ? "left" : x > width - 24 ? "right" : "center");
    }
  }
}

export function inside(context, left, right, height) {
  context.beginPath();
  context.rect(left, 0, right - left, height);
  context.clip();
}

function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}

export function label(context, colour, text, x, y, align) {
  context.fillStyle = colour;
  context.font = "11px ui-sans-serif, system-ui, sans-serif";
  context.textAlign = align;
  context.fillText(text, x, y);
}
