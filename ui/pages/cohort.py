"""Cohort: which subjects and tasks do I have? A grid of subjects by tasks, filters, the table of problems; a cell opens a clip.

``/cohort?cohort=ID[&group=..][&task=..][&q=..]...``: the address keeps what is shown, so a link shows it to a colleague.
"""

from __future__ import annotations

from ui import shell
from ui.components import cohort_browser


def build() -> None:
    """Lay out the page inside the current Gradio context."""
    shell.header("/cohort")
    cohort_browser.build()
