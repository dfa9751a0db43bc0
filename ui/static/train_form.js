// What to train: choices in the order of the question, checked by the server as they are made.

import { el, fill, request } from "./dom.js";
import { duration } from "./jobs_words.js";
import { plain } from "./format.js";
import { cohortField, count, deviceField, field, folds, foldsField, numberField, objections, OrderForm } from "./train_ask.js";

const TASKS = [["all", "All tasks", "Every recording."], ["speech", "Speech", "BBP_NORMAL, DDK_PA, DDK_PATAKA."], ["non-speech", "Non-speech", "The NSM tasks: kiss, open, spread, big smile, blow, brow."]];
const OBJECTIVES = [["M", "Diagnosis and severity", "Both, by one model."], ["C", "Diagnosis alone", "Which group a subject is of."], ["R", "Severity alone", "The raters' scores only."]];
const GIVEN = [["audio+video", "Face and voice", "Both, and each alone at test."], ["video", "Face only", "The voice is removed from training, validation and test."], ["audio", "Voice only", "The face is removed from training, validation and test."]];
const PRECISIONS = [["float32", "float32 (usual)"], ["bfloat16", "bfloat16 (faster where the processor has it)"]];
const ENGINES = [["auto", "as suits the device"], ["members", "models one by one"], ["stacked", "all models as one stack"]];
const LEAST = { systems: "Choose at least one system.", tasks: "Choose at least one set of recordings.", objective: "Choose what is learned.", modalities: "Choose what training is given." };
// What makes a sweep, when more than one of it is chosen.
const SWEPT = ["video", "audio", "tasks", "objective", "modalities"];

export class Form extends OrderForm {
  async load() {
    this.options = await (await request(`/studio/train/options?cohort=${encodeURIComponent(this.cohort)}`)).json();
  }

  draw() {
    const { options } = this;
    const ready = options.cohort?.state === "ready";
    this.outcome = el("div", { class: "dv-outcome", "aria-live": "polite" });
    this.button = el("button", { type: "submit", class: "dv-button is-primary", id: "dv-launch" }, "Launch");
    fill(this.element,
      el("h2", {}, "New run"),
      cohortField(options, "dv-train-cohort"),
      !ready && el("p", { class: "dv-objection", role: "alert" }, options.cohort?.message || "This cohort is not known here. Open it on the Cohort page."),
      ready && [
        this.systems(),
        this.encoders("video", "Encoders of the face"),
        this.encoders("audio", "Encoders of the voice"),
        el("p", { class: "dv-soft" }, "One of each is a pair, one alone a single modality. Several of these, or of what follows, make a sweep: every system on every combination, in one job."),
        this.absent(),
        choice("tasks", "Recordings", TASKS, "all"),
        choice("objective", "What is learned", OBJECTIVES, options.cohort.rated ? "M" : "C"),
        this.given = choice("modalities", "What training is given", GIVEN, "audio+video"),
        this.protocol(),
        this.computing(),
        this.outcome,
        el("div", { class: "dv-launch-row" }, this.button, this.features = el("button", { type: "button", class: "dv-button", id: "dv-features", title: "Run the chosen encoders over the cohort and keep what they make: a later run finds it", onclick: () => this.launch("/studio/train/features") }, "Only extract features"), el("span", { class: "dv-soft" }, "Queued on its device: one run at a time.")),
      ]);
    this.element.onchange = (event) => { if (event.target.name === "cohort") this.another(event.target.value); else this.check(); };
    this.element.onsubmit = (event) => { event.preventDefault(); this.launch("/studio/train/launch"); };
  }

  systems() {
    const { systems } = this.options;
    const says = el("p", { class: "dv-soft dv-system-says", id: "dv-system-says" });
    const field = el("fieldset", { class: "dv-field" }, el("legend", {}, "Systems"), el("div", { class: "dv-choices" }, systems.map((system) =>
      el("label", { class: "dv-choice", title: system.says, "data-says": system.says },
        el("input", { type: "checkbox", name: "systems", value: system.name, checked: system.name === "divine", "aria-describedby": "dv-system-says" }),
        el("span", {}, system.name)))), says);
    // What one looks at is told; otherwise what is chosen.
    const tell = (event) => {
      const label = event?.target.closest?.("[data-says]");
      const names = [...field.querySelectorAll(":checked")].map((input) => input.value);
      says.textContent = label ? label.dataset.says : names.length === 1 ? systems.find((one) => one.name === names[0]).says
        : names.length ? `${names.length} runs, one per system, on the same folds.` : "Choose at least one.";
    };
    field.addEventListener("pointerover", tell);
    field.addEventListener("focusin", tell);
    field.addEventListener("pointerleave", () => tell());
    field.addEventListener("change", () => tell());
    tell();
    return field;
  }

  encoders(modality, title) {
    const found = this.options.encoders.filter((one) => one.modality === modality);
    const first = found.find((one) => one.present)?.code ?? "";
    return el("fieldset", { class: "dv-field" }, el("legend", {}, title), el("div", { class: "dv-choices" }, found.map((one) =>
      el("label", { class: "dv-choice", title: one.present ? one.title : `${one.title}: its weights are not here. divine encoders fetch ${one.code}` },
        el("input", { type: "checkbox", name: modality, value: one.code, checked: one.code === first, disabled: !one.present }),
        el("span", {}, one.code)))));
  }

  absent() {
    const codes = this.options.encoders.filter((one) => !one.present).map((one) => one.code);
    return codes.length > 0 && el("p", { class: "dv-soft dv-absent-encoders" }, `${codes.join(", ")}: weights are not here. `, el("code", {}, `divine encoders fetch ${codes[0]}`), " brings them.");
  }

  protocol() {
    const { options } = this;
    return el("fieldset", { class: "dv-field" }, el("legend", {}, "Protocol"),
      el("div", { class: "dv-protocol" },
        foldsField(options, "dv-folds"),
        numberField("Seeds", "dv-seeds", "seeds", 100, 5),
        numberField("Epochs, at most", "dv-epochs", "epochs", 10000, 50),
        deviceField(options, "dv-device"),
        numberField("Members at a time", "dv-workers", "workers", 256, options.cores)),
      el("div", { class: "dv-choices" }, el("span", { class: "dv-soft" }, "Baselines beside it:"), options.baselines.map((one) =>
        el("label", { class: "dv-choice", title: one.says }, el("input", { type: "checkbox", name: "baselines", value: one.name, checked: one.name === "majority" }), el("span", {}, plain(one.name))))));
  }

  // How, not what: the results are meant to be the same.
  computing() {
    const select = (name, values) => el("select", { name, id: `dv-${name}` }, values.map(([value, title]) => el("option", { value }, title)));
    const fields = [field("Precision in training", "dv-precision", select("precision", PRECISIONS)), field("Models are trained", "dv-engine", select("engine", ENGINES))];
    this.how = el("details", { class: "dv-computing" }, el("summary", {}, "How it is computed"), el("div", { class: "dv-protocol" }, fields));
    return this.how;
  }

  chosen(name) { return [...this.element.querySelectorAll(`[name=${name}]:checked:not(:disabled)`)].map((one) => one.value); }

  order() {
    const data = new FormData(this.element);
    return { cohort: data.get("cohort"), systems: data.getAll("systems"), video: data.getAll("video"), audio: data.getAll("audio"),
      tasks: data.getAll("tasks"), objective: data.getAll("objective"), modalities: this.given.disabled ? ["audio+video"] : data.getAll("modalities"),
      precision: data.get("precision"), engine: data.get("engine"), epochs: Number(data.get("epochs")), folds: folds(data),
      seeds: Number(data.get("seeds")), baselines: data.getAll("baselines"), device: data.get("device"), workers: count(data, "workers") };
  }

  check() {
    if (!this.outcome?.isConnected) return;
    // Removing one of two makes sense only where there are two; a disabled field is not part of the form's data.
    this.given.disabled = this.given.hidden = ["video", "audio"].some((name) => this.chosen(name).length === 0);
    this.features.disabled = ["video", "audio"].every((name) => this.chosen(name).length === 0);
    const sweep = SWEPT.some((name) => this.chosen(name).length > 1);
    this.how.hidden = sweep;
    const missing = Object.entries(LEAST).find(([name]) => this.chosen(name).length === 0 && !(name === "modalities" && this.given.disabled));
    this.askSoon("/studio/train/plan", missing?.[1]);
  }

  say({ plans }) {
    const texts = [...new Set(plans.flatMap((plan) => plan.objections).map((one) => one.text))];
    const notes = [...new Set(plans.flatMap((plan) => plan.notes))];
    const members = plans.reduce((sum, plan) => sum + plan.members, 0);
    const first = plans[0];
    const known = plans.every((plan) => plan.duration);
    const seconds = known ? plans.reduce((sum, plan) => sum + plan.duration.seconds, 0) : null;
    fill(this.outcome,
      texts.length > 0
        ? objections(texts)
        : [el("p", { class: "dv-amount" }, el("strong", {}, `${members} models`), ` to train: ${plans.length > 1 ? `${plans.length} systems, ` : ""}${first.sweep ? "systems × combinations × " : ""}folds × seeds on ${first.clips} clips of ${first.subjects} subjects.`),
          el("p", { class: "dv-soft" }, first.sweep ? "A sweep: every system on every combination, in one job. A run that fails keeps no other back." : known ? [el("strong", {}, `About ${duration(seconds)}. `), plans.map((plan) => plan.duration.how).join(" "), " Extracting features is not counted."]
            : "How long it takes is not known yet: nothing like it has been trained on this machine. The first finished model will tell.")],
      notes.map((note) => el("p", { class: "dv-soft" }, note)));
    this.button.disabled = this.busy || texts.length > 0;
  }
}

function choice(name, title, values, chosen) {
  return el("fieldset", { class: "dv-field" }, el("legend", {}, title), el("div", { class: "dv-choices" }, values.map(([value, label, says]) =>
    el("label", { class: "dv-choice", title: says }, el("input", { type: "checkbox", name, value, checked: value === chosen }), el("span", {}, label)))));
}
