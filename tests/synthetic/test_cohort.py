"""A cohort in the release's layout: loaded by the loader that reads the real one, resumed, refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from divine.data.load import load
from divine.data.tracks import read_landmarks
from divine.synthetic.cohort import Cohort, Plan, SyntheticError, make_cohort
from divine.synthetic.face import FaceCamera
from divine.synthetic.field import weights_at
from divine.synthetic.gesture import make_gesture
from divine.synthetic.roster import group_sizes, make_sittings, make_subjects
from divine.synthetic.tasks import TASKS
from divine.synthetic.tracks import RATE_HZ

PLAN = Plan(subjects=6, tasks=("DDK_PA",), complete=True, seconds=2.0, fps=20.0, width=320, height=240, seed=7)

WRONG = [{"tasks": ("DDK_TA",)}, {"tasks": ()}, {"subjects": 2}, {"width": 321}, {"seconds": 0.5}, {"fps": 500.0}]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return make_cohort(tmp_path_factory.mktemp("synthetic") / "cohort", PLAN)


def test_the_loader_reads_it_without_a_problem(cohort: Cohort):
    loaded = load(cohort.root)
    assert loaded.problems == ()
    assert loaded.index.synthetic
    assert loaded.index.groups == ("ALS", "Stroke", "HC")
    for entry in loaded.index.clips:
        made = next(clip for clip in cohort.clips if clip.video.name == entry.name)
        assert entry.video == made.video and entry.task == made.task
        assert [rating.scores for rating in entry.ratings] == [tuple(scores) for scores in made.ratings]
        assert (entry.age, entry.sex) == (made.subject.age, made.subject.sex)
        assert entry.landmarks is not None and entry.boxes is not None


def test_annotations_are_where_the_face_is(cohort: Cohort):
    entry = load(cohort.root).index.clips[0]
    subject = next(one for one in cohort.people if one.key == entry.subject)
    assert entry.landmarks is not None
    track = read_landmarks(entry.landmarks)
    assert len(track.frames) == 13 and not track.problems
    gesture = make_gesture(subject, "DDK_PA", PLAN.seed, PLAN.seconds)
    camera = FaceCamera(subject.face, (PLAN.width, PLAN.height), PLAN.seed)
    for frame, points in zip(track.frames, track.points_px, strict=True):
        expected = camera.points(weights_at(gesture, round(frame / PLAN.fps * RATE_HZ)))
        assert points == pytest.approx(expected, abs=0.01)


def test_an_interrupted_cohort_goes_on_where_it_stopped(cohort: Cohort):
    clips = [clip.video for clip in cohort.clips]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in clips}
    lost = cohort.root / "synthetic_truth" / cohort.clips[1].subject.group / f"{clips[1].stem}.json"
    truth = json.loads(lost.read_text())
    lost.unlink()
    clips[1].unlink()
    told: list[tuple[int, int, str]] = []
    make_cohort(cohort.root, PLAN, on_progress=lambda *news: told.append(news))
    assert told == [(5, 6, ""), (6, 6, clips[1].name)]
    assert clips[1].read_bytes() == before[clips[1]][0]
    assert json.loads(lost.read_text()) == truth
    for path in (clips[0], clips[2]):
        assert path.stat().st_mtime_ns == before[path][1]


def test_another_plan_or_a_foreign_folder_is_refused(cohort: Cohort, tmp_path: Path):
    with pytest.raises(SyntheticError, match="another plan"):
        make_cohort(cohort.root, replace(PLAN, seed=8))
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SyntheticError, match="not empty"):
        make_cohort(tmp_path, PLAN)


@pytest.mark.parametrize("wrong", WRONG)
def test_impossible_plans_are_refused_before_anything_is_written(wrong: dict, tmp_path: Path):
    with pytest.raises(SyntheticError):
        make_cohort(tmp_path / "new", replace(PLAN, **wrong))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("subjects", [3, 4, 7, 36, 100, 361])
def test_groups_keep_the_releases_proportions(subjects: int):
    sizes = group_sizes(subjects)
    assert sum(sizes.values()) == subjects
    for group, share in (("ALS", 11), ("Stroke", 14), ("HC", 11)):
        assert abs(sizes[group] - max(1, subjects * share / 36)) <= 1  # pyright: ignore[reportArgumentType]


def test_a_full_cohort_has_the_releases_shape():
    people = make_subjects(36, 0)
    sittings = make_sittings(people, tuple(TASKS), 0)
    assert len(sittings) == 261
    assert len({(one.group, one.key) for one in people}) == 36
    assert sorted(one.key for one in people if one.key.startswith("OP")) == ["OP01", "OP02", "OP03"]
    assert make_sittings(people, tuple(TASKS), 0) == sittings
    assert make_sittings(people, tuple(TASKS), 1) != sittings
    assert len(make_sittings(people, tuple(TASKS), 0, complete=True)) == 36 * 9


def test_two_workers_make_what_one_makes_and_a_tail_can_be_damaged(cohort: Cohort, tmp_path: Path):
    other = make_cohort(tmp_path / "other", replace(PLAN, damaged=1), workers=2)
    whole = [clip.video.read_bytes() for clip in cohort.clips]
    made = [clip.video.read_bytes() for clip in other.clips]
    damaged = [one for one, (before, after) in enumerate(zip(whole, made, strict=True)) if before != after]
    assert len(damaged) == 1
    short, full = made[damaged[0]], whole[damaged[0]]
    assert len(short) == int(0.8 * len(full)) and full.startswith(short)
