// Two clips side by side: apart, on one clock, or on one clock that starts with the first movement of each.

import { el } from "./dom.js";

const MODES = { clock: "together", movement: "together, from the first movement", apart: "each for itself" };
const DRIFT_S = 0.08;

export class Together {
  // The choice of how to play them goes into `place`.
  constructor(first, second, place) {
    this.first = first;
    this.second = second;
    this.mode = "clock";
    this.select = el("select", { onchange: () => this.choose(this.select.value) }, Object.entries(MODES)
      .filter(([mode]) => mode !== "movement" || (first.found?.length && second.found?.length))
      .map(([value, text]) => el("option", { value }, text)));
    this.tool = el("label", { class: "dv-se-picker" }, el("span", {}, "Play them"), this.select);
    place.append(this.tool);
    this.onTime = (time) => this.follow(time);
    this.onState = (state) => this.mirror(state);
    first.player.listeners.add(this.onTime);
    first.player.states.add(this.onState);
    // With one clock the keys drive the first; apart, the one that was touched last.
    this.onTouch = (event) => { if (this.mode === "apart") this.listen(this.second.node.contains(event.target) ? this.second : this.first); };
    document.addEventListener("pointerdown", this.onTouch, true);
    this.choose("clock");
  }

  get offset() { return this.mode === "movement" ? this.second.found[0].start_s - this.first.found[0].start_s : 0; }

  choose(mode) {
    this.mode = mode;
    this.listen(this.first);
    this.second.player.media.muted = mode !== "apart";
    if (mode === "apart") return;
    this.second.repetitions.set(null);
    this.second.player.setSpeed(this.first.player.media.playbackRate);
    this.follow(this.first.player.time, true);
    this.mirror(this.first.player.media.paused ? "pause" : "play");
  }

  listen(view) { for (const one of [this.first, this.second]) one.player.deaf = one !== view; }

  follow(time, now = false) {
    if (this.mode === "apart") return;
    const { player } = this.second;
    const wanted = Math.min(Math.max(time + this.offset, 0), player.duration);
    const { paused } = this.first.player.media;
    // While both play they run by themselves; only what drifts is put right.
    if (now || paused ? Math.abs(player.time - wanted) > 1e-4 : Math.abs(player.media.currentTime - wanted) > DRIFT_S) player.seek(wanted);
  }

  mirror(state) {
    if (this.mode === "apart") return;
    const { media } = this.second.player;
    if (state === "ratechange") this.second.player.setSpeed(this.first.player.media.playbackRate);
    else if (state === "play" && media.paused && !media.ended) media.play();
    else if (state !== "play") { media.pause(); this.follow(this.first.player.time, true); }
  }

  close() {
    document.removeEventListener("pointerdown", this.onTouch, true);
    this.first.player.listeners.delete(this.onTime);
    this.first.player.states.delete(this.onState);
    this.tool.remove();
    for (const view of [this.first, this.second]) { view.player.deaf = false; view.player.media.muted = false; }
  }
}
