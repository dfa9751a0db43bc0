"""Cohorts of features made in memory: a manifest and its files, with as much signal as asked."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np


def write_cohort(
    root: Path,
    *,
    groups: tuple[str, ...] = ("ALS", "Stroke", "Healthy"),
    per_group: int = 4,
    tasks: tuple[str, ...] = ("DDK_PA", "NSM_OPEN"),
    steps: int = 6,
    video: bool = True,
    ratings: bool = True,
    ages: bool = True,
    codes: tuple[str, str] = ("V", "A"),
    signal: float = 2.0,
    seed: int = 0,
) -> Path:
    """Write a cohort whose group shows in one feature per group, named by ``codes``, and return its manifest."""
    root.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    rows = []
    for place, group in enumerate(groups):
        for person in range(per_group):
            severity = 1 if group == "Healthy" else int(rng.integers(2, 6))
            for task in tasks:
                name = f"{place}-{person}-{task}"
                row: dict[str, object] = {"subject": f"P{person}", "group": group, "task": task}
                for modality, dim, code in (("video", 5, codes[0]), ("audio", 4, codes[1])):
                    if modality == "video" and not video:
                        continue
                    values = rng.normal(size=(steps, dim)).astype(np.float32)
                    values[:, place] += signal
                    np.save(root / f"{name}-{modality}.npy", values)
                    row[f"features_{modality}_{code}"] = f"{name}-{modality}.npy"
                if ratings:
                    row |= {"rating_symmetry_SLP1": severity, "rating_speed_SLP1": severity, "rating_symmetry_SLP2": severity}
                if ages:
                    row |= {"age": 50 + person, "sex": "FM"[person % 2]}
                rows.append(row)
    with (root / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root / "manifest.csv"
