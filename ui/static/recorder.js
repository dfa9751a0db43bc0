// Records from the camera. The preview is mirrored as people expect; what is recorded is not, or left and right would be lost.
// The browser's clean-up of sound is switched off: it would change loudness, pauses, jitter and shimmer.

import { el } from "./dom.js";
import { clock } from "./format.js";

const WANTED = {
  video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 60 } },
  audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
};
const TYPES = ["video/mp4;codecs=avc1.42E01E,mp4a.40.2", "video/webm;codecs=h264,opus", "video/webm;codecs=vp8,opus", "video/webm"];
const BITS_PER_SECOND = 8_000_000;
const LONGEST_S = 120;

export function mountRecorder(panel, onFile) {
  const preview = el("video", { muted: true, playsInline: true, class: "dv-preview", "aria-label": "Camera preview, mirrored" });
  const frame = el("div", { class: "dv-preview-frame" }, preview);
  const status = el("p", { class: "dv-soft", role: "status" },
    "The camera and the microphone are used only while you record, and the recording stays on this machine.");
  const button = el("button", { type: "button", class: "dv-button", onclick: advance }, "Turn the camera on");
  panel.replaceChildren(frame, el("div", { class: "dv-record-row" }, button, status));

  let stream = null;
  let recorder = null;
  let timer = 0;

  async function advance() {
    if (recorder) recorder.stop();
    else if (stream) record();
    else await open();
  }

  async function open() {
    try {
      if (!navigator.mediaDevices) throw new Error("insecure");
      stream = await navigator.mediaDevices.getUserMedia(WANTED);
    } catch (error) {
      status.textContent = trouble(error);
      return;
    }
    preview.srcObject = stream;
    await preview.play();
    panel.dataset.state = "live";
    button.textContent = "Record";
    status.textContent = "Face the camera, rest, then press Record.";
  }

  function record() {
    const chunks = [];
    const type = TYPES.find((candidate) => MediaRecorder.isTypeSupported(candidate));
    recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS_PER_SECOND });
    recorder.ondataavailable = (event) => chunks.push(event.data);
    recorder.onstop = () => {
      const kind = recorder.mimeType;
      const name = `camera ${new Date().toISOString().slice(0, 19).replaceAll(":", ".")}.${kind.includes("mp4") ? "mp4" : "webm"}`;
      stop();
      onFile(new File(chunks, name, { type: kind }));
      status.textContent = "Recorded. Press Assess, or record again.";
    };
    const began = performance.now();
    recorder.start();
    panel.dataset.state = "recording";
    button.textContent = "Stop";
    timer = setInterval(() => {
      const seconds = (performance.now() - began) / 1000;
      status.textContent = `Recording ${clock(seconds, 0)}`;
      if (seconds >= LONGEST_S) recorder?.stop();
    }, 250);
  }

  function stop() {
    clearInterval(timer);
    if (recorder && recorder.state !== "inactive") { recorder.onstop = null; recorder.stop(); }
    recorder = null;
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    preview.srcObject = null;
    panel.dataset.state = "";
    button.textContent = "Turn the camera on";
  }

  return { stop };
}

function trouble(error) {
  if (error.name === "NotAllowedError") return "The browser was not allowed to use the camera and the microphone. Allow it in the address bar, then try again.";
  if (error.name === "NotFoundError") return "No camera or no microphone was found. Connect one, or choose a file instead.";
  if (error.message === "insecure") return "Browsers give a camera only to pages on this machine or over HTTPS. Choose a file instead.";
  return `The camera could not be used (${error.name}). Close other programs that use it, then try again.`;
}
