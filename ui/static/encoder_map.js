// What an encoder finds alike: a square of moments against moments, with its time axes. Drawn once, as pixels.

import { el } from "./dom.js";
import { fixed } from "./format.js";

// From dark (unlike) to light (alike), even to the eye and safe for colour-blind readers.
const STOPS = [[0.08, 0.11, 0.2], [0.13, 0.29, 0.49], [0.16, 0.5, 0.56], [0.56, 0.71, 0.45], [0.98, 0.91, 0.5]];

function colour(value) {
  const at = Math.min(Math.max(value, 0), 1) * (STOPS.length - 1), low = Math.min(Math.floor(at), STOPS.length - 2);
  return STOPS[low].map((part, channel) => Math.round(255 * (part + (at - low) * (STOPS[low + 1][channel] - part))));
}

export function heatmap({ code, matrix, times_s: times }) {
  const count = matrix.length;
  const canvas = el("canvas", { width: count, height: count, role: "img", "aria-label": `What ${code} finds alike, from ${times[0].toFixed(1)} to ${times.at(-1).toFixed(1)} seconds` });
  const image = new ImageData(count, count);
  matrix.forEach((row, y) => row.forEach((value, x) => image.data.set([...colour((value / 100 + 1) / 2), 255], 4 * ((count - 1 - y) * count + x))));
  canvas.getContext("2d").putImageData(image, 0, 0);
  const read = el("output", { class: "dv-enc-read dv-num" }, " ");
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.min(count - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * count))), y = count - 1 - Math.min(count - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * count)));
    read.textContent = `${times[x].toFixed(2)} s and ${times[y].toFixed(2)} s: ${(matrix[y][x] / 100).toFixed(2)}`;
  });
  return el("div", { class: "dv-enc-map" }, canvas,
    el("div", { class: "dv-enc-axis", "aria-hidden": "true" }, el("span", {}, `${times[0].toFixed(1)} s`), el("span", {}, `${times.at(-1).toFixed(1)} s`)), read);
}

const SVG = "http://www.w3.org/2000/svg";

// How far two encoders agree, moment by moment, from -1 to 1.
export function agreementLine({ times_s: times, values }) {
  const [wide, high] = [600, 90];
  const x = (time) => wide * (time - times[0]) / (times.at(-1) - times[0] || 1);
  const y = (value) => high * (1 - value) / 2;
  const known = values.map((value, place) => ({ value, time: times[place] }));
  const least = known.filter((one) => one.value !== null).reduce((low, one) => (low === null || one.value < low.value ? one : low), null);
  const svg = shape("svg", { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": `Agreement over time${least ? `; least at ${fixed(least.time, 2)} seconds, ${fixed(least.value, 2)}` : ""}` });
  for (const value of [-1, 0, 1]) svg.append(shape("path", { d: `M0 ${y(value)}H${wide}`, class: value ? "is-edge" : "is-zero" }));
  svg.append(shape("path", { d: known.map(({ value, time }, place) => (value === null ? "" : `${place === 0 || known[place - 1].value === null ? "M" : "L"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`)).join(""), class: "is-rho" }));
  return el("div", { class: "dv-enc-line" },
    el("p", { class: "dv-soft" }, "Agreement over time: whether both find the same other moments alike (Spearman, 1 the same, 0 unrelated)."),
    el("div", { class: "dv-enc-plot" }, el("span", { class: "dv-num dv-soft", "aria-hidden": "true" }, el("i", {}, "1"), el("i", {}, "0"), el("i", {}, "−1")), svg),
    el("div", { class: "dv-enc-axis", "aria-hidden": "true" }, el("span", {}, `${fixed(times[0], 1)} s`), el("span", {}, `${fixed(times.at(-1), 1)} s`)));
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
