from pathlib import Path

import pytest

from divine.encoders import EncoderError, random_weights
from divine.encoders.bench import Bench, bench, bench_all, stretch
from divine.records import DivineError
from tests.encoders.conftest import Made, Tiny


@pytest.mark.parametrize("code", ["KI", "HT"])
def test_speed_is_clip_over_time(code: str, tiny: Tiny, made: Made):
    tiny.folder(code)
    found = bench(code, made(4.0, 2.0))
    assert found.speed == pytest.approx(found.clip_s / found.run_s) and found.clip_s == pytest.approx(4.0, abs=0.05)
    assert found.peak_bytes is not None and found.peak_bytes > 50e6


def test_an_unknown_encoder_is_no_benchmark(made: Made):
    with pytest.raises(EncoderError, match="no encoder is called"):
        bench("XX", made(0.7, 2.0))


def test_each_runs_in_a_process_of_its_own_and_one_that_fails_stops_none(made: Made):
    told: list[tuple[int, int]] = []
    measured = dict(bench_all(["AC", "XX", "KI"], made(0.7, 2.0), on_code=lambda *count: told.append(count)))
    assert isinstance(measured["AC"], Bench) and isinstance(measured["XX"], DivineError) and isinstance(measured["KI"], Bench)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_network_of_the_published_size_is_counted(made: Made):
    ((_, found),) = bench_all(["XV"], stretch(made(4.0, 2.0), 2.0), random=True)
    assert isinstance(found, Bench) and found.clip_s == 2.0
    # Per frame of 10 ms: 24 x 5 x 512, 512 x 3 x 512 twice, 512 x 512, 512 x 1500; each a multiplication and an addition.
    per_frame = 2 * (24 * 5 * 512 + 2 * 512 * 3 * 512 + 512 * 512 + 512 * 1500)
    assert found.operations == pytest.approx(201 * per_frame, rel=0.05)
    assert found.share is not None and 0 < found.share < 1.5


def test_a_stretch_is_the_beginning(made: Made):
    whole = made(4.0, 2.0)
    part = stretch(whole, 1.0)
    assert part.landmarks is not None and part.sound is not None and part.clip.duration_s == 1.0
    assert len(part.landmarks.times_s) == len(part.landmarks.points_px) == 50 and part.sound.duration_s == 1.0


def test_no_random_weights_for_a_program():
    with pytest.raises(EncoderError, match="no random weights"):
        random_weights.write("TR", Path("nowhere"))
