// A cohort as the page thinks of it: clips with their subject, what a run says, and the filters as predicates.

export class Cohort {
  constructor(facts) {
    this.facts = facts;
    this.subjects = facts.subjects.map(([dataset, name, id, age, sex], place) => ({ place, dataset, group: name, id, age, sex, clips: [] }));
    this.severalDatasets = new Set(this.subjects.map((one) => one.dataset)).size > 1;
    // Undefined: no run was heard yet; null: the run says nothing of this clip.
    this.clips = facts.clips.map((clip) => ({ ...clip, subject: this.subjects[clip.subject], said: undefined }));
    for (const clip of this.clips) clip.subject.clips.push(clip);
    this.said = null;
  }

  // Another run is being read: what the last one said goes.
  wait() {
    this.said = null;
    for (const clip of this.clips) clip.said = undefined;
  }

  // What a run says of clips, by key; of the others it says nothing.
  hear(run, clips) {
    this.said = { run, clips };
    for (const clip of this.clips) {
      const heard = clips[clip.key];
      clip.said = heard ? { prediction: heard[0], probability: heard[1], total: heard[2], right: heard[0] === clip.subject.group } : null;
    }
  }
}

const quality = (clip) => (clip.quality ? (clip.quality.passed ? "passed" : "failed") : "unknown");
const predicted = (clip) => (clip.said ? (clip.said.right ? "right" : "wrong") : "none");

// Each filter: what value a clip has under it, and whether a clip with it is wanted.
export const FILTERS = {
  group: { of: (clip) => clip.subject.group },
  task: { of: (clip) => clip.task },
  rated: { of: (clip) => (clip.ratings.length ? (clip.ratings.length > 1 ? "several" : "one") : "no") },
  quality: { of: quality },
  predicted: { of: predicted },
  problems: { of: (clip) => (clip.problems ? "yes" : "no") },
};

// Clips that pass every filter but `except`, whose own options are to be counted.
export function select(cohort, wanted, text, except = null) {
  const tests = Object.entries(wanted).filter(([name, value]) => value !== null && name !== except);
  const needle = text.trim().toLowerCase();
  return cohort.clips.filter((clip) => (!needle || clip.subject.id.toLowerCase().includes(needle)) && tests.every(([name, value]) => FILTERS[name].of(clip) === value));
}

export function tally(clips, name) {
  const counts = new Map();
  for (const clip of clips) { const value = FILTERS[name].of(clip); counts.set(value, (counts.get(value) ?? 0) + 1); }
  return counts;
}

const SOUND = { sibling: "sound in a file of its own", given: "sound in a file of its own", embedded: "sound of its own", unknown: "sound not yet looked for", none: "no sound" };

// What a clip consists of: drawn as marks, said in words.
export function media(clip) {
  const sound = clip.audio !== "none";
  const words = [clip.video ? "video" : null, clip.video || sound ? SOUND[clip.audio] : null, clip.features.length ? `features ${clip.features.join(", ")}` : null];
  return { video: clip.video || clip.features.some((one) => one.startsWith("video")), sound: (sound && clip.audio !== "unknown") || clip.features.some((one) => one.startsWith("audio")), maybe: clip.audio === "unknown", words: words.filter(Boolean).join(", ") };
}

export const sessionLink = (cohort, clip) => link("/session", cohort, clip) + (cohort.said?.run ? `&run=${encodeURIComponent(cohort.said.run.id)}` : "");
export const assessLink = (cohort, clip) => link("/assess", cohort, clip);
const link = (page, cohort, clip) => `${page}?cohort=${encodeURIComponent(cohort.facts.id)}&clip=${encodeURIComponent(clip.key)}`;
