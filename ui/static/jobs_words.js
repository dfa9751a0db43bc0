// States and times of long work, in words, and never by colour alone.

import { el, icon, ICONS } from "./dom.js";

export const STATES = {
  queued: ["Waiting", "M8 4v4.500l3 1.500M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13Z"],
  waiting: ["Waiting", "M8 4v4.500l3 1.500M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13Z"],
  running: ["Running", ICONS.play],
  training: ["Training", ICONS.play],
  done: ["Done", ICONS.pass],
  interrupted: ["Interrupted", ICONS.pause],
  cancelled: ["Cancelled", ICONS.pause],
  failed: ["Failed", ICONS.stop],
  damaged: ["Damaged", ICONS.warn],
};

// Whether somebody is at work on a run, or about to be: then it is neither deleted nor judged.
export const active = (run) => run.state === "training" || run.state === "waiting";

export function state(name) {
  const [title, shape] = STATES[name] ?? [name, ICONS.info];
  return el("span", { class: `dv-state is-${name}` }, icon(shape), title);
}

// A job that somebody cancelled is interrupted like one whose worker died; people want to know which.
export const jobState = (job) => (job.state === "interrupted" && job.message.startsWith("Cancelled") ? "cancelled" : job.state);

export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const moment = (seconds) => (seconds ? DAY.format(new Date(1000 * seconds)) : "");
