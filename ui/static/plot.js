// Curves over time in lanes that share one clock. A cursor moves with the recording; a click goes there.

import { el, fill } from "./dom.js";
import { clock, fixed, number } from "./format.js";
import { nearest } from "./track.js";

const LANE_PX = 64;
const AXIS_PX = 22;
const LEFT_PX = 44;
const RIGHT_PX = 8;
const PAD_PX = 6;
const FIRST_SHOWN = { video: 4, audio: 2 };

export class Plot {
  constructor(section, curves, duration, onSeek) {
    this.curves = curves.filter((curve) => curve.values.some((value) => value !== null));
    this.duration = Math.max(duration, 0.1, ...this.curves.map((curve) => curve.times_s[curve.times_s.length - 1] ?? 0));
    this.shown = new Set(Object.entries(FIRST_SHOWN).flatMap(([modality, count]) =>
      this.curves.filter((curve) => curve.modality === modality).slice(0, count).map((curve) => curve.name)));
    this.onSeek = onSeek;
    this.time = 0;
    this.lanes = el("div", { class: "dv-lanes" });
    this.cursor = el("div", { class: "dv-cursor", "aria-hidden": "true" });
    this.axis = el("canvas", { class: "dv-axis", "aria-hidden": "true" });
    this.stage = el("div", { class: "dv-stage" }, this.lanes, this.axis, this.cursor);
    this.stage.addEventListener("pointerdown", (event) => this.point(event));
    this.stage.addEventListener("pointermove", (event) => { if (event.buttons === 1) this.point(event); });
    this.chips = this.curves.map((curve) => this.chip(curve));
    fill(section,
      el("div", { class: "dv-head" }, el("h2", { id: "dv-curves-title" }, "Movement and voice over time"),
        el("span", { class: "dv-soft" }, "Click a curve to go there")),
      el("div", { class: "dv-chips", role: "group", "aria-label": "Curves shown" }, this.chips), this.stage);
    section.hidden = this.curves.length === 0;
    new ResizeObserver(() => this.draw()).observe(this.stage);
    window.addEventListener("divine-theme", () => this.draw());
    this.layOut();
  }

  chip(curve) {
    const chip = el("button", { type: "button", class: `dv-chip is-${curve.modality}`, "aria-pressed": String(this.shown.has(curve.name)) }, curve.title);
    chip.addEventListener("click", () => {
      if (this.shown.has(curve.name)) this.shown.delete(curve.name); else this.shown.add(curve.name);
      chip.setAttribute("aria-pressed", String(this.shown.has(curve.name)));
      this.layOut();
    });
    return chip;
  }

  layOut() {
    this.rows = this.curves.filter((curve) => this.shown.has(curve.name)).map((curve) => {
      const values = curve.values.filter((value) => value !== null);
      const low = values.reduce((least, value) => Math.min(least, value), Infinity);
      const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
      const canvas = el("canvas", { role: "img", "aria-label": `${curve.title}: from ${number(low)} to ${number(high)} ${curve.unit}` });
      const reading = el("output", { class: "dv-num" });
      const lane = el("div", { class: "dv-lane" },
        el("div", { class: "dv-lane-head" },
          el("span", { class: `dv-swatch is-${curve.modality}`, "aria-hidden": "true" }),
          el("span", {}, curve.title), el("span", { class: "dv-soft" }, curve.modality === "audio" ? "voice" : "face"), reading,
          el("span", { class: "dv-soft dv-unit" }, curve.unit)), canvas);
      return { curve, low, high, canvas, reading, lane };
    });
    this.lanes.replaceChildren(...this.rows.map((row) => row.lane));
    this.draw();
  }

  x(time, width) { return LEFT_PX + (time / this.duration) * (width - LEFT_PX - RIGHT_PX); }

  point(event) {
    if (event.target.closest("button")) return;
    const box = this.stage.getBoundingClientRect();
    const part = (event.clientX - box.left - LEFT_PX) / (box.width - LEFT_PX - RIGHT_PX);
    if (part >= -0.02 && part <= 1.02) this.onSeek(Math.min(Math.max(part, 0), 1) * this.duration);
  }

  moveTo(time) {
    this.time = time;
    this.cursor.style.transform = `translateX(${this.x(Math.min(time, this.duration), this.stage.clientWidth)}px)`;
    for (const { curve, reading } of this.rows) {
      const value = curve.times_s.length ? curve.values[nearest(curve.times_s, time)] : null;
      reading.value = number(value);
    }
  }

  draw() {
    const width = this.stage.clientWidth;
    if (!width) return;
    const style = getComputedStyle(this.stage);
    const colours = { video: style.getPropertyValue("--dv-face"), audio: style.getPropertyValue("--dv-voice"), soft: style.getPropertyValue("--dv-ink-soft"), line: style.getPropertyValue("--dv-line") };
    for (const row of this.rows) this.drawLane(row, width, colours);
    this.drawAxis(width, colours);
    this.moveTo(this.time);
  }

  drawLane({ curve, low, high, canvas }, width, colours) {
    const context = sized(canvas, width, LANE_PX);
    const span = high - low || 1;
    const y = (value) => LANE_PX - PAD_PX - ((value - low) / span) * (LANE_PX - 2 * PAD_PX);
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.strokeRect(LEFT_PX + 0.5, 0.5, width - LEFT_PX - RIGHT_PX - 1, LANE_PX - 1);
    // As many decimals as the span needs, the same at both ends.
    const decimals = Math.max(0, Math.min(3, 1 - Math.floor(Math.log10(span))));
    label(context, colours.soft, fixed(high, decimals), LEFT_PX - 5, PAD_PX + 4, "right");
    label(context, colours.soft, fixed(low, decimals), LEFT_PX - 5, LANE_PX - PAD_PX, "right");
    context.strokeStyle = colours[curve.modality];
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.beginPath();
    // Where many samples share a pixel, its lowest and highest stand for them: no peak is lost.
    let pixel = null;
    const close = () => { if (pixel && pixel.count > 2) { context.lineTo(pixel.x, y(pixel.low)); context.lineTo(pixel.x, y(pixel.high)); context.lineTo(pixel.x, y(pixel.last)); } };
    for (let index = 0; index < curve.values.length; index += 1) {
      const value = curve.values[index];
      if (value === null) { close(); pixel = null; continue; }
      const at = this.x(curve.times_s[index], width);
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

  drawAxis(width, colours) {
    const context = sized(this.axis, width, AXIS_PX);
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300].find((candidate) => ((width - LEFT_PX) * candidate) / this.duration > 52) ?? 600;
    for (let index = 0; index * step <= this.duration + 1e-9; index += 1) {
      const time = index * step;
      const text = this.duration < 60 ? `${fixed(time, step < 1 ? 1 : 0)} s` : clock(time, 0);
      const x = this.x(time, width);
      label(context, colours.soft, text, x, 15, index === 0 ? "left" : x > width - 24 ? "right" : "center");
    }
  }
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

function label(context, colour, text, x, y, align) {
  context.fillStyle = colour;
  context.font = "11px ui-sans-serif, system-ui, sans-serif";
  context.textAlign = align;
  context.fillText(text, x, y);
}
