"""Crops of the face: steady, at an even rate, streamed from a child; and windows of them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from divine.encoders import EncoderError, face_crops
from divine.encoders.face_crops import FaceCrops
from divine.encoders.pixels import Pixels
from divine.encoders.sight import Eyes, see
from divine.encoders.steady import squares
from divine.face.cut import apply
from divine.media import IsolationError, MediaError, open_clip, write_video
from divine.records import Landmarks, Observation
from tests import clips
from tests.encoders import children
from tests.encoders.conftest import Made
from tests.encoders.memory import peak_bytes
from tests.encoders.observations import face, observation


def moving(seconds: float = 4.0) -> Landmarks:
    """A face that sways by 40 px and 20 degrees, slowly, while it speaks."""
    track = face(seconds, fps=50)
    t = track.times_s
    angle = np.deg2rad(20) * np.sin(2 * np.pi * 0.2 * t)
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1).reshape(-1, 2, 2)
    points = np.einsum("tij,tpj->tpi", turn, track.points_px - 320) + 320
    points[..., 0] += 40 * np.sin(2 * np.pi * 0.3 * t)[:, None]
    return dataclasses.replace(track, points_px=points)


def test_the_square_follows_the_head_and_not_the_mouth():
    track = moving()
    found = squares(track)
    assert found is not None
    places = []
    for time, points in zip(track.times_s, track.points_px, strict=True):
        to_picture = found.to_picture(float(time), 100)
        linear = np.linalg.inv(to_picture[:, :2])
        places.append((points - to_picture[:, 2]) @ linear.T)
    eyes = np.stack(places)[25:-25, 36:48]
    assert np.abs(eyes - eyes.mean(axis=0)).max() < 1.0  # of 100 px
    jaw = np.stack(places)[25:-25, 8]
    assert np.ptp(jaw[:, 1]) > 3  # the jaw's 12 px of 336 stay to be seen


def test_jitter_is_averaged_away():
    quiet, shaken = face(4.0, fps=50), face(4.0, fps=50)
    noise = np.random.default_rng(1).normal(scale=3, size=(len(shaken.times_s), 1, 2))
    found = squares(dataclasses.replace(shaken, points_px=quiet.points_px + noise))
    assert found is not None
    assert found.centre_px[25:-25].std(axis=0).max() < 1.0


def test_frames_without_a_face_are_bridged_and_known():
    track = face(4.0, fps=50)
    points = track.points_px.copy()
    points[50:150] = np.nan
    found = squares(dataclasses.replace(track, points_px=points))
    assert found is not None and np.isfinite(found.centre_px).all() and found.seen.sum() == 100


def test_no_face_no_square():
    track = face(1.0)
    assert squares(dataclasses.replace(track, points_px=np.full_like(track.points_px, np.nan))) is None


def numbered(path: Path, times: np.ndarray, track: Landmarks) -> Observation:
    """A film whose picture is all of one grey, its number; with landmarks of a face."""
    grey = ((float(time), np.full((640, 640, 3), 40 + 2 * number, np.uint8)) for number, time in enumerate(times))
    write_video(path, grey)
    return dataclasses.replace(observation(track, None), clip=open_clip(path))


@pytest.mark.parametrize("rate_hz", [2.0, 8.0, 25.0])
def test_crops_come_at_an_even_rate_from_uneven_frames(tmp_path: Path, rate_hz: float):
    times = clips.uneven_times(90, seed=3)
    seen = numbered(tmp_path / "a.mp4", times, face(float(times[-1]) + 0.02))
    with FaceCrops("XX", seen, 32, rate_hz) as crops:
        found = [round((crop.mean() - 39.5) / 2) for crop in crops]  # coding takes up to 1 away
        wanted = np.arange(len(crops.times_s)) / rate_hz
    np.testing.assert_allclose(crops.times_s, wanted)
    shown = np.searchsorted(times, wanted - 1e-4)  # times are written in 1/90000 s
    np.testing.assert_array_equal(found, shown.clip(0, len(times) - 1))


def test_a_crop_shows_the_face_upright(made: Made):
    with FaceCrops("XX", made(0.7, 2.0), 112) as crops:
        first = next(iter(crops))
    face_colour, eye, background = (190, 140, 120), (250, 250, 250), (40, 60, 50)
    found = squares(made(0.7, 2.0).landmarks)  # type: ignore[arg-type]
    assert found is not None
    to_picture = found.to_picture(0.0, 112)
    inverse = np.column_stack([np.linalg.inv(to_picture[:, :2]), -np.linalg.inv(to_picture[:, :2]) @ to_picture[:, 2]])
    for place, colour in (((320, 350), face_colour), ((320 + 40, 320 - 25), eye), ((320, 320 - 110), background)):
        x, y = np.round(apply(inverse, np.array([place], dtype=float))[0]).astype(int)
        np.testing.assert_allclose(first[y, x], colour, atol=25)


def test_a_reader_who_has_seen_enough_ends_the_child(made: Made):
    with FaceCrops("XX", made(4.0, 2.0), 224) as crops:
        next(iter(crops))
    assert not crops._child.is_alive()


def test_a_recording_that_vanished_is_an_error_of_media(made: Made, tmp_path: Path):
    seen = made(0.7, 2.0)
    assert seen.clip.video is not None
    lost = dataclasses.replace(seen.clip, video=dataclasses.replace(seen.clip.video, path=tmp_path / "gone.mp4"))
    with FaceCrops("XX", dataclasses.replace(seen, clip=lost), 32) as crops, pytest.raises(MediaError, match="gone"):
        list(crops)


@pytest.mark.parametrize(("child", "error"), [("die", IsolationError), ("stop_early", EncoderError), ("hang", EncoderError)])
def test_a_child_that_fails_is_an_error_and_not_a_wait(
    child: str, error: type[Exception], made: Made, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(face_crops, "send_crops", getattr(children, child))
    monkeypatch.setattr(face_crops, "PATIENCE_S", 0.5)
    with FaceCrops("XX", made(0.7, 2.0), 32) as crops, pytest.raises(error):
        list(crops)
    assert not crops._child.is_alive()


def test_pixels_are_as_published():
    from transformers import VivitImageProcessor

    crop = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    processor = VivitImageProcessor(do_resize=False, do_center_crop=False, image_mean=[0.5] * 3, image_std=[0.5] * 3)
    expected = processor(list(crop), return_tensors="pt").pixel_values
    found = Pixels(1 / 127.5, 1.0, (0.5,) * 3, (0.5,) * 3)([crop])
    np.testing.assert_allclose(found.cpu().numpy(), expected.numpy(), atol=1e-5)


PLAIN = Pixels(1.0, 0.0, (0.0,) * 3, (1.0,) * 3)


def means(step: int):
    """A network without context: the mean grey of each step's pictures."""
    return lambda films: films.unflatten(1, (-1, step)).mean(dim=(2, 3, 4, 5))[..., None]


@pytest.mark.parametrize("window", [1, 4, 16])
@pytest.mark.parametrize("frames", [1, 3, 4, 5, 16, 17, 30, 33])
def test_windows_say_of_each_step_what_its_pictures_show(tmp_path: Path, window: int, frames: int):
    step = 1 if window == 1 else 2
    times = np.arange(max(2, frames)) / 8
    track = face(frames / 8, fps=8.0)
    seen = numbered(tmp_path / "a.mp4", times, track)
    (found,) = see("XX", [seen], Eyes(32, window, step, PLAIN), means(step), most=2)
    grey = np.array([40.0 + 2 * number for number in range(frames)])
    rows = grey[: frames // step * step].reshape(-1, step).mean(axis=1) if frames >= step else grey
    np.testing.assert_allclose(found.values[:, 0], rows, atol=1.0)
    np.testing.assert_allclose(np.diff(found.times_s), step / 8)


def test_steps_without_a_face_are_neutral(tmp_path: Path):
    track = face(6.0, fps=8.0)
    points = track.points_px.copy()
    points[16:40] = np.nan
    seen = numbered(tmp_path / "a.mp4", np.arange(48) / 8, dataclasses.replace(track, points_px=points))
    (found,) = see("XX", [seen], Eyes(32, 1, 1, PLAIN), means(1), most=4)
    hidden = (np.arange(48) > 15 + 4) & (np.arange(48) < 40 - 4)
    seen_mean = found.values[~hidden].mean()
    np.testing.assert_allclose(found.values[hidden, 0], seen_mean, atol=1e-3)
    assert found.values[~hidden].std() > 10


def test_no_picture_no_features():
    with pytest.raises(EncoderError, match="XX needs a face"):
        see("XX", [observation(None, None)], Eyes(32, 1, 1, PLAIN), means(1), most=1)


def test_a_clip_is_named_in_its_error(made: Made):
    nobody = made(0.7, 2.0)
    assert nobody.landmarks is not None
    points = np.full_like(nobody.landmarks.points_px, np.nan)
    lost = dataclasses.replace(nobody, landmarks=dataclasses.replace(nobody.landmarks, points_px=points))
    with pytest.raises(EncoderError, match=f"{nobody.clip.name}: XX needs a face"):
        see("XX", [made(0.7, 2.0), lost], Eyes(32, 1, 1, PLAIN), means(1), most=1)


def test_a_long_film_takes_no_more_memory_than_a_short_one(tmp_path: Path):
    def small(seconds: float) -> Observation:
        track = face(seconds, fps=8.0)
        track = dataclasses.replace(track, points_px=track.points_px / 10, width=64, height=64)
        path = tmp_path / f"{seconds}.mp4"
        write_video(path, ((float(time), np.full((64, 64, 3), 90, np.uint8)) for time in track.times_s))
        return dataclasses.replace(observation(track, None), clip=open_clip(path))

    films = small(20.0), small(200.0)
    look = [lambda film=film: see("XX", [film], Eyes(224, 16, 2, PLAIN), means(2), most=1) for film in films]
    look[0]()
    before, after = (peak_bytes(work) for work in look)
    assert after - before < 40e6  # all crops would be 240 MB
