"""Runs: what came out? A table of runs; one run's curves, matrices, calibration and metrics; two runs compared.

``/runs?run=ID[&compare=ID]``: everything that a link needs stands in its query.
"""

from __future__ import annotations

import gradio as gr

from ui import shell

_TEMPLATE = """
<div class="dv-runs-list" id="dv-main"></div>
<div class="dv-runs-one" hidden></div>
<div class="dv-toast" role="status" hidden></div>"""


def build() -> None:
    """Lay out the page inside the current Gradio context; ``static/runs.js`` fills it."""
    shell.header("/runs")
    gr.HTML(
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/runs.js').then(module => module.mount(element));",
        apply_default_css=False,
        elem_id="dv-runs",
    )
