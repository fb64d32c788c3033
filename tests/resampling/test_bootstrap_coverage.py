"""Limits cover the truth as often as they say, in a small simulation.

The bounds were set before the first run: nominal coverage plus and minus three standard errors of 300 simulations,
3 * sqrt(0.95 * 0.05 / 300) = 0.038.
"""

from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from callgap_kernels import BootstrapT, bootstrap_t

SIMULATIONS: Final = 300
SPEAKERS: Final = 30
RATES: Final = np.array([0.15, 0.20, 0.25, 0.30])
CONTRASTS: Final = np.array([[1, 0], [2, 0], [3, 0]])
LEAST, MOST = 0.912, 0.988


@pytest.fixture(scope="module")
def simulations() -> list[BootstrapT]:
    """Run four groups of 30 speakers, 60 utterances of 12 words each, speaker log-SD 0.4."""
    rng = np.random.default_rng(2024)
    group = np.repeat(np.arange(len(RATES)), SPEAKERS)
    results = []
    for seed in range(SIMULATIONS):
        words = rng.integers(360, 1_080, len(group))
        # The log-normal factor has mean 1, so that the expected pooled rate is the group's.
        factor = rng.lognormal(-(0.4**2) / 2, 0.4, len(group))
        errors = rng.poisson(words * RATES[group] * factor)
        results.append(bootstrap_t(errors[:, None], words[:, None], group, CONTRASTS, seed=seed, resamples=999))
    return results


def covered(lower: NDArray[np.float64], upper: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (lower[:, 0] <= truth) & (truth <= upper[:, 0])
    return inside


TRUE_GAPS = {"difference": RATES[1:] - RATES[0], "log_ratio": np.log(RATES[1:] / RATES[0])}


def test_group_limits_cover(simulations: list[BootstrapT]) -> None:
    hits = [covered(result.groups.lower, result.groups.upper, RATES) for result in simulations]
    coverage = np.mean(hits, axis=0)
    assert ((coverage >= LEAST) & (coverage <= MOST)).all(), coverage


@pytest.mark.parametrize("scale", ["difference", "log_ratio"])
def test_pointwise_limits_cover(simulations: list[BootstrapT], scale: str) -> None:
    found = [getattr(result, scale) for result in simulations]
    coverage = np.mean([covered(one.lower, one.upper, TRUE_GAPS[scale]) for one in found], axis=0)
    assert ((coverage >= LEAST) & (coverage <= MOST)).all(), coverage


@pytest.mark.parametrize("scale", ["difference", "log_ratio"])
def test_simultaneous_limits_cover_all_gaps_together(simulations: list[BootstrapT], scale: str) -> None:
    found = [getattr(result, scale) for result in simulations]
    inside = [covered(one.simultaneous_lower, one.simultaneous_upper, TRUE_GAPS[scale]).all() for one in found]
    assert LEAST <= np.mean(inside) <= MOST
