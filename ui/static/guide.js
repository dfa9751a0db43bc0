// The first-run guide: three steps over the page one starts on. Dismissed for good, and back from the keyboard help.

import { el } from "./dom.js";

const SEEN = "divine-guide";
const STEPS = [
  ["Look at who is there", "A row is a subject, a column a task. The cohort that comes with the studio is SYNTHETIC: rendered faces and voices.", "Stay here, and open a cell", null],
  ["See what happened", "Face, landmarks, movement and sound on one clock; a run's answers beside the raters' scores, and where it looked.", "Open a session", "/session"],
  ["Bring your own", "One recording: drop it on Assess. A study: give its folder on this page. Nothing leaves this machine.", "Assess a recording", "/assess"],
];

function stored() { try { return localStorage.getItem(SEEN); } catch { return "done"; } }
function store(value) { try { value ? localStorage.setItem(SEEN, value) : localStorage.removeItem(SEEN); } catch { /* a browser that keeps nothing shows it again */ } }

function card() {
  const node = el("section", { id: "dv-guide", "aria-labelledby": "dv-guide-title" },
    el("div", { class: "dv-guide-in" },
      el("div", { class: "dv-guide-top" }, el("h2", { id: "dv-guide-title" }, "Three steps to begin"),
        el("button", { class: "dv-quiet", type: "button", onclick: () => { store("done"); node.remove(); } }, "Got it")),
      el("ol", {}, STEPS.map(([title, what, action, path]) => el("li", {}, el("h3", {}, title), el("p", {}, what),
        path ? el("a", { href: path + location.search }, action) : el("span", {}, action))))));
  return node;
}

export function showGuide(again = false) {
  if (again) store(null);
  const header = document.getElementById("dv-header");
  if (!header || document.getElementById("dv-guide") || stored() || location.pathname !== "/cohort") return;
  header.after(card());
}
