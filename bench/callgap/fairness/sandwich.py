"""Poisson regression of counts with an offset, and what its coefficients are worth when speakers are the unit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CR2, MANCL_DEROUEN = -0.5, -1.0
"""Power of I - H that corrects a speaker's residuals: CR2 (Bell & McCaffrey 2002), Mancl & DeRouen (2001)."""
_ALONE = 1e-8


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of a log-linear model.

    Attributes:
        estimate: logarithm of a ratio of rates.
        standard_error: robust to any dependence within a speaker.
        df: Satterthwaite degrees of freedom of its square.
    """

    estimate: float
    standard_error: float
    df: float


def poisson(design: Array, events: Array, exposure: Array) -> Array | None:
    """Maximum likelihood of log(events / exposure) linear in the design; events need not be whole numbers.

    Args:
        design: covariates with a column of ones [row, coefficient].
        events: not negative [row].
        exposure: positive [row].

    Returns:
        Coefficients [coefficient]; None where the fit does not settle or the design is singular.
    """
    # Only a run that explains a gap pays for the import, which takes seconds.
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    with warnings.catch_warnings():
        # Whether it settled is asked below.
        warnings.simplefilter("ignore")
        try:
            fitted = GLM(events, design, family=Poisson(), offset=np.log(exposure)).fit(tol=1e-10, maxiter=50)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    coefficients = np.asarray(fitted.params, dtype=np.float64)
    return coefficients if fitted.converged and np.isfinite(coefficients).all() else None


def robust(
    design: Array,
    events: Array,
    exposure: Array,
    coefficients: Array,
    speaker: npt.NDArray[np.int64],
    place: int,
    *,
    correction: float = CR2,
) -> Coefficient | None:
    """Standard error and degrees of freedom of one coefficient, with speakers as clusters.

    With D_s = diag(mu) X_s, B = (X' diag(mu) X)^-1 and A_s = X_s' diag(mu) X_s, the hat matrix of speaker s under the
    independence working model is H_s = D_s B X_s', and X_s' (I - H_s)^k = (I - A_s B)^k X_s'. Speakers therefore
    enter by A_s and their score U_s alone, and nothing has the size of a speaker's utterances. The variance of
    coefficient c is the sum over speakers of (q_s' U_s)^2 with q_s = ((I - A_s B)^k)' B c; k = -1/2 is CR2, k = -1 is
    Mancl & DeRouen (2001, Biometrics 57:126).

    Degrees of freedom (Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton 2018, J. Bus. Econ.
    Stat. 36:672, eq. 11): (tr W)^2 / tr(W^2), where W, speaker by speaker, is the covariance of the q_s' U_s under
    the working model, W_st = q_s' (A_s [s = t] - A_s B A_t) q_t.

    Args:
        design: [row, coefficient].
        events: [row].
        exposure: [row].
        coefficients: that `poisson` gave [coefficient].
        speaker: number of the row's speaker, 0 to m - 1 [row].
        place: of the coefficient.
        correction: power of I - H.

    Returns:
        The coefficient; None where one speaker alone determines a coefficient.
    """
    fitted = exposure * np.exp(design @ coefficients)
    weights = _by_speaker(design[:, :, None] * design[:, None, :] * fitted[:, None, None], speaker)
    scores = _by_speaker(design * (events - fitted)[:, None], speaker)
    root = np.linalg.cholesky(np.linalg.inv(weights.sum(axis=0)))
    leverage, axes = np.linalg.eigh(root.T @ weights @ root)
    if leverage.max() > 1 - _ALONE:
        return None
    corrected = np.einsum("sij,sj,skj,k->si", axes, (1 - leverage) ** correction, axes, root[place])
    q = corrected @ root.T
    shares = np.einsum("sij,sj->si", weights, q)
    diagonal, through = np.einsum("si,si->s", q, shares), shares @ root
    common = np.einsum("si,si->s", through, through)
    trace = diagonal.sum() - common.sum()
    squares = (diagonal**2).sum() - 2 * (diagonal * common).sum() + ((through.T @ through) ** 2).sum()
    error = float(np.sqrt((np.einsum("si,si->s", q, scores) ** 2).sum()))
    return Coefficient(float(coefficients[place]), error, float(trace**2 / squares))


def _by_speaker(values: Array, speaker: npt.NDArray[np.int64]) -> Array:
    sums = np.zeros((int(speaker.max()) + 1, *values.shape[1:]))
    np.add.at(sums, speaker, values)
    return sums
