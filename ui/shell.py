"""What every page shares: the head, the header with its pages, the notice that never leaves, keyboard help."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from divine.records import NOTICE


class Page(NamedTuple):
    """A page that the header leads to."""

    title: str
    path: str


PAGES = (
    Page("Cohort", "/cohort"),
    Page("Session", "/session"),
    Page("Assess", "/assess"),
    Page("Encoders", "/encoders"),
    Page("Train", "/train"),
    Page("Runs", "/runs"),
    Page("Reports", "/reports"),
)
PATHS = frozenset(page.path for page in PAGES)

HEAD = """
<link rel="icon" href="/studio/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/studio/static/base.css">
<link rel="stylesheet" href="/studio/static/assess.css">
<link rel="stylesheet" href="/studio/static/cohort.css">
<link rel="stylesheet" href="/studio/static/session.css">
<link rel="stylesheet" href="/studio/static/encoders.css">
<link rel="stylesheet" href="/studio/static/reports.css">
<link rel="stylesheet" href="/studio/static/jobs.css">
<link rel="stylesheet" href="/studio/static/train.css">
<link rel="stylesheet" href="/studio/static/runs.css">
<link rel="stylesheet" href="/studio/static/tables.css">
<script src="/studio/static/theme.js"></script>
<script type="module" src="/studio/static/shell.js"></script>
"""

# Everything in these templates is ours and constant: a user's text put into one could run as code.
_KEYS = (
    ("Space", "play or pause"),
    ("← →", "one frame back or on"),
    ("Shift + ← →", "a tenth of a second back or on"),
    ("Home End", "first or last frame"),
    ("1 2 4", "full, half and quarter speed"),
    ("L", "landmarks on or off"),
    ("R", "session: repeat this repetition, or end that"),
    ("H", "session: next frame that was annotated by hand, with Shift the one before"),
    ("N P", "session: next or previous task, with Shift the next or previous subject"),
    ("← → ↑ ↓, Enter", "among a cohort's clips: move, open"),
    ("?", "this help"),
)

_COLOURS = (("system", "System"), ("light", "Light"), ("dark", "Dark"))
_MOUTH = "M3 10c3-4 6-4 9-1.500 3-2.500 6-2.500 9 1.500-2.500 5-5.500 7.500-9 7.500S5.500 15 3 10Zm0 0c3 1.500 6 2 9 2s6-.5 9-2"
_WARNING = "M8 1.500 15 14H1L8 1.500Zm0 4.500v4m0 1.500v.5"


def header(current: str) -> gr.HTML:
    """Return the header of the page at path ``current``."""
    links = "".join(
        f'<a href="{page.path}"{" aria-current=page" if page.path == current else ""}>{page.title}</a>' for page in PAGES
    )
    colours = "".join(f'<option value="{value}">{title}</option>' for value, title in _COLOURS)
    keys = "".join(f"<tr><th scope=row><kbd>{key}</kbd></th><td>{what}</td></tr>" for key, what in _KEYS)
    return gr.HTML(
        html_template=f"""
<a class="dv-skip" href="{current}#dv-main">Skip to the content</a>
<header class="dv-top">
  <a class="dv-brand" href="{PAGES[0].path}"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_MOUTH}"/></svg>DIVINE</a>
  <nav aria-label="Pages">{links}</nav>
  <p class="dv-notice" id="dv-notice"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="{_WARNING}"/></svg>{NOTICE}</p>
  <div class="dv-tools">
    <label title="Colours"><span class="dv-sr">Colours</span><select id="dv-theme">{colours}</select></label>
    <button type="button" class="dv-quiet" id="dv-help" aria-haspopup="dialog">Keys <kbd>?</kbd></button>
  </div>
</header>
<dialog id="dv-keys" aria-labelledby="dv-keys-title">
  <h2 id="dv-keys-title">Keyboard</h2>
  <table>{keys}</table>
  <form method="dialog">
    <button type="button" class="dv-quiet" id="dv-first-steps">Show the first steps</button>
    <button class="dv-button">Close</button>
  </form>
</dialog>""",
        js_on_load=None,
        apply_default_css=False,
        elem_id="dv-header",
    )
