// Takes a recording by drop, choice or camera and sends it to the session's own area. The component's value names the uploads.

import { el, request } from "./dom.js";
import { size } from "./format.js";
import { mountRecorder } from "./recorder.js";

const ROLES = { recording: "Recording", sound: "Separate sound" };

export function mount(element, props) {
  const root = element.querySelector(".dv-intake");
  const list = root.querySelector(".dv-files");
  const trouble = root.querySelector(".dv-trouble");
  const chosen = {};

  // The owner's cookie: nothing is sent before it is there.
  const session = request("/studio/session");

  function publish() {
    const ids = {};
    for (const role of Object.keys(ROLES)) if (chosen[role]?.id) ids[role] = chosen[role].id;
    props.value = JSON.stringify(ids);
    const busy = Object.values(chosen).some((item) => !item.id);
    const go = document.getElementById("dv-go");
    if (go) go.disabled = busy || !ids.recording;
    root.dataset.chosen = chosen.recording ? "yes" : "no";
    root.querySelector(".dv-more").hidden = Boolean(chosen.sound);
    list.replaceChildren(...Object.keys(ROLES).filter((role) => chosen[role]).map(line));
  }

  function line(role) {
    const item = chosen[role];
    return el("li", { class: item.id ? "is-ready" : "" },
      el("span", { class: "dv-role" }, ROLES[role]),
      el("span", { class: "dv-file-name", title: item.name }, item.name),
      el("span", { class: "dv-num" }, item.id ? size(item.size) : `${Math.round(100 * item.fraction)} %`),
      el("button", { type: "button", class: "dv-quiet", "aria-label": `Remove ${item.name}`, onclick: () => remove(role) }, "Remove"),
      !item.id && el("progress", { max: 1, value: item.fraction, "aria-label": `Copying ${item.name}` }));
  }

  function remove(role) {
    const item = chosen[role];
    delete chosen[role];
    item?.sending?.abort();
    if (item?.id) request(`/studio/uploads/${item.id}`, { method: "DELETE" }).catch(() => { /* it is gone already */ });
    publish();
  }

  function take(role, file) {
    if (!file) return;
    remove(role);
    trouble.textContent = "";
    // XMLHttpRequest, because fetch cannot say how much has been sent.
    const sending = new XMLHttpRequest();
    const item = { name: file.name, size: file.size, fraction: 0, sending };
    chosen[role] = item;
    sending.upload.onprogress = (event) => { item.fraction = event.total ? event.loaded / event.total : 0; publish(); };
    sending.onerror = () => fail(role, item, `${file.name}: it could not be copied to the studio. Is the studio still running?`);
    sending.onload = () => {
      let answer = {};
      try { answer = JSON.parse(sending.responseText); } catch { answer = { error: `${file.name}: ${sending.responseText}` }; }
      if (sending.status === 201) { item.id = answer.id; item.size = answer.size; publish(); }
      else fail(role, item, answer.error || `${file.name}: it was not taken.`);
    };
    sending.open("POST", "/studio/uploads");
    sending.setRequestHeader("content-type", "application/octet-stream");
    sending.setRequestHeader("x-file-name", encodeURIComponent(file.name));
    session.then(() => sending.send(file), () => sending.onerror());
    publish();
  }

  function fail(role, item, message) {
    if (chosen[role] !== item) return;
    delete chosen[role];
    trouble.textContent = message;
    publish();
  }

  for (const role of Object.keys(ROLES)) {
    const input = root.querySelector(`#dv-${role}`);
    const read = () => { take(role, input.files[0]); input.value = ""; };
    input.addEventListener("change", read);
    if (input.files.length) read(); // chosen before this file was loaded
  }
  acceptDrops(root, (file) => take(isSound(file) && chosen.recording ? "sound" : "recording", file), (message) => { trouble.textContent = message; });
  mountTabs(root, mountRecorder(root.querySelector("#dv-camera"), (file) => take("recording", file)));
  window.addEventListener("divine-spent", () => { for (const role of Object.keys(chosen)) delete chosen[role]; publish(); });
  publish();
}

const isSound = (file) => file.type.startsWith("audio/");

function acceptDrops(root, take, complain) {
  const zone = root.querySelector(".dv-drop");
  let depth = 0;
  // The whole page takes drops, so that a near miss does not make the browser open the file.
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("dragenter", () => { depth += 1; zone.classList.add("is-over"); });
  document.addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) zone.classList.remove("is-over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    zone.classList.remove("is-over");
    if (!root.isConnected || root.offsetParent === null) return;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 2 || (files.length === 2 && isSound(files[0]) === isSound(files[1]))) { complain("Drop one recording, and at most one separate sound file with it."); return; }
    files.sort((a, b) => isSound(a) - isSound(b)).forEach(take);
  });
}

function mountTabs(root, recorder) {
  const tabs = [...root.querySelectorAll("[role=tab]")];
  function show(tab) {
    for (const other of tabs) {
      const selected = other === tab;
      other.setAttribute("aria-selected", String(selected));
      other.tabIndex = selected ? 0 : -1;
      root.querySelector(`#${other.getAttribute("aria-controls")}`).hidden = !selected;
    }
    if (tab.id !== "dv-tab-camera") recorder.stop();
  }
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const next = tabs[(index + 1) % tabs.length];
      show(next);
      next.focus();
    });
  });
}
