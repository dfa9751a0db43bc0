// What every form of the Train page does: say which cohort it is about, ask the server whether an order holds, and tell why not.

import { el, fill, icon, ICONS } from "./dom.js";
import { group } from "./format.js";
import { reason } from "./jobs_poll.js";

const CHECK_AFTER_MS = 250;
const FOLDS = [[5, "5 folds"], [10, "10 folds"], [3, "3 folds"], ["loso", "one subject left out at a time"], ["given", "the manifest's column split"]];

// A form whose order the server looks at while it is put together, and takes when it is launched. Who extends it loads what it
// needs, draws itself (outcome and button among it), checks what the page knows, makes the order, and says what the server thinks.
export class OrderForm {
  constructor(element, { cohort, onCohort, onLaunched }) {
    Object.assign(this, { element, cohort, onCohort, onLaunched, busy: false });
  }

  async begin() {
    try {
      await this.load();
    } catch (error) {
      fill(this.element, el("p", { role: "alert" }, reason(error)));
      return;
    }
    this.draw();
    this.check();
  }

  another(id) { this.cohort = id; this.onCohort(id); this.begin(); }

  // Ask soon, unless the order changes again; what cannot be asked is told at once.
  askSoon(path, missing) {
    clearTimeout(this.timer);
    if (missing) { this.latest = null; this.refuse(missing); return; }
    this.timer = setTimeout(() => this.ask(path).catch((error) => this.refuse(reason(error))), CHECK_AFTER_MS);
  }

  async ask(path) {
    const asked = JSON.stringify(this.order());
    this.latest = asked;
    const { ok, answer, text } = await post(path, asked);
    if (this.latest !== asked) return null;
    if (answer?.plans || answer?.parts) this.say(answer); else if (!ok) this.refuse(reason(new Error(text)));
    return ok ? answer : null;
  }

  async launch(path) {
    if (this.busy) return;
    this.busy = this.button.disabled = true;
    try {
      const launched = await this.ask(path);
      if (launched?.jobs) await this.onLaunched(launched.jobs);
    } catch (error) { this.refuse(reason(error)); }
    this.busy = this.button.disabled = false;
    if (path.endsWith("launch")) this.check();
  }

  refuse(text) {
    fill(this.outcome, refusal(text));
    this.button.disabled = true;
  }
}

export function cohortField({ cohort, cohorts }, id) {
  const select = el("select", { name: "cohort", id }, cohorts.map((one) => el("option", { value: one.id, selected: one.id === cohort?.id }, one.name)));
  const facts = cohort?.groups && [
    `${cohort.groups.reduce((sum, one) => sum + one.subjects, 0)} subjects (${cohort.groups.map((one) => `${one.subjects} ${group(one.name)}`).join(", ")})`,
    `${cohort.clips} clips`, cohort.rated ? `${cohort.items.length} rated items` : "no ratings"].join(" · ");
  return el("div", { class: "dv-field" }, el("label", { for: id }, "Cohort"), select,
    el("p", { class: "dv-soft" }, cohort?.synthetic && el("span", { class: "dv-badge" }, "SYNTHETIC"), " ", facts || "",
      " ", el("a", { href: cohort ? `/cohort?cohort=${cohort.id}` : "/cohort" }, "Look at it")));
}

// Few people are divided into fewer folds.
const usualFolds = (cohort) => (Math.min(...cohort.groups.map((one) => one.subjects)) < 5 ? 3 : 5);

export const field = (label, id, control) => el("div", {}, el("label", { for: id }, label), control);

export const numberField = (label, id, name, most, value) => field(label, id, el("input", { type: "number", name, id, min: 1, max: most, step: 1, value: String(value) }));

export function foldsField({ cohort }, id) {
  const usual = usualFolds(cohort);
  return field("Folds, by subject", id, el("select", { name: "folds", id }, FOLDS.filter(([value]) => value !== "given" || cohort.given_split).map(([value, title]) => el("option", { value: String(value), selected: value === usual }, title))));
}

export const folds = (data) => (/^\d+$/.test(data.get("folds")) ? Number(data.get("folds")) : data.get("folds"));

// An empty field leaves the number to the machine.
export const count = (data, name) => (data.get(name) === "" ? null : Number(data.get(name)));

export const deviceField = ({ devices }, id) => field("Device", id, el("select", { name: "device", id }, devices.map((one, place) => el("option", { value: one, selected: place === Math.min(1, devices.length - 1) }, one === "cpu" ? "Processor" : `GPU ${one}`))));

// The answer as an object where there is one, and the text of a refusal in plain words.
async function post(path, body) {
  const response = await fetch(path, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body });
  const text = await response.text();
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* a refusal in plain words */ }
  return { ok: response.ok, answer, text };
}

const refusal = (text) => el("p", { class: "dv-objection", role: "alert" }, icon(ICONS.warn), el("span", {}, text));

export const objections = (texts) => el("ul", { class: "dv-objections" }, texts.map((text) => el("li", { class: "dv-objection" }, icon(ICONS.warn), el("span", {}, text))));
