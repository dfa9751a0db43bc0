"""Train: run it. An order is put together, checked and queued, and watched: each fold of each seed, as it really stands."""

from __future__ import annotations

import gradio as gr

from ui import shell

_TEMPLATE = """
<div id="dv-main" class="dv-hero">
  <h1>Train</h1>
  <p>Choose a cohort, systems and encoders, or the paper's tables. Every subject is tested by models that never saw them.
  What is launched goes on when this page, the browser or the studio is closed, and can be cancelled and resumed without
  losing what is finished.</p>
</div>
<div class="dv-train">
  <section class="dv-card" aria-label="What to train">
    <div class="dv-train-kind" role="group" aria-label="Kind of work"></div>
    <form class="dv-train-form dv-train-runs" aria-label="A new run" novalidate></form>
    <form class="dv-train-form dv-train-tables" aria-label="The paper's tables" novalidate hidden></form>
  </section>
  <div class="dv-train-side">
    <section class="dv-card dv-train-now" aria-labelledby="dv-train-now-title" hidden></section>
    <section class="dv-card dv-train-jobs" aria-labelledby="dv-train-jobs-title"></section>
  </div>
</div>"""


def build() -> None:
    """Lay out the page inside the current Gradio context; ``static/train.js`` fills it."""
    shell.header("/train")
    gr.HTML(
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/train.js').then(module => module.mount(element));",
        apply_default_css=False,
        elem_id="dv-train",
    )
