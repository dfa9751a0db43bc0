"""Finding faces in a picture: the two MediaPipe BlazeFace detectors, decoded here.

Bazarevsky et al. 2019, *BlazeFace* (arXiv:1907.05047). The short-range model sees faces up to about two metres away at
128 × 128; the full-range one sees small faces too, at 192 × 192. Anchors and decoding follow MediaPipe's published graphs.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from divine.face.litert import Network
from divine.weights import FACE_DETECTOR, FACE_DETECTOR_FULL_RANGE, WeightsFile

SCORE = 0.5
"""A detection counts from this score on (MediaPipe's default)."""
OVERLAP = 0.3
"""Boxes that overlap by more than this are the same face (MediaPipe's default)."""


class Face(NamedTuple):
    """One detected face."""

    score: float
    box_px: Float[np.ndarray, " 4"]
    """Left, top, right, bottom."""
    right_eye_px: Float[np.ndarray, " 2"]
    left_eye_px: Float[np.ndarray, " 2"]
    """The subject's own right and left."""

    @property
    def size_px(self) -> float:
        return float(max(self.box_px[2] - self.box_px[0], self.box_px[3] - self.box_px[1]))


def anchors(size: int, layers: tuple[tuple[int, int], ...]) -> Float[np.ndarray, "a 2"]:
    """Return the anchor centres, as fractions of the input, of layers given as (stride, anchors per cell)."""
    centres = []
    for stride, per_cell in layers:
        cells = size // stride
        rows, columns = np.mgrid[0:cells, 0:cells]
        grid = np.stack([(columns + 0.5) / cells, (rows + 0.5) / cells], axis=-1).reshape(-1, 2)
        centres.append(np.repeat(grid, per_cell, axis=0))
    return np.concatenate(centres).astype(np.float32)


def overlap(box: Float[np.ndarray, " 4"], others: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    """Return intersection over union of a box with others."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    return common / (np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - common + 1e-9)


class Detector:
    """A detector: picture in, faces out, best first."""

    def __init__(self, weights: WeightsFile, size: int, layers: tuple[tuple[int, int], ...]):
        self.network = Network(weights)
        self.size = size
        self.anchors = anchors(size, layers)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"]) -> list[Face]:
        """Return the faces in an RGB picture."""
        height, width = image.shape[:2]
        scale = self.size / max(height, width)
        small = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
        canvas = np.zeros((self.size, self.size, 3), np.float32)
        top, left = (self.size - small.shape[0]) // 2, (self.size - small.shape[1]) // 2
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small / np.float32(127.5) - 1
        raw, logits = self.network(canvas)
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -80, 80)))
        kept = np.flatnonzero(scores >= SCORE)
        # 2 box values (centre, size), then six key points of which the first two are the eyes.
        pairs = raw[0, kept].reshape(-1, 8, 2) / self.size
        pairs[:, [0, *range(2, 8)]] += self.anchors[kept, None]
        centre, extent = pairs[:, 0], pairs[:, 1]
        offset = np.array([left, top], np.float32)

        def pixels(points: np.ndarray) -> np.ndarray:
            return (points * self.size - offset) / scale

        boxes = np.concatenate([pixels(centre - extent / 2), pixels(centre + extent / 2)], axis=1)
        return merged(scores[kept], boxes, pixels(pairs[:, 2:4]))


def merged(scores: np.ndarray, boxes: np.ndarray, eyes: np.ndarray) -> list[Face]:
    """Blend overlapping candidates by their scores (weighted non-maximum suppression), best first."""
    faces: list[Face] = []
    left = np.argsort(-scores, kind="stable")
    while len(left):
        same = overlap(boxes[left[0]], boxes[left]) > OVERLAP
        same[0] = True
        group = left[same]
        weight = (scores[group] / scores[group].sum())[:, None]
        pair = (eyes[group] * weight[..., None]).sum(axis=0)
        faces.append(Face(float(scores[left[0]]), (boxes[group] * weight).sum(axis=0), pair[0], pair[1]))
        left = left[~same]
    return faces


def short_range() -> Detector:
    """Return the fast detector for a face that fills a fair part of the picture."""
    return Detector(FACE_DETECTOR, 128, ((8, 2), (16, 6)))


def full_range() -> Detector:
    """Return the detector that also sees small faces."""
    return Detector(FACE_DETECTOR_FULL_RANGE, 192, ((4, 1),))
