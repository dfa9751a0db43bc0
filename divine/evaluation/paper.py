"""The paper's nine tables: which runs each needs, which number of which run each cell is, and what the paper prints there.

This is the whole mapping; nothing elsewhere knows what a table holds. Printed numbers come from ``paper_results.csv``, in the
paper's own order, its contradictions included (``paper_notes``).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from divine.evaluation.unit import Objective, Setting, TaskSet, Unit

VIDEO = ("Vi", "V2", "VV", "DS", "KI", "TA")
AUDIO = ("WV", "W2", "WR", "XV", "HT", "TR")
PAIRS = tuple(f"{video}+{audio}" for video in VIDEO for audio in AUDIO)
BEST_PAIR = "DS+TR"
"""The pair of Tables 4 to 6. The paper chose it on its test scores."""
OWN_AUDIO, OWN_PAIR = "AC", "KI+AC"
"""What needs no weights: an extra row everywhere, and beside the best pair in Tables 4 to 6."""
RIVALS = ("logistic", "random-forest", "svm")
"""Beyond the paper, on ``OWN_PAIR``; the majority stands beside them."""
TABLES = tuple(range(1, 10))
FIGURES = ("figure3", "figure3-own")
"""What ``figure3`` draws: the paper's panels, and those that need no weights."""

Metric = Literal["accuracy", "macro_f1", "mae_total", "rmse_total"]
A, F1, M, R = METRICS = ("accuracy", "macro_f1", "mae_total", "rmse_total")
_IN_PAPER = {A: "accuracy", F1: "f1", M: "mae", R: "rmse"}

Alias = Callable[[str], str]
"""From a code of the paper to the code that is used here: its own, or that of an encoder made for tests."""


class Column(NamedTuple):
    """One number per row."""

    group: str
    """What several columns share, such as a head and an objective."""
    metric: str


class Cell(NamedTuple):
    """Where a number comes from."""

    unit: Unit
    system: str
    """Whose rows of the run's table: the unit's own, or one of its baselines."""
    modalities: Setting
    """At test time."""
    metric: str
    printed: float | None
    """What the paper prints; None where it has no such cell."""


class Row(NamedTuple):
    """One line of a table, a cell per column."""

    label: str
    block: str
    """``paper``, ``own`` (beyond the paper's encoders) or ``rivals`` (beyond its systems)."""
    cells: tuple[Cell, ...]
    against: Unit | None = None
    """The baseline, named beforehand, that the line is tested against."""


class Panel(NamedTuple):
    """One confusion matrix of Figure 3."""

    letter: str
    label: str
    unit: Unit
    modalities: Setting
    """At test time."""
    kind: Literal["combined", "diagnosis"] = "combined"


class PaperTable(NamedTuple):
    """One table of the paper."""

    number: int
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    against: str = ""
    """What ``Row.against`` is, in words."""

    @property
    def units(self) -> tuple[Unit, ...]:
        """The runs that it needs, each once."""
        needed = [cell.unit for row in self.rows for cell in row.cells]
        return tuple(dict.fromkeys([*needed, *(row.against for row in self.rows if row.against is not None)]))


def table(number: int, alias: Alias = lambda code: code) -> PaperTable:
    """Describe one table.

    Raises:
        ValueError: the paper has no such table.
    """
    if number in (1, 7):
        return _single(number, "speech" if number == 1 else "non-speech", alias)
    if number in (2, 3):
        return _pairs(number, "concat" if number == 2 else "divine", "speech", alias)
    if number in (8, 9):
        return _pairs(number, "concat" if number == 8 else "divine", "non-speech", alias)
    if number in _ABLATIONS:
        return _ablation(number, alias)
    raise ValueError(f"the paper has tables 1 to 9, none numbered {number}.")


def divine_unit(pair: str, tasks: TaskSet, alias: Alias = lambda code: code) -> Unit:
    """Return DIVINE's run on a pair; that on the embedded pair has the majority beside it."""
    return Unit("divine", _aliased(pair, alias), tasks=tasks, baselines=("majority",) if pair == OWN_PAIR else ())


def panels(alias: Alias = lambda code: code) -> tuple[Panel, ...]:
    """Return Figure 3's eight panels, as its caption lists them (A.6.1 lists others).

    Single encoders are given the CNN; where the caption names no objective, both. A model that was trained for diagnosis alone
    says no severity, so its panel is of the diagnosis.
    """
    best, second = (divine_unit(pair, "speech", alias) for pair in (BEST_PAIR, "DS+XV"))
    alone = {code: Unit("cnn", alias(code), "M", "speech") for code in ("VV", "WV", "KI")}
    kinematic = Unit("cnn", alias("KI"), "C", "speech")

    def name(pair: str, rest: str = "") -> str:
        return _label(pair, alias) + rest

    return (
        Panel("a", name(BEST_PAIR), best, "audio+video"),
        Panel("b", name("DS+XV"), second, "audio+video"),
        Panel("c", name("DS+XV", ", only video"), second, "video"),
        Panel("d", name(BEST_PAIR, ", only audio"), best, "audio"),
        Panel("e", name("VV", ", both objectives"), alone["VV"], "video"),
        Panel("f", name("WV", ", both objectives"), alone["WV"], "audio"),
        Panel("g", name("KI", ", both objectives"), alone["KI"], "video"),
        Panel("h", name("KI", ", diagnosis alone"), kinematic, "video", "diagnosis"),
    )


def own_panels(alias: Alias = lambda code: code) -> tuple[Panel, ...]:
    """Return what needs no weights, as a figure of its own: the embedded pair whole and halved, and its audio encoder."""
    pair, voice = divine_unit(OWN_PAIR, "speech", alias), Unit("cnn", alias(OWN_AUDIO), "M", "speech")
    label = _label(OWN_PAIR, alias)
    return (
        Panel("a", label, pair, "audio+video"),
        Panel("b", f"{label}, only video", pair, "video"),
        Panel("c", f"{label}, only audio", pair, "audio"),
        Panel("d", f"{_label(OWN_AUDIO, alias)}, both objectives", voice, "audio"),
    )


_HEADS: tuple[tuple[str, Objective, tuple[str, ...]], ...] = (
    ("fcn", "C", (A, F1)),
    ("cnn", "C", (A, F1)),
    ("fcn", "R", (M, R)),
    ("cnn", "R", (M, R)),
    ("cnn", "M", (A, F1, M, R)),
)
"""Tables 1 and 7: head, objective, and what is printed of it."""
_SETTINGS: dict[Setting, str] = {"audio+video": "audio + video", "video": "testing only video", "audio": "testing only audio"}
_FULL = "divine:full"
_ABLATIONS: dict[int, tuple[str, tuple[tuple[str, str, str, Setting], ...]]] = {
    4: (
        "role of modality: removed at test time, and (beyond the paper) in training too",
        (
            ("DIVINE (audio + video)", _FULL, "divine", "audio+video"),
            ("audio only", "divine:audio-only", "divine", "audio"),
            ("video only", "divine:video-only", "divine", "video"),
        ),
    ),
    5: (
        "role of regularisation",
        (
            ("DIVINE", _FULL, "divine", "audio+video"),
            ("w/o cycle consistency", "divine:without-cycle-consistency", "divine-no-cycle", "audio+video"),
            ("w/o sparse gating", "divine:without-sparse-gating", "divine-no-sparse", "audio+video"),
            ("w/o token reconstruction", "divine:without-token-reconstruction", "divine-no-token", "audio+video"),
        ),
    ),
    6: (
        "role of subspace disentanglement",
        (
            ("DIVINE (2-level VAE)", _FULL, "divine", "audio+video"),
            ("flat fusion (no bottleneck)", "divine:flat-fusion", "flat", "audio+video"),
            ("single-level latent fusion", "divine:single-level-latent", "single-level", "audio+video"),
        ),
    ),
}
"""Tables 4 to 6: label, the CSV's name of the line, the system, and what it is given at test time."""


def _single(number: int, tasks: TaskSet, alias: Alias) -> PaperTable:
    codes = [*VIDEO, *((*AUDIO, OWN_AUDIO) if number == 1 else ())]
    columns = tuple(Column(f"{head.upper()}, {objective}", metric) for head, objective, metrics in _HEADS for metric in metrics)
    rows = []
    for code in codes:
        own = "video" if code in VIDEO else "audio"
        cells = tuple(
            _cell(Unit(head, alias(code), objective, tasks), own, metric, _key(number, code, metric, head, objective, "own"))
            for head, objective, metrics in _HEADS
            for metric in metrics
        )
        rows.append(Row(_label(code, alias), "own" if code == OWN_AUDIO else "paper", cells))
    what = "video and speech encoders on speech" if number == 1 else "video encoders on non-speech"
    return PaperTable(number, f"Single {what} recordings, FCN and CNN, objectives C, R and M", columns, tuple(rows))


def _pairs(number: int, system: str, tasks: TaskSet, alias: Alias) -> PaperTable:
    settings = tuple(_SETTINGS) if tasks == "speech" else ("audio+video",)
    columns = tuple(Column(_SETTINGS[setting], metric) for setting in settings for metric in (A, F1, R, M))
    rows = []
    for pair in (*PAIRS, OWN_PAIR):
        concat = Unit("concat", _aliased(pair, alias), tasks=tasks)
        unit = divine_unit(pair, tasks, alias) if system == "divine" else concat
        cells = tuple(
            _cell(unit, setting, metric, _key(number, pair, metric, "", "M", setting))
            for setting in settings
            for metric in (A, F1, R, M)
        )
        block = "own" if pair == OWN_PAIR else "paper"
        rows.append(Row(_label(pair, alias), block, cells, concat if system == "divine" else None))
    if system == "divine":
        for rival in ("majority", *RIVALS):
            cells = tuple(_rival(rival, tasks, setting, metric, alias) for setting in settings for metric in (A, F1, R, M))
            rows.append(Row(f"{rival}, {_label(OWN_PAIR, alias)}", "rivals", cells))
    name = "DIVINE" if system == "divine" else "Concatenation"
    against = "concatenation of the same pair" if system == "divine" else ""
    return PaperTable(number, f"{name} on pairs of encoders, {tasks} recordings", columns, tuple(rows), against)


def _rival(rival: str, tasks: TaskSet, setting: Setting, metric: str, alias: Alias) -> Cell:
    if rival == "majority":  # the same guess whatever is taken from it, so it is written once, under everything
        return Cell(divine_unit(OWN_PAIR, tasks, alias), rival, "audio+video", metric, None)
    return Cell(Unit(rival, _aliased(OWN_PAIR, alias), tasks=tasks), rival, setting, metric, None)


def _ablation(number: int, alias: Alias) -> PaperTable:
    title, lines = _ABLATIONS[number]
    columns = tuple(Column("speech", metric) for metric in (A, F1, M, R))
    rows = []
    for pair in (BEST_PAIR, OWN_PAIR):
        full = divine_unit(pair, "speech", alias)
        block = "paper" if pair == BEST_PAIR else "own"
        for label, printed, system, setting in lines:
            unit = full if system == "divine" else Unit(system, _aliased(pair, alias), tasks="speech")
            cells = tuple(
                _cell(unit, setting, metric, _key(number, pair, metric, "", "M", setting, printed)) for _, metric in columns
            )
            against = full if unit != full else None
            rows.append(Row(f"{label}, {_label(pair, alias)}", block, cells, against))
        if number == 4:
            rows += [_trained_without(pair, kept, columns, alias) for kept in ("audio", "video")]
    against = "DIVINE in full on the same pair" if number != 4 else ""
    return PaperTable(number, f"Ablation, {title}", columns, tuple(rows), against)


def _trained_without(pair: str, kept: Setting, columns: Iterable[Column], alias: Alias) -> Row:
    unit = Unit("divine", _aliased(pair, alias), tasks="speech", train_modalities=kept)
    cells = tuple(_cell(unit, kept, metric, None) for _, metric in columns)
    return Row(f"{kept} only, in training too, {_label(pair, alias)}", "own", cells)


def _cell(unit: Unit, modalities: Setting, metric: str, key: _Key | None) -> Cell:
    return Cell(unit, unit.system, modalities, metric, None if key is None else _printed().get(key))


def _aliased(pair: str, alias: Alias) -> str:
    return "+".join(alias(code) for code in pair.split("+"))


def _label(pair: str, alias: Alias) -> str:
    made_up = any(alias(code) != code for code in pair.split("+"))
    return " + ".join(pair.split("+")) + (" (TEST)" if made_up else "")


_Key = tuple[int, str, str, str, str, str, str]


def _key(number: int, encoders: str, metric: str, head: str, objective: str, modality: str, system: str = "") -> _Key:
    return number, encoders, _IN_PAPER[metric], head.upper(), objective, modality, system


@cache
def _printed() -> dict[_Key, float]:
    found: dict[_Key, float] = {}
    for row in csv.DictReader(files("divine.evaluation").joinpath("paper_results.csv").read_text("utf-8").splitlines()):
        system = row["system"] if row["system"].startswith("divine:") else ""
        where = (int(row["table"]), row["encoders"], row["metric"], row["head"], row["objective"], row["modality"], system)
        found[where] = float(row["value"])
    return found
