"""Whose estimate is shown: the demonstration's checkpoint, or a run that was trained here.

The component's value is the run's id, empty for the demonstration, written by ``static/model_choice.js``. It is no list of
Gradio's own, which would refuse what was chosen before the studio was started anew.
"""

from __future__ import annotations

import gradio as gr

_TEMPLATE = """
<div class="dv-model">
  <label for="dv-judge">Model</label>
  <select id="dv-judge" aria-describedby="dv-judge-about"><option value="">Demonstration model (synthetic)</option></select>
  <p id="dv-judge-about" class="dv-soft">Whose estimate is shown. A run that you train on your own cohort appears here.</p>
</div>"""


def build() -> gr.HTML:
    """Return the component."""
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/model_choice.js').then(module => module.mount(element, props));",
        apply_default_css=False,
        elem_id="dv-model",
    )
