// A curve as small as a word.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 56;
const HEIGHT = 18;

export function spark(values, [low, high], width = WIDTH, height = HEIGHT) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("class", "dv-spark");
  const line = document.createElementNS(SVG, "polyline");
  const span = high - low || 1;
  const x = (index) => 1 + (index / Math.max(1, values.length - 1)) * (width - 2);
  const y = (value) => 1 + (1 - (value - low) / span) * (height - 2);
  line.setAttribute("points", values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" "));
  svg.append(line);
  return svg;
}
