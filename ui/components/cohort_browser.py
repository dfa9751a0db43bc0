"""Where a cohort is opened and browsed. The shell is static; ``static/cohort.js`` fills it from the cohort's routes."""

from __future__ import annotations

import gradio as gr

_TEMPLATE = """
<div class="dv-cohort" id="dv-main" aria-busy="true">
  <div class="dv-title">
    <div><h1 class="dv-name">Cohort</h1><p class="dv-facts"></p></div>
    <form class="dv-open" aria-label="Open a cohort">
      <div class="dv-open-row">
        <label><span>Cohort</span><select class="dv-recent"></select></label>
        <label class="dv-path"><span>Folder or manifest</span><input type="text" autocomplete="off" spellcheck="false"
          placeholder="/path/to/a/folder or manifest.csv"></label>
        <button class="dv-button" type="submit">Open</button>
      </div>
      <p class="dv-trouble" role="alert"></p>
    </form>
  </div>
  <section class="dv-card dv-failure" role="alert" hidden></section>
  <div class="dv-working" role="status" hidden></div>
  <section class="dv-card dv-browse" aria-label="Clips" hidden>
    <div class="dv-filters"></div>
    <div class="dv-count"><p class="dv-shown" role="status"></p><div class="dv-legend"></div></div>
    <div class="dv-browse-columns">
      <div class="dv-grid" role="grid" aria-label="Subjects by tasks"></div>
      <aside class="dv-panel" aria-label="The chosen subject"></aside>
    </div>
  </section>
  <section class="dv-card dv-problems" aria-labelledby="dv-problems-title" hidden></section>
</div>"""


def build() -> gr.HTML:
    """Return the component."""
    return gr.HTML(
        value="",
        html_template=_TEMPLATE,
        js_on_load="import('/studio/static/cohort.js').then(module => module.mount(element));",
        apply_default_css=False,
        elem_id="dv-cohort",
    )
