// The repetitions of a gesture: blocks on the plot's clock, a list, and playing one of them, or any stretch, over and over.

import { el, fill } from "./dom.js";
import { fixed, number } from "./format.js";

export class Repetitions {
  constructor(found, player) {
    this.found = found;
    this.player = player;
    this.strip = el("div", { class: "dv-se-strip" });
    this.range = null;
  }

  attach(plot, section) {
    this.plot = plot;
    this.section = section;
    this.list();
    plot.onDraw = (x, width) => this.place(x, width);
    plot.draw();
  }

  list() {
    const { found } = this;
    this.status = el("span", { class: "dv-soft", role: "status" });
    this.zoom = el("input", { type: "checkbox", onchange: () => this.plot.zoom(this.zoom.checked ? this.around() : null) });
    this.end = el("button", { type: "button", class: "dv-button", onclick: () => this.set(null) }, "End the loop");
    this.tools = el("div", { class: "dv-se-loop", hidden: true }, el("label", { class: "dv-check" }, this.zoom, "Show only this stretch"), this.end);
    this.rows = found.map((one, place) => el("button", { type: "button", class: "dv-chip", "aria-pressed": "false", onclick: () => this.choose(place),
      title: `From ${fixed(one.start_s, 2)} s to ${fixed(one.end_s, 2)} s, ${number(one.height)} ICD high` },
    el("span", { class: "dv-num" }, `${place + 1} · ${fixed(one.end_s - one.start_s, 2)} s`)));
    fill(this.section,
      el("div", { class: "dv-head" }, el("h2", {}, found.length ? `${found.length} ${found.length === 1 ? "repetition" : "repetitions"}` : "No repetition found"), this.status),
      found.length ? el("div", { class: "dv-se-jumps", role: "group", "aria-label": "Repetitions, each with its length" }, this.rows)
        : el("p", { class: "dv-soft" }, "Nothing moved far enough to stand out from the tracker's noise. Drag over the curves with Shift to repeat any stretch."),
      this.tools);
    this.section.hidden = false;
    this.say();
  }

  choose(place) {
    const one = this.found[place];
    if (!one) return;
    const same = this.range && this.range.place === place;
    this.set(same ? null : { from: one.start_s, to: one.end_s, place });
  }

  // The repetition at a moment, or the next one.
  at(time) {
    const place = this.found.findIndex((one) => time < one.end_s);
    this.choose(place < 0 ? 0 : place);
  }

  set(range) {
    this.range = range;
    this.player.setLoop(range);
    this.rows.forEach((row, place) => row.setAttribute("aria-pressed", String(range?.place === place)));
    this.tools.hidden = !range;
    if (!range) this.zoom.checked = false;
    this.plot.zoom(this.zoom.checked ? this.around() : null);
    if (range) this.player.media.play();
    this.say();
  }

  around() {
    const margin = 0.15 * (this.range.to - this.range.from);
    return { from: this.range.from - margin, to: this.range.to + margin };
  }

  say() {
    this.status.textContent = this.range ? `repeating ${fixed(this.range.from, 2)} to ${fixed(this.range.to, 2)} s` : this.found.length ? "press one to repeat it" : "";
  }

  place(x, width) {
    const blocks = this.found.map((one, place) => ({ ...one, from: one.start_s, to: one.end_s, text: String(place + 1), on: this.range?.place === place }));
    if (this.range && this.range.place === undefined) blocks.push({ ...this.range, text: "your stretch", on: true });
    fill(this.strip, blocks.map(({ from, to, text, on }) => {
      const [left, right] = [Math.max(x(from), 44), Math.min(x(to), width - 8)];
      return right - left < 2 ? null : el("div", { class: `dv-se-block ${on ? "is-on" : ""}`, style: { left: `${left}px`, width: `${right - left}px` } }, right - left > 12 ? el("span", {}, text) : null);
    }));
  }
}
