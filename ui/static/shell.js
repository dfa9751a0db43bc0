// The header's controls: colours, keyboard help, the first-run guide. The header may be drawn after this file runs.

import { showGuide } from "./guide.js";

export const typing = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable], [role=listbox]");

document.addEventListener("change", (event) => {
  if (event.target.id === "dv-theme") window.divineTheme.choice = event.target.value;
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("#dv-help")) document.getElementById("dv-keys").showModal();
  if (event.target instanceof Element && event.target.closest("#dv-first-steps")) {
    document.getElementById("dv-keys").close();
    showGuide(true);
    if (location.pathname !== "/cohort") location.href = `/cohort${location.search}`;
  }
});

// A file dropped where nothing takes it would make the browser leave the studio for it.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());

document.addEventListener("keydown", (event) => {
  if (event.key !== "?" || typing(event.target)) return;
  const dialog = document.getElementById("dv-keys");
  if (dialog && !dialog.open) { event.preventDefault(); dialog.showModal(); }
});

const ready = new MutationObserver(settle);
function settle() {
  const select = document.getElementById("dv-theme");
  if (!select) return;
  ready.disconnect();
  select.value = window.divineTheme.choice;
  // Whoever looks at a cohort goes on looking at it.
  const cohort = new URLSearchParams(location.search).get("cohort");
  if (cohort) for (const link of document.querySelectorAll(".dv-top nav a")) link.href = `${link.pathname}?cohort=${encodeURIComponent(cohort)}`;
  showGuide();
}
ready.observe(document.documentElement, { childList: true, subtree: true });
settle();
