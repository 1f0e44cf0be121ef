"""Calibrated probabilities: a logistic map or one temperature fitted on answers the model had not seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sigmoid(x: npt.ArrayLike) -> Floats:
    """The logistic function, safe for large values."""
    values: Floats = 1.0 / (1.0 + np.exp(-np.clip(np.asarray(x, float), -60, 60)))
    return values


def softmax(x: npt.ArrayLike) -> Floats:
    """Row-wise softmax of a two-dimensional array."""
    z = np.asarray(x, float)
    z = np.exp(z - z.max(axis=1, keepdims=True))
    shares: Floats = z / z.sum(axis=1, keepdims=True)
    return shares


def fit_logistic(logit: npt.ArrayLike, truth: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> tuple[float, float]:
    """Slope and shift (a, b) so that sigmoid(a x + b) is calibrated (Platt 1999, with his smoothed targets).

    `weight` counts rows. Falls back to (1, 0) where only one answer occurs; the slope never goes under 0.05.
    """
    x, y = np.asarray(logit, float), np.asarray(truth, bool)
    m = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    if y.all() or not y.any():
        return 1.0, 0.0
    target = np.where(y, (y.sum() + 1) / (y.sum() + 2), 1 / ((~y).sum() + 2))
    scale = float(np.abs(x).mean()) or 1.0
    z = x / scale

    def loss(c: Floats) -> float:
        return float((m * (np.logaddexp(0, c[0] * z + c[1]) - target * (c[0] * z + c[1]))).sum())

    c = np.array([1.0, 0.0])
    for _ in range(100):
        p = sigmoid(c[0] * z + c[1])
        miss, w = m * (p - target), m * np.maximum(p * (1 - p), 1e-9)
        grad = np.array([(miss * z).sum(), miss.sum()])
        hess = np.array([[(w * z * z).sum() + 1e-6, (w * z).sum()], [(w * z).sum(), w.sum() + 1e-6]])
        step, size = np.linalg.solve(hess, grad), 1.0
        while loss(c - size * step) > loss(c) and size > 1e-6:  # Newton's step overshoots far from the answer
            size /= 2
        c = c - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return float(max(c[0] / scale, 0.05)), float(c[1])


def fit_temperature(logits: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """The factor on softmax logits with the least cross-entropy (Guo et al. 2017), searched in 0.1..4."""
    z, y = np.asarray(logits, float), np.asarray(truth, int)
    factors = np.geomspace(0.1, 4, 60)
    rows = np.arange(len(y))
    losses = [-np.log(np.maximum(softmax(z * f)[rows, y], 1e-12)).mean() for f in factors]
    return float(factors[int(np.argmin(losses))])


def calibration_error(
    p: npt.ArrayLike, truth: npt.ArrayLike, bins: int = 10, weight: npt.ArrayLike | None = None
) -> float:
    """Expected calibration error over bins of equal mass; ties are not split. `weight` counts rows. NaN for nothing."""
    q, y = np.asarray(p, float), np.asarray(truth, float)
    w = np.ones(len(q)) if weight is None else np.asarray(weight, float)
    if not w.sum():
        return float("nan")
    cut = np.unique(np.quantile(q, np.linspace(0, 1, bins + 1)[1:-1]))
    where = np.searchsorted(cut, q, side="right")
    return float(np.abs(np.bincount(where, w * (q - y), len(cut) + 1)).sum() / w.sum())
