"""How well a cohort's raters agree: what severity can be predicted to at best."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from divine.data.ratings import scores
from divine.data.schema import Index
from divine.evaluation.agreement import Agreement, icc, quadratic_kappa


class PairKappa(NamedTuple):
    """Two raters of one item; NaN where kappa has no value."""

    first: str
    second: str
    kappa: float


class ItemAgreement(NamedTuple):
    """One rated item, or ``total``, over the clips that all raters rated."""

    item: str
    clips: int
    single: Agreement
    """ICC(2,1): of one rater."""
    mean: Agreement
    """ICC(2,k): of the raters' mean, which is what the models are trained on."""
    kappas: tuple[PairKappa, ...]
    """Quadratic-weighted, per pair of raters; none for the total."""


def rater_agreement(index: Index) -> tuple[ItemAgreement, ...]:
    """Return the agreement per item and of the total; nothing for a cohort with fewer than two raters."""
    given = scores(index)
    if given.shape[2] < 2 or not given.shape[1]:
        return ()
    found = [_of(item, given[:, place], index) for place, item in enumerate(index.items)]
    return (*found, _of("total", given.sum(axis=1), index))


def _of(item: str, given: np.ndarray, index: Index) -> ItemAgreement:
    whole = np.isfinite(given).all(axis=1)
    kappas = () if item == "total" else tuple(_kappas(given, index))
    return ItemAgreement(item, int(whole.sum()), icc(scores=given), icc(scores=given, averaged=True), kappas)


def _kappas(given: np.ndarray, index: Index) -> list[PairKappa]:
    found = []
    for (a, first), (b, second) in combinations(enumerate(index.raters), 2):
        pair = given[:, [a, b]]
        whole = bool((np.isnan(pair) | (pair == np.round(pair))).all())  # kappa is of categories: half points have none
        kappa = quadratic_kappa(first=pair[:, 0], second=pair[:, 1], scale=index.scale) if whole else float("nan")
        found.append(PairKappa(first, second, kappa))
    return found
