"""What a reader of the paper's numbers must know: its contradictions, and what it leaves open, by table."""

from __future__ import annotations

from typing import NamedTuple

FIGURE = 0
"""Stands for Figure 3 among the tables."""


class Note(NamedTuple):
    """A footnote, and the tables that it belongs to."""

    text: str
    tables: tuple[int, ...]


NOTES = (
    Note(
        "The captions say percentage (%) over all columns, and the unit of the printed severity errors is unknown: 92 of the "
        "paper's 352 MAEs exceed 10, which is worse than always answering 15 on the scale of 5 to 25. Ours are points of that "
        "scale. They stand side by side and are never subtracted.",
        tuple(range(1, 10)),
    ),
    Note("The paper promises standard deviations and prints none.", tuple(range(1, 10))),
    Note("In all six video rows the printed MAE is larger than the RMSE, which no distribution of errors allows.", (1,)),
    Note("The text gives wav2vec 2.0 the 89.27 % that this table gives x-vector.", (1,)),
    Note("The printed KI + TR is far from every other KI row.", (2, 3, 8, 9)),
    Note(
        "Two printed rows have an MAE larger than the RMSE, and audio-only and video-only are swapped against Table 3.",
        (4,),
    ),
    Note("DS + TR is the pair that the paper chose on its test scores.", (4, 5, 6)),
    Note("The text names DS + XV the best concatenation of this table, where DS + W2 is.", (8,)),
    Note("The six printed Vi rows equal the VV rows in accuracy and F1.", (9,)),
    Note(
        "The paper speaks of video-only inputs and yet lists audio encoders (pre-computed), and does not say what was trained "
        "on. Here both training and test are the non-speech recordings with their sound.",
        (8, 9),
    ),
    Note("The caption of Figure 3 and A.6.1 list different panels; these are the caption's.", (FIGURE,)),
    Note(
        "Subject-independent results that others report on this dataset lie between about 61 % and 91 %: the printed 98 % is a "
        "claim to test, not a target to tune to.",
        (3, 4, 5, 6),
    ),
    Note(
        "KI is computed here from landmarks and head pose, the paper's by OpenFace 2: ours beside theirs.",
        (FIGURE, 1, 2, 3, 7, 8, 9),
    ),
)


def notes_of(number: int) -> tuple[str, ...]:
    """Return the footnotes of a table; 0 is Figure 3."""
    return tuple(note.text for note in NOTES if number in note.tables)
