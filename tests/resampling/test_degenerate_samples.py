"""What the method cannot say is NaN or infinite, never 0 by default."""

import numpy as np
import pytest
from numpy.typing import NDArray

from callgap_kernels import BootstrapT, ContrastEstimates, bootstrap_t
from callgap_kernels.resampling.limits import equal_tailed
from callgap_kernels.resampling.linearized import Estimates

Float = NDArray[np.float64]
ERRORS = [12, 30, 9, 22, 41, 17, 8, 25]
WORDS = [90, 140, 70, 130, 150, 120, 60, 110]
LIMITS = ("lower", "upper", "simultaneous_lower", "simultaneous_upper", "percentile_lower", "percentile_upper")


def run(errors: list[float], words: list[float], resamples: int = 999) -> BootstrapT:
    """Compare group 1, given, with group 0, eight ordinary speakers."""
    group = np.repeat([0, 1], [len(ERRORS), len(errors)])
    numerator = np.array(ERRORS + errors, dtype=np.float64)[:, None]
    denominator = np.array(WORDS + words, dtype=np.float64)[:, None]
    return bootstrap_t(numerator, denominator, group, np.array([[1, 0]]), seed=4, resamples=resamples)


def all_nan(contrast: ContrastEstimates, *names: str) -> bool:
    return all(np.isnan(getattr(contrast, name)).all() for name in names)


def test_one_speaker_has_a_rate_and_nothing_else() -> None:
    result = run([5], [50])
    assert result.groups.rate[1].item() == 0.1
    assert np.isnan([result.groups.se[1], result.groups.lower[1], result.groups.upper[1]]).all()
    for contrast in (result.difference, result.log_ratio):
        assert np.isfinite(contrast.estimate).all()
        assert all_nan(contrast, "se", *LIMITS)
        assert np.isnan(contrast.critical)
        assert contrast.degenerate.item() == 1.0


# 49 * (1 / 49) is not 1 in float64: its residual must not pass for variance.
@pytest.mark.parametrize(
    ("errors", "words"), [([10, 20, 7, 1], [30, 60, 21, 3]), ([0, 0, 0], [30, 60, 21]), ([1, 2, 3], [49, 98, 147])]
)
def test_equal_rates_give_no_variance_and_no_limits(errors: list[float], words: list[float]) -> None:
    result = run(errors, words)
    assert result.groups.se[1].item() == 0.0
    assert np.isnan([result.groups.lower[1], result.groups.upper[1]]).all()
    assert all_nan(result.difference, *LIMITS)
    assert all_nan(result.log_ratio, *LIMITS)
    assert np.isfinite(result.groups.lower[0]).all()


def test_no_errors_have_no_log_ratio() -> None:
    result = run([0, 0, 0, 0], [30, 60, 21, 3])
    assert np.isfinite(result.difference.estimate).all()
    assert all_nan(result.log_ratio, "estimate", "se", *LIMITS)
    assert result.log_ratio.degenerate.item() == 1.0


def test_no_words_have_no_rate() -> None:
    result = run([0, 0, 0], [0, 0, 0])
    assert np.isnan([result.groups.rate[1], result.groups.se[1], result.groups.lower[1]]).all()
    assert all_nan(result.difference, "estimate", "se", *LIMITS)
    assert all_nan(result.log_ratio, "estimate", "se", *LIMITS)


def test_a_negative_numerator_has_a_difference_and_no_log_ratio() -> None:
    result = run([-5, 2, -9, -1, -4, -2], [50, 60, 55, 40, 70, 45])
    assert np.isfinite([result.difference.lower, result.difference.upper]).all()
    assert all_nan(result.log_ratio, "estimate", "se", *LIMITS)


def test_two_speakers_have_infinite_limits_not_short_ones() -> None:
    groups = run([5, 9], [50, 60]).groups
    assert groups.se[1].item() > 0
    assert groups.lower[1].item() == -np.inf
    assert groups.upper[1].item() == np.inf


def test_two_groups_of_two_are_left_out_of_the_family() -> None:
    group = np.array([0, 0, 1, 1])
    numerator, denominator = np.array([[5], [9], [2], [8]]), np.array([[50], [60], [55], [40]])
    found = bootstrap_t(numerator, denominator, group, np.array([[1, 0]]), seed=1, resamples=999).difference
    # Each group repeats one speaker in half of the resamples, both groups in a quarter.
    assert found.degenerate.item() == pytest.approx(0.25, abs=0.05)
    assert found.lower.item() == -np.inf
    assert found.upper.item() == np.inf
    assert np.isnan([found.simultaneous_lower, found.simultaneous_upper]).all()


def test_resamples_without_words_count_against_both_limits() -> None:
    # Two of five speakers have words: (3 / 5) ** 5 = 7.8 % of resamples have none, more than alpha.
    groups = run([0, 0, 0, 6, 9], [0, 0, 0, 50, 60]).groups
    assert (groups.lower[1].item(), groups.upper[1].item()) == (-np.inf, np.inf)


def test_resamples_without_errors_are_degenerate_on_the_log_scale_only() -> None:
    result = run([0, 0, 0, 0, 0, 0, 0, 4], [50, 60, 40, 70, 45, 55, 65, 50])
    # The one speaker with errors is missing from (7 / 8) ** 8 = 34 % of resamples.
    assert result.log_ratio.degenerate.item() == pytest.approx(0.344, abs=0.05)
    assert result.difference.degenerate.item() == pytest.approx(0.0, abs=0.01)
    assert (result.log_ratio.lower.item(), result.log_ratio.upper.item()) == (-np.inf, np.inf)
    assert np.isfinite([result.difference.lower, result.difference.upper]).all()


def test_repeating_one_speaker_is_recognized_whatever_the_rounding() -> None:
    group = np.zeros(3, dtype=np.int64)
    errors, words = np.array([[0.1], [0.7], [1.1]]), np.array([[3.0], [7.0], [11.0]])
    groups = bootstrap_t(errors, words, group, np.empty((0, 2), dtype=np.int64), seed=1, resamples=999).groups
    # A ninth of the resamples repeat one speaker: more than alpha, so at least one limit is infinite.
    assert np.isinf([groups.lower, groups.upper]).any()


@pytest.mark.parametrize(
    ("deviation", "variance", "t"),
    [(0.0, 0.0, 0.0), (0.2, 0.0, np.inf), (-0.2, 0.0, -np.inf), (0.2, 0.04, 1.0), (np.nan, 0.0, np.nan)],
)
def test_no_variance_studentizes_to_infinity_unless_nothing_moved(deviation: float, variance: float, t: float) -> None:
    estimates = Estimates(np.array([0.5]), np.array([deviation]), np.array([variance]))
    assert np.array_equal(estimates.studentized(), [t], equal_nan=True)


def test_undefined_resamples_never_shorten_an_interval() -> None:
    t = np.random.default_rng(1).standard_normal((1, 1, 999))
    one = np.ones((1, 1))
    before = equal_tailed(0 * one, one, t, 0.05, one > 0)
    t[..., np.argsort(np.abs(t.ravel()))[:10]] = np.nan
    after = equal_tailed(0 * one, one, t, 0.05, one > 0)
    assert after.lower < before.lower
    assert after.upper > before.upper


def test_no_contrasts_give_empty_contrasts() -> None:
    numerator, denominator = np.array([[1], [2], [4]]), np.array([[10], [11], [12]])
    none = np.empty((0, 2), dtype=np.int64)
    result = bootstrap_t(numerator, denominator, np.zeros(3, dtype=np.int64), none, seed=1, resamples=99)
    assert result.difference.estimate.shape == (0, 1)
    assert np.isnan(result.difference.critical)
