"""Ten minutes take hardly more memory than one, beyond the recording itself; long clips in pieces are as good as whole.

Encoders that see share one loop, whose memory ``test_crops`` measures.
"""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from divine.encoders import acoustic, load, motions, voicing, windows
from tests.encoders.conftest import Tiny
from tests.encoders.observations import face, observation, voice

MEASURE = """
import functools, json, sys
from divine.encoders import load
from tests.encoders.memory import peak_bytes
from tests.encoders.observations import face, observation, voice
code, hears = sys.argv[1], sys.argv[2] == "audio"
both = [observation(None, voice(s)) if hears else observation(face(s, fps=25.0), None) for s in (60.0, 600.0)]
encoder = load(code)
encoder(both[:1])
print(json.dumps([peak_bytes(functools.partial(encoder, [seen])) for seen in both]))
"""


@pytest.mark.parametrize(("code", "modality"), [("KI", "video"), ("AC", "audio"), ("HT", "audio"), ("XV", "audio")])
def test_ten_minutes_take_at_most_a_fifth_more_than_one(code: str, modality: str, tiny: Tiny):
    tiny.folder(code)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, code, modality],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    minute, long = json.loads(done.stdout.splitlines()[-1])
    assert long <= 1.2 * minute, f"{minute / 2**20:.0f} MB, then {long / 2**20:.0f} MB"


def test_a_voice_in_pieces_is_the_voice_as_a_whole(monkeypatch: pytest.MonkeyPatch):
    swelling = voice(9.0033, rate_hz=1.0)
    loudness = np.linspace(0.05, 1, len(swelling.samples), dtype=np.float32)
    seen = observation(None, dataclasses.replace(swelling, samples=swelling.samples * loudness))
    (whole,) = load("AC")([seen])
    monkeypatch.setattr(voicing, "LONGEST_S", 2)
    monkeypatch.setattr(acoustic, "LONGEST_S", 2)
    monkeypatch.setattr(windows, "BLOCK", 7)
    (pieces,) = load("AC")([seen])
    np.testing.assert_array_equal(whole.times_s, pieces.times_s)
    np.testing.assert_allclose(whole.values, pieces.values, atol=2e-3)


def test_a_motion_in_pieces_is_the_motion_as_a_whole(monkeypatch: pytest.MonkeyPatch):
    track = face(9.0, rate_hz=2.0, fps=29.97)
    points = track.points_px.copy()
    points[100:130] = np.nan
    points[170:280] = np.nan  # a whole piece without a face
    seen = observation(dataclasses.replace(track, points_px=points, times_s=track.times_s + 0.123), None)
    (whole,) = load("KI")([seen])
    monkeypatch.setattr(motions, "LONGEST_S", 2)
    monkeypatch.setattr(windows, "BLOCK", 7)
    (pieces,) = load("KI")([seen])
    np.testing.assert_array_equal(whole.times_s, pieces.times_s)
    # The shape at rest is each piece's own: of 2 s it is noisier than of a minute, but no feature feels it.
    np.testing.assert_allclose(whole.values, pieces.values, atol=0.01)
    assert whole.values.std(axis=0).max() > 0.5
