"""Do the latents hold what their names say? Features of *known* factors, trained on, then probed.

``python -m benchmarks.study.factors`` prints the tables of docs/study.md, part (a). Nothing clinical, no recordings.

Every clip has a shared factor, seen by both modalities, and one private factor per modality. A factor is four numbers that
wander a little over the clip's twenty steps; each modality mixes its two factors linearly and, at a third of the strength,
through a tanh, and adds noise whose level differs from clip to clip. The class depends on all three factors alike.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import rankdata
from scipy.stats import t as student
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.study.cohorts import parse_seeds
from divine.models.answer import PlainAnswer
from divine.models.batch import Batch, Targets, collate, take
from divine.models.config import DivineConfig, LossWeights, Schema
from divine.models.divine import Result
from divine.records import Modality
from divine.training.config import TrainingConfig
from divine.training.loop import Fitted, fit
from divine.training.predict import run
from divine.training.source import MemorySource

FACTORS = ("shared", "video-private", "audio-private")
SIZE, STEPS, WIDTHS = 4, 20, {"video": 40, "audio": 30}
TRAIN, VALIDATION, TEST = 480, 160, 480
BOOTSTRAPS = 1000
ADDED = (0.0, 1.0, 2.0, 4.0)
"""Standard deviations of noise, where a feature varies by about one."""


@dataclass(frozen=True, eq=False)
class World:
    """Clips whose factors are known."""

    factors: Mapping[str, np.ndarray]
    """``[n 4]`` by name, as they are on average over the clip."""
    noise: Mapping[Modality, np.ndarray]
    """Level of each clip's noise."""
    batch: Batch


def make_world(clips: int, seed: int, *, uneven_noise: bool = True) -> World:
    """Draw clips. The mixing follows from the module's own seed, so that worlds of different seeds are of one kind."""
    rng, fixed = np.random.default_rng([seed, 1]), np.random.default_rng(7)
    factors = {name: rng.normal(size=(clips, SIZE)) for name in FACTORS}
    tracks = {name: value[:, None] + 0.5 * rng.normal(size=(clips, STEPS, SIZE)) for name, value in factors.items()}
    noise: dict[Modality, np.ndarray] = {}
    values: dict[str, np.ndarray] = {}
    for modality, width in WIDTHS.items():
        seen = np.concatenate([tracks["shared"], tracks[f"{modality}-private"]], axis=2)
        linear, curved = (fixed.normal(size=(2 * SIZE, width)) / np.sqrt(2 * SIZE) for _ in range(2))
        level = np.exp(rng.uniform(np.log(0.5), np.log(4.0), clips)) if uneven_noise else np.ones(clips)
        mixed = seen @ linear + 0.35 * np.tanh(2 * seen @ curved)
        values[modality] = mixed + level[:, None, None] * rng.normal(size=(clips, STEPS, width))
        noise["video" if modality == "video" else "audio"] = level
    everything = np.concatenate([factors[name] for name in FACTORS], axis=1)
    diagnosis = np.argmax(everything @ fixed.normal(size=(3 * SIZE, 3)), axis=1)
    targets = Targets(
        torch.from_numpy(diagnosis), torch.full((clips,), -1), torch.zeros(clips, 0), torch.zeros(clips, 0, dtype=torch.bool),
        torch.zeros(clips, 0, 5),
    )  # fmt: skip
    video, audio = ([torch.from_numpy(clip).float() for clip in values[modality]] for modality in WIDTHS)
    return World(factors, noise, collate(list(video), list(audio), targets))


SCHEMA = Schema(WIDTHS["video"], WIDTHS["audio"], ("one", "two", "three"))


class Probe(NamedTuple):
    """A number with its 95 % interval: a cross-validated R², a correlation, or a share."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def probe(vectors: np.ndarray, factor: np.ndarray, seed: int = 0) -> Probe:
    """Read ``factor`` off ``vectors`` linearly: ten folds, the penalty chosen within each; R² over all its dimensions."""
    reader = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 4, 11)))
    said = cross_val_predict(reader, vectors, factor, cv=KFold(10, shuffle=True, random_state=seed))
    missed, whole = ((factor - said) ** 2).sum(1), ((factor - factor.mean(0)) ** 2).sum(1)
    rng = np.random.default_rng(seed)
    drawn = [1 - missed[rows].sum() / whole[rows].sum() for rows in rng.integers(len(factor), size=(BOOTSTRAPS, len(factor)))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Probe(float(1 - missed.sum() / whole.sum()), float(low), float(high))


def train(world: World, config: DivineConfig, training: TrainingConfig, seed: int, architecture: str = "divine") -> Fitted:
    """Train on the first clips of a world, stop on the next."""
    rows = torch.arange(TRAIN + VALIDATION)
    fitting, stopping = (MemorySource(take(world.batch, part)) for part in (rows[:TRAIN], rows[TRAIN:]))
    return fit(fitting, stopping, SCHEMA, config, training, seed, architecture=architecture)


def vectors_of(fitted: Fitted, batch: Batch) -> dict[str, np.ndarray]:
    """Return what a system holds of each clip, by name: latents of DIVINE, projections of the others."""
    answer = run(fitted, batch._replace(targets=None))
    if isinstance(answer, Result):
        found = {"h_fused": answer.generated.fused.h}
        for modality, one in answer.latents.named:
            if one is not None:
                found |= {f"z_shared {modality}": one.z_shared, f"z_priv {modality}": one.z_private}
    else:
        assert isinstance(answer, PlainAnswer)
        found = {f"projection {modality}": one for modality, one in answer.vectors.named if one is not None}
    return {name: value.double().numpy() for name, value in sorted(found.items())}


def accuracy(fitted: Fitted, batch: Batch) -> Probe:
    """Share of clips whose class is found."""
    answer = run(fitted, batch._replace(targets=None))
    assert batch.targets is not None
    right = (answer.logits.diagnosis.argmax(1) == batch.targets.diagnosis).double().numpy()
    drawn = np.random.default_rng(0).choice(right, size=(BOOTSTRAPS, len(right))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Probe(float(right.mean()), float(low), float(high))


def gate_by_noise(fitted: Fitted, world: World) -> dict[Modality, Probe]:
    """Return, per modality, Spearman's correlation of its mean gate with its noise, and a 95 % interval over clips."""
    gates = run(fitted, world.batch._replace(targets=None)).gates
    assert gates is not None
    rng, found = np.random.default_rng(0), {}
    for modality, gate in gates.named:
        if gate is None:
            continue
        mean, level = gate.double().mean(1).numpy(), world.noise[modality]
        drawn = [_spearman(mean[rows], level[rows]) for rows in rng.integers(len(mean), size=(BOOTSTRAPS, len(mean)))]
        low, high = np.quantile(drawn, [0.025, 0.975])
        found[modality] = Probe(_spearman(mean, level), float(low), float(high))
    return found


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def gate_by_added_noise(fitted: Fitted, world: World, modality: Modality, levels: tuple[float, ...]) -> list[float]:
    """Return the mean gate of a modality when noise of each level is added to it, the other modality left as it is."""
    means = []
    for level in levels:
        sequence = getattr(world.batch, modality)
        torch.manual_seed(0)
        louder = sequence._replace(values=sequence.values + level * torch.randn_like(sequence.values))
        gates = run(fitted, world.batch._replace(targets=None, **{modality: louder})).gates
        assert gates is not None
        means.append(float(getattr(gates, modality).mean()))
    return means


def part(world: World, rows: slice) -> World:
    """Return some clips of a world."""
    factors = {name: value[rows] for name, value in world.factors.items()}
    noise: dict[Modality, np.ndarray] = {name: value[rows] for name, value in world.noise.items()}
    return World(factors, noise, take(world.batch, torch.arange(len(world.noise["video"]))[rows]))


SYSTEMS: dict[str, tuple[str, DivineConfig]] = {
    "DIVINE": ("divine", DivineConfig.small()),
    "DIVINE, not kept apart": ("divine", DivineConfig.small(loss=LossWeights(separation=0.0))),
    "flat fusion": ("flat", DivineConfig.small()),
}


def over_seeds(found: Sequence[Probe]) -> Probe:
    """Return the mean of several worlds with its 95 % interval over them (Student's t); one keeps its interval over clips."""
    if len(found) == 1:
        return found[0]
    values = np.array([one.value for one in found])
    reach = float(student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return Probe(float(values.mean()), float(values.mean()) - reach, float(values.mean()) + reach)


class Findings(NamedTuple):
    """What came out, by row and column of the two tables; a value per world."""

    probes: dict[tuple[str, str], dict[str, list[Probe]]]
    """By system and vector, then factor."""
    gates: dict[str, dict[str, list[Probe]]]
    """By system, then accuracy and correlation of each gate with noise."""
    louder: dict[tuple[str, str], list[list[float]]]
    """By system and modality: mean gates as noise is added."""


def study(seed: int, systems: Sequence[str], epochs: int, into: Findings) -> None:
    """Train every system on one world, and add what its vectors hold and what its gates do."""
    world = make_world(TRAIN + VALIDATION + TEST, seed)
    test = part(world, slice(TRAIN + VALIDATION, None))

    def look(system: str, vector: str, values: np.ndarray) -> None:
        row = into.probes.setdefault((system, vector), {factor: [] for factor in FACTORS})
        for factor in FACTORS:
            row[factor].append(probe(values, test.factors[factor]))

    look(
        "features", "mean over time", np.concatenate([one.values.mean(1).numpy() for one in test.batch.sequences.given], axis=1)
    )
    for name in systems:
        architecture, config = SYSTEMS[name]
        fitted = train(world, config, TrainingConfig(max_epochs=epochs), seed, architecture)
        for vector, values in vectors_of(fitted, test.batch).items():
            look(name, vector, values)
        row = into.gates.setdefault(name, {})
        row.setdefault("accuracy", []).append(accuracy(fitted, test.batch))
        for modality, found in gate_by_noise(fitted, test).items():
            row.setdefault(f"{modality} gate, noise", []).append(found)
            louder = gate_by_added_noise(fitted, test, modality, ADDED)
            into.louder.setdefault((name, modality), []).append(louder)


def main() -> None:
    """Print what the vectors hold and what the gates do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=parse_seeds, default=(0, 1, 2, 3, 4), help="of worlds and of training: 0-4")
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS))
    parser.add_argument("--epochs", type=int, default=TrainingConfig().max_epochs)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = Findings({}, {}, {})
    for seed in asked.seeds:
        study(seed, asked.systems, asked.epochs, found)
        print(f"world {seed} done", file=sys.stderr, flush=True)
    print(f"Known factors, worlds {asked.seeds}: {TRAIN} clips to train, {TEST} to test. R² [95 %] of linear probes.\n")
    print(f"| system | vector | {' | '.join(FACTORS)} |\n|---|---|---|---|---|")
    for (name, vector), by_factor in found.probes.items():
        print(f"| {name} | {vector} | {' | '.join(str(over_seeds(by_factor[factor])) for factor in FACTORS)} |")
    print(
        f"\nGates: Spearman's correlation with the clips' own noise; mean gate as noise of {ADDED} is added to one modality.\n"
    )
    print("| system | accuracy | video gate, noise | audio gate, noise | video gate, louder video | audio gate, louder audio |")
    print("|---|---|---|---|---|---|")
    for name, row in found.gates.items():
        means = [np.mean(found.louder[name, modality], axis=0) for modality in ("video", "audio")]
        cells = [*(str(over_seeds(one)) for one in row.values()), *(", ".join(f"{gate:.3f}" for gate in one) for one in means)]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
