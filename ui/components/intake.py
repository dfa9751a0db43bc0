"""Where a recording comes in: drop zone, separate sound, camera. The files go to the session's own area, never through Gradio.

The component's value is JSON, ``{"recording": upload id, "sound": upload id or null}``, written by ``static/intake.js``.
"""

from __future__ import annotations

import gradio as gr

_TEMPLATE = """
<div class="dv-intake">
  <div class="dv-tabs" role="tablist" aria-label="Where the recording comes from">
    <button type="button" role="tab" id="dv-tab-file" aria-controls="dv-file" aria-selected="true">A file</button>
    <button type="button" role="tab" id="dv-tab-camera" aria-controls="dv-camera" aria-selected="false"
      tabindex="-1">The camera</button>
  </div>
  <div id="dv-file" role="tabpanel" aria-labelledby="dv-tab-file">
    <label class="dv-drop" for="dv-recording">
      <svg viewBox="0 0 48 48" aria-hidden="true"><path
        d="M24 31V11m-8 8 8-8 8 8M9 31v6a3 3 0 0 0 3 3h24a3 3 0 0 0 3-3v-6"/></svg>
      <strong>Drop a video or a sound here</strong>
      <span>or <u>choose a file</u>: a face that speaks or moves, or a voice alone</span>
      <input type="file" id="dv-recording" accept="video/*,audio/*,.mkv,.avi,.flac,.opus">
    </label>
  </div>
  <div id="dv-camera" role="tabpanel" aria-labelledby="dv-tab-camera" hidden></div>
  <ul class="dv-files" aria-label="Chosen files" aria-live="polite"></ul>
  <p class="dv-more"><label for="dv-sound"><u>Add a separate sound file</u>
    <span>(optional, replaces the recording's own)</span>
    <input type="file" id="dv-sound" accept="audio/*,video/*,.flac,.opus"></label></p>
  <p class="dv-trouble" role="alert"></p>
</div>"""


def build() -> gr.HTML:
    """Return the component."""
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/intake.js').then(module => module.mount(element, props));",
        apply_default_css=False,
        elem_id="dv-intake",
    )
