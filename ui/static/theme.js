// Light, dark or as the system says. Runs before the page is drawn; Gradio's own class on <body> is kept in step.
(() => {
  const KEY = "divine-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem(KEY) || "system"; } catch { return "system"; } };
  let choice = stored();

  function apply() {
    const dark = choice === "dark" || (choice === "system" && system.matches);
    const name = dark ? "dark" : "light";
    if (document.documentElement.dataset.theme !== name) {
      document.documentElement.dataset.theme = name;
      window.dispatchEvent(new Event("divine-theme"));
    }
    if (document.body && document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
  }

  function watchBody() {
    apply();
    new MutationObserver(apply).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  }

  window.divineTheme = {
    get choice() { return choice; },
    set choice(value) {
      choice = value;
      try { localStorage.setItem(KEY, value); } catch { /* a browser without storage forgets the choice */ }
      apply();
    },
  };
  system.addEventListener("change", apply);
  apply();
  if (document.body) watchBody(); else document.addEventListener("DOMContentLoaded", watchBody);
})();
