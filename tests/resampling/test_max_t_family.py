"""One rare event must not take the limits from every other comparison."""

import numpy as np

from callgap_kernels.resampling import bootstrap_t


def limits(rare):
    random = np.random.default_rng(5)
    numerator = np.stack([random.binomial(40, 0.3, size=24), rare], axis=1)
    group = np.repeat([0, 1], 12)
    return bootstrap_t(numerator, np.full((24, 2), 40), group, np.array([[1, 0]]), seed=3, resamples=4000).difference


def test_a_member_that_is_often_degenerate_is_left_out_and_the_others_keep_their_limits():
    # One speaker of one group and two of the other: both groups lack the event in 4 % of the resamples, which is
    # less than alpha, so its own limits are finite, and more than alpha / 4, so a family of two must not hold it.
    rare = np.zeros(24, dtype=np.int64)
    rare[[0, 12, 13]] = 1
    result = limits(rare)
    assert 0.0125 < result.degenerate[0, 1] < 0.05
    assert np.isnan(result.simultaneous_lower[0, 1])
    assert np.isfinite(result.simultaneous_lower[0, 0])
    assert np.isfinite(result.critical)


def test_a_common_event_stays_in_the_family():
    assert np.isfinite(limits(np.arange(24) % 5).simultaneous_upper).all()
