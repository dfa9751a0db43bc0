"""Head rotation from the mesh's points in three dimensions.

Axes of the head: across, from the subject's right to the left; forward, along the Frankfort horizontal (from the ear's
tragus to the lower rim of the orbit), by which anthropometry has defined an upright head since 1884.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

PAIRS = np.array([[33, 263], [133, 362], [127, 356], [234, 454], [118, 347]])
"""Vertices of the right and left outer eye corner, inner eye corner, temple, tragus and infra-orbital rim."""
TRAGUS, ORBIT = PAIRS[3], PAIRS[4]


def pose_deg(vertices_px: Float[np.ndarray, "468 3"]) -> Float[np.ndarray, " 3"]:
    """Return pitch, yaw and roll in degrees.

    Positive pitch: the face looks up. Positive yaw: it turns to the subject's left, the right of an unmirrored picture.
    Positive roll: the head leans to its left shoulder, clockwise in the picture. The order is roll, then pitch, then yaw.
    """
    across = (vertices_px[PAIRS[:, 1]] - vertices_px[PAIRS[:, 0]]).sum(axis=0)
    across /= np.linalg.norm(across)
    forward = vertices_px[ORBIT].mean(axis=0) - vertices_px[TRAGUS].mean(axis=0)
    forward -= across * (forward @ across)
    forward /= np.linalg.norm(forward)
    down = np.cross(across, forward)
    pitch = np.arcsin(np.clip(-forward[1], -1, 1))
    yaw = np.arctan2(forward[0], -forward[2])
    roll = np.arctan2(across[1], down[1])
    return np.degrees([pitch, yaw, roll])
