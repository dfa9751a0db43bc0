"""Where an assessment appears, part by part. The shell is static; ``static/assess.js`` fills it from the job's routes.

The component's value is JSON: ``{"job": id}`` of the assessment to show, or ``{"error": text}`` when none could be started.
"""

from __future__ import annotations

import gradio as gr

_TEMPLATE = """
<div class="dv-assessment" hidden>
  <div class="dv-title">
    <div><h1 class="dv-name"></h1><p class="dv-facts"></p></div>
    <div class="dv-actions"></div>
  </div>
  <section class="dv-card dv-progress" aria-label="Progress" hidden></section>
  <section class="dv-card dv-failure" role="alert" hidden></section>
  <div class="dv-columns">
    <div class="dv-watch">
      <section class="dv-card dv-player" aria-label="Recording" hidden></section>
      <section class="dv-card dv-curves" aria-labelledby="dv-curves-title" hidden></section>
    </div>
    <div class="dv-verdict">
      <section class="dv-card dv-quality" aria-labelledby="dv-quality-title" hidden></section>
      <section class="dv-card dv-diagnosis" aria-labelledby="dv-diagnosis-title" hidden></section>
      <section class="dv-card dv-severity" aria-labelledby="dv-severity-title" hidden></section>
      <section class="dv-card dv-attention" aria-labelledby="dv-attention-title" hidden></section>
    </div>
  </div>
  <section class="dv-card dv-measures" aria-labelledby="dv-measures-title" hidden></section>
  <section class="dv-card dv-notes" aria-labelledby="dv-notes-title" hidden></section>
</div>"""


def build() -> gr.HTML:
    """Return the component."""
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/assess.js').then(module => module.mount(element, props, watch));",
        apply_default_css=False,
        elem_id="dv-assessment",
    )
