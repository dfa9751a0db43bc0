"""The gate against what is true of recordings: the demonstration's drawn faces know where their lips are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.warped_faces import Motion, render
from divine.data.tracks import read_landmarks
from divine.demonstration import COHORT
from divine.face.kinematic_clock import follow
from divine.face.kinematic_quality import face_quality
from divine.face.track import track
from divine.media import open_clip, write_video
from divine.quality import gate
from divine.records import Check, Clip, Landmarks
from tests.face.real_face import face

ALS = COHORT / "ALS"
OFF_ICD = 0.1
"""Half the distance of neighbours on the lips, in intercanthal distances: farther off, a point may as well be the next."""


def checks(clip: Clip, found: Landmarks) -> dict[str, Check]:
    quality = gate(clip, face_quality(found, follow(found)), None, None)
    return {check.name: check for check in quality.checks}


def truly_followed(found: Landmarks, name: str) -> float:
    """Return the share of annotated frames in which all twelve outer points of the lips are sure, and move as drawn."""
    true = read_landmarks(ALS / "Landmarks_gt" / f"{name}.txt")
    lips = slice(48, 60)
    off = found.points_px[true.frames, lips] - true.points_px[:, lips]
    off -= np.median(off, axis=0)  # where on the lip's edge a point is placed is a matter of taste; that it stays there is not
    unit = np.linalg.norm(true.points_px[:, 42] - true.points_px[:, 39], axis=1)
    stays = np.linalg.norm(off, axis=2) < OFF_ICD * unit[:, None]
    return float((stays & (found.confidence[true.frames, lips] >= 0.2)).all(axis=1).mean())


@pytest.mark.parametrize(("task", "fit"), [("DDK_PA", False), ("NSM_OPEN", True), ("NSM_SPREAD", True)])
def test_a_mouth_whose_points_are_lost_or_slide_does_not_pass_and_one_that_is_followed_does(task: str, fit: bool):
    name = f"A002_02_{task}_color"
    clip = open_clip(ALS / "Videos" / f"{name}.mp4")
    found = track(clip)
    assert (truly_followed(found, name) >= 0.8) == fit
    by_name = checks(clip, found)
    assert by_name["face in sight"].value == 100
    assert by_name["mouth followed"].passed == fit
    assert "off the mouth" in by_name["mouth followed"].advice


def test_a_photograph_that_opens_its_mouth_passes(tmp_path):
    opening = (1 - np.cos(np.linspace(0, 4 * np.pi, 50))) / 2
    write_video(
        tmp_path / "talking.mp4",
        ((i / 25, render(face(), Motion(jaw=0.25 * amount, corners=(0.05 * amount, 0.0)))) for i, amount in enumerate(opening)),
    )
    clip = open_clip(tmp_path / "talking.mp4")
    assert checks(clip, track(clip))["mouth followed"].value > 99


def test_a_real_clip_passes(smile):
    clip = open_clip(smile)
    assert checks(clip, track(clip))["mouth followed"].value > 90
