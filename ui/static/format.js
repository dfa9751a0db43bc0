// Numbers as people read them: as many digits as they are worth, a true minus, a thin space before the unit.

const MINUS = "\u2212";

export function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  let decimals = 0;
  if (size > 0 && !Number.isInteger(value)) decimals = Math.max(0, Math.min(4, digits - 1 - Math.floor(Math.log10(size))));
  return value.toFixed(size === 0 ? 0 : decimals).replace("-", MINUS);
}

export const fixed = (value, decimals) => value.toFixed(decimals).replace("-", MINUS);
export const percent = (value) => `${fixed(100 * value, 1)} %`;
export const plain = (name) => name.replaceAll("_", " ");
export const sentence = (name) => plain(name).replace(/^./, (letter) => letter.toUpperCase());

// Datasets write groups as codes; people read words. Any other name is shown as the dataset has it.
const GROUPS = { HC: "Healthy control" };
export const group = (name) => GROUPS[name] ?? name;

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let index = 0;
  while (bytes >= 1000 && index < units.length - 1) { bytes /= 1000; index += 1; }
  return `${number(bytes)} ${units[index]}`;
}

export function clock(seconds, decimals = 2) {
  const whole = Math.max(0, seconds);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${(whole - 60 * minutes).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0")}`;
}
