from __future__ import annotations

import hashlib
import sys
import types

import numpy as np
import pytest
import torch

from divine.face import fan
from divine.face.errors import FaceError
from tests.face.real_face import face, shape


class Bright(torch.nn.Module):
    """Stands in for 2D-FAN: every heat map is a hill where the crop's green is strongest."""

    def __init__(self, modules: int):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.zeros(1))
        self.modules_of_paper = modules

    def forward(self, crop: torch.Tensor) -> list[torch.Tensor]:
        green = torch.nn.functional.avg_pool2d(crop[:, 1:2] - crop[:, :1], fan.STRIDE)
        return [torch.zeros(1), self.gain * green.clamp(min=0).expand(-1, 68, -1, -1)]


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A weights file in the published form, whose name agrees with its digest, and a package that goes with it."""
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save({"gain": torch.ones(1)}, folder / "new")
    digest = hashlib.sha256((folder / "new").read_bytes()).hexdigest()
    path = (folder / "new").rename(folder / f"2DFAN4-{digest[:10]}.pth.tar")
    monkeypatch.setattr(fan, "WEIGHTS", path.name)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    package, models = types.ModuleType("face_alignment"), types.ModuleType("face_alignment.models")
    models.FAN = Bright
    monkeypatch.setitem(sys.modules, "face_alignment", package)
    monkeypatch.setitem(sys.modules, "face_alignment.models", models)
    return path


def test_a_dot_is_found_where_it_is_in_the_picture(weights):
    image = face().image.copy()
    x, y = (int(v) for v in face().points[30] + [10, 15])
    image[y - 4 : y + 5, x - 4 : x + 5] = (0, 255, 0)
    see = fan.Fan()
    sight = see(image, 0.0)
    np.testing.assert_allclose(sight.points_px, np.tile([x, y], (68, 1)), atol=0.6)
    assert sight.confidence.min() > 0.5
    assert see.corrections() == []
    assert np.isnan(see(np.zeros_like(image), 0.04).points_px).all()


def test_the_crop_is_the_square_that_the_network_was_trained_on():
    region = fan.region_of_fan(shape())
    low, high = shape().vertices_px[:, :2].min(axis=0), shape().vertices_px[:, :2].max(axis=0)
    # face-alignment: scale = (width + height) / 195, side = 200 * scale, raised by 0.12 of the height.
    assert region.side_px == pytest.approx(200 * (high - low).sum() / 195, rel=0.03)
    np.testing.assert_allclose(region.centre_px, (low + high) / 2 - [0, 0.12 * (high - low)[1]], atol=4)


def test_a_hill_between_heat_map_pixels_and_one_at_the_edge():
    columns, rows = np.meshgrid(np.arange(64.0), np.arange(64.0))
    maps = np.stack([np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 2) for x, y in ((20.3, 41.8), (0.0, 63.0))])
    places, heights = fan.peaks(maps)
    np.testing.assert_allclose(places[0], [20.3, 41.8], atol=0.15)
    np.testing.assert_allclose(places[1], [0.0, 63.0], atol=0.8)
    assert heights[0] > 0.9


def test_damaged_weights_are_refused(weights):
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(FaceError, match="damaged"):
        fan.network()


def test_a_pickle_that_would_run_code_is_refused(weights, monkeypatch):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    torch.save({"gain": Evil()}, weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    path = weights.rename(weights.with_name(f"2DFAN4-{digest[:10]}.pth.tar"))
    monkeypatch.setattr(fan, "WEIGHTS", path.name)
    with pytest.raises(FaceError, match="not what its name says"):
        fan.network()


def test_absent_weights_and_an_absent_package_are_named(weights, monkeypatch):
    weights.unlink()
    with pytest.raises(FaceError, match="no weights at"):
        fan.network()
    monkeypatch.setitem(sys.modules, "face_alignment.models", None)
    with pytest.raises(FaceError, match="face-alignment"):
        fan.network()
