// The header's controls: colours and keyboard help. The header may be drawn after this file runs.

export const typing = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable], [role=listbox]");

document.addEventListener("change", (event) => {
  if (event.target.id === "dv-theme") window.divineTheme.choice = event.target.value;
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("#dv-help")) document.getElementById("dv-keys").showModal();
});

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
}
ready.observe(document.documentElement, { childList: true, subtree: true });
settle();
