import pytest

from divine.encoders import EncoderError
from divine.encoders.bench import bench
from tests.encoders.conftest import Made, Tiny


@pytest.mark.parametrize("code", ["KI", "HT"])
def test_speed_is_clip_over_time(code: str, tiny: Tiny, made: Made):
    tiny.folder(code)
    found = bench(code, made(4.0, 2.0))
    assert found.speed == pytest.approx(found.clip_s / found.run_s) and found.speed > 1
    assert found.peak_bytes is not None and found.peak_bytes > 50e6


def test_an_unknown_encoder_is_no_benchmark(made: Made):
    with pytest.raises(EncoderError, match="no encoder is called"):
        bench("XX", made(0.7, 2.0))
