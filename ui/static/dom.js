// Elements from data. Text goes in as text, never as markup: file names and messages come from outside.

export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "style") for (const [key, part] of Object.entries(value)) node.style.setProperty(key, part);
    else if (name in node && !name.includes("-")) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...present(children));
  return node;
}

// What is left of conditional children: `condition && element` may be false, and a group is an array.
const present = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

export function fill(node, ...children) { node.replaceChildren(...present(children)); }

export function icon(path, label = null) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "dv-icon");
  if (label === null) svg.setAttribute("aria-hidden", "true");
  else { svg.setAttribute("role", "img"); svg.setAttribute("aria-label", label); }
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

export const ICONS = {
  pass: "M3 8.500 6.500 12 13 4.500",
  warn: "M8 2 14.500 14h-13L8 2Zm0 4.500v3.500m0 1.700v.3",
  stop: "M4 4l8 8m0-8-8 8",
  none: "M4 8h8",
  info: "M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13Zm0-7.200v4m0-6.600v.3",
  down: "M8 2v8.500m-3.500-3.500L8 10.500 11.500 7M3 13.500h10",
  play: "M5 3.500v9l7.500-4.500L5 3.500Z",
  pause: "M5.500 3.500v9m5-9v9",
  back: "M10.500 3.500 6 8l4.500 4.500",
  on: "M5.500 3.500 10 8l-4.500 4.500",
};

export async function request(path, options = {}) {
  const response = await fetch(path, { credentials: "same-origin", ...options });
  if (!response.ok) {
    const error = new Error((await response.text()).slice(0, 500) || response.statusText);
    error.status = response.status;
    throw error;
  }
  return response;
}

// What a refused request says: our routes answer with JSON, the guard with plain text.
export function reason(error) {
  try {
    const { error: said, detail } = JSON.parse(error.message);
    return said ?? (typeof detail === "string" ? detail : error.message);
  } catch { return error.message; }
}

// A command within a text stands between backticks.
export const coded = (text) => text.split("`").map((part, place) => (place % 2 ? el("code", {}, part) : part));
