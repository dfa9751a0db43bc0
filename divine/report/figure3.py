"""Confusion matrices as a figure: Figure 3's eight panels, and the four that need no weights."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from divine.evaluation.confusion import Confusion
from divine.evaluation.paper import Panel
from divine.report.layout import Stamp

FORMATS = ("svg", "pdf", "png")
_COLUMNS = 4
_DARK = 0.48
"""Share above which a cell is light enough for dark text (cividis runs from dark to light)."""
_SHORT = {"mild": "mild", "moderate": "mod.", "severe": "sev."}


class Drawn(NamedTuple):
    """A panel and its matrix, or why there is none."""

    panel: Panel
    confusion: Confusion | None
    why: str


def draw(panels: Sequence[Drawn], stamp: Stamp, notes: Sequence[str]) -> Figure:
    """Draw the panels, four in a row: shares of each true class, in a palette that colour-blind readers can tell apart."""
    told = ["Each cell: share of its true class in %, over folds and seeds.", *stamp.lines, *notes]
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure(
        figsize=(4.1 * _COLUMNS, 4.0 * rows + 0.2 * len(told)), layout=ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.08)
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel().tolist()
    for ax, drawn in zip(axes, panels, strict=False):
        _panel(ax, drawn)
    for ax in axes[len(panels) :]:
        ax.axis("off")
    figure.supxlabel("\n".join(told), fontsize=8, ha="left", x=0.01)
    return figure


def render(figure: Figure, kind: str) -> bytes:
    """Return the figure's file; the same figure gives the same bytes."""
    import matplotlib as mpl

    out = io.BytesIO()
    dateless = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with mpl.rc_context({"svg.hashsalt": "divine"}):
        figure.savefig(out, format=kind, dpi=150, metadata=dateless)
    return out.getvalue()


def as_csv(panels: Sequence[Drawn]) -> str:
    """Write the figure's numbers: a line per cell, for those who cannot see it and those who want to check it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["panel", "label", "true", "predicted", "count", "share"])
    for panel, confusion, _ in panels:
        if confusion is None:
            continue
        for row, true in enumerate(confusion.labels):
            for column, said in enumerate(confusion.labels):
                share = round(float(confusion.shares[row, column]), 4)
                writer.writerow([panel.letter, panel.label, true, said, int(confusion.counts[row, column]), share])
    return out.getvalue()


def _panel(ax: Axes, drawn: Drawn) -> None:
    ax.set_title(f"({drawn.panel.letter}) {drawn.panel.label}", fontsize=10)
    confusion = drawn.confusion
    if confusion is None:
        ax.text(0.5, 0.5, drawn.why, ha="center", va="center", wrap=True, fontsize=10)
        ax.set_xticks([])
        ax.set_yticks([])
        return
    ax.imshow(confusion.shares, vmin=0, vmax=1, cmap="cividis")
    names = [_name(label) for label in confusion.labels]
    ax.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
    ax.set_yticks(range(len(names)), names, fontsize=7)
    ax.set_xlabel("predicted", fontsize=8)
    ax.set_ylabel("true", fontsize=8)
    for row, shares in enumerate(confusion.shares.tolist()):
        for column, share in enumerate(shares):
            if confusion.counts[row, column]:
                colour = "black" if share > _DARK else "white"
                ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color=colour)


def _name(label: str) -> str:
    group, _, level = label.partition(", ")
    return f"{group} {_SHORT[level]}" if level in _SHORT else label
