// How far an assessment is: its five stages, the one in hand, and a way out.

import { ICONS, el, icon } from "./dom.js";
import { clock } from "./format.js";

const STAGES = { open: "Open", sound: "Listen", landmarks: "Follow the face", measures: "Measure", model: "Estimate" };

export function showProgress(section, job, elapsed, onCancel) {
  const names = Object.keys(STAGES);
  const now = Math.max(0, names.indexOf(job.stage));
  const waiting = job.state === "queued";
  const whole = waiting ? 0 : (now + job.fraction) / names.length;
  const says = waiting
    ? job.ahead > 0 ? `Waiting for ${job.ahead} other ${job.ahead === 1 ? "assessment" : "assessments"}` : "Starting"
    : `${STAGES[names[now]]} ${Math.round(100 * job.fraction)} %`;
  if (!section.firstChild) {
    section.append(
      el("ol", { class: "dv-stages" }, names.map((name) => el("li", {}, el("span", { class: "dv-stage-mark" }), STAGES[name]))),
      el("div", { class: "dv-progress-row" }, el("progress", { max: 1, "aria-label": "Assessment" }), el("span", { class: "dv-says", role: "status" }),
        el("span", { class: "dv-soft dv-num dv-elapsed" }), el("button", { type: "button", class: "dv-button", id: "dv-cancel", onclick: onCancel }, "Cancel")));
  }
  [...section.querySelectorAll("li")].forEach((item, index) => {
    const state = waiting || index > now ? "later" : index < now ? "done" : "now";
    if (item.dataset.state === state) return;
    item.dataset.state = state;
    item.firstChild.replaceChildren(...(state === "done" ? [icon(ICONS.pass, "done")] : []));
    if (state === "now") item.setAttribute("aria-current", "step"); else item.removeAttribute("aria-current");
  });
  section.querySelector("progress").value = whole;
  const status = section.querySelector(".dv-says");
  if (status.textContent !== says) status.textContent = says;
  section.querySelector(".dv-elapsed").textContent = clock(elapsed, 0);
  section.hidden = false;
}
