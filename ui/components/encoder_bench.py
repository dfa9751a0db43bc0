"""Where encoders are set beside each other. The shell is static; ``static/encoders.js`` fills it from the routes."""

from __future__ import annotations

import gradio as gr

_TEMPLATE = """
<div id="dv-main" class="dv-encoders">
  <div class="dv-title"><div><h1 class="dv-name">Encoders</h1>
  <p class="dv-facts">Which encoder should I use? Two side by side on one clip and on the whole cohort, and every pair beside
  the number that the paper prints.</p></div></div>
  <section class="dv-card" data-part="catalogue" aria-labelledby="dv-enc-catalogue"></section>
  <section class="dv-card" data-part="clip" aria-labelledby="dv-enc-clip"></section>
  <section class="dv-card" data-part="cohort" aria-labelledby="dv-enc-cohort"></section>
  <section class="dv-card" data-part="grid" aria-labelledby="dv-enc-grid"></section>
</div>"""


def build() -> gr.HTML:
    """Return the component."""
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/encoders.js').then(module => module.mount(element));",
        apply_default_css=False,
        elem_id="dv-encoders",
    )
