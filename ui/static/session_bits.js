// Small parts that every card of a session uses.

import { el } from "./dom.js";

export const head = (id, title, ...rest) => el("div", { class: "dv-head" }, el("h2", { id }, title), ...rest);
export const width = (fraction) => ({ "--part": `${100 * Math.min(Math.max(fraction, 0), 1)}%` });
export const badge = () => el("span", { class: "dv-badge" }, "SYNTHETIC");

export function bar(label, fraction, value, extra = {}) {
  return el("li", { class: `dv-bar ${extra.class ?? ""}` },
    el("span", { class: "dv-bar-label" }, label, extra.mark ?? null),
    el("span", { class: "dv-bar-track", "aria-hidden": "true" }, el("span", { class: "dv-bar-fill", style: width(fraction) })),
    el("span", { class: "dv-bar-value dv-num" }, value));
}

export function picker(label, options, chosen, onChange) {
  const select = el("select", { onchange: (event) => onChange(event.currentTarget.value) },
    options.map(({ value, text, group }) => ({ node: el("option", { value, selected: value === chosen }, text), group })).reduce(grouped, []));
  select.value = chosen;
  return el("label", { class: "dv-se-picker" }, el("span", {}, label), select);
}

// Options that share a group stand under its name.
function grouped(nodes, { node, group }) {
  if (!group) return [...nodes, node];
  const last = nodes[nodes.length - 1];
  if (last instanceof HTMLOptGroupElement && last.label === group) { last.append(node); return nodes; }
  return [...nodes, el("optgroup", { label: group }, node)];
}
