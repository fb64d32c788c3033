"""The compiled permutation test equals the plain one, and neither depends on the tile."""

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from callgap_kernels.resampling import permutation
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import cpu, driver, reference
from callgap_kernels.resampling.permutation.evaluation import Plan
from callgap_kernels.resampling.permutation.families import Family, Labels
from callgap_kernels.resampling.permutation.results import ContrastTests, OmnibusTests
from callgap_kernels.tier import Tier

Int = NDArray[np.int64]
CONTRASTS = np.array([[1, 0], [2, 0], [1, 2]])


def sample(sizes: tuple[int, ...], seed: int, rare: bool = False) -> tuple[SpeakerSums, Int]:
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    shape = (len(group), 3)
    words = rng.integers(0, 4, shape) if rare else rng.integers(20, 400, shape)
    errors = rng.binomial(words, 0.1 if rare else rng.uniform(0.05, 0.4, shape))
    return SpeakerSums.from_arrays(errors, words, group, CONTRASTS), rng.integers(0, 2, len(group))


def run(
    sums: SpeakerSums, strata: Int, path: ModuleType, tile: int = 2**20, studentized: bool = True, resamples: int = 499
) -> tuple[ContrastTests, OmnibusTests]:
    return driver.run(sums, strata, Plan(path, 3, resamples, studentized, tile))


def assert_equal(one: tuple[ContrastTests, OmnibusTests], other: tuple[ContrastTests, OmnibusTests]) -> None:
    for ours, theirs in zip(one, other, strict=True):
        for field in vars(ours):
            assert np.array_equal(getattr(ours, field), getattr(theirs, field), equal_nan=True), field


@pytest.mark.parametrize("studentized", [True, False])
@pytest.mark.parametrize("rare", [False, True])
@pytest.mark.parametrize("sizes", [(14, 9, 11), (3, 2, 2), (1, 5, 6)])
def test_compiled_p_values_equal_the_plain_ones(sizes: tuple[int, ...], rare: bool, studentized: bool) -> None:
    for seed in range(5):
        sums, strata = sample(sizes, seed, rare)
        plain, compiled = (run(sums, strata, path, studentized=studentized) for path in (reference, cpu))
        assert_equal(plain, compiled)


@pytest.mark.parametrize("rare", [False, True])
def test_compiled_rates_and_variances_equal_the_plain_ones(rare: bool) -> None:
    sums, strata = sample((14, 1, 11), 1, rare)
    family = Family.of_groups(sums, strata, [0, 1, 2])
    labels = reference.draw_labels(family, 1, 0, 300)
    plain, compiled = (path.group_rates(family, labels) for path in (reference, cpu))
    assert np.array_equal(plain.rate, compiled.rate, equal_nan=True)
    np.testing.assert_allclose(compiled.variance, plain.variance, rtol=1e-12, atol=0)
    for statistic in ("difference", "omnibus"):
        ours, theirs = (getattr(rates, statistic)(family.rounding) for rates in (compiled, plain))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("path", [reference, cpu])
@pytest.mark.parametrize("seed", range(5))
def test_rounding_leaves_no_variance_in_equal_rates(path: ModuleType, seed: int) -> None:
    words = np.random.default_rng(seed).integers(20, 900, (60, 1))
    sums = SpeakerSums.from_arrays(words * 0.1, words, np.repeat([0, 1, 2], 20), CONTRASTS)
    family = Family.of_groups(sums, np.zeros(60, dtype=np.int64), [0, 1, 2])
    rates = path.group_rates(family, reference.draw_labels(family, 1, 0, 99))
    assert (rates.variance == 0).all()
    assert (rates.omnibus(family.rounding) == 0).all()


@pytest.mark.parametrize("path", [reference, cpu])
@pytest.mark.parametrize("resamples", [499, 1_000_000])
def test_no_p_value_depends_on_the_tile(path: ModuleType, resamples: int) -> None:
    # 1,000,000 resamples are more than the arrangements of these groups.
    sums, strata = sample((3, 4, 3), 4)
    whole = run(sums, strata, path, resamples=resamples)
    assert whole[1].exact == (resamples > 499)
    for tile in (1, 1_000):
        assert_equal(whole, run(sums, strata, path, tile=tile, resamples=resamples))


def test_small_work_stays_plain_until_it_adds_up_to_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    sums, _ = sample((10, 10, 10), 1)
    plain_s = 999 * 90 * 3 * permutation.PLAIN_NUMBER_S
    monkeypatch.setattr(permutation, "_tier", Tier(worth_s=2.5 * plain_s))
    assert [permutation._path(sums, 999) for _ in range(4)] == [reference, reference, cpu, cpu]


@pytest.mark.parametrize("path", [reference, cpu])
def test_the_chosen_path_is_taken(path: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def draw_labels(*arguments: object) -> Labels:
        taken.append(path)
        return original(*arguments)

    original = path.draw_labels
    monkeypatch.setattr(path, "draw_labels", draw_labels)
    monkeypatch.setattr(permutation, "_tier", Tier(worth_s=0.0 if path is cpu else float("inf")))
    sums, strata = sample((14, 9, 11), 1)
    permutation.permute(sums.numerator, sums.denominator, sums.group, CONTRASTS, strata=strata, seed=1, resamples=99)
    # Three contrasts and the omnibus test.
    assert taken == [path] * 4
