"""The whole path on whole recordings: what is good, and every kind of bad input that a clinic may hand in."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from divine import services
from divine.media import write_video
from divine.records import Assessment, Clip, DivineError, Measured, Observation, Progress, Sound
from divine.synthetic.clip import render_clip
from divine.synthetic.subject import make_subject
from tests import clips

Picture = np.ndarray
FPS = 25.0


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SYNTHETIC recording of three seconds."""
    path = tmp_path_factory.mktemp("rendered") / "rendered.mp4"
    render_clip(make_subject("S1", "Stroke", 5), "BBP_NORMAL", 1, path, fps=FPS, seconds=3.0)
    return path


@pytest.fixture(scope="session")
def pictures(rendered: Path) -> list[Picture]:
    with av.open(str(rendered)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.fixture(scope="session")
def sound(rendered: Path) -> Sound:
    with av.open(str(rendered)) as container:
        samples = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)])
        return Sound(samples.astype(np.float32), container.streams.audio[0].rate)


@pytest.fixture
def film(tmp_path: Path, pictures: list[Picture]) -> Callable[..., Path]:
    """Write a recording of these pictures, changed one by one, with this sound or none."""

    def write(
        change: Callable[[int, Picture], Picture] = lambda number, picture: picture,
        sound: Sound | None = None,
        name: str = "clip.mp4",
        fps: float = FPS,
        every: int = 1,
    ) -> Path:
        def frames() -> Iterator[tuple[float, Picture]]:
            for number, picture in enumerate(pictures[::every]):
                yield number / fps, change(number, picture)

        write_video(tmp_path / name, frames(), sound=sound)
        return tmp_path / name

    return write


def failed(assessment: Assessment) -> set[str]:
    return {check.name for check in assessment.quality.checks if not check.passed}


def cli(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "divine.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_a_good_recording_is_judged_and_told_step_by_step(rendered: Path):
    events: list[object] = []
    assessment = services.assess(rendered, task="BBP_NORMAL", on_event=events.append)
    told = [type(event) for event in events if not isinstance(event, Progress)]
    assert told == [Clip, Observation, Measured, Assessment]
    assert [event.fraction for event in events if isinstance(event, Progress) and event.stage == "landmarks"][-1] == 1.0
    document = services.assessment_document(assessment)
    # what the demonstration's card says of its levels
    assert document["severity"]["cutoffs"] == pytest.approx([11.71, 14.50], abs=0.005)
    json.dumps(document, allow_nan=False)
    assert document["modalities"] == ["audio", "video"]
    assert sum(document["diagnosis"]["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert document["diagnosis"]["prediction"] in document["diagnosis"]["classes"]
    assert document["severity"]["total"] == pytest.approx(sum(document["severity"]["items"].values()), abs=1e-3)
    assert sum(document["attention"].values()) == pytest.approx(1, abs=1e-4)
    assert all(0 < gate < 1 for gate in document["gates"].values())
    assert document["checkpoint"]["synthetic"] and "SYNTHETIC" in document["notice"]
    absent = {"prediction_set", "coverage", "abstained", "out_of_distribution"}
    assert not absent & set(document["diagnosis"]), "what is not computed must not be shown"


def test_the_same_recording_gives_the_same_bytes(rendered: Path):
    first, second = (services.assessment_document(services.assess(rendered)) for _ in range(2))
    del first["timing_s"], second["timing_s"]
    assert json.dumps(first) == json.dumps(second)


def test_without_sound_the_face_is_judged(film: Callable[..., Path]):
    assessment = services.assess(film())
    assert assessment.modalities == ("video",)
    assert assessment.prediction.gates["audio"] == 0
    assert np.isfinite(assessment.prediction.probabilities).all()


def test_without_a_picture_the_voice_is_judged(tmp_path: Path, sound: Sound):
    soundfile.write(tmp_path / "voice.wav", sound.samples, sound.rate_hz)
    assessment = services.assess(tmp_path / "voice.wav")
    assert assessment.modalities == ("audio",)
    assert assessment.prediction.gates["video"] == 0


def test_a_sound_beside_the_video_is_found(film: Callable[..., Path], sound: Sound):
    clip = film()
    soundfile.write(clip.with_suffix(".wav"), sound.samples, sound.rate_hz)
    assessment = services.assess(clip)
    assert assessment.modalities == ("audio", "video")
    assert any("clip.wav" in note for note in assessment.notes)


def test_no_face_leaves_the_voice(film: Callable[..., Path], sound: Sound):
    assessment = services.assess(film(lambda number, picture: np.full_like(picture, 90), sound))
    assert assessment.modalities == ("audio",)
    assert "face in sight" in failed(assessment)
    assert any("without a face" in note for note in assessment.notes)


def test_neither_face_nor_sound_is_a_message(film: Callable[..., Path]):
    with pytest.raises(DivineError, match="nothing to judge"):
        services.assess(film(lambda number, picture: np.full_like(picture, 90)))


def test_several_faces_are_said(film: Callable[..., Path]):
    assessment = services.assess(
        film(lambda number, picture: np.concatenate([picture[:, 120:520], picture[:, 160:480]], axis=1))
    )
    assert "several faces" in failed(assessment)
    assert any("faces" in note for note in assessment.notes)


def test_a_face_that_leaves_is_flagged_and_the_rest_is_used(film: Callable[..., Path]):
    assessment = services.assess(film(lambda number, picture: picture if number % 75 < 45 else np.full_like(picture, 90)))
    assert assessment.modalities == ("video",)
    assert "face in sight" in failed(assessment)


def test_five_frames_a_second_are_flagged(film: Callable[..., Path]):
    assessment = services.assess(film(fps=5.0, every=5))
    assert "frame rate" in failed(assessment)
    rate = next(one for one in assessment.measures if one.name == "repetition_rate")
    assert rate.value is None and rate.why


def test_a_telephone_is_flagged(tmp_path: Path, sound: Sound):
    soundfile.write(tmp_path / "phone.wav", sound.samples[:: sound.rate_hz // 8000], 8000)
    assert "sample rate" in failed(services.assess(tmp_path / "phone.wav"))


def test_silence_is_flagged_and_not_judged(film: Callable[..., Path], sound: Sound):
    silent = dataclasses.replace(sound, samples=np.zeros_like(sound.samples))
    assessment = services.assess(film(sound=silent))
    assert assessment.modalities == ("video",)
    assert "sound" in failed(assessment)


def test_a_sound_without_a_voice_says_what_its_judgement_rests_on(film: Callable[..., Path], sound: Sound):
    hum = np.random.default_rng(0).normal(scale=0.01, size=len(sound.samples)).astype(np.float32)
    found = services.assess(film(sound=dataclasses.replace(sound, samples=hum)), task="NSM_OPEN")
    assert found.modalities == ("audio", "video"), "the paper judges movements by their sound too"
    assert any(note.startswith("Hardly any voice is heard (0.0 s)") for note in found.notes)
    assert not any("Hardly any voice" in note for note in services.assess(film(sound=sound, name="spoken.mp4")).notes)


def test_clipped_sound_is_flagged(tmp_path: Path, sound: Sound):
    loud = np.clip(sound.samples * 50 / np.abs(sound.samples).max(), -1, 1)
    soundfile.write(tmp_path / "loud.wav", loud, sound.rate_hz)
    assert "clipped sound" in failed(services.assess(tmp_path / "loud.wav"))


def test_half_a_file_is_salvaged_and_said(rendered: Path, tmp_path: Path):
    source, half = tmp_path / "whole.mkv", tmp_path / "half.mkv"
    with av.open(str(rendered)) as old, av.open(str(source), "w") as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    half.write_bytes(source.read_bytes()[: source.stat().st_size * 3 // 5])
    assessment = services.assess(half)
    assert assessment.clip.duration_s < 3 and "video" in assessment.modalities


def test_four_thousand_pixels_wide_is_followed(film: Callable[..., Path]):
    def wide(number: int, picture: Picture) -> Picture:
        return np.repeat(np.repeat(picture, 6, axis=0), 6, axis=1)[:2160]

    assessment = services.assess(film(wide, every=8, fps=10.0))
    assert assessment.clip.video is not None and assessment.clip.video.width == 3840
    assert assessment.modalities == ("video",)


def test_ten_minutes_are_followed_to_the_end(tmp_path: Path, pictures: list[Picture]):
    path = tmp_path / "long.mp4"
    write_video(path, ((0.5 * number, pictures[number % 2][::2, ::2]) for number in range(1200)))
    assessment = services.assess(path)
    assert assessment.clip.duration_s == pytest.approx(600, abs=1)
    assert "frame rate" in failed(assessment)


@pytest.mark.parametrize(
    "name", ["two words.mp4", 'it\'s "so".mp4', "two\nlines.mp4", "-dash.mp4", "--help.mp4", "Größe ☺.mp4", "$(id).mp4"]
)
def test_any_name_is_only_a_name(film: Callable[..., Path], name: str):
    clip = film(name=name, every=3)
    done = cli("measures", "--json", "--", clip.name, cwd=clip.parent)
    assert done.returncode == 0, done.stderr
    assert any("value" in measure for measure in json.loads(done.stdout))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp4", b""),
        ("text.mp4", b"not a video at all\n" * 50),
        ("list.mp4", b"ffconcat version 1.0\nfile other.mp4\n"),
        ("noise.avi", bytes(range(256)) * 64),
    ],
)
def test_what_is_no_recording_is_one_line_and_status_one(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    done = cli("assess", tmp_path / name)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"divine: {name}: ") and done.stderr.count("\n") == 1


def test_a_damaged_header_is_one_line(rendered: Path, tmp_path: Path):
    damaged = clips.with_damaged_header(rendered, tmp_path / "damaged.mp4")
    done = cli("assess", damaged)
    assert done.returncode == 1 and "Traceback" not in done.stderr and done.stderr.startswith("divine: damaged.mp4")


def test_a_missing_file_and_a_wrong_option_have_their_status(tmp_path: Path):
    assert cli("assess", tmp_path / "nowhere.mp4").returncode == 1
    assert cli("assess").returncode == 2
    assert cli("landmarks", tmp_path / "nowhere.mp4", "--out", tmp_path / "x.npz", "--backend", "magic").returncode == 2


def test_landmarks_are_written_as_promised(rendered: Path, tmp_path: Path):
    assert cli("landmarks", rendered, "--out", tmp_path / "points.npz").returncode == 0
    with np.load(tmp_path / "points.npz", allow_pickle=False) as found:
        assert found["points"].shape == (75, 68, 2) and found["confidence"].shape == (75, 68)
        np.testing.assert_allclose(np.diff(found["times_s"]), 1 / FPS, atol=1e-3)


def test_real_recordings_are_judged_by_face_and_voice(smile: Path, fox: Path):
    for clip in (smile, fox):
        document = json.loads(cli("assess", clip, "--json").stdout)
        assert document["modalities"] == ["audio", "video"]
        assert document["clip"]["name"] == clip.name
