// The chosen subject: who, and each clip with its files, ratings by both raters, quality and prediction.

import { assessLink, media, sessionLink } from "./cohort_model.js";
import { ICONS, el, fill, icon } from "./dom.js";
import { clock, group, number, percent, sentence } from "./format.js";
import { taskLong } from "./session_names.js";

const SEXES = { F: "female", M: "male" };

export class Panel {
  constructor(root) { this.root = root; }

  // After a change of filters or facts: the same subject if it is still there, else the first.
  keep(cohort, clips) {
    this.cohort = cohort;
    const subject = cohort.subjects.find((one) => one.place === this.place);
    const wanted = subject && clips.some((clip) => clip.subject === subject) ? subject : clips[0]?.subject;
    if (wanted) this.show(wanted, wanted.clips.find((clip) => clip.key === this.key) ?? null);
    else fill(this.root, el("p", { class: "dv-soft" }, "No clip passes these filters."));
  }

  show(subject, clip) {
    this.place = subject.place;
    this.key = clip?.key ?? null;
    const { cohort } = this;
    const facts = [group(subject.group), subject.age !== null && `${number(subject.age)} years`, SEXES[subject.sex] ?? subject.sex, cohort.severalDatasets && subject.dataset].filter(Boolean);
    fill(this.root, el("h2", {}, subject.id), el("p", { class: "dv-soft" }, facts.join(" · ")),
      totals(subject, cohort),
      el("div", { class: "dv-clips" }, subject.clips.map((one) => this.clip(one, one === clip))));
    this.root.querySelector("details[open]")?.scrollIntoView({ block: "nearest" });
  }

  clip(clip, open) {
    const playable = clip.video || clip.audio !== "none";
    // What somebody has opened stays open when the facts change.
    const ontoggle = ({ currentTarget }) => { if (currentTarget.open) this.key = clip.key; else if (this.key === clip.key && currentTarget.isConnected) this.key = null; };
    return el("details", { open, name: "dv-clip", ontoggle },
      el("summary", {}, el("span", {}, taskLong(clip.task)), el("span", { class: "dv-num dv-soft" }, clip.ratings.map((one) => `${one.rater} ${one.total ?? "–"}`).join(" · "))),
      el("p", { class: "dv-go" },
        document.querySelector(".dv-top nav a[href^='/session']") && el("a", { class: "dv-button is-primary", href: sessionLink(this.cohort, clip) }, "Open session"),
        playable && el("a", { class: "dv-button", href: assessLink(this.cohort, clip) }, "Assess")),
      el("dl", {},
        el("dt", {}, "File"), el("dd", {}, clip.name),
        el("dt", {}, "Holds"), el("dd", {}, media(clip).words || "nothing", clip.duration_s !== undefined && `, ${clock(clip.duration_s, 1)}`, clip.annotated && ", landmarks by hand"),
        clip.session && [el("dt", {}, "Session"), el("dd", {}, clip.session)],
        el("dt", {}, "Quality"), el("dd", {}, ...qualityWords(clip.quality)),
        el("dt", {}, "Predicted"), el("dd", {}, this.saidWords(clip))),
      ratingTable(clip, this.cohort.facts));
  }

  saidWords(clip) {
    if (clip.said === undefined) return "being read …";
    if (!clip.said) return this.cohort.said?.run ? "not tested by this run" : "no run on this cohort yet";
    const { prediction, probability, total, right } = clip.said;
    return [group(prediction), ", ", percent(probability), right ? ", as the group" : ", not the group", total !== null && `; total ${number(total)}`];
  }
}

function qualityWords(quality) {
  if (!quality) return ["nobody has looked yet"];
  if (quality.passed) return [el("span", { class: "dv-state is-pass" }, icon(ICONS.pass), `all ${quality.checks} checks passed`)];
  return quality.failed.map((one) => el("span", { class: "dv-state is-warn" }, icon(ICONS.warn), el("span", {}, `${one.name}${one.unit && one.value !== null ? `: ${number(one.value)} ${one.unit}` : ""}. `, el("small", {}, one.advice))));
}

// Mean total of each rater over the clips that the rater scored whole.
function totals(subject, cohort) {
  const { raters, items, scale } = cohort.facts;
  const lines = raters.map((rater) => {
    const given = subject.clips.flatMap((clip) => clip.ratings.filter((one) => one.rater === rater && one.total !== null).map((one) => one.total));
    return given.length ? `${rater} ${number(given.reduce((sum, one) => sum + one, 0) / given.length)}` : null;
  }).filter(Boolean);
  return lines.length > 0 && el("p", { class: "dv-totals" }, el("span", { class: "dv-soft", title: `Sum of ${items.length} items, each ${scale[0]} (normal) to ${scale[1]}; mean over this subject's clips` }, `Mean total, ${items.length * scale[0]} to ${items.length * scale[1]}: `), el("b", { class: "dv-num" }, lines.join(" · ")));
}

function ratingTable(clip, facts) {
  if (!clip.ratings.length) return el("p", { class: "dv-soft" }, "No rating of this clip.");
  const row = (name, values) => el("tr", {}, el("th", { scope: "row" }, name), values.map((value) => el("td", { class: "dv-num" }, value === null ? "–" : number(value))));
  return el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, `Rated ${facts.scale[0]} to ${facts.scale[1]}`), clip.ratings.map((one) => el("th", { scope: "col" }, one.rater)))),
    el("tbody", {}, facts.items.map((item, place) => row(sentence(item), clip.ratings.map((one) => one.scores[place]))), row("Total", clip.ratings.map((one) => one.total))));
}
