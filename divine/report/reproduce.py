"""The paper's whole protocol: a sweep of every run that the tables need, then tables and figure beside the printed ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from matplotlib.figure import Figure

from divine import encoders
from divine.data.load import load_clips
from divine.data.schema import Folds
from divine.evaluation import paper
from divine.evaluation.confusion import confusion
from divine.evaluation.filled import FilledTable, Judged, Outcome, Why, fill
from divine.evaluation.paper import Panel, PaperTable
from divine.evaluation.paper_notes import FIGURE, notes_of
from divine.evaluation.unit import Unit
from divine.models.codec import from_json, to_json
from divine.models.errors import ModelError
from divine.report import figure3, tables
from divine.report.comparison import sizes_of
from divine.report.errors import ReportError
from divine.report.figure3 import Drawn
from divine.report.layout import Stamp
from divine.store import Store, write_atomically
from divine.training.config import TrainingConfig
from divine.training.cross_validate import OnStep, Step
from divine.training.shared_packs import why_absent
from divine.training.stand_ins import stand_in, write_stand_ins
from divine.training.sweep import sweep
from divine.training.sweep_folder import Sweep, SweepSpec, UnitState

EVERYTHING = (*(f"table{number}" for number in paper.TABLES), "figure3")


@dataclass(frozen=True)
class Protocol:
    """How a reproduction is carried out; anything but the defaults is a quick pass, and is stamped so."""

    folds: Folds = 5
    seeds: int = 5
    epochs: int = 50
    test_encoders: bool = False
    """For tests only: tiny random encoders stand in for those whose weights are not here."""


@dataclass(frozen=True)
class About:
    """What ``protocol.json`` keeps beside the sweep's own spec."""

    cohort: str
    replaced: tuple[str, ...]
    """Codes in whose place encoders made for tests stand."""
    absent: tuple[str, ...]
    """Codes whose features could not be had."""


@dataclass(frozen=True)
class Reproduction:
    """The folder of a reproduction: ``sweep/``, ``protocol.json``, and a table's or the figure's files."""

    folder: Path

    @property
    def sweep(self) -> Sweep:
        return Sweep(self.folder / "sweep")


def parse(what: str) -> tuple[str, ...]:
    """Read ``table3``, ``figure3``, several with commas between them, or ``all``.

    Raises:
        ReportError: there is nothing of that name.
    """
    names = EVERYTHING if what == "all" else tuple(part.strip() for part in what.split(","))
    strange = [name for name in names if name not in EVERYTHING]
    if strange:
        raise ReportError(f"{strange[0]}: no such table. Choose of {', '.join(EVERYTHING)}, or all.")
    return names


def reproduce(
    what: Sequence[str],
    data: Path,
    out: Path,
    protocol: Protocol,
    store: Store,
    *,
    workers: int | None = None,
    on_step: OnStep = lambda _: None,
) -> tuple[Path, ...]:
    """Carry out the runs that are still missing and write the tables; return the files.

    Raises:
        ReportError: there is no such table.
        DataError: the cohort cannot be loaded.
        TrainingError: the folder holds a reproduction under another protocol, or another process is at work on it.
    """
    place = Reproduction(out)
    index = load_clips(data).index
    codes = (*paper.VIDEO, *paper.AUDIO, paper.OWN_AUDIO)
    absent = tuple(code for code in codes if why_absent(index, code) is not None)
    source, replaced = data.resolve(), ()
    if protocol.test_encoders and absent:
        replaced = absent
        source = write_stand_ins(
            index, {code: encoders.info(code).modality for code in absent}, store, out / "test-cohort", workers=workers
        )
    units = units_of(what, _alias(replaced))
    asked = SweepSpec(str(source), units, protocol.folds, protocol.seeds, TrainingConfig(max_epochs=protocol.epochs))
    if (out / "protocol.json").is_file() and _about(place).replaced != replaced:
        raise ReportError(f"{out.name}: was made with other encoders in the place of absent ones. Choose another folder.")
    about = About(index.root.name, replaced, () if replaced else absent)
    write_atomically(out / "protocol.json", json.dumps(to_json(about)).encode())
    sweep(asked, place.sweep, store, workers=workers, on_step=on_step)
    return write(place, what, on_step=on_step)


def write(place: Reproduction, what: Sequence[str], *, on_step: OnStep = lambda _: None) -> tuple[Path, ...]:
    """Write the asked tables and the figure from the runs that are there."""
    stamp, judged, files = stamp_of(place), Judged(), []

    def put(name: str, content: bytes) -> None:
        write_atomically(place.folder / name, content)
        files.append(place.folder / name)

    for done, name in enumerate(what):
        on_step(Step("tables", done, len(what)))
        if name == "figure3":
            for stem in paper.FIGURES:
                drawn = drawn_panels(place, stem)
                figure = figure_of(place, stem, drawn)
                for kind in figure3.FORMATS:
                    put(f"{stem}.{kind}", figure3.render(figure, kind))
                put(f"{stem}.csv", figure3.as_csv(drawn).encode())
            continue
        filled = filled_table(place, int(name.removeprefix("table")), judged)
        put(f"{name}.csv", tables.as_csv(filled, stamp).encode())
        put(f"{name}.md", tables.as_markdown(filled, stamp).encode())
        put(f"{name}.tex", tables.as_latex(filled, stamp).encode())
    on_step(Step("tables", len(what), len(what)))
    return tuple(files)


def filled_table(place: Reproduction, number: int, judged: Judged | None = None) -> FilledTable:
    """Fill a table with the runs that are there; what they came to before is taken from ``judged``.

    Raises:
        ReportError: the paper has no such table.
        TrainingError: the folder holds no reproduction.
    """
    if number not in paper.TABLES:
        raise ReportError(f"table {number}: the paper has tables 1 to 9.")
    table = paper.table(number, alias_of(place))
    status = place.sweep.status()
    done = [unit for unit in table.units if status.of(unit).state == "done"]
    sizes = sizes_of(place.sweep.run(done[0])) if done else None
    return fill(table, outcomes(place), sizes, judged)


_WHY: dict[UnitState, Why] = {"absent": "weights absent", "failed": "failed", "waiting": "not trained"}


def outcomes(place: Reproduction) -> Callable[[Unit], Outcome]:
    """Return what gives the predictions of a run of a reproduction, or says why there are none."""
    status = place.sweep.status()

    @cache
    def outcome(unit: Unit) -> Outcome:
        state = status.of(unit)
        if state.state == "done":
            return Outcome(place.sweep.run(unit).predictions)
        return Outcome(None, _WHY[state.state], state.message)

    return outcome


def drawn_panels(place: Reproduction, stem: str) -> tuple[Drawn, ...]:
    """Count the confusion matrices of ``figure3``, or of ``figure3-own``, which needs no weights."""
    panels = (paper.panels if stem == "figure3" else paper.own_panels)(alias_of(place))
    get = outcomes(place)

    def one(panel: Panel) -> Drawn:
        found = get(panel.unit)
        if found.read is None:
            return Drawn(panel, None, found.why)
        counted = confusion(found.read().where(system=panel.unit.system, modalities=panel.modalities), panel.kind)
        return Drawn(panel, counted, "" if counted else "not rated")

    return tuple(one(panel) for panel in panels)


def figure_of(place: Reproduction, stem: str, drawn: Sequence[Drawn]) -> Figure:
    """Draw panels with what must be said below them."""
    notes = notes_of(FIGURE) if stem == "figure3" else ("Not in the paper: what needs no weights.",)
    return figure3.draw(drawn, stamp_of(place), notes)


def stamp_of(place: Reproduction) -> Stamp:
    """Return what must stand on everything that comes of a reproduction."""
    about, spec = _about(place), place.sweep.spec()
    return Stamp(
        cohort=about.cohort,
        synthetic=place.sweep.status().synthetic,
        test_encoders=bool(about.replaced),
        folds=spec.folds,
        seeds=spec.seeds,
        epochs=spec.training.max_epochs,
        absent=about.absent,
    )


def units_of(what: Sequence[str], alias: paper.Alias = lambda code: code) -> tuple[Unit, ...]:
    """List the runs that tables and figure need, each once."""
    described: list[PaperTable] = [paper.table(int(name.removeprefix("table")), alias) for name in what if name != "figure3"]
    panels = [*paper.panels(alias), *paper.own_panels(alias)] if "figure3" in what else []
    return tuple(dict.fromkeys([*(unit for one in described for unit in one.units), *(panel.unit for panel in panels)]))


def _alias(replaced: Sequence[str]) -> paper.Alias:
    return lambda code: stand_in(code) if code in replaced else code


def alias_of(place: Reproduction) -> paper.Alias:
    """Return which codes stand for the paper's in a reproduction: its own, but where encoders made for tests replace them."""
    return _alias(_about(place).replaced)


def _about(place: Reproduction) -> About:
    try:
        return from_json(About, json.loads((place.folder / "protocol.json").read_bytes()), "protocol.json")
    except (OSError, ValueError, ModelError) as error:
        raise ReportError(f"{place.folder.name}: holds no reproduction. `divine reproduce` makes one.") from error
