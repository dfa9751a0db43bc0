// Ask again and again, and tell only of what has changed: the server answers 304 to a page that has it all.

const BUSY_MS = 1000;
const QUIET_MS = 5000;

export class Poll {
  // `address` returns what to ask, or null for nothing; `show` takes the answer and says whether more is soon to come.
  constructor(address, show, gone = () => {}) {
    Object.assign(this, { address, show, gone, tag: null, asked: null, busy: true, timer: null });
  }

  begin() {
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.now(); });
    return this.now();
  }

  async now() {
    clearTimeout(this.timer);
    const address = this.address();
    if (address && !document.hidden) await this.ask(address);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), this.busy ? BUSY_MS : QUIET_MS);
  }

  async ask(address) {
    if (address !== this.asked) { this.asked = address; this.tag = null; }
    try {
      const response = await fetch(address, { credentials: "same-origin", cache: "no-store", headers: this.tag ? { "If-None-Match": this.tag } : {} });
      if (address !== this.address()) return;  // another was chosen meanwhile
      if (response.status === 404) { this.busy = false; this.gone(); return; }
      if (response.status === 304 || !response.ok) return;
      this.tag = response.headers.get("etag");
      this.busy = this.show(await response.json());
    } catch {
      this.busy = false;  // the studio is away; it is asked again
    }
  }
}

// What the server said went wrong, in its words.
export function reason(error) {
  try {
    const answer = JSON.parse(error.message), said = answer.detail ?? answer.error;
    return typeof said === "string" ? said : "The studio did not understand that.";
  } catch { return error.message || "The studio does not answer. Is it still running?"; }
}
