"""Encoders: which one should I use? Two side by side on a clip and on the cohort; the grid of pairs with the paper's number.

``/encoders?cohort=ID[&clip=KEY][&one=CODE&other=CODE][&first=RUN&second=RUN]``: a link holds what is compared.
"""

from __future__ import annotations

from ui import shell
from ui.components import encoder_bench


def build() -> None:
    """Lay out the page inside the current Gradio context."""
    shell.header("/encoders")
    encoder_bench.build()
