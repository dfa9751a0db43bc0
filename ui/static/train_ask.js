// What every form of the Train page does: say which cohort it is about, ask the server whether an order holds, and tell why not.

import { el, fill, icon, ICONS } from "./dom.js";
import { group } from "./format.js";

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
export const usualFolds = (cohort) => (Math.min(...cohort.groups.map((one) => one.subjects)) < 5 ? 3 : 5);

export const field = (label, id, control) => el("div", {}, el("label", { for: id }, label), control);

// The answer as an object where there is one, and the text of a refusal in plain words.
export async function post(path, body) {
  const response = await fetch(path, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body });
  const text = await response.text();
  let answer = null;
  try { answer = JSON.parse(text); } catch { /* a refusal in plain words */ }
  return { ok: response.ok, answer, text };
}

export const refusal = (text) => el("p", { class: "dv-objection", role: "alert" }, icon(ICONS.warn), el("span", {}, text));

export const objections = (texts) => el("ul", { class: "dv-objections" }, texts.map((text) => el("li", { class: "dv-objection" }, icon(ICONS.warn), el("span", {}, text))));

export function refuse(form, text) {
  fill(form.outcome, refusal(text));
  form.button.disabled = true;
}
