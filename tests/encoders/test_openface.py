from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from divine.encoders import EncoderError
from divine.encoders.openface import CHANNELS, NAMES, read_openface


def table(seconds: float = 4.0, **columns: np.ndarray) -> pd.DataFrame:
    """What FeatureExtraction writes, at 50 frames a second."""
    times = np.arange(int(seconds * 50)) / 50
    base = {"frame": np.arange(len(times)) + 1, "face_id": 0, "timestamp": times, "confidence": 0.98, "success": 1}
    return pd.DataFrame(base | dict.fromkeys(CHANNELS, 0.0) | columns, index=range(len(times)))


def write(path: Path, content: pd.DataFrame, *, spaces: bool = False) -> Path:
    content.to_csv(path, index=False)
    if spaces:  # as versions before 2.2 wrote it
        path.write_text(path.read_text().replace(",", ", "))
    return path


@pytest.mark.parametrize("spaces", [False, True])
def test_a_smile_and_a_nod_are_where_they_belong(tmp_path: Path, spaces: bool):
    times = np.arange(200) / 50
    found = read_openface(write(tmp_path / "a.csv", table(AU12_r=times, pose_Rx=np.full(200, np.pi / 18)), spaces=spaces))
    assert found.values.shape == (len(found.times_s), len(NAMES))
    np.testing.assert_allclose(found.values[:, NAMES.index("pose_Rx mean")], 10, atol=1e-4)
    np.testing.assert_allclose(found.values[:, NAMES.index("AU12_r mean")], found.times_s - 0.01, atol=1e-4)
    np.testing.assert_allclose(found.values[:, NAMES.index("AU12_r rate")], 1, atol=1e-4)
    assert not found.values[:, NAMES.index("AU01_r mean")].any()


def test_frames_that_were_not_tracked_leave_no_trace(tmp_path: Path):
    wild = np.where((np.arange(200) > 90) & (np.arange(200) < 100), 5.0, 1.0)
    found = read_openface(write(tmp_path / "a.csv", table(AU25_r=wild, success=(wild < 2).astype(int))))
    np.testing.assert_allclose(found.values[:, NAMES.index("AU25_r mean")], 1, atol=1e-6)


def test_of_two_faces_the_one_tracked_longest(tmp_path: Path):
    other = table(1.0, AU12_r=np.full(50, 4.0)).assign(face_id=1)
    found = read_openface(write(tmp_path / "a.csv", pd.concat([other, table(AU12_r=np.full(200, 2.0))])))
    np.testing.assert_allclose(found.values[:, NAMES.index("AU12_r mean")], 2, atol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read"),
        ("a,b\n1,2\n", "lacks timestamp, success, pose_Rx"),
        (table(success=np.zeros(200)).to_csv(index=False), "tracked no face"),
        (table().to_csv(index=False).splitlines()[0], "tracked no face"),
        (b"\x00\xff\xfe\x01", "cannot be read|lacks"),
    ],
)
def test_a_file_of_another_kind_says_so(tmp_path: Path, content: str | bytes, message: str):
    path = tmp_path / "a.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(EncoderError, match=message):
        read_openface(path)
