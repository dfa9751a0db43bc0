"""One clip's tracks: what takes long is made once, what is kept is what was made, and hand annotations are measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from divine.data.schema import ClipEntry
from divine.data.tracks import FacePoints
from divine.face.by_hand import compare
from divine.records import DivineError, Landmarks, Sound
from divine.services import session
from divine.voice.picture import STEP_S, picture
from tests import clips
from tests.ui.fake import landmarks_of


def entry(path: Path, **more: object) -> ClipEntry:
    return replace(ClipEntry("D", "ALS", "A1", "02", "DDK_PA", path.name, video=path), **more)  # type: ignore[arg-type]


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every clip that the tracker was asked for."""
    asked: list[str] = []

    def track(clip, *, on_progress) -> Landmarks:
        asked.append(clip.digest)
        on_progress(0.5)
        times = np.arange(50) / 25
        return replace(landmarks_of(50, times, lost=slice(3, 5)), notes=("seen once",))

    monkeypatch.setattr("divine.face.track.track", track)
    return asked


def test_landmarks_are_found_once_and_read_back_as_they_were(numbered: Path, tmp_path: Path, followed: list[str]):
    told: list[tuple[str, float]] = []
    first = session.tracks_of(entry(numbered), on_progress=lambda part, done: told.append((part, done)))
    copy = tmp_path / "another name.mp4"
    copy.write_bytes(numbered.read_bytes())
    second = session.tracks_of(entry(copy))  # the same bytes: whose clip it is does not matter
    assert len(followed) == 1
    assert ("landmarks", 0.5) in told
    assert [part for part, done in told if done == 0.0] == ["sound", "landmarks", "measured"]
    assert first.landmarks is not None
    assert second.landmarks is not None
    for name in ("times_s", "points_px", "confidence", "pose_deg", "faces"):
        np.testing.assert_array_equal(getattr(second.landmarks, name), getattr(first.landmarks, name))
    assert second.landmarks.notes == ("seen once",)
    assert {curve.modality for curve in second.measured.curves} == {"video", "audio"}
    # The fake mouth opens once a second; the recording's start cuts the first opening.
    assert [one.peak_s for one in second.repetitions] == pytest.approx([1.25], abs=0.02)


def test_the_copy_to_play_is_made_once(uneven: Path, monkeypatch: pytest.MonkeyPatch):
    clip = session.open_recording(entry(uneven))
    first = session.view_of(clip)
    monkeypatch.setattr("divine.media.view.viewing_copy", lambda *_, **__: pytest.fail("made twice"))
    second = session.view_of(clip)
    assert second.path == first.path
    np.testing.assert_array_equal(second.times_s, first.times_s)
    np.testing.assert_allclose(first.times_s, clips.uneven_times(60, start_s=0.2), atol=1e-4)
    first.path.unlink()
    monkeypatch.undo()
    assert session.view_of(clip).path.is_file()


def test_a_sound_alone_has_no_face_and_features_alone_cannot_be_opened(tmp_path: Path):
    sound = clips.wav(tmp_path / "voice.wav", clips.tone(1.0))
    found = session.tracks_of(replace(entry(sound), video=None, audio=sound))
    assert (found.landmarks, found.repetitions, found.by_hand) == (None, (), ())
    assert found.picture is not None
    with pytest.raises(DivineError, match="comes as features"):
        session.tracks_of(replace(entry(sound), video=None))


def test_hand_annotations_are_measured_in_pixels_and_eye_distances():
    tracked = landmarks_of(20, np.arange(20) / 25, lost=slice(5, 6))
    frames = np.array([2, 5, 7, 99])
    points = np.stack([tracked.points_px[min(frame, 19)] for frame in frames])
    points[1] = tracked.points_px[4]
    points[2] += [3.0, 4.0]  # 5 px everywhere
    found = compare(tracked, FacePoints(frames, points, ()))
    assert [one.frame for one in found] == [2, 5, 7]
    assert found[0].error_px == pytest.approx(0.0, abs=1e-4)
    assert (found[1].error_px, found[1].error_icd) == (None, None)
    inner = np.linalg.norm(points[2][42] - points[2][39])
    assert (found[2].error_px, found[2].error_icd) == pytest.approx((5.0, 5.0 / inner), rel=1e-4)
    assert found[2].time_s == pytest.approx(7 / 25)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_a_tone_stands_at_its_pitch_and_moment(rate_hz: int):
    """1 kHz of half the full scale from 0.5 s to 1.0 s, on a clip whose sound starts at 0.2 s."""
    moments = np.arange(round(1.5 * rate_hz)) / rate_hz
    samples = np.where((moments >= 0.5) & (moments < 1.0), 0.5 * np.sin(2 * np.pi * 1000 * moments), 0.0)
    found = picture(Sound(samples.astype(np.float32), rate_hz, start_s=0.2))
    assert (found.start_s, found.column_s) == (0.2, STEP_S)
    assert found.levels.shape[1] == len(found.low) == len(found.high) == 300
    middle = 150
    row = int(found.levels[:, middle].argmax())
    assert row * found.top_hz / found.levels.shape[0] == pytest.approx(1000, abs=32)
    level = found.floor_db + found.levels[row, middle] / 255 * found.range_db
    assert level == pytest.approx(20 * np.log10(0.5), abs=0.5)
    loud = np.flatnonzero(found.high > 40)
    assert (loud[0] * STEP_S, (loud[-1] + 1) * STEP_S) == pytest.approx((0.5, 1.0), abs=STEP_S)
    assert found.high.max() == pytest.approx(63.5, abs=1.5)
    assert found.levels[:, 20].max() == 0


def test_a_long_sound_stays_small_and_keeps_its_clicks():
    samples = np.zeros(16_000 * 60, np.float32)
    at = 16_000 * 37 + 123
    samples[at : at + 40] = 0.9
    found = picture(Sound(samples, 16_000))
    assert found.levels.shape[1] <= 4000
    column = int(found.high.argmax())
    assert column == int(at / 16_000 / found.column_s)
    assert int(found.levels.max(axis=0).argmax()) in (column - 1, column, column + 1)
