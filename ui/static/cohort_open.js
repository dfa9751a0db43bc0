// One field that takes a folder or a manifest, typed, pasted or dropped, and the cohorts that were open before.

import { el, fill, request } from "./dom.js";

const NO_PATH = "The browser does not tell where what you dropped lies. Copy its path in the file manager and paste it here.";

export class Opener {
  constructor(form, go) {
    this.form = form;
    this.go = go;
    this.recent = form.querySelector(".dv-recent");
    this.field = form.querySelector("input");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.open(this.field.value); });
    this.recent.addEventListener("change", () => go(this.recent.value));
    for (const name of ["dragover", "drop"]) form.addEventListener(name, (event) => event.preventDefault());
    form.addEventListener("drop", (event) => this.drop(event.dataTransfer));
  }

  say(text) { this.form.querySelector(".dv-trouble").textContent = text; }

  async list(current) {
    const known = await (await request("/studio/cohorts")).json();
    this.shipped = known.recent.at(-1).id;
    const names = known.recent.map((one) => one.name);
    const twice = (name) => names.filter((other) => other === name).length > 1;
    const chosen = current === "default" ? known.default : current;
    const options = known.recent.map((one) => el("option", { value: one.id, selected: one.id === chosen }, twice(one.name) ? `${one.name} (in ${one.where})` : one.name));
    fill(this.recent, known.recent.some((one) => one.id === chosen) ? null : el("option", { value: chosen, selected: true }, "This cohort"), options);
    this.form.querySelector(".dv-path").hidden = this.form.querySelector("button").hidden = !known.typing;
  }

  drop(transfer) {
    const text = (transfer.getData("text/uri-list") || transfer.getData("text/plain")).split(/\r?\n/).find((line) => line && !line.startsWith("#"));
    if (!text) { this.say(NO_PATH); return; }
    this.field.value = text;
    this.open(text);
  }

  async open(path) {
    this.say("");
    const response = await fetch("/studio/cohorts", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ path }) });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) { this.say(answer.error ?? "The studio could not open this."); return; }
    if (answer.state === "ready") this.go(answer.id);
    else this.follow(answer.id);
  }

  // Stay here until it is known whether the cohort can be read: a mistyped path should not cost the page.
  async follow(id) {
    const standing = await (await request(`/studio/cohorts/${encodeURIComponent(id)}`)).json();
    if (standing.state === "failed") this.say(standing.message);
    else if (standing.state === "ready") this.go(id);
    else { this.say("Reading …"); setTimeout(() => this.follow(id), 250); }
  }
}
