"""Encoders beside each other: what each finds alike within a clip, how far two agree, every pair with the paper's number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from divine.config import home
from divine.evaluation.paper import AUDIO, OWN_AUDIO, VIDEO, Metric
from divine.records import Observation

if TYPE_CHECKING:
    from divine.data.schema import ClipEntry
    from divine.evaluation.evaluate import Estimate
    from divine.records import Features
    from divine.services.runs import RunEntry

STEPS = 80
"""Moments of a clip that are compared: more than a reader can tell apart."""
PairedMetric = Literal["probability_of_truth", "error_of_total"]
PairSystem = Literal["divine", "concat"]
_TABLES = {("divine", "speech"): 3, ("concat", "speech"): 2, ("divine", "non-speech"): 9, ("concat", "non-speech"): 8}


class Likeness(NamedTuple):
    """What one encoder finds alike within a clip."""

    code: str
    times_s: Float[np.ndarray, " t"]
    matrix: Float[np.ndarray, "t t"]
    """Cosine between moments, each feature standardised over the clip; -1 to 1."""


class PairedSubject(NamedTuple):
    """One subject, as two runs judged it without having seen it."""

    group: str
    subject: str
    first: float
    second: float

    @property
    def difference(self) -> float:
        return self.first - self.second


class Paired(NamedTuple):
    """One number of two runs, subject by subject."""

    metric: PairedMetric
    subjects: tuple[PairedSubject, ...]
    wilcoxon_p: float
    """That the differences lie around zero; NaN where none is other than zero."""


class PairCell(NamedTuple):
    """One pair of the grid. ``printed`` and ``ours`` are in the units of their source: percent, and fractions or points."""

    video: str
    audio: str
    printed: float | None
    ours: Estimate | None
    run: str
    """Id of the run behind ``ours``; empty where there is none."""
    absent: tuple[str, ...]
    """Codes whose weights are not here."""


def likeness(entry: ClipEntry, code: str) -> Likeness:
    """Compare the moments of a clip by one encoder's features, which are made on first use.

    Raises:
        DivineError: the clip cannot be used, or this encoder can make nothing of it; the message says why.
    """
    features = _features(entry, code)
    values, times = pooled(features.values, features.times_s, STEPS)
    spread = values.std(axis=0)
    tidy = np.where(spread > 1e-9, (values - values.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0), 0.0)
    lengths = np.linalg.norm(tidy, axis=1, keepdims=True)
    tidy = tidy / np.where(lengths > 0, lengths, 1.0)
    return Likeness(code, times, np.clip(tidy @ tidy.T, -1.0, 1.0))


def agreement(one: Likeness, other: Likeness) -> float | None:
    """Correlate (Spearman) what two encoders find alike, over all pairs of moments that both saw.

    None where fewer than four moments are common, or one finds everything equally alike.
    """
    from divine.evaluation.metrics import spearman

    shared = _shared(one, other)
    if shared is None:
        return None
    clock, parts = shared
    upper = np.triu_indices(len(clock), 1)
    return spearman(target=parts[0][upper], predicted=parts[1][upper])


def _shared(
    one: Likeness, other: Likeness
) -> tuple[Float[np.ndarray, " t"], tuple[Float[np.ndarray, "t t"], Float[np.ndarray, "t t"]]] | None:
    """Return the moments that both saw, on the slower clock, and what each finds alike among them."""
    first, last = max(one.times_s[0], other.times_s[0]), min(one.times_s[-1], other.times_s[-1])
    clock = one.times_s if len(one.times_s) <= len(other.times_s) else other.times_s
    clock = clock[(clock >= first) & (clock <= last)]
    if len(clock) < 4:
        return None
    nearest = [np.abs(found.times_s[None, :] - clock[:, None]).argmin(axis=1) for found in (one, other)]
    parts = one.matrix[np.ix_(nearest[0], nearest[0])], other.matrix[np.ix_(nearest[1], nearest[1])]
    upper = np.triu_indices(len(clock), 1)
    return None if any(np.ptp(part[upper]) < 1e-9 for part in parts) else (clock, parts)


def agreement_over_time(one: Likeness, other: Likeness) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"]] | None:
    """Correlate (Spearman), moment by moment, which others two encoders find alike; return the moments and the correlations.

    None where ``agreement`` is None; NaN at a moment to which one encoder finds all others equally alike.
    """
    from divine.evaluation.metrics import spearman

    shared = _shared(one, other)
    if shared is None:
        return None
    clock, parts = shared
    found = np.full(len(clock), np.nan)
    for at in range(len(clock)):
        rows = [np.delete(part[at], at) for part in parts]
        if all(np.ptp(row) > 1e-9 for row in rows):
            found[at] = spearman(target=rows[0], predicted=rows[1])
    return clock, found


def paired(first: Path, second: Path) -> tuple[Paired, ...]:
    """Set two finished runs on the same cohort beside each other, subject by subject, with the test over subjects.

    The probability that each gave to the true diagnosis and, where both learned severity, how far each was from the raters'
    total: means over a subject's clips and the seeds, given every modality that the run reads.

    Raises:
        DivineError: a run is not finished, or they are of other people.
    """
    from divine.evaluation.significance import wilcoxon
    from divine.services.runs import RunError

    tables = [_by_subject(run) for run in (first, second)]
    if set(tables[0]) != set(tables[1]):
        raise RunError("The two runs judged other people: nothing can be paired. Choose two runs of one cohort.")
    found = []
    for place, metric in enumerate(get_args(PairedMetric)):
        rows = [PairedSubject(*person[1:], tables[0][person][place], tables[1][person][place]) for person in sorted(tables[0])]
        rows = [one for one in rows if np.isfinite(one.difference)]
        if rows:
            p = wilcoxon(differences=np.array([one.difference for one in rows]))
            found.append(Paired(metric, tuple(rows), p))
    return tuple(found)


def _by_subject(run: Path) -> dict[tuple[str, str, str], tuple[float, float]]:
    from divine.training.run import Run

    place = Run(run)
    place.verify()
    objective = place.spec().objective
    tested = place.predictions().where(part="test", system=place.spec().system)
    fullest = max(tested.frame["modalities"].unique(), key=len)
    frame = tested.where(modalities=fullest).over_seeds().frame
    # The head that an objective leaves out answers all the same, untrained: nothing of it is paired.
    truth = np.nan if objective == "R" else [row[f"probability_{row['target']}"] for row in frame.to_dict(orient="records")]
    totals = ("predicted_total", "target_total")
    known = objective != "C" and all(name in frame.columns for name in totals)
    error = (frame[totals[0]] - frame[totals[1]]).abs() if known else np.nan
    person = ["dataset", "group", "subject"]
    means = frame.assign(truth=truth, error=error).groupby(person, observed=True)[["truth", "error"]].mean().reset_index()
    return {
        (str(row["dataset"]), str(row["group"]), str(row["subject"])): (float(row["truth"]), float(row["error"]))
        for row in means.to_dict(orient="records")
    }


def pair_grid(data: Path, *, system: PairSystem, tasks: str, modalities: str, metric: Metric) -> tuple[PairCell, ...]:
    """Return every pair of the paper, and with the embedded encoder: its printed number, and the latest run's on ``data``."""
    from divine.encoders.catalogue import catalogue

    here = {one.about.code: one.present for one in catalogue()}
    made = _runs_by_pair(data, system, tasks)
    printed = _printed(system, tasks, modalities, metric)
    cells = []
    for video in VIDEO:
        for audio in (*AUDIO, OWN_AUDIO):
            run = made.get(f"{video}+{audio}")
            absent = tuple(code for code in (video, audio) if not here.get(code, False))
            ours = None if run is None else _estimate(run, modalities, metric)
            cells.append(PairCell(video, audio, printed.get((video, audio)), ours, run.id if run and ours else "", absent))
    return tuple(cells)


def pooled(
    values: Float[np.ndarray, "t d"], times_s: Float[np.ndarray, " t"], steps: int
) -> tuple[Float[np.ndarray, "s d"], Float[np.ndarray, " s"]]:
    """Average a sequence over at most ``steps`` stretches of equal length."""
    parts = np.array_split(np.arange(len(values)), min(steps, len(values)))
    return np.stack([values[part].mean(axis=0) for part in parts]), np.array([times_s[part].mean() for part in parts])


def _features(entry: ClipEntry, code: str) -> Features:
    from divine.encoders import EncoderError
    from divine.features.extract import extract, keep, stored
    from divine.media import read_sound
    from divine.services.session import landmarks_of, open_recording
    from divine.store import Store

    clip, store = open_recording(entry), Store(home() / "store")
    found = stored(store, clip.digest, [code])
    if code not in found:
        sound = None if clip.audio is None else read_sound(clip)
        found = extract(Observation(clip, landmarks_of(clip), sound), [code])
        keep(store, clip.digest, found)
    if code in found.absent:
        raise EncoderError(found.absent[code])
    return found.features[code]


def _runs_by_pair(data: Path, system: str, tasks: str) -> dict[str, RunEntry]:
    """Return the latest finished run of each pair, trained on both of its modalities."""
    from divine.services.browse import manifest_of
    from divine.services.runs import runs

    found: dict[str, RunEntry] = {}
    for one in runs():  # newest first
        spec = one.spec
        if one.state != "done" or spec is None or manifest_of(Path(spec.data)) != manifest_of(data):
            continue
        if (spec.system, spec.tasks, spec.objective, spec.train_modalities) == (system, tasks, "M", "audio+video"):
            found.setdefault(spec.encoders, one)
    return found


def _estimate(run: RunEntry, modalities: str, metric: str) -> Estimate | None:
    from divine.evaluation.evaluate import Estimate
    from divine.services.run_results import evaluation

    for one in evaluation(run.folder)["results"]:
        if one["modalities"] == modalities and one["level"] == "clip" and metric in one["metrics"]:
            return Estimate(**dict.fromkeys(("std", "pooled"), float("nan")) | one["metrics"][metric])
    return None


def _printed(system: PairSystem, tasks: str, modalities: str, metric: str) -> dict[tuple[str, str], float]:
    from divine.evaluation.paper import table

    number = _TABLES.get((system, tasks))
    if number is None:
        return {}
    found = {}
    for row in table(number).rows:
        for cell in row.cells:
            if cell and cell.printed is not None and cell.modalities == modalities and cell.metric == metric:
                video, audio = cell.unit.encoders.split("+")
                found[video, audio] = cell.printed
    return found
