"""Simultaneous limits."""

import numpy as np
import pytest
from numpy.typing import NDArray

from callgap_kernels import BootstrapT, bootstrap_t
from callgap_kernels.resampling.limits import Family

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]
GROUP = np.repeat(np.arange(4), (15, 12, 20, 9))
SCALES = ["difference", "log_ratio"]


def run(contrasts: list[list[int]], endpoints: int, group: Int = GROUP) -> BootstrapT:
    rng = np.random.default_rng(3)
    words = rng.integers(50, 400, (len(group), 3))
    errors = rng.binomial(words, rng.uniform(0.05, 0.4, (len(group), 3)))
    chosen = errors[:, :endpoints], words[:, :endpoints]
    return bootstrap_t(*chosen, group, np.array(contrasts), seed=5, resamples=999)


def critical_value(t: Float) -> tuple[float, Bool]:
    """Judge members together, all with limits [member, 1, resample]."""
    family = Family(t.shape[-1], 0.05, candidates=len(t))
    admitted = family.admit(t, np.ones((len(t), 1), dtype=np.bool_))
    return family.critical_value(), admitted


@pytest.mark.parametrize("scale", SCALES)
def test_simultaneous_limits_are_no_narrower_than_any_member_alone(scale: str) -> None:
    family = getattr(run([[1, 0], [2, 0], [3, 0]], 3), scale)
    for row, pair in enumerate([[1, 0], [2, 0], [3, 0]]):
        alone = getattr(run([pair], 1), scale)
        assert alone.critical <= family.critical
        assert family.simultaneous_lower[row, 0] <= alone.simultaneous_lower[0, 0] + 1e-12
        assert family.simultaneous_upper[row, 0] >= alone.simultaneous_upper[0, 0] - 1e-12


@pytest.mark.parametrize("scale", SCALES)
def test_a_larger_family_has_a_larger_critical_value(scale: str) -> None:
    sizes = [run([[1, 0]], 1), run([[1, 0], [2, 0]], 1), run([[1, 0], [2, 0]], 3)]
    critical = [getattr(result, scale).critical for result in sizes]
    assert critical == sorted(critical)
    assert critical[0] < critical[-1]


def test_one_member_alone_gives_the_symmetric_bootstrap_t() -> None:
    t = np.random.default_rng(1).standard_t(8, size=(1, 1, 999))
    critical, family = critical_value(t)
    # (999 + 1) * 0.95 = 950, counted from 1.
    assert critical == np.sort(np.abs(t.ravel()))[949]
    assert family.all()


def test_one_contrast_twice_is_one_contrast() -> None:
    once, twice = run([[1, 0]], 1).difference, run([[1, 0], [1, 0]], 1).difference
    assert once.critical == twice.critical
    assert np.array_equal(np.repeat(once.simultaneous_upper, 2, axis=0), twice.simultaneous_upper)


@pytest.mark.parametrize("scale", SCALES)
def test_simultaneous_limits_are_symmetric_about_the_estimate(scale: str) -> None:
    found = getattr(run([[1, 0], [2, 0]], 2), scale)
    assert found.simultaneous_upper - found.estimate == pytest.approx(found.critical * found.se)
    assert found.estimate - found.simultaneous_lower == pytest.approx(found.critical * found.se)


@pytest.mark.parametrize("scale", SCALES)
def test_a_member_without_limits_leaves_the_others_as_they_were(scale: str) -> None:
    lonely = GROUP.copy()
    lonely[-8:] = 2
    with_lonely = getattr(run([[1, 0], [3, 0]], 1, lonely), scale)
    without = getattr(run([[1, 0]], 1, lonely), scale)
    assert np.isnan(with_lonely.simultaneous_lower[1]).all()
    assert with_lonely.critical == without.critical
    assert np.array_equal(with_lonely.simultaneous_lower[0], without.simultaneous_lower[0])


def test_a_member_too_often_degenerate_is_left_out_and_marked() -> None:
    t = np.random.default_rng(2).standard_normal((2, 1, 999))
    t[1, :, :60] = np.nan
    critical, family = critical_value(t)
    assert family.ravel().tolist() == [True, False]
    assert critical == np.sort(np.abs(t[0, 0]))[949]


def test_rare_degenerate_resamples_raise_the_critical_value() -> None:
    t = np.random.default_rng(2).standard_normal((1, 1, 999))
    before, _ = critical_value(t)
    small = np.argsort(np.abs(t.ravel()))[:20]
    t[..., small] = np.nan
    after, _ = critical_value(t)
    assert before < after < np.inf


def test_no_member_left_gives_no_critical_value() -> None:
    critical, family = critical_value(np.full((2, 1, 99), np.nan))
    assert np.isnan(critical)
    assert not family.any()
