// The sound of a clip as two lanes: waveform and spectrogram, from one binary (see ui/session_wire.py).

import { fixed } from "./format.js";
import { inside, label } from "./plot.js";

const HEADER_BYTES = 32;

export function parseSound(buffer) {
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== "DVS1") throw new Error("not a picture of a sound");
  const columns = view.getUint32(4, true);
  const rows = view.getUint32(8, true);
  const [start, column, top, floor, range] = [12, 16, 20, 24, 28].map((at) => view.getFloat32(at, true));
  const low = new Int8Array(buffer, HEADER_BYTES, columns);
  const high = new Int8Array(buffer, HEADER_BYTES + columns, columns);
  const levels = new Uint8Array(buffer, HEADER_BYTES + 2 * columns, rows * columns);
  return { columns, rows, start, column, top, floor, range, low, high, levels, end: start + columns * column };
}

export const soundLanes = (sound) => [new Waveform(sound), new Spectrogram(sound)];

class SoundLane {
  constructor(sound) { this.sound = sound; this.modality = "audio"; this.end = sound.end; }

  // The column at a moment, -1 where there is no sound.
  at(time) {
    const column = Math.floor((time - this.sound.start) / this.sound.column);
    return column >= 0 && column < this.sound.columns ? column : -1;
  }
}

class Waveform extends SoundLane {
  name = "waveform"; title = "Waveform"; unit = "of full scale"; height = 56;

  describe() { return "Waveform: lowest and highest sample over time, in fractions of full scale"; }

  reading(time) {
    const column = this.at(time);
    return column < 0 ? "–" : fixed(Math.max(-this.sound.low[column], this.sound.high[column], 0) / 127, 2);
  }

  draw(context, { left, right, height, x }, colours) {
    const { sound } = this;
    let peak = 1;
    for (let column = 0; column < sound.columns; column += 1) peak = Math.max(peak, sound.high[column], -sound.low[column]);
    const y = (value) => height / 2 - (value / peak) * (height / 2 - 5);
    label(context, colours.soft, fixed(peak / 127, 2), left - 5, 12, "right");
    label(context, colours.soft, fixed(-peak / 127, 2), left - 5, height - 5, "right");
    inside(context, left, right, height);
    context.fillStyle = colours.audio;
    let drawn = -1;
    let low = 0;
    let high = 0;
    for (let column = 0; column < sound.columns; column += 1) {
      const at = Math.floor(x(sound.start + column * sound.column));
      if (at !== drawn) { low = sound.low[column]; high = sound.high[column]; drawn = at; } else { low = Math.min(low, sound.low[column]); high = Math.max(high, sound.high[column]); }
      const next = Math.max(at + 1, Math.floor(x(sound.start + (column + 1) * sound.column)));
      context.fillRect(at, y(high), next - at, Math.max(1, y(low) - y(high)));
    }
  }
}

class Spectrogram extends SoundLane {
  name = "spectrogram"; title = "Spectrogram"; unit = "dB"; height = 120;

  describe() { return `Spectrogram: level from 0 to ${fixed(this.sound.top / 1000, 0)} kHz over time, ${fixed(this.sound.range, 0)} dB from quiet to loud`; }

  // The loudest level of the moment, in dB relative to a sine of full scale.
  reading(time) {
    const column = this.at(time);
    if (column < 0) return "–";
    let most = 0;
    for (let row = 0; row < this.sound.rows; row += 1) most = Math.max(most, this.sound.levels[row * this.sound.columns + column]);
    return most ? fixed(this.sound.floor + (most / 255) * this.sound.range, 0) : `< ${fixed(this.sound.floor, 0)}`;
  }

  draw(context, { left, right, height, x }, colours) {
    const { sound } = this;
    const key = `${colours.surface} ${colours.audio}`;
    if (this.painted !== key) { this.painted = key; this.image = paint(sound, colours); }
    for (const part of [0, 0.5, 1]) {
      label(context, colours.soft, `${fixed((part * sound.top) / 1000, 0)}${part === 1 ? " kHz" : ""}`, left - 5, part === 1 ? 12 : part === 0 ? height - 4 : height / 2 + 4, "right");
    }
    inside(context, left + 1, right - 1, height - 1);
    context.imageSmoothingEnabled = true;
    const from = x(sound.start);
    context.drawImage(this.image, from, 1, x(sound.end) - from, height - 2);
  }
}

// From the card's own colour through that of the voice to its darkest: lightness alone carries the level.
function paint(sound, colours) {
  const dark = document.documentElement.dataset.theme === "dark";
  const stops = [rgb(colours.surface), rgb(colours.audio), dark ? [255, 246, 230] : [38, 14, 0]];
  const table = Array.from({ length: 256 }, (_, level) => {
    const part = level / 255;
    const [a, b, t] = part < 0.6 ? [stops[0], stops[1], part / 0.6] : [stops[1], stops[2], (part - 0.6) / 0.4];
    return a.map((value, channel) => value + (b[channel] - value) * t);
  });
  const canvas = document.createElement("canvas");
  canvas.width = sound.columns;
  canvas.height = sound.rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(sound.columns, sound.rows);
  for (let row = 0; row < sound.rows; row += 1) {
    for (let column = 0; column < sound.columns; column += 1) {
      const [red, green, blue] = table[sound.levels[row * sound.columns + column]];
      const at = 4 * ((sound.rows - 1 - row) * sound.columns + column);
      image.data[at] = red; image.data[at + 1] = green; image.data[at + 2] = blue; image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
