// What a dataset's codes mean, in words. A code that is not here is shown as it is.

const TASKS = {
  BBP_NORMAL: "“Buy Bobby a puppy”",
  DDK_PA: "Repeat /pa/",
  DDK_PATAKA: "Repeat /pataka/",
  NSM_KISS: "Kiss",
  NSM_OPEN: "Open the mouth",
  NSM_SPREAD: "Spread the lips",
  NSM_BLOW: "Blow",
  NSM_BROW: "Raise the brows",
  NSM_BIGSMILE: "Big smile",
};

export const task = (code) => TASKS[code] ?? (code || "No task");
export const taskLong = (code) => (TASKS[code] ? `${TASKS[code]} (${code})` : code || "No task");
export const SENSES = { video: "Face", audio: "Voice" };
export const subset = (modalities) => (modalities.length ? modalities.map((name, place) => (place ? SENSES[name].toLowerCase() : SENSES[name])).join(" and ") : "Neither");
