"""Toronto NeuroFace trees made by hand, without the project's own writer: what the loader is held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl

SHEET_HEADER = [
    "File Name", "Subject ID",
    "Symmetry (SLP1)", "ROM (SLP1)", "Speed (SLP1)", "Variability (SLP1)", "Fatigue (SLP1)", "Tot (SLP1)",
    None,
    "Symmetry (SLP2)", "ROM (SLP2)", "Speed (SLP2)", "Variability (SLP2)", "Fatigue (SLP2)", "Tot (SLP2)",
]  # fmt: skip
LANDMARK_HEADER = ["Frame"] + [f"{axis}{point}" for point in range(1, 69) for axis in ("x", "y")]


def video(folder: Path, name: str, content: bytes | None = None) -> Path:
    """Put a file of unique bytes where a video belongs; nothing here opens it."""
    path = folder / "Videos" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"video {folder.name} {name}".encode() if content is None else content)
    return path


def sheet(path: Path, rows: list[list[object]], header: list[str | None] = SHEET_HEADER) -> Path:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in [header, *rows]:
        page.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def rated(name: str, first: list[float], second: list[float]) -> list[object]:
    return [name, name.split("_")[0], *first, sum(first), None, *second, sum(second)]


def landmark_text(points: dict[int, np.ndarray], *, separator: str = ",") -> str:
    lines = [separator.join(LANDMARK_HEADER)]
    lines += [separator.join([str(frame), *map(str, values.ravel().tolist())]) for frame, values in points.items()]
    return "\n".join(lines) + "\n"


def release(root: Path) -> Path:
    """Two clips per group with both sheets, as DATA.md describes the release."""
    for folder, sheet_name, subject in (("ALS", "ALS", "A002"), ("Stroke", "PS", "OP01"), ("Healthy controls", "HC", "N001")):
        names = [f"{subject}_02_{task}_color.avi" for task in ("DDK_PA", "NSM_OPEN")]
        for name in names:
            video(root / folder, name)
        other = f"{subject[:-1]}9_02_DDK_PATAKA_color.avi"
        video(root / folder, other)
        rows = [rated(name, [1, 2, 3, 4, 5], [2, 2, 2, 2, 2]) for name in [*names, other]]
        sheet(root / folder / f"SLP_Assessment_{sheet_name}.xlsx", rows)
    return root
