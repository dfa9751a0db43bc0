"""The catalogue as a page: ``python -m divine.measures.table > docs/measures.md``."""

from __future__ import annotations

from divine.measures.catalogue import CATALOGUE
from divine.measures.info import MOUTH_TASKS, SPEECH_TASKS, TASKS, MeasureInfo

_INTRODUCTION = """# Clinical measures

Made by `python -m divine.measures.table > docs/measures.md` from the catalogue in `divine/measures`; a test keeps it in step.
A measure that cannot be computed on a recording is absent and says why. A norm stands only where a published range applies.

**Face.** Points are counted from 0 in the iBUG order. Lengths are fractions of the intercanthal distance (ICD: inner canthus to
inner canthus, points 39 and 42) of the same face. Right and left are the *subject's own*; a difference or an asymmetry is right
minus left. Before anything is measured, each frame is laid onto the clip's own median shape of canthi and nose bridge (robust
similarity: place, size and roll of the head), yaw and pitch up to 35° are undone as foreshortening, and the points are
interpolated from their true times to 100 Hz and low-passed at 10 Hz (zero-phase Butterworth; 0.4 of the frame rate below 25
frames/s). In a blink a lid draws the corners of its eye along: while one is lost for a moment, and 0.08 s before and after,
both are interpolated beside the bridge of the nose. The lower face is measured from the base of the nose. Points with a
confidence under 0.2 count as unseen; a measure needs its points in 60 % of the recording, and a rate or speed at least 15
frames/s. The halves of the mouth are compared while the points of its outline keep their order: one that has slid along the
lip past its neighbour leaves no outline. A range is P99 − P1. The quality gate's "mouth followed" is the share of the
recording in which every point of mouth and jaw that a measure takes is seen, and the outline in order; it asks for 80 %.

**Repetitions** are peaks of the task's driving signal with a prominence of at least a quarter of its range (P95 − P5), which
must be 0.06 ICD or more. It is the lip aperture for speech (one cycle is one opening of the lips: one syllable of /pa/; one
whole /pataka/, which ends only where the aperture comes back to its lowest third), the jaw for NSM_OPEN, the width of the
mouth for NSM_SPREAD and NSM_BIGSMILE, its narrowing for NSM_KISS and NSM_BLOW, the brows for NSM_BROW; without a task, the
one that moves furthest.

**Voice.** Mono sound as recorded, its band below 8 kHz. 0 dBFS is an RMS of 1. A voice clipped in more than 0.5 % of its
samples has no level, shimmer or harmonicity. Jitter, shimmer and harmonicity are meant for steady vowels: in running speech
they are larger, and comparable only between recordings of the same task.
"""

_GROUPS = {TASKS: "all", MOUTH_TASKS: "all but NSM_BROW", SPEECH_TASKS: "speech"}


def table() -> str:
    """Return the page, in Markdown."""
    lines = [_INTRODUCTION]
    for modality, title in (("video", "Face"), ("audio", "Voice")):
        lines += [
            f"## {title}",
            "",
            "| measure | name | unit | formula | from | tasks | norm |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_row(info) for info in CATALOGUE.values() if info.modality == modality]
        lines.append("")
    return "\n".join(lines)


def _row(info: MeasureInfo) -> str:
    norm = f"{info.norm[0]:g}–{info.norm[1]:g}: {info.norm_source}. {info.norm_note}" if info.norm else ""
    tasks = _GROUPS.get(info.tasks, ", ".join(info.tasks))
    cells = (f"**{info.title}.** {info.help}", f"`{info.name}`", info.unit, info.formula, info.source, tasks, norm)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(table(), end="")
