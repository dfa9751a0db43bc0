"""A draw's metrics are those of the rows that it drew, repeated as often as it drew them."""

import numpy as np
import pandas as pd
import pytest

from divine.evaluation.arrays import Arrays
from divine.evaluation.evaluate import score_rows
from divine.evaluation.resampling import draw_subjects
from divine.evaluation.table import Predictions
from divine.evaluation.weighted import drawn
from tests.evaluation.test_evaluate import table


@pytest.mark.parametrize("rounded", [False, True], ids=["smooth", "with ties"])
def test_every_metric_of_every_draw_is_that_of_the_repeated_rows(rounded: bool):
    predictions = table(seeds=1, per_group=4, clips=3, seed=int(rounded))
    frame = predictions.frame.sample(frac=1.0, random_state=1, ignore_index=True)
    if rounded:
        columns = [name for name in frame if name.startswith(("probability_", "target_total", "predicted_total"))]
        frame[columns] = frame[columns].round(1)
    arrays = Arrays.of(Predictions(frame))
    counts = draw_subjects(strata=arrays.strata, draws=30, seed=2)
    found = drawn(arrays, counts)
    for draw, count in enumerate(counts):
        rows = np.repeat(np.arange(len(frame)), count[arrays.subject])
        expected = score_rows(Arrays.of(Predictions(frame.iloc[rows])))
        assert set(expected) == set(found)
        assert {name: found[name][draw] for name in found} == pytest.approx(expected, nan_ok=True)


def test_subjects_are_told_apart_by_group_and_dataset_and_drawn_within_their_group():
    frame = table(seeds=1, per_group=2, clips=2).frame
    both = pd.concat([frame, frame.assign(dataset="e")], ignore_index=True)
    arrays = Arrays.of(Predictions(both))
    assert len(arrays.strata) == 3 * 2 * 2
    names = both[["dataset", "group", "subject"]].agg("/".join, axis=1)
    assert pd.DataFrame({"name": names, "number": arrays.subject}).groupby("number")["name"].nunique().eq(1).all()
    groups = [set(both.loc[arrays.subject == one, "group"]) for one in range(len(arrays.strata))]
    assert all(len(group) == 1 for group in groups)
    assert len({(group.pop(), stratum) for group, stratum in zip(groups, arrays.strata, strict=True)}) == 3


def test_a_class_that_a_draw_lacks_and_a_table_without_targets_are_no_number():
    frame = table(seeds=1, per_group=1, clips=1).frame
    arrays = Arrays.of(Predictions(frame))
    only = np.array([[0, 0, 3]])
    assert np.isnan(drawn(arrays, only)["auroc"]).all()
    assert drawn(arrays, only)["accuracy"][0] in (0.0, 1.0)
    unknown = Arrays.of(Predictions(frame.assign(target="nobody", target_total=np.nan)))
    assert all(np.isnan(values).all() for name, values in drawn(unknown, only).items() if name != "mae_speed")


def test_averages_over_members_and_clips_are_those_of_the_table():
    predictions = table(seeds=3, per_group=3)
    found = Arrays.of(predictions)
    for ours, theirs in (
        (found.over_members(), predictions.over_seeds()),
        (found.by_subject(), predictions.by_subject()),
        (found.over_members().by_subject(), predictions.over_seeds().by_subject()),
    ):
        expected = Arrays.of(theirs)
        order = [np.lexsort((one.member, one.clip, one.subject)) for one in (ours, expected)]
        a, b = (one.rows(place) for one, place in zip((ours, expected), order, strict=True))
        np.testing.assert_allclose(a.probability, b.probability)
        for field in ("target", "predicted", "subject"):
            np.testing.assert_array_equal(getattr(a, field), getattr(b, field))
        for one, other in zip(a.severity, b.severity, strict=True):
            np.testing.assert_allclose(one.target, other.target)
            np.testing.assert_allclose(one.predicted, other.predicted)
