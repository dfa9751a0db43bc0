"""Peak memory of each encoder over 1 and 10 minutes, each encoder in a process of its own.

Run ``python -m benchmarks.encoder_memory [--full] [--rate HZ] [CODE ...]``: tiny random weights, or random ones of the
published size. ``TR``, a TensorFlow program, is stood in for by EfficientNetV2-S under a spectrogram: about its size (90 MB).

Peaks are of the encoder's process, read from the kernel (``VmHWM``), reset before each run; both recordings are held
throughout, so what grows is what is beyond them. 10 minutes may take at most 20 % more than one. Sound is 16 kHz; the film has
8 frames per second of 64 by 64 pixels, so that decoding it takes no time; landmarks for ``KI`` come 25 times per second.
``--rate`` shows the networks that see so many faces per second instead of 8: for ``DS``, whose 4,800 take hours on two cores.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from divine.compute import processes
from divine.encoders import fetch, info, load, random_weights, registered, sight
from divine.encoders.face_crops import RATE_HZ, FaceCrops
from divine.media import open_clip, write_video
from divine.records import DivineError, Observation
from divine.weights import encoder_folder
from tests.encoders import published
from tests.encoders.memory import peak_bytes
from tests.encoders.observations import face, observation, voice

ALLOWED = 1.2


def recording(folder: Path, code: str, seconds: float) -> Observation:
    """Make what an encoder needs of a recording: sound, landmarks, or a small film with landmarks that fit it."""
    if info(code).modality == "audio":
        return observation(None, voice(seconds))
    if info(code).weights is None:
        return observation(face(seconds, fps=25.0), None)
    track = face(seconds, fps=8.0)
    track = dataclasses.replace(track, points_px=track.points_px / 10, width=64, height=64)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (64, 64, 3)).astype(np.uint8) for _ in range(8)]
    path = folder / f"{seconds:g}.mp4"
    write_video(path, ((float(t), pictures[i % 8]) for i, t in enumerate(track.times_s)))
    seen = observation(track, None)
    return dataclasses.replace(seen, clip=dataclasses.replace(seen.clip, video=open_clip(path).video))


def program_of_its_size(folder: Path) -> Path:
    """Write a SavedModel of TRILLsson's signature and size, 21.6 million random weights; return its folder."""
    import tensorflow as tf
    import tf_keras

    class Embedder(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            network = tf_keras.applications.EfficientNetV2S(
                weights=None,  # pyright: ignore[reportArgumentType]
                include_top=False,
                pooling="avg",
                input_shape=(None, 80, 3),
            )
            self.network = tf_keras.Sequential([network, tf_keras.layers.Dense(info("TR").dim)])

        @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float32)])
        def __call__(self, audio: tf.Tensor) -> dict[str, tf.Tensor]:
            bands = tf.abs(tf.signal.stft(audio, 400, 160))[:, :, :80, None]
            return {"embedding": self.network(tf.repeat(tf.math.log(bands + 1e-2), 3, axis=3))}

    tf.saved_model.save(Embedder(), str(folder))
    return folder


def measure(code: str, *, full: bool, rate_hz: float) -> tuple[float, float, float]:
    """Return the peaks over one and ten minutes in MB, and the seconds that the longer took."""
    sight.FaceCrops = functools.partial(FaceCrops, rate_hz=rate_hz)  # of this process, which does nothing else
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DIVINE_HOME"] = str(folder / "home")
        if full and code == "TR":
            fetch.fetch(code, folder=program_of_its_size(folder / code))
        elif full and info(code).weights is not None:
            random_weights.write(code, encoder_folder(code))
        elif code in published.CODES:
            fetch.fetch(code, folder=published.publish(code, folder / code))
        both = [recording(folder, code, seconds) for seconds in (60.0, 600.0)]
        encoder = load(code)
        encoder([both[0]])
        peaks, start = [], 0.0
        for seen in both:
            start = time.monotonic()
            peaks.append(peak_bytes(functools.partial(encoder, [seen])) / 2**20)
        return peaks[0], peaks[1], time.monotonic() - start


def main(codes: list[str], *, full: bool, rate_hz: float) -> int:
    """Print a table; return 1 if an encoder's memory grows with length, or it cannot be measured."""
    print("| encoder | 1 min, MB | 10 min, MB | growth | 10 min, s |\n|---|---|---|---|---|")
    failed = False
    for code in codes or sorted(registered()):
        (done,) = processes(1).each(functools.partial(measure, full=full, rate_hz=rate_hz), [code])
        if isinstance(done.outcome, DivineError):
            failed = True
            print(f"| {code} | {done.outcome} |", flush=True)
            continue
        minute, long, seconds = done.outcome
        failed |= long > ALLOWED * minute
        print(f"| {code} | {minute:.0f} | {long:.0f} | {long / minute - 1:+.0%} | {seconds:.1f} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rate", type=float, default=RATE_HZ, metavar="HZ")
    parser.add_argument("codes", nargs="*")
    given = parser.parse_args()
    sys.exit(main(given.codes, full=given.full, rate_hz=given.rate))
