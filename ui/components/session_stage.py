"""Where a session is watched and read. The shell is static; ``static/session.js`` fills it from the session's routes."""

from __future__ import annotations

import gradio as gr

_TEMPLATE = """
<div class="dv-session" id="dv-main">
  <div class="dv-title">
    <div><h1 class="dv-name">Session</h1><p class="dv-facts"></p></div>
    <div class="dv-se-pickers"></div>
  </div>
  <section class="dv-card dv-failure" role="alert" hidden></section>
  <div class="dv-se-views"></div>
</div>"""


def build() -> gr.HTML:
    """Return the component."""
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/session.js').then(module => module.mount(element));",
        apply_default_css=False,
        elem_id="dv-session",
    )
