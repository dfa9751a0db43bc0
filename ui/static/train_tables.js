// The paper's tables as an order: which of them, under which protocol, and how many of their runs can be trained here.

import { coded, el, fill, request } from "./dom.js";
import { cohortField, count, deviceField, folds, foldsField, numberField, objections, OrderForm } from "./train_ask.js";

const title = (name) => (name === "figure3" ? "Figure 3" : `Table ${name.slice(5)}`);

export class TablesForm extends OrderForm {
  async load() {
    [this.options, this.known] = await Promise.all([`/studio/train/options?cohort=${encodeURIComponent(this.cohort)}`, "/studio/train/tables"].map(async (path) => (await request(path)).json()));
  }

  draw() {
    const { options } = this;
    const ready = options.cohort?.state === "ready";
    this.outcome = el("div", { class: "dv-outcome", "aria-live": "polite" });
    this.button = el("button", { type: "submit", class: "dv-button is-primary", id: "dv-launch-tables" }, "Launch");
    fill(this.element,
      el("h2", {}, "The paper's tables"),
      el("p", { class: "dv-soft" }, "Trains every run that the chosen tables need, each once, and sets what comes out beside the numbers that the paper prints."),
      cohortField(options, "dv-tables-cohort"),
      !ready && el("p", { class: "dv-objection", role: "alert" }, options.cohort?.message || "This cohort is not known here. Open it on the Cohort page."),
      ready && [this.parts(), this.protocol(), this.outcome,
        el("div", { class: "dv-launch-row" }, this.button, el("span", { class: "dv-soft" }, "One job. It can be cancelled and resumed; the tables fill while it works."))]);
    this.element.onchange = (event) => {
      if (event.target.name === "cohort") { this.another(event.target.value); return; }
      if (event.target.name === "every") for (const one of this.boxes()) one.checked = event.target.checked;
      this.check();
    };
    this.element.onsubmit = (event) => { event.preventDefault(); this.launch("/studio/train/tables/launch"); };
  }

  boxes() { return [...this.element.querySelectorAll("[name=what]")]; }

  parts() {
    return el("fieldset", { class: "dv-field" }, el("legend", {}, "Tables"), el("ul", { class: "dv-parts" },
      el("li", {}, el("label", {}, el("input", { type: "checkbox", name: "every", checked: true }), el("b", {}, "All"))),
      this.known.parts.map((part) => el("li", {}, el("label", {}, el("input", { type: "checkbox", name: "what", value: part.name, checked: true }), el("b", {}, title(part.name)), el("span", {}, part.title), el("span", { class: "dv-soft dv-num", "data-part": part.name }))))));
  }

  protocol() {
    const { options } = this;
    const [, seeds, epochs] = this.known.protocol;
    return el("fieldset", { class: "dv-field" }, el("legend", {}, "Protocol"), el("div", { class: "dv-protocol" },
      foldsField(options, "dv-tables-folds"),
      numberField("Seeds", "dv-tables-seeds", "seeds", 100, seeds),
      numberField("Epochs, at most", "dv-tables-epochs", "epochs", 10000, epochs),
      numberField("Runs at a time", "dv-tables-workers", "workers", 256, options.cores),
      deviceField(options, "dv-tables-device")));
  }

  order() {
    const data = new FormData(this.element);
    return { cohort: data.get("cohort"), what: data.getAll("what"), folds: folds(data), seeds: Number(data.get("seeds")), epochs: Number(data.get("epochs")), device: data.get("device"), workers: count(data, "workers") };
  }

  check() {
    if (!this.outcome?.isConnected) return;
    const chosen = this.boxes().filter((one) => one.checked).length;
    const every = this.element.querySelector("[name=every]");
    every.checked = chosen === this.boxes().length;
    every.indeterminate = chosen > 0 && !every.checked;
    this.askSoon("/studio/train/tables/plan", chosen === 0 && "Choose at least one table.");
  }

  say(plan) {
    const [usual, seeds, epochs] = this.known.protocol;
    for (const part of plan.parts) this.element.querySelector(`[data-part="${part.name}"]`).textContent = `${part.here} of ${part.runs} runs`;
    const left = plan.runs - plan.here;
    fill(this.outcome,
      plan.objections.length > 0 && objections(plan.objections.map((one) => one.text)),
      el("p", { class: "dv-amount" }, el("strong", {}, `${plan.here} of ${plan.runs} runs`), ` can be trained here${plan.members ? `, ${plan.members} models each: ${plan.here * plan.members} models` : ""} on ${plan.clips} clips of ${plan.subjects} subjects.`),
      plan.reduced && el("p", { class: "dv-soft" }, el("span", { class: "dv-badge" }, "REDUCED PROTOCOL"), ` The paper's is ${usual} folds, ${seeds} seeds and at most ${epochs} epochs. Everything that comes out is marked.`),
      left > 0 && el("p", { class: "dv-soft" }, `${left} runs need encoders that are not here: their rows will say so. Fetch the weights first, or train the rest with them when it is done.`),
      plan.absent.length > 0 && el("details", {}, el("summary", {}, `${plan.absent.length} encoders are not here`), el("ul", { class: "dv-absent-list" }, plan.absent.map((one) => el("li", {}, coded(one.why))))),
      plan.notes.map((note) => el("p", { class: "dv-soft" }, note)));
    this.button.disabled = this.busy || plan.objections.length > 0;
  }
}
