"""Multinomial logistic regression over any features of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callgap.errors import InputError
from callgap.ivr.routers.base import STAGE
from callgap.ivr.routers.cache import Arrays

_TOLERANCE = 1e-3
_ITERATIONS = 1000


@dataclass(frozen=True)
class Linear:
    """A trained model.

    Attributes:
        labels: in the order of the columns.
        weights: float32 `[feature, label]`.
        bias: float32 `[label]`.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @classmethod
    def of(cls, arrays: Arrays) -> Linear:
        """From arrays, as `arrays` gives them."""
        labels = tuple(str(label) for label in arrays["labels"])
        return cls(labels, arrays["weights"].astype(np.float32), arrays["bias"].astype(np.float32))

    def arrays(self) -> Arrays:
        """As arrays by name."""
        return {"labels": np.array(self.labels), "weights": self.weights, "bias": self.bias}

    def probabilities(self, features: Any) -> NDArray[np.float64]:
        """How probable each label is.

        Args:
            features: `[text, feature]`, dense or sparse.

        Returns:
            Float64 `[text, label]`; each row adds up to 1.
        """
        scores: NDArray[np.float64] = np.asarray(features @ self.weights.astype(np.float64)) + self.bias
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return shares


def trained(features: Any, labels: Sequence[str], strength: float) -> Linear:
    """Train a model; the same input gives the same model.

    Args:
        features: `[text, feature]`, dense or sparse.
        labels: one per text, two different ones at least.
        strength: inverse of the regularization (scikit-learn's `C`).

    Returns:
        The model.

    Raises:
        InputError: the optimization does not end.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    known = sorted(set(labels))
    model = LogisticRegression(C=strength, tol=_TOLERANCE, max_iter=_ITERATIONS)
    # The order of a sum, and with it its last digits, would depend on the number of threads.
    with threadpool_limits(1):
        model.fit(features, list(labels))
    if int(model.n_iter_.max()) >= _ITERATIONS:
        raise InputError(
            f"{STAGE}.strength={strength:g}: training has not ended after {_ITERATIONS} iterations; try a smaller one"
        )
    weights, bias = model.coef_.T, model.intercept_
    if len(known) == 2:
        # Of two labels only the odds of the second are trained.
        weights, bias = np.hstack([np.zeros_like(weights), weights]), np.hstack([np.zeros_like(bias), bias])
    return Linear(tuple(known), weights.astype(np.float32), bias.astype(np.float32))
