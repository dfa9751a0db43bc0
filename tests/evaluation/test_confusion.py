import numpy as np
import pandas as pd
from sklearn import metrics as sk

from divine.evaluation.confusion import confusion
from divine.evaluation.table import Predictions
from divine.records import LEVELS
from tests.evaluation.test_evaluate import CLASSES, table

COMBINED = ("HC", *(f"{group}, {level}" for group in ("ALS", "Stroke") for level in LEVELS))


def rated(seed: int = 0) -> Predictions:
    """Healthy subjects have no level; one stroke clip was rated by nobody; every prediction has a level."""
    frame = table(seed=seed).frame.reset_index(drop=True)
    rng = np.random.default_rng(seed)
    level = pd.Series(rng.choice(LEVELS, len(frame))).where(frame["target"] != "HC", None)
    level[frame.index[frame["target"] == "Stroke"][0]] = None
    return Predictions(frame.assign(target_level=level, predicted_level=rng.choice(LEVELS, len(frame))))


def test_diagnosis_is_scikit_learns_matrix():
    predictions = rated()
    found = confusion(predictions, "diagnosis")
    frame = predictions.frame
    assert found is not None and found.labels == CLASSES
    np.testing.assert_array_equal(found.counts, sk.confusion_matrix(frame["target"], frame["prediction"], labels=CLASSES))
    expected = sk.confusion_matrix(frame["target"], frame["prediction"], labels=CLASSES, normalize="true")
    np.testing.assert_allclose(found.shares, expected)


def test_levels_are_of_rated_affected_clips_only():
    predictions = rated()
    found = confusion(predictions, "level")
    known = predictions.frame[predictions.frame["target_level"].notna()]
    expected = sk.confusion_matrix(known["target_level"], known["predicted_level"], labels=LEVELS)
    assert found is not None
    np.testing.assert_array_equal(found.counts, expected)


def test_combined_is_healthy_and_two_disorders_at_three_levels():
    predictions = rated()
    found = confusion(predictions, "combined")
    frame = predictions.frame[(predictions.frame["target"] == "HC") | predictions.frame["target_level"].notna()]
    names = [
        ["HC" if group == "HC" else f"{group}, {level}" for group, level in zip(frame[a], frame[b], strict=True)]
        for a, b in (("target", "target_level"), ("prediction", "predicted_level"))
    ]
    assert found is not None and found.labels == COMBINED
    np.testing.assert_array_equal(found.counts, sk.confusion_matrix(*names, labels=COMBINED))
    assert found.counts.sum() == len(predictions.frame) - 1


def test_a_cell_lists_its_clips_with_the_seeds_that_put_them_there():
    predictions = rated()
    found = confusion(predictions, "diagnosis")
    assert found is not None
    for row, target in enumerate(CLASSES):
        for column, said in enumerate(CLASSES):
            clips = found.clips(target, said)
            assert sum(one.times for one in clips) == found.counts[row, column]
            for one in clips:
                there = predictions.where(group=one.group, subject=one.subject, clip=one.clip).frame
                assert ((there["target"] == target) & (there["prediction"] == said)).sum() == one.times
            assert [one.times for one in clips] == sorted((one.times for one in clips), reverse=True)


def test_validation_rows_do_not_count_and_a_table_without_levels_gives_none():
    predictions = rated()
    more = pd.concat([predictions.frame, predictions.frame.assign(part="validation")], ignore_index=True)
    found, same = confusion(Predictions(more), "combined"), confusion(predictions, "combined")
    assert found is not None and same is not None
    np.testing.assert_array_equal(found.counts, same.counts)
    assert confusion(table(), "combined") is None
    assert confusion(Predictions(predictions.frame.assign(predicted_level=None)), "level") is None
