"""The mapping holds every printed number once, and the footnotes say what the printed numbers show."""

import csv
from collections import defaultdict
from importlib.resources import files

import pytest

from divine.evaluation import paper
from divine.evaluation.paper_notes import FIGURE, NOTES, notes_of


@pytest.fixture(scope="module")
def printed() -> list[dict[str, str]]:
    return list(csv.DictReader(files("divine.evaluation").joinpath("paper_results.csv").read_text("utf-8").splitlines()))


def test_every_printed_number_stands_in_one_cell(printed: list[dict[str, str]]):
    for number in paper.TABLES:
        ours = [cell.printed for row in paper.table(number).rows for cell in row.cells if cell.printed is not None]
        theirs = [float(row["value"]) for row in printed if int(row["table"]) == number]
        assert sorted(ours) == sorted(theirs)
        assert all(cell.printed is not None for row in paper.table(number).rows for cell in row.cells if row.block == "paper")


@pytest.mark.parametrize(
    ("number", "label", "group", "metric", "value"),
    [
        (1, "XV", "CNN, M", "accuracy", 89.27),
        (1, "Vi", "FCN, R", "mae_total", 10.82),
        (2, "DS + TR", "testing only video", "rmse_total", 12.06),
        (3, "DS + TR", "audio + video", "accuracy", 98.26),
        (3, "TA + TR", "testing only audio", "mae_total", 4.84),
        (4, "audio only, DS + TR", "speech", "accuracy", 89.27),
        (5, "w/o token reconstruction, DS + TR", "speech", "rmse_total", 2.71),
        (6, "flat fusion (no bottleneck), DS + TR", "speech", "macro_f1", 92.10),
        (7, "KI", "CNN, C", "macro_f1", 74.57),
        (8, "DS + W2", "audio + video", "accuracy", 87.89),
        (9, "Vi + WV", "audio + video", "rmse_total", 7.01),
    ],
)
def test_cells_are_where_the_paper_prints_them(number: int, label: str, group: str, metric: str, value: float):
    table = paper.table(number)
    row = next(row for row in table.rows if row.label == label)
    (place,) = [place for place, column in enumerate(table.columns) if (column.group, column.metric) == (group, metric)]
    assert row.cells[place].printed == value


def test_what_tables_share_is_one_run():
    best = paper.divine_unit(paper.BEST_PAIR, "speech")
    assert all(best in paper.table(number).units for number in (3, 4, 5, 6))
    everything = {unit for number in paper.TABLES for unit in paper.table(number).units}
    assert len(everything) == len({unit.name for unit in everything})
    assert {panel.unit for panel in (*paper.panels(), *paper.own_panels())} <= everything


def test_a_stand_in_is_marked_in_label_and_run():
    table = paper.table(3, lambda code: f"TEST-{code}" if code in ("DS", "TR") else code)
    marked = {row.label for row in table.rows if row.label.endswith("(TEST)")}
    assert len(marked) == 6 + 6 - 1
    assert all(("TEST-" in row.cells[0].unit.encoders) == row.label.endswith("(TEST)") for row in table.rows)


def test_the_figure_has_the_captions_eight_panels():
    panels = paper.panels()
    assert [panel.letter for panel in panels] == list("abcdefgh")
    both = ["audio+video"] * 2
    assert [panel.modalities for panel in panels] == [*both, "video", "audio", "video", "audio", "video", "video"]
    assert (panels[7].kind, panels[7].unit.objective) == ("diagnosis", "C")


def test_there_is_no_table_ten():
    with pytest.raises(ValueError, match="none numbered 10"):
        paper.table(10)


def test_the_contradictions_are_in_the_printed_numbers(printed: list[dict[str, str]]):
    lines: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for row in printed:
        key = tuple(row[name] for name in ("table", "system", "encoders", "head", "objective", "modality"))
        lines[key][row["metric"]] = float(row["value"])
    upside_down = [key for key, one in lines.items() if one.get("mae", 0) > one.get("rmse", 99)]
    assert {key[2] for key in upside_down if key[0] == "1"} == {"Vi", "V2", "VV", "DS", "KI", "TA"}
    assert len([key for key in upside_down if key[0] == "4"]) == 2
    maes = [float(row["value"]) for row in printed if row["metric"] == "mae"]
    assert (len([value for value in maes if value > 10]), len(maes)) == (92, 352)
    nine = {key[2]: one for key, one in lines.items() if key[0] == "9"}
    for audio in paper.AUDIO:
        assert all(nine[f"Vi+{audio}"][name] == nine[f"VV+{audio}"][name] for name in ("accuracy", "f1"))
    eight = {key[2]: one["accuracy"] for key, one in lines.items() if key[0] == "8"}
    assert max(eight, key=eight.__getitem__) == "DS+W2"
    assert {number for note in NOTES for number in note.tables} == {FIGURE, *paper.TABLES}
    assert any("92 of the paper's 352" in note for note in notes_of(2))
    assert any("OpenFace" in note for note in notes_of(FIGURE)) and not any("OpenFace" in note for note in notes_of(5))
