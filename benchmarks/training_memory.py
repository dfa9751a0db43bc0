"""Memory of a member in training, at 200 and at 2,000 clips of the published widths: ``python -m benchmarks.training_memory``.

Anonymous memory of the process (``RssAnon``), looked at before every batch: pages of the features' file that the kernel keeps
at hand are not counted, it takes them back when others need the room. SYNTHETIC noise, nothing clinical.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from divine.features.pack import Pack, PackSource
from divine.models.batch import Targets
from divine.models.config import DivineConfig, Schema
from divine.records import Modality
from divine.training.config import TrainingConfig
from divine.training.loop import fit

WIDTHS: dict[Modality, int] = {"video": 768, "audio": 1024}
STEPS, ITEMS = 32, ("symmetry", "range of motion", "speed", "variability", "fatigue")


def resident_mb() -> float:
    """Return the anonymous memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def write_pack(folder: Path, clips: int) -> Pack:
    """Write noise as features, a clip at a time."""
    rng = np.random.default_rng(0)
    for modality, width in WIDTHS.items():
        values = np.lib.format.open_memmap(folder / f"{modality}.npy", "w+", np.float32, (clips, STEPS, width))
        for clip in range(clips):
            values[clip] = rng.normal(size=(STEPS, width))
        np.save(folder / f"{modality}_mask.npy", np.ones((clips, STEPS), dtype=bool))
    return Pack(folder, WIDTHS)


def train(clips: int) -> tuple[float, float]:
    """Train one member for an epoch on four fifths of the clips; return memory before, and the most while at it."""
    torch.set_num_threads(1)
    schema = Schema(WIDTHS["video"], WIDTHS["audio"], ("a", "b", "c"), ITEMS)
    with tempfile.TemporaryDirectory() as folder:
        pack = write_pack(Path(folder), clips)

        def source(rows: np.ndarray) -> PackSource:
            known = torch.from_numpy(rows % 3)
            scores = torch.ones(len(rows), len(ITEMS))
            soft = torch.nn.functional.one_hot(scores.long() - 1, 5).float()
            return PackSource(pack, rows, Targets(known, known - 1, scores, scores > 0, soft))

        rows, seen = np.arange(clips), [resident_mb()]

        def look() -> bool:
            seen.append(resident_mb())
            return False

        cut = clips * 4 // 5
        training = TrainingConfig(max_epochs=1)
        fit(source(rows[:cut]), source(rows[cut:]), schema, DivineConfig(), training, 0, cancelled=look)
    return seen[0], max(seen[1:])


def main() -> None:
    """Measure each size in a process of its own."""
    if len(sys.argv) > 1:
        before, most = train(int(sys.argv[1]))
        print(f"{sys.argv[1]} clips: {before:.0f} MB before training, {most:.0f} MB at most while training")
        return
    for clips in (200, 2000):
        subprocess.run([sys.executable, "-m", "benchmarks.training_memory", str(clips)], check=True)


if __name__ == "__main__":
    main()
