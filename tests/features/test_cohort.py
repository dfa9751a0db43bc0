"""Extraction over a cohort: the same wherever it runs, nothing done twice, one failure spoils nothing else."""

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from divine import services
from divine.data.load import load
from divine.encoders import EncoderError, registry
from divine.encoders import load as load_encoder
from divine.features import clips as clips_module
from divine.features.batches import Pair, Several
from divine.features.clips import ClipFeatures
from divine.features.cohort import CohortFeatures
from divine.features.extract import encode
from divine.media import MediaError, write_video
from divine.records import Features, Observation, Sound
from divine.store import Store, StoreError
from tests import clips
from tests.encoders.observations import face, observation
from tests.features.kept import digests, writings
from tests.training.cohorts import write_cohort


def manifest(folder: Path, rows: Sequence[dict[str, str]]) -> Path:
    path = folder / "manifest.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["subject", "group", "task", "video", "audio"])
        writer.writeheader()
        writer.writerows({"subject": f"P{i}", "group": "ALS", "task": "DDK_PA"} | row for i, row in enumerate(rows))
    return path


def a_face(rendered: Path) -> Path:
    return next((rendered / "ALS" / "Videos").iterdir())


@pytest.fixture(scope="module")
def expected(rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests of an extraction in this process, undisturbed."""
    home = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIVINE_HOME", str(home))
        found = services.extract(rendered, "KI,AC", workers=1)
    assert (found.done, found.kept, found.failures) == (4, 0, ())
    return digests(home)


def test_a_second_pass_does_nothing_again(rendered: Path, expected: dict[str, str], state: Path):
    told: list[tuple[str, int, int]] = []
    first = services.extract(rendered, "KI,AC", on_step=lambda *step: told.append(step))
    assert told == [("extracting", done, 4) for done in range(1, 5)]
    before = writings(state)
    second = services.extract(rendered, "KI,AC")
    assert (first.done, second.done, second.kept) == (4, 0, 4) and writings(state) == before
    assert digests(state) == expected


def test_processes_make_the_same(rendered: Path, expected: dict[str, str], state: Path):
    assert services.extract(rendered, "KI,AC", workers=2, processes=True).done == 4
    assert digests(state) == expected


def test_what_is_not_asked_for_is_not_looked_at(rendered: Path, state: Path, monkeypatch: pytest.MonkeyPatch):
    def nobody_looks(*arguments: object, **options: object) -> None:
        raise AssertionError("decoded for nothing")

    with monkeypatch.context() as patch:
        patch.setattr("divine.observe.track", nobody_looks)
        assert services.extract(rendered, "AC").done == 4
    with monkeypatch.context() as patch:
        patch.setattr("divine.observe.read_sound", nobody_looks)
        assert services.extract(rendered, "KI").done == 4
        assert services.extract(rendered, "KI,AC").kept == 4


def test_features_come_back_in_single_precision_as_they_were_made(rendered: Path, state: Path):
    services.extract(rendered, "KI,AC")
    index = load(rendered).index
    cohort = CohortFeatures(index, Pair("KI", "AC"), Store(state / "store"))
    for found in cohort:
        assert set(found) == {"KI", "AC"} and all(one.values.dtype == np.float32 for one in found.values())
    entry = index.clips[0]
    from divine.config import Limits
    from divine.data.recording import open_entry
    from divine.observe import observe_clip

    (made,) = load_encoder("KI")([observe_clip(open_entry(entry), limits=Limits(), on_event=lambda event: None)])
    np.testing.assert_allclose(cohort.of(entry)["KI"].values, made.values, rtol=1e-3, atol=1e-4)


def test_clips_fail_by_themselves_and_by_the_side(rendered: Path, state: Path, tmp_path: Path):
    folder = tmp_path / "cohort"
    folder.mkdir()
    silence = Sound(np.zeros(16_000, np.float32), 16_000)
    write_video(folder / "nobody.mp4", clips.barcodes(clips.even_times(1, 20)), sound=silence)
    shutil.copy(a_face(rendered), folder / "face.mp4")
    clips.wav(folder / "blip.wav", clips.tone(0.05, rate_hz=16_000))
    clips.wav(folder / "tone.wav", clips.tone(1.0, rate_hz=16_000))
    (folder / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(4000))
    rows = [
        {"video": "nobody.mp4"}, {"video": "face.mp4"}, {"audio": "blip.wav"}, {"audio": "tone.wav"},
        {"video": "noise.mp4"}, {"video": "=1+1.mp4"},
    ]  # fmt: skip
    shutil.copy(folder / "noise.mp4", folder / "=1+1.mp4")
    with (folder / "=1+1.mp4").open("ab") as file:
        file.write(b"another")
    found = services.extract(manifest(folder, rows), "KI,AC")
    why = {(Path(one.clip).name, one.encoder): one.why for one in found.failures}
    assert "no face" in why["nobody.mp4", "KI"] and "no sound above silence" in why["nobody.mp4", "AC"]
    assert ("face.mp4", "KI") not in why and ("face.mp4", "AC") not in why
    assert "no face" in why["tone.wav", "KI"] and ("tone.wav", "AC") not in why and ("blip.wav", "AC") not in why
    assert ("noise.mp4", "") in why
    assert found.done == 4 and found.kept == 0
    table = json.loads(found.table.read_bytes())
    assert table["failures"] == [one._asdict() for one in found.failures] and table["clips"] == 6
    with found.table.with_suffix(".csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["why"].removeprefix("'") for row in written] == [one.why for one in found.failures]
    assert all(not cell.startswith("=") for row in written for cell in row.values())
    assert any(row["why"].startswith("'=1+1.mp4") for row in written)
    again = services.extract(folder / "manifest.csv", "KI,AC")
    assert again.done == 0 and again.failures == found.failures


def test_a_damaged_file_of_given_features_fails_its_encoder_and_leaves_the_other(tmp_path: Path, state: Path):
    cohort = write_cohort(tmp_path / "c", per_group=1)
    entry = load(cohort).index.clips[0]
    entry.features["video", "V"].write_bytes(b"torn")
    found = services.extract(cohort, "V,A")
    (failure,) = found.failures
    assert failure.encoder == "V" and entry.features["video", "V"].name in failure.why and found.kept == 5
    left = CohortFeatures(load(cohort).index, Pair("V", "A"), Store(state / "store"))
    assert set(left.of(entry)) == {"A"} and all(set(left.of(one)) == {"A", "V"} for one in left.index.clips[1:])


def test_a_damaged_recording_leaves_the_features_that_were_given(tmp_path: Path, state: Path):
    (tmp_path / "torn.mp4").write_bytes(b"torn")
    np.save(tmp_path / "a.npy", np.ones((3, 4)))
    path = tmp_path / "manifest.csv"
    path.write_text("subject,group,video,features_audio_A\nP,ALS,torn.mp4,a.npy\n")
    found = services.extract(path, "KI,A")
    assert [one.encoder for one in found.failures] == [""] and "torn.mp4" in found.failures[0].why
    index = load(path).index
    assert set(CohortFeatures(index, Pair("KI", "A"), Store(state / "store")).of(index.clips[0])) == {"A"}


class Faulty:
    """An encoder that fails as told, on clips of some names."""

    def __init__(self, error: Exception | None, values: np.ndarray | None = None, only: str = "") -> None:
        self.error, self.values, self.only, self.calls = error, values, only, 0

    def __call__(self, observations: Sequence[Observation]) -> list[Features]:
        self.calls += 1
        if self.error is not None and any(self.only in one.clip.name for one in observations):
            raise self.error
        values = np.ones((3, 111), np.float32) if self.values is None else self.values
        return [Features(values, np.arange(len(values), dtype=float), "KI") for _ in observations]


def test_pictures_that_cannot_be_read_fail_the_one_encoder_and_are_tried_again(
    rendered: Path, state: Path, monkeypatch: pytest.MonkeyPatch
):
    faulty = Faulty(MediaError("face.mp4: its pictures are gone."))
    monkeypatch.setitem(registry._LOADED, "KI", faulty)
    found = services.extract(rendered, "KI,AC", workers=1)
    assert {(one.encoder, one.why) for one in found.failures} == {("KI", "face.mp4: its pictures are gone.")}
    assert found.done == 4 and len(digests(state)) == 4  # the sound of each
    faulty.error = None
    again = services.extract(rendered, "KI,AC", workers=1)
    assert again.done == 4 and not again.failures and len(digests(state)) == 8


def test_features_that_no_store_can_hold_are_a_failure(rendered: Path, state: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(registry._LOADED, "KI", Faulty(None, np.full((3, 111), np.nan, np.float32)))
    entries = load(rendered).index.clips[:1]
    (made,) = ClipFeatures((("video", "KI"),), Store(state / "store")).make(entries)
    assert "not finite" in made.failures[0].why


@pytest.mark.parametrize(("value", "held"), [(np.nan, False), (np.inf, False), (1e6, False), (65504.0, True)])
def test_half_precision_holds_what_is_finite_and_not_too_large(value: float, held: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(registry._LOADED, "KI", Faulty(None, np.full((2, 111), value, np.float32)))
    (outcome,) = encode("KI", [observation(face(1.0), None)])
    assert isinstance(outcome, Features) == held


def test_several_clips_at_once_are_as_good_as_one_by_one(rendered: Path, state: Path, monkeypatch: pytest.MonkeyPatch):
    entries = load(rendered).index.clips
    name = entries[2].name
    monkeypatch.setitem(registry._LOADED, "KI", faulty := Faulty(EncoderError("not this one."), only=name))
    made = ClipFeatures((("video", "KI"),), Store(state / "store")).make(entries, together=4)
    assert [len(one.failures) for one in made] == [0, 0, 1, 0] and all(one.fresh for one in made)
    assert faulty.calls == 5  # all at once, then one by one


def test_weights_that_are_not_here_are_told_before_anything_is_looked_at(rendered: Path, state: Path):
    with pytest.raises(EncoderError, match="divine encoders fetch WV"):
        services.extract(rendered, "KI,WV")
    assert not digests(state)


def test_weights_are_part_of_the_key(rendered: Path, state: Path):
    from divine.encoders.folder import Record, write_record
    from divine.features.extract import feature_key

    before = feature_key("0" * 64, "WV")
    write_record(state / "encoders" / "WV", Record("somewhere", "1", {"model.safetensors": "1" * 64}))
    after = feature_key("0" * 64, "WV")
    write_record(state / "encoders" / "WV", Record("elsewhere", "1", {"model.safetensors": "1" * 64}))
    assert before != after == feature_key("0" * 64, "WV")


def test_any_number_of_encoders_shares_one_look(rendered: Path, state: Path, monkeypatch: pytest.MonkeyPatch):
    looks = []
    observed = clips_module._observed
    monkeypatch.setattr(clips_module, "_observed", lambda *a: looks.append(a) or observed(*a))
    monkeypatch.setitem(registry._LOADED, "TA", Faulty(None))
    monkeypatch.setattr(registry.EncoderInfo, "present", True)
    services.extract(rendered, "KI,TA", workers=1)
    assert len(looks) == 4 and len(digests(state)) == 8
    assert Several.parse("KI, TA+AC").codes == ("KI", "TA", "AC")


def run(*arguments: str, home: Path, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def cap() -> None:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "divine.cli", "extract", *arguments],
        env=os.environ | {"DIVINE_HOME": str(home)},
        preexec_fn=cap,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_is_a_message_and_leaves_nothing_half_written(rendered: Path, state: Path):
    done = run(str(rendered), "--encoders", "KI", home=state, limit=1000)
    assert done.returncode == 1 and "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert not [path for path in state.rglob("*") if path.is_file()]
    told = json.loads(run(str(rendered), "--encoders", "AC", "--json", home=state).stdout)
    assert (told["done"], told["kept"], told["failures"]) == (4, 0, []) and Path(told["table"]).is_file()


def test_a_store_that_cannot_be_written_stops_it(rendered: Path, state: Path):
    state.mkdir()
    (state / "store").write_text("in the way")
    with pytest.raises(StoreError):
        services.extract(rendered, "AC")
