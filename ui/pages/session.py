"""Session: what happened in this clip? Video, landmarks, curves, sound, repetitions; what a run says, and why.

``/session?cohort=ID&clip=KEY[&run=ID][&beside=KEY][&t=SECONDS]``: everything that a link needs stands in its query.
"""

from __future__ import annotations

from ui import shell
from ui.components import session_stage


def build() -> None:
    """Lay out the page inside the current Gradio context."""
    shell.header("/session")
    session_stage.build()
