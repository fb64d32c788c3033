"""All contrasts and the omnibus hypothesis, each from the arrangements of its own family of speakers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import reference
from callgap_kernels.resampling.permutation.evaluation import Plan, Statistic, Tally
from callgap_kernels.resampling.permutation.families import Family
from callgap_kernels.resampling.permutation.rates import GroupRates
from callgap_kernels.resampling.permutation.results import ContrastTests, OmnibusTests

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Test:
    """One statistic of one family.

    Attributes:
        family: The speakers.
        sample: Rates in the sample [1, group, endpoint].
        tally: What the arrangements gave.
    """

    family: Family
    sample: GroupRates
    tally: Tally


def run(sums: SpeakerSums, strata: Int, plan: Plan) -> tuple[ContrastTests, OmnibusTests]:
    """Test the contrasts and any difference.

    Args:
        sums: Sums per speaker and contrasts.
        strata: Number of each speaker's stratum [speaker].
        plan: How the arrangements are gone through.

    Returns:
        Tests of the contrasts and of any difference.
    """
    # A contrast and its reverse are one test.
    pairs, place = np.unique(np.sort(sums.contrasts, axis=1), axis=0, return_inverse=True)
    tests = [_prepare(sums, strata, plan, pair, GroupRates.difference) for pair in pairs.tolist()]
    omnibus = _prepare(sums, strata, plan, range(sums.groups), GroupRates.omnibus)
    _set_levels(tests)
    _set_levels([omnibus])
    _count([*tests, omnibus], plan)
    return _contrast_tests(tests, sums, place.reshape(-1), plan), _omnibus_tests(omnibus, plan)


def _prepare(sums: SpeakerSums, strata: Int, plan: Plan, groups: Sequence[int], statistic: Statistic) -> Test:
    family = Family.of_groups(sums, strata, groups)
    sample = plan.rates(family, family.labels[None], reference)
    return Test(family, sample, Tally(statistic, family.rounding, sample))


def _set_levels(tests: Sequence[Test]) -> None:
    """Compare the maximum of each test with the level of every endpoint of every test."""
    levels = np.concatenate([test.tally.levels for test in tests]) if tests else np.zeros(0)
    for test in tests:
        test.tally.compare_maximum(levels)


def _count(tests: Sequence[Test], plan: Plan) -> None:
    """Go through the arrangements; tests of one family share them."""
    for number in sorted({test.family.number for test in tests}):
        together = [test for test in tests if test.family.number == number]
        plan.count(together[0].family, [test.tally for test in together])


def _p(test: Test, plan: Plan) -> Float:
    """Compute the p-value of each endpoint alone."""
    return np.where(np.isnan(test.tally.observed), np.nan, plan.p_value(test.family, test.tally.extreme))


def _p_adjusted(tests: Sequence[Test], p: Float, plan: Plan) -> Float:
    """Compute single-step max-T p-values; families are permuted apart, so their maxima multiply (Sidak 1967)."""
    reached = np.stack([plan.p_value(test.family, test.tally.maximum_extreme) for test in tests])
    with np.errstate(divide="ignore"):
        any_reached = -np.expm1(np.log1p(-reached).sum(axis=0))
    adjusted: Float = np.maximum(p, any_reached.reshape(p.shape))
    return adjusted


def _contrast_tests(tests: Sequence[Test], sums: SpeakerSums, place: Int, plan: Plan) -> ContrastTests:
    if not tests:
        none = np.empty((0, sums.numerator.shape[1]))
        return ContrastTests(none, none, none, none, np.empty(0, dtype=np.bool_), np.empty(0, dtype=np.int64))
    p = np.stack([_p(test, plan) for test in tests])
    # The families hold the group of the lower number first.
    sign = np.sign(sums.contrasts[:, :1] - sums.contrasts[:, 1:])
    rate = np.concatenate([test.sample.rate for test in tests])
    return ContrastTests(
        estimate=sign * (rate[:, 1] - rate[:, 0])[place],
        statistic=sign * np.stack([test.tally.observed for test in tests])[place],
        p=p[place],
        p_adjusted=_p_adjusted(tests, p, plan)[place],
        exact=np.array([plan.is_exact(test.family) for test in tests])[place],
        arrangements=np.array([test.family.arrangements for test in tests], dtype=np.int64)[place],
    )


def _omnibus_tests(test: Test, plan: Plan) -> OmnibusTests:
    p = _p(test, plan)
    return OmnibusTests(
        statistic=test.tally.observed,
        p=p,
        p_adjusted=_p_adjusted([test], p, plan),
        exact=plan.is_exact(test.family),
        arrangements=test.family.arrangements,
    )
