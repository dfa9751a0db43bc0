"""Cohorts on disk for the tests of pages: no recording of them can be opened, and none has to be."""

from __future__ import annotations

from pathlib import Path

TASKS = ("BBP_NORMAL", "DDK_PA", "DDK_PATAKA", "NSM_KISS", "NSM_OPEN", "NSM_SPREAD", "NSM_BLOW", "NSM_BROW", "NSM_BIGSMILE")
GROUPS = ("ALS", "Stroke", "HC")
HOSTILE = "<img src=x onerror=alert(1)>${7*7}{{8*8}}"
HEADER = "subject,group,task,audio,age,sex,rating_speed_R1,rating_speed_R2"


def write_manifest(folder: Path, subjects: int, *, hostile: bool = True) -> Path:
    """Write a cohort in which everybody did every task; the first subject's id is hostile, one rating lies off its scale."""
    lines = [HEADER]
    for number in range(subjects):
        who = HOSTILE if hostile and number == 0 else f"P{number:03d}"
        for task in TASKS:
            name = f"{number:03d}_{task}.wav"
            (folder / name).write_bytes(b"RIFF" + name.encode())
            score = 9 if (number, task) == (1, "DDK_PA") else 2
            second = "" if task == "NSM_BROW" else "3"
            lines.append(f'"{who}",{GROUPS[number % 3]},{task},{name},{40 + number % 40},F,{score},{second}')
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
