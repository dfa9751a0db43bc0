"""Reports: what can I give to somebody? Preview, PDF and JSON of one subject or of a run; a cohort's in one archive.

``/reports?run=ID[&subject=KEY][&cohort=ID]``: everything that a link needs stands in its query.
"""

from __future__ import annotations

from ui import shell
from ui.components import report_desk


def build() -> None:
    """Lay out the page inside the current Gradio context."""
    shell.header("/reports")
    report_desk.build()
