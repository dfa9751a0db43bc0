"""The whole protocol: every run's place in every table, and a real pass on a tiny cohort of features."""

import csv
import dataclasses
import hashlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from divine import services
from divine.evaluation import evaluate, paper
from divine.records import LEVELS
from divine.report import reproduce as module
from divine.report.errors import ReportError
from divine.report.reproduce import EVERYTHING, Reproduction, parse
from divine.training.run import Status
from divine.training.sweep_folder import SweepStatus, UnitStatus
from tests.training.cohorts import write_cohort

GROUPS = ("ALS", "Stroke", "Healthy")
FOLDS, PEOPLE = 3, 3


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("cohort"), per_group=PEOPLE)


def predictions(spec, seed: int) -> pd.DataFrame:
    """A table as a run would write it, with random answers."""
    rng, lines = np.random.default_rng(seed), []
    own = "video" if spec.encoders.removeprefix("TEST-") in paper.VIDEO else "audio"
    settings = ("audio+video", "video", "audio") if "+" in spec.encoders else (own,)
    if spec.train_modalities != "audio+video":
        settings = (spec.train_modalities,)
    for system in (spec.system, *spec.baselines):
        for setting in settings if system == spec.system else settings[:1]:
            for group in GROUPS:
                for person in range(PEOPLE):
                    p, score = rng.dirichlet(np.ones(3)), rng.uniform(1, 5)
                    line = {"dataset": "d", "group": group, "subject": f"P{person}", "clip": f"c{person}", "task": "DDK_PA"}
                    line |= {"part": "test", "fold": person % FOLDS, "seed": 0, "system": system, "objective": spec.objective}
                    line |= {"encoders": spec.encoders, "modalities": setting, "target": group}
                    line |= {"prediction": GROUPS[int(p.argmax())], "predicted_level": str(rng.choice(LEVELS))}
                    line |= {"target_level": None if group == "Healthy" else LEVELS[person % 3]}
                    line |= {"target_total": 2 * score, "predicted_total": 2 * rng.uniform(1, 5)}
                    lines.append(line | {f"probability_{name}": value for name, value in zip(GROUPS, p, strict=True)})
    return pd.DataFrame(lines)


def pretend(asked, place, store, *, workers=None, on_step=None, fails=()):
    """Write every run of a sweep without training any."""
    place.folder.mkdir(parents=True, exist_ok=True)
    asked = place.begin(asked)
    states = []
    for number, unit in enumerate(asked.units):
        if unit.codes[0] in fails:
            states.append(UnitStatus(unit.name, "failed", "on purpose"))
            continue
        run = place.run(unit)
        run.folder.mkdir(parents=True, exist_ok=True)
        split = json.dumps({"members": [{"train": list(range(6)), "test": [6, 7, 8]}]}).encode()
        run.split_file.write_bytes(split)
        run.set_status(Status("done", 3, 3, hashlib.sha256(split).hexdigest(), False))
        predictions(unit, number).to_parquet(run.folder / "predictions.parquet")
        states.append(UnitStatus(unit.name, "done"))
    status = SweepStatus("done", tuple(states), False)
    place.set_status(status)
    return status


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory, cohort: Path) -> Reproduction:
    """All tables and the figure, every run pretended."""
    out = tmp_path_factory.mktemp("all") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "sweep", pretend)
        patch.setattr(evaluate, "BOOTSTRAPS", 20)
        services.reproduce("all", cohort, out, folds=FOLDS, seeds=1, epochs=2, test_encoders=True)
    return Reproduction(out)


def records(place: Reproduction, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((place.folder / f"{name}.csv").read_text())))


def unit_of(place: Reproduction, number: int, line: dict[str, str]):
    """Find the run of a line of a table's CSV."""
    asked = [line[name] for name in ("encoders", "objective", "train_modalities")]
    return next(
        unit
        for unit in paper.table(number, module.alias_of(place)).units
        if [unit.encoders, unit.objective, unit.train_modalities] == asked and line["system"] in (unit.system, *unit.baselines)
    )


def test_all_writes_nine_tables_with_every_cell_filled_and_the_figures(everything: Reproduction):
    for number in paper.TABLES:
        lines = records(everything, f"table{number}")
        described = paper.table(number)
        assert len(lines) == len(described.rows) * len(described.columns)
        assert all(line["ours_mean"] and line["ours_low"] and line["ours_high"] and not line["why"] for line in lines)
        assert sum(bool(line["paper"]) for line in lines) == sum(c.printed is not None for r in described.rows for c in r.cells)
        for suffix in ("md", "tex"):
            text = (everything.folder / f"table{number}.{suffix}").read_text()
            assert "TEST" in text and "REDUCED PROTOCOL" in text and "weights absent" not in text
    for stem, panels in (("figure3", 8), ("figure3-own", 4)):
        assert len({line["panel"] for line in records(everything, stem)}) == panels
        assert (everything.folder / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert (everything.folder / f"{stem}.pdf").read_bytes().startswith(b"%PDF")
        assert "<svg" in (everything.folder / f"{stem}.svg").read_text()


def test_each_metric_is_scikit_learns_on_the_same_prediction_table(everything: Reproduction):
    for name in ("table1", "table3", "table5"):
        for line in records(everything, name)[::7]:
            unit = unit_of(everything, int(name[-1]), line)
            table = everything.sweep.run(unit).predictions().where(system=line["system"], modalities=line["modalities"]).frame
            by_metric = {
                "accuracy": lambda rows: 100 * sk.accuracy_score(rows["target"], rows["prediction"]),
                "macro_f1": lambda rows: 100 * sk.f1_score(rows["target"], rows["prediction"], average="macro"),
                "mae_total": lambda rows: sk.mean_absolute_error(rows["target_total"], rows["predicted_total"]),
                "rmse_total": lambda rows: sk.root_mean_squared_error(rows["target_total"], rows["predicted_total"]),
            }
            runs = [by_metric[line["metric"]](rows) for _, rows in table.groupby(["fold", "seed"])]
            assert float(line["ours_mean"]) == pytest.approx(np.mean(runs), abs=1e-3)
            assert float(line["ours_std"]) == pytest.approx(np.std(runs), abs=1e-3)


def test_tests_stand_beside_the_rows_that_have_a_baseline(everything: Reproduction):
    three, two = records(everything, "table3"), records(everything, "table2")
    tested = [line for line in three if line["wilcoxon_holm_p"]]
    assert {line["metric"] for line in tested} <= {"accuracy", "mae_total"} and {line["group"] for line in tested} == {
        "audio + video"
    }
    assert {line["against"] for line in tested} == {"concatenation of the same pair"}
    assert not any(line["against"] for line in two)
    for line in three:
        if line["against"]:
            same = [o for o in two if all(o[name] == line[name] for name in ("row", "group", "metric"))]
            other = same[0]
            # one seed, all folds of one size: the mean over members is the pooled value
            expected = float(line["ours_mean"]) - float(other["ours_mean"])
            assert float(line["difference"]) == pytest.approx(expected, abs=2e-3)


def test_severity_is_never_subtracted_from_the_papers(everything: Reproduction):
    for number in paper.TABLES:
        heads = set(records(everything, f"table{number}")[0])
        assert not any("paper" in head and head != "paper" for head in heads)
    assert "never subtracted" in (everything.folder / "table3.md").read_text()


def test_every_line_of_a_latex_table_has_as_many_cells(everything: Reproduction):
    for number in (3, 5):
        text = (everything.folder / f"table{number}.tex").read_text()
        for tabular in re.findall(r"\\begin\{tabular\}\{(l[lr]*)\}(.*?)\\end\{tabular\}", text, re.DOTALL):
            for line in tabular[1].split("\\\\"):
                cells = len(re.findall(r"(?<!\\)&", line)) + 1
                spans = sum(int(size) - 1 for size in re.findall(r"\\multicolumn\{(\d+)\}", line))
                assert line.replace(r"\hline", "").strip() == "" or cells + spans == len(tabular[0])
        assert not re.search(r"(?<!\\)[%#_](?!.*\\hline)", text.split(r"\begin{table*}")[1].replace(r"\_", ""))


def test_runs_that_are_not_there_say_why(tmp_path: Path, cohort: Path, monkeypatch: pytest.MonkeyPatch):
    def some(asked, place, store, **rest):
        return pretend(asked, place, store, fails=("TEST-KI",), **rest)

    monkeypatch.setattr(module, "sweep", some)
    services.reproduce("table6", cohort, tmp_path / "out", folds=FOLDS, seeds=1, epochs=2, test_encoders=True)
    lines = records(Reproduction(tmp_path / "out"), "table6")
    assert {line["why"] for line in lines if line["row"].endswith("KI + AC (TEST)")} == {"failed"}
    assert all(line["ours_mean"] for line in lines if line["row"].endswith("DS + TR (TEST)"))
    filled = services.paper_table(tmp_path / "out", 3)
    assert {number.why for row in filled.rows for number in row.numbers} == {"", "not trained", "failed"}


def test_a_real_pass_trains_what_table_6_needs_and_goes_on_where_it_was(tmp_path: Path, cohort: Path):
    out, steps = tmp_path / "out", []
    asked = {"folds": FOLDS, "seeds": 1, "epochs": 1, "test_encoders": True, "workers": 1}
    files = services.reproduce("table6", cohort, out, on_step=lambda *step: steps.append(step), **asked)
    assert [file.name for file in files] == ["table6.csv", "table6.md", "table6.tex"]
    assert steps[-3:] == [("runs", 6, 6), ("tables", 0, 1), ("tables", 1, 1)]
    first = (out / "table6.csv").read_bytes()
    assert all(line["ours_mean"] for line in records(Reproduction(out), "table6"))
    steps.clear()
    services.reproduce("table6", cohort, out, on_step=lambda *step: steps.append(step), **asked)
    assert (out / "table6.csv").read_bytes() == first
    assert [step for step in steps if step[0] == "runs"] == [("runs", 6, 6)]


def test_without_weights_rows_say_so(tmp_path: Path, cohort: Path):
    out = tmp_path / "out"
    services.reproduce("table7,figure3", cohort, out, folds=FOLDS, seeds=1, epochs=1)
    assert {line["why"] for line in records(Reproduction(out), "table7")} == {"weights absent"}
    text = (out / "table7.md").read_text()
    assert "weights absent" in text and "Without features here: Vi, V2" in text
    assert not records(Reproduction(out), "figure3")


def test_a_folder_does_not_mix_encoders_made_for_tests_with_others(
    tmp_path: Path, cohort: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "sweep", pretend)
    services.reproduce("table6", cohort, tmp_path / "out", folds=FOLDS, seeds=1, epochs=2, test_encoders=True)
    with pytest.raises(ReportError, match="other encoders in the place"):
        services.reproduce("table6", cohort, tmp_path / "out", folds=FOLDS, seeds=1, epochs=2)
    assert services.paper_table(tmp_path / "out", 6).rows[0].row.label.endswith("(TEST)")


def test_what_is_asked_for_is_one_of_what_there_is():
    assert parse("all") == EVERYTHING and parse("table3, figure3") == ("table3", "figure3")
    with pytest.raises(ReportError, match="table10: no such table"):
        parse("table10")
    with pytest.raises(ReportError, match="holds no reproduction"):
        services.paper_table(Path("nowhere"), 3)


def test_sweep_units_pair_what_can_be_paired():
    units = services.sweep_units(("divine", "fcn"), video=("KI", "TA"), audio=("AC",), objectives=("C", "M"))
    assert {unit.encoders for unit in units if unit.system == "divine"} == {"KI+AC", "TA+AC"}
    assert {unit.encoders for unit in units if unit.system == "fcn"} == {"KI", "TA", "AC"}
    assert len(units) == 2 * 2 + 3 * 2
    only = services.sweep_units(("concat",), audio=("AC",), train_modalities=("audio+video", "audio"))
    assert [dataclasses.astuple(unit)[:2] for unit in only] == [("concat", "AC")]
