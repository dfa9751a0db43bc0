// Charts of a run, drawn as SVG: calibration and learning curves. Every chart has its numbers in a table as well.

import { el, fill, request } from "./dom.js";
import { fixed, number, percent } from "./format.js";
import { reason } from "./jobs_poll.js";
import { levels } from "./runs_metrics.js";
import { SETTINGS } from "./runs_words.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 520;
const HEIGHT = 300;
const EDGE = { left: 46, right: 24, top: 10, bottom: 40 };

export function shape(tag, attributes = {}, text = null) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

export class Chart {
  constructor(title, x, y) {
    Object.assign(this, { x, y });
    this.svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "dv-chart", role: "img", "aria-label": title });
    const [left, right, top, bottom] = [EDGE.left, WIDTH - EDGE.right, EDGE.top, HEIGHT - EDGE.bottom];
    this.px = (value) => left + ((value - x.low) / (x.high - x.low || 1)) * (right - left);
    this.py = (value) => bottom - ((value - y.low) / (y.high - y.low || 1)) * (bottom - top);
    for (const tick of x.ticks) this.svg.append(shape("text", { x: this.px(tick), y: bottom + 17, "text-anchor": "middle" }, x.show(tick)));
    for (const tick of y.ticks) {
      this.svg.append(shape("line", { x1: left, x2: right, y1: this.py(tick), y2: this.py(tick), class: "dv-rule" }));
      this.svg.append(shape("text", { x: left - 7, y: this.py(tick) + 4, "text-anchor": "end" }, y.show(tick)));
    }
    this.svg.append(shape("text", { x: (left + right) / 2, y: HEIGHT - 5, "text-anchor": "middle", class: "dv-axis-title" }, x.title));
  }

  line(points, name) { this.svg.append(shape("polyline", { points: points.map(([x, y]) => `${this.px(x).toFixed(1)},${this.py(y).toFixed(1)}`).join(" "), class: `dv-line ${name}` })); }

  band(lower, upper, name) { this.svg.append(shape("polygon", { points: [...lower, ...[...upper].reverse()].map(([x, y]) => `${this.px(x).toFixed(1)},${this.py(y).toFixed(1)}`).join(" "), class: `dv-band ${name}` })); }

  dot(x, y, radius, text) {
    const dot = shape("circle", { cx: this.px(x), cy: this.py(y), r: radius, class: "dv-dot" });
    dot.append(shape("title", {}, text));
    this.svg.append(dot);
  }
}

const numbers = (title, head, rows) => el("details", { class: "dv-numbers" }, el("summary", {}, "As a table"), el("div", { class: "dv-scroll", tabindex: 0, role: "region", "aria-label": title }, el("table", {},
  el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, rows.map((row) => el("tr", {}, row.map((value) => el("td", { class: "dv-num" }, value))))))));

export async function showCalibration(section, run, settings) {
  let chosen = settings ? "audio+video" : null;
  const load = async () => {
    for (const setting of chosen ? [chosen] : ["video", "audio"]) {
      try { draw(await (await request(`/studio/runs/${encodeURIComponent(run.id)}/calibration?modalities=${encodeURIComponent(setting)}`)).json()); return; } catch (error) { fill(section, section.firstChild, el("p", { class: "dv-callout" }, reason(error))); }
    }
  };
  const draw = ({ bins }) => {
    const ticks = [0, 0.25, 0.5, 0.75, 1];
    const show = (value) => `${fixed(100 * value, 0)} %`;
    const chart = new Chart("Reliability: how often a diagnosis is right, by how sure the model was", { low: 0, high: 1, ticks, show, title: "how sure the model was" }, { low: 0, high: 1, ticks, show });
    chart.line([[0, 0], [1, 1]], "is-ideal");
    chart.line(bins.map((bin) => [bin.confidence, bin.accuracy]), "is-main");
    const most = Math.max(1, ...bins.map((bin) => bin.clips));
    for (const bin of bins) chart.dot(bin.confidence, bin.accuracy, 3 + 6 * Math.sqrt(bin.clips / most), `${bin.clips} clips: sure to ${percent(bin.confidence)}, right in ${percent(bin.accuracy)}`);
    fill(section,
      el("div", { class: "dv-head" }, el("h2", { id: section.getAttribute("aria-labelledby") }, "Calibration"), settings && levels(chosen, (setting) => { chosen = setting; load(); }, SETTINGS)),
      el("p", { class: "dv-soft" }, "How often the diagnosis is right, by how sure the model was. On the dashed line it is as right as it claims; below, it is too sure. Larger dots: more clips."),
      chart.svg,
      numbers("Calibration", ["Sure", "Right", "Clips"], bins.map((bin) => [percent(bin.confidence), percent(bin.accuracy), String(bin.clips)])));
  };
  await load();
}

// Round steps that cover a range, four to eight of them.
export function scale(low, high) {
  const rough = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([5, 2, 1].find((one) => one * power <= rough) ?? 1);
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  return { low: first * step, high: last * step, ticks: Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step), show: (value) => fixed(value, decimals) };
}

const quantile = (sorted, q) => { const at = q * (sorted.length - 1); const low = Math.floor(at); return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]); };

// Median and quartiles over the members that still train in an epoch.
function spread(curves, name) {
  const longest = Math.max(...curves.map((curve) => curve[name].length));
  return Array.from({ length: longest }, (_, epoch) => {
    const values = curves.map((curve) => curve[name][epoch]).filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
    return { epoch: epoch + 1, members: values.length, low: quantile(values, 0.25), middle: quantile(values, 0.5), high: quantile(values, 0.75) };
  }).filter((one) => one.members > 0);
}

// Which epoch of the models, in words: one number where they agree.
function epochOf(curves, which) {
  const found = curves.map((curve) => curve[which]).filter(Boolean).sort((a, b) => a - b);
  if (found.length === 0) return "none";
  const [first, last] = [found[0], found[found.length - 1]];
  return first === last ? `epoch ${first}` : `epoch ${number(quantile(found, 0.5))} in the median (${first} to ${last})`;
}

export function showCurves(section, curves) {
  const title = el("h2", { id: section.getAttribute("aria-labelledby") }, "Learning curves");
  if (curves.length === 0 || Math.max(...curves.map((curve) => curve.validation.length)) < 2) {
    fill(section, title, el("p", { class: "dv-soft" }, "This system does not learn by epochs: it has no curves."));
    return;
  }
  const [train, validation] = [spread(curves, "train"), spread(curves, "validation")];
  const every = [...train, ...validation].flatMap((one) => [one.low, one.high]);
  const [low, high] = [Math.min(...every), Math.max(...every)];
  const last = Math.max(train.length, validation.length);
  const step = [1, 2, 5, 10, 20, 50, 100].find((one) => last / one <= 8) ?? 200;
  const epochs = Array.from({ length: Math.floor(last / step) }, (_, index) => (index + 1) * step);
  const loss = scale(low, high);
  const chart = new Chart("Training and validation loss by epoch", { low: 1, high: Math.max(2, last), ticks: epochs, show: String, title: "epoch" }, loss);
  for (const [name, found] of [["is-train", train], ["is-main", validation]]) {
    chart.band(found.map((one) => [one.epoch, one.low]), found.map((one) => [one.epoch, one.high]), name);
    chart.line(found.map((one) => [one.epoch, one.middle]), name);
  }
  fill(section, title,
    el("p", { class: "dv-soft" }, `Median of ${curves.length} models and the middle half of them. `, `Kept was ${epochOf(curves, "kept")}; the validation loss was lowest at ${epochOf(curves, "lowest")}. `, "The training loss has dropout and dropped modalities in it, so it may lie above."),
    el("ul", { class: "dv-legend" }, el("li", { class: "is-main" }, "validation"), el("li", { class: "is-train" }, "training")),
    chart.svg,
    numbers("Learning curves", ["Epoch", "Models", "Training", "Validation"], validation.map((one, index) => [String(one.epoch), String(one.members), number(train[index]?.middle), number(one.middle)])));
}
