from pathlib import Path

import pytest

from divine import weights


@pytest.mark.parametrize(
    "file", [weights.FACE_DETECTOR, weights.FACE_DETECTOR_FULL_RANGE, weights.FACE_MESH], ids=lambda f: f.name
)
def test_every_shipped_file_of_weights_has_its_digest(file: weights.WeightsFile):
    assert weights.verified(file).name == file.name


def test_a_replaced_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "mesh").write_bytes(b"other")
    monkeypatch.setattr(weights, "ASSETS", tmp_path)
    with pytest.raises(weights.WeightsError, match="SHA-256"):
        weights.verified(weights.WeightsFile("mesh", "0" * 64, "l", "s", "bring it back"))
    with pytest.raises(weights.WeightsError, match="bring it back"):
        weights.verified(weights.WeightsFile("absent", "0" * 64, "l", "s", "bring it back"))
