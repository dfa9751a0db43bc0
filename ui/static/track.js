// Reads the binary landmark track (see ui/wire.py) and draws one frame of it.

const HEADER_BYTES = 24;
const HIDDEN = -32768;

// iBUG 68: contours as runs of point numbers; the last two of a pair say whether the run closes.
const CONTOURS = [
  [0, 16, false], [17, 21, false], [22, 26, false], [27, 30, false], [31, 35, false],
  [36, 41, true], [42, 47, true], [48, 59, true], [60, 67, true],
];

// Confidence in three steps, told by colour and by shape: filled, filled and smaller, ring.
export const STEPS = [
  { from: 0.66, name: "sure", colour: "#4de4ff", radius: 1.0, ring: false },
  { from: 0.33, name: "less sure", colour: "#ffe45c", radius: 0.8, ring: false },
  { from: -1, name: "guess", colour: "#ff8a3d", radius: 1.1, ring: true },
];

export function parseTrack(buffer) {
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== "DVT1") throw new Error("not a landmark track");
  const frames = view.getUint32(4, true);
  const points = view.getUint32(20, true);
  const times = new Float64Array(buffer, HEADER_BYTES, frames);
  const coordinates = new Int16Array(buffer, HEADER_BYTES + 8 * frames, frames * points * 2);
  const confidence = new Uint8Array(buffer, HEADER_BYTES + 8 * frames + 4 * frames * points, frames * points);
  return { frames, points, times, coordinates, confidence, width: view.getUint32(8, true), height: view.getUint32(12, true), steps: view.getFloat32(16, true) };
}

export function nearest(times, time) {
  let low = 0;
  let high = times.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle; else high = middle;
  }
  return time - times[low] <= times[high] - time ? low : high;
}

export const seen = (track, frame) => track.coordinates[frame * track.points * 2] !== HIDDEN;

// Draw frame `frame` on a canvas whose picture is `width` wide in device pixels.
export function drawFrame(context, track, frame, width, height, ratio) {
  context.clearRect(0, 0, width, height);
  if (!track || !seen(track, frame)) return;
  const scale = width / (track.width * track.steps);
  const base = frame * track.points;
  const x = (point) => track.coordinates[2 * (base + point)] * scale;
  const y = (point) => track.coordinates[2 * (base + point) + 1] * scale;
  // As large as the face allows: points of a small mouth must stay apart.
  const unit = Math.min(Math.max(Math.hypot(x(16) - x(0), y(16) - y(0)) / 80, 1.1 * ratio), 4 * ratio);

  context.lineJoin = "round";
  context.beginPath();
  for (const [first, last, closed] of CONTOURS) {
    context.moveTo(x(first), y(first));
    for (let point = first + 1; point <= last; point += 1) context.lineTo(x(point), y(point));
    if (closed) context.lineTo(x(first), y(first));
  }
  context.strokeStyle = "rgba(0, 0, 0, 0.45)";
  context.lineWidth = unit;
  context.stroke();
  context.strokeStyle = "rgba(255, 255, 255, 0.7)";
  context.lineWidth = unit * 0.5;
  context.stroke();

  for (let point = 0; point < track.points; point += 1) {
    const sure = track.confidence[base + point] / 255;
    const step = STEPS.find((candidate) => sure >= candidate.from);
    context.beginPath();
    context.arc(x(point), y(point), unit * step.radius, 0, 2 * Math.PI);
    if (step.ring) {
      context.strokeStyle = step.colour;
      context.lineWidth = unit * 0.6;
      context.stroke();
    } else {
      context.fillStyle = step.colour;
      context.fill();
      context.strokeStyle = "rgba(0, 0, 0, 0.6)";
      context.lineWidth = unit * 0.25;
      context.stroke();
    }
  }
}
