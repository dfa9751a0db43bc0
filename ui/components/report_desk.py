"""Where reports are ordered and looked through. The shell is static; ``static/reports.js`` fills it from the routes."""

from __future__ import annotations

import gradio as gr

_TEMPLATE = """
<div id="dv-main" class="dv-desk">
  <div class="dv-title"><div><h1 class="dv-name">Reports</h1>
  <p class="dv-facts">What a finished run says of a subject, beside what was measured and what the raters scored: to read, to
  print, to keep.</p></div></div>
  <div class="dv-desk-columns">
    <form class="dv-card dv-desk-order" aria-label="Choose a report"></form>
    <section class="dv-desk-shown" aria-label="Preview" aria-live="polite"></section>
  </div>
</div>"""


def build() -> gr.HTML:
    """Return the component."""
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/reports.js').then(module => module.mount(element));",
        apply_default_css=False,
        elem_id="dv-reports",
    )
