// The Runs page: the table, or one run, or two compared, as the address says.

import { el, fill, request } from "./dom.js";
import { Poll, reason } from "./jobs_poll.js";
import { active } from "./jobs_words.js";
import { RunList } from "./runs_list.js";
import { RunView } from "./runs_result.js";
import { showComparison } from "./runs_compare.js";
import { PaperView } from "./runs_paper.js";
import { TablesList } from "./runs_tables.js";

const GONE_AFTER_MS = 12000;

export function mount(element) {
  const listPlace = element.querySelector(".dv-runs-list");
  const onePlace = element.querySelector(".dv-runs-one");
  const toast = element.querySelector(".dv-toast");
  let view = null;
  let shown = "";

  const asked = () => {
    const query = new URL(window.location.href).searchParams;
    return { run: query.get("run"), compare: query.get("compare"), cohort: query.get("cohort"), tables: query.get("tables") };
  };
  const go = (query) => {
    const address = new URL(window.location.href);
    address.search = new URLSearchParams(query).toString();
    history.pushState(null, "", address);
    arrange();
    window.scrollTo(0, 0);
  };
  const tablesPlace = el("section", { class: "dv-card", "aria-labelledby": "dv-tables-title" });
  const list = new RunList(listPlace, { beside: tablesPlace, cohort: asked().cohort, open: (id) => go({ run: id }), compare: (a, b) => go({ run: a, compare: b }), remove, changed: () => runs.now() });
  const tablesList = new TablesList(tablesPlace, { open: (id) => go({ tables: id }), remove: (entry) => remove([entry], "/studio/tables") });
  const tables = new Poll(() => "/studio/tables", (found) => { tablesList.show(found.reproductions); return found.reproductions.some((one) => one.state === "running"); });
  const paper = new Poll(() => (view instanceof PaperView ? view.address : null), (found) => view.show(found), () => missing("There are no such tables here", "They were removed, or they lie elsewhere. Tables of `divine reproduce --out DIR` are opened from the list, by their folder."));
  const runs = new Poll(() => "/studio/runs", (found) => { list.show(found.runs); return found.runs.some(active); });
  const detail = new Poll(() => { const { run, compare } = asked(); return run && !compare ? `/studio/runs/${encodeURIComponent(run)}` : null; },
    (found) => { view?.show(found); return active(found.run); }, () => missing());

  function missing(title = "There is no such run here", text = "It was deleted, or it lies elsewhere. A run of `divine train --run DIR` is opened from the list, by its folder.") {
    view = null;
    fill(onePlace, back(), el("section", { class: "dv-card" }, el("h1", {}, title), el("p", {}, text)));
  }

  // A run that was opened from a table leads back to it.
  const back = () => (asked().run && asked().tables ? backToTable() : backToList());
  const backToTable = () => {
    const query = new URLSearchParams(["tables", "table", "counted"].map((name) => [name, new URL(location.href).searchParams.get(name)]).filter(([, value]) => value));
    return el("a", { class: "dv-back", href: `/runs?${query}`, onclick: (event) => { event.preventDefault(); go(query); } }, "‹ The paper's tables");
  };
  const backToList = () => el("a", { class: "dv-back", href: "/runs", onclick: (event) => { event.preventDefault(); go({}); } }, "‹ All runs");

  function arrange() {
    const { run, compare, tables: tabled } = asked();
    const address = window.location.search;
    if (address === shown && view) return;
    shown = address;
    listPlace.hidden = Boolean(run || tabled);
    onePlace.hidden = !listPlace.hidden;
    if (tabled && !run && view?.id === tabled) { view.turn(); paper.now(); return; }
    view?.close();
    view = null;
    if (!run && !tabled) { document.title = "Runs · DIVINE"; runs.now(); tables.now(); return; }
    if (compare) { showComparison(onePlace, back(), run, compare); return; }
    fill(onePlace, back());
    const place = el("div", {});
    onePlace.append(place);
    if (!run) { view = new PaperView(place, tabled); view.turned = arrange; paper.tag = null; paper.now(); return; }
    view = new RunView(place, { id: run, remove: (entry) => remove([entry]).then((gone) => gone && go({})) });
    detail.tag = null;
    detail.now();
  }

  // One after another; what cannot go says why, the others go, and one press brings back all that went.
  async function remove(entries, base = "/studio/runs") {
    const [gone, kept] = [[], []];
    for (const entry of entries) {
      const address = `${base}/${encodeURIComponent(entry.id)}`;
      try { gone.push({ title: entry.title, base, ...await (await request(address, { method: "DELETE" })).json() }); } catch (error) {
        if (error.status !== 404) kept.push(reason(error)); // it went with another of its sweep
      }
    }
    const ours = gone.every((one) => one.ours);
    const what = called(gone);
    const said = [gone.length > 0 && (ours ? `Deleted ${what}.` : gone.length === 1 ? `Took ${what} off the list.` : `Took ${what} off the list; those of the studio went to its trash.`), ...new Set(kept)].filter(Boolean).join(" ");
    say(said, gone.length > 0 ? () => restore(gone) : null);
    again();
    return kept.length === 0;
  }

  const called = (gone) => (gone.length === 1 ? gone[0].title ?? gone[0].name : `${gone.length} runs`);

  async function restore(gone) {
    const [back, troubles] = [[], []];
    for (const one of [...gone].reverse()) {  // the last of a sweep took along what is left of it
      try { await request(`${one.base}/${encodeURIComponent(one.id)}/restore`, { method: "POST" }); back.push(one); } catch (error) { troubles.push(reason(error)); }
    }
    say([back.length > 0 && `Brought back ${called(back)}.`, ...troubles].filter(Boolean).join(" "));
    again();
  }

  const again = () => { runs.now(); tables.now(); };

  let fading = null;
  function say(text, undo = null) {
    clearTimeout(fading);
    fill(toast, el("span", {}, text), undo && el("button", { type: "button", class: "dv-button", id: "dv-undo", onclick: (event) => { event.currentTarget.disabled = true; undo(); } }, "Undo"));
    toast.hidden = false;
    if (!undo) fading = setTimeout(() => { toast.hidden = true; }, GONE_AFTER_MS);
  }

  window.addEventListener("popstate", arrange);
  arrange();
  runs.begin();
  tables.begin();
  detail.begin();
  paper.begin();
}
