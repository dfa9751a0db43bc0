// Which encoders there are, what they cost, under which licence, and whether their weights are here.

import { ICONS, el, icon } from "./dom.js";
import { head } from "./session_bits.js";

const size = (megabytes) => (megabytes >= 1000 ? `${(megabytes / 1000).toFixed(1)} GB` : megabytes ? `${megabytes} MB` : "–");

export function catalogueTable(encoders) {
  const rows = encoders.map((one) => el("tr", { class: one.present ? "" : "is-absent" },
    el("th", { scope: "row" }, one.code), el("td", {}, one.title), el("td", {}, one.modality === "video" ? "face" : "voice"),
    el("td", { class: "dv-num" }, one.dim), el("td", { class: "dv-num" }, one.rate_hz ? `${Number(one.rate_hz.toPrecision(3))} Hz` : "–"),
    el("td", { class: "dv-num" }, one.weights ? size(one.size_mb) : "–"), el("td", {}, one.licence),
    el("td", {}, one.present ? [icon(ICONS.pass), " ready"] : [icon(ICONS.none), " weights absent: ", el("code", {}, one.command)])));
  return [
    head("dv-enc-catalogue", "What there is"),
    el("div", { class: "dv-enc-scroll", tabIndex: 0, role: "region", "aria-label": "Encoders" }, el("table", {},
      el("caption", { class: "dv-sr" }, "Encoders"),
      el("thead", {}, el("tr", {}, ["Code", "Encoder", "Of the", "Features", "Rate", "Weights", "Licence", "Here"].map((name, at) => el("th", { scope: "col", class: at > 2 && at < 6 ? "is-number" : "" }, name)))),
      el("tbody", {}, rows))),
    el("p", { class: "dv-soft" }, "KI and AC are built in and need no weights. The others run once their weights lie on this machine: the command brings them, or takes over a folder that was carried here: ", el("code", {}, "divine encoders fetch CODE --from FOLDER"), "."),
  ];
}
