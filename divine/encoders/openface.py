"""Kinematics as the paper had them: the CSV of OpenFace 2 (Baltrusaitis et al. 2018) as features.

Head rotation, gaze and the intensities of 17 action units, summarised like ``KI``'s channels: mean, spread and rate of
windows of 0.4 s every 0.2 s. Frames that OpenFace did not track are left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from divine.encoders.registry import EncoderError
from divine.encoders.windows import STATISTICS, summarise
from divine.records import Features

ANGLES = ("pose_Rx", "pose_Ry", "pose_Rz", "gaze_angle_x", "gaze_angle_y")
"""In radians in the file, in degrees here."""
UNITS = tuple(f"AU{unit:02d}_r" for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45))
"""Intensity of each action unit, 0 to 5."""
CHANNELS = (*ANGLES, *UNITS)
NAMES = tuple(f"{channel} {statistic}" for statistic in STATISTICS for channel in CHANNELS)


def read_openface(path: Path) -> Features:
    """Read what OpenFace's ``FeatureExtraction`` wrote of one clip; of several faces, the one tracked longest.

    Raises:
        EncoderError: the file is no such CSV, or no face was tracked in it.
    """
    try:
        table = pd.read_csv(path, skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise EncoderError(f"{path.name}: cannot be read as CSV ({error}). Run OpenFace's FeatureExtraction again.") from error
    table.columns = table.columns.str.strip()
    missing = [name for name in ("timestamp", "success", *CHANNELS) if name not in table.columns]
    if missing:
        raise EncoderError(f"{path.name}: lacks {', '.join(missing[:4])}. Run FeatureExtraction with -aus -pose -gaze.")
    table = table.apply(pd.to_numeric, errors="coerce").dropna(subset=["timestamp"])
    if "face_id" in table.columns and len(table):
        tracked = table.groupby("face_id")["success"].sum()
        table = table[table["face_id"] == tracked.idxmax()]
    table = table.sort_values("timestamp").drop_duplicates("timestamp")
    seen = table["success"].to_numpy() > 0
    if not seen.any():
        raise EncoderError(f"{path.name}: OpenFace tracked no face in it. Check the recording.")
    channels = table[list(CHANNELS)].to_numpy(dtype=float, copy=True)
    channels[:, : len(ANGLES)] = np.rad2deg(channels[:, : len(ANGLES)])
    channels[~seen] = np.nan
    windows = summarise(channels, table["timestamp"].to_numpy(dtype=float))
    return Features(windows.values.astype(np.float32), windows.times_s, "OpenFace")
