// Every pair of a video and an audio encoder: the number that the paper prints, and ours from the latest run of this cohort.

import { ICONS, el, fill, icon, request } from "./dom.js";
import { reason } from "./jobs_poll.js";
import { badge, head, picker } from "./session_bits.js";

const METRICS = [["accuracy", "Accuracy (%)"], ["macro_f1", "Macro-F1 (%)"], ["mae_total", "MAE of the total"], ["rmse_total", "RMSE of the total"]];
const SETTINGS = [["audio+video", "face + voice"], ["video", "face alone"], ["audio", "voice alone"]];
const options = (pairs) => pairs.map(([value, text]) => ({ value, text }));

export function gridCard(place, cohort, encoders, synthetic) {
  const asked = { system: "divine", tasks: "speech", modalities: "audio+video", metric: "accuracy" };
  const shown = el("div", { "aria-live": "polite" });
  const choose = (name) => (value) => { asked[name] = value; draw(); };
  fill(place, head("dv-enc-grid", "Every pair, ours beside the paper's", synthetic && badge()),
    el("div", { class: "dv-enc-choose" },
      picker("System", options([["divine", "DIVINE"], ["concat", "Concatenation"]]), asked.system, choose("system")),
      picker("Tasks", options([["speech", "speech"], ["non-speech", "non-speech"], ["all", "all (not in the paper)"]]), asked.tasks, choose("tasks")),
      picker("Given", options(SETTINGS), asked.modalities, choose("modalities")),
      picker("Metric", options(METRICS), asked.metric, choose("metric"))),
    shown);

  async function draw() {
    let cells;
    try { cells = await request(`/studio/encoders/grid/${cohort}?${new URLSearchParams(asked)}`).then((answer) => answer.json()); }
    catch (error) { fill(shown, el("p", { role: "alert" }, reason(error))); return; }
    const share = asked.metric === "accuracy" || asked.metric === "macro_f1";
    const mine = (value) => (share ? (100 * value).toFixed(1) : value.toFixed(2));
    const columns = [...new Set(cells.map((one) => one.audio))], rows = [...new Set(cells.map((one) => one.video))];
    const absent = (code) => !encoders.find((one) => one.code === code)?.present;
    const name = (code) => [code, absent(code) && el("span", { class: "dv-enc-absent", title: `Its weights are not here: divine encoders fetch ${code}` }, " absent")];
    const cell = (one) => el("td", { class: `dv-num ${one.absent.length ? "is-absent" : ""}` },
      one.ours ? el("a", { class: "dv-enc-ours", href: `/runs?run=${encodeURIComponent(one.run)}`, title: `Mean over folds and seeds. On predictions averaged over seeds ${mine(one.ours[1])}, 95 % interval ${mine(one.ours[2])} to ${mine(one.ours[3])}` }, mine(one.ours[0])) : el("span", { class: "dv-enc-ours" }, "–"),
      el("span", { class: "dv-enc-paper" }, one.printed === null ? "–" : one.printed.toFixed(2)));
    fill(shown, el("div", { class: "dv-enc-scroll", tabIndex: 0, role: "region", "aria-label": "Grid of pairs" },
      el("table", { class: "dv-enc-grid" }, el("caption", { class: "dv-sr" }, "Pairs of encoders; ours above, the paper's below"),
        el("thead", {}, el("tr", {}, el("td", {}), columns.map((code) => el("th", { scope: "col" }, name(code))))),
        el("tbody", {}, rows.map((video) => el("tr", {}, el("th", { scope: "row" }, name(video)), columns.map((audio) => cell(cells.find((one) => one.video === video && one.audio === audio)))))))),
      el("p", { class: "dv-soft" }, icon(ICONS.info), " Above: ours, per clip, from the latest finished run of this pair on this cohort (a link to it). Below: what the paper prints for Toronto NeuroFace, contradictions included. KI is computed here from landmarks and head pose, the paper's by OpenFace 2. ",
        synthetic ? "This cohort is SYNTHETIC, so the two have nothing to do with each other. " : "",
        share ? "" : "The paper does not say in which unit its severity errors are: the two are never subtracted."));
  }
  draw();
}
