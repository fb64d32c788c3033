"""Bootstrap-t against a resample-by-resample computation, and what must not change it."""

from dataclasses import fields

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from callgap_kernels import BootstrapT, bootstrap_t
from callgap_kernels.resampling import resample_counts

Float = NDArray[np.float64]
Int = NDArray[np.int64]
SIZES = (12, 20, 7)
GROUP = np.repeat(np.arange(3), SIZES)
CONTRASTS = np.array([[1, 0], [2, 0]])
RESAMPLES = 199


def speaker_sums(seed: int = 1) -> tuple[Int, Int]:
    rng = np.random.default_rng(seed)
    words = rng.integers(50, 400, (len(GROUP), 2))
    return rng.binomial(words, rng.uniform(0.05, 0.4, (len(GROUP), 1))), words


def run(numerator: Int, denominator: Int, seed: int = 9, resamples: int = RESAMPLES, **options: int) -> BootstrapT:
    return bootstrap_t(numerator, denominator, GROUP, CONTRASTS, seed=seed, resamples=resamples, **options)


def equal(one: BootstrapT, other: BootstrapT) -> bool:
    parts = [(getattr(one, part), getattr(other, part)) for part in ("groups", "difference", "log_ratio")]
    return all(
        np.array_equal(getattr(mine, field.name), getattr(theirs, field.name), equal_nan=True)
        for mine, theirs in parts
        for field in fields(mine)
    )


def rate_and_variance(errors: Int, words: Int) -> tuple[float, float]:
    rate = errors.sum() / words.sum()
    squares = ((errors - rate * words) ** 2).sum()
    return float(rate), float(len(errors) / (len(errors) - 1) * squares / words.sum() ** 2)


def direct_rates(numerator: Int, denominator: Int, endpoint: int) -> list[list[tuple[float, float]]]:
    """Compute rate and variance per resample and group by repeating the speakers drawn."""
    rows = []
    for resample in range(RESAMPLES):
        groups = []
        for group, size in enumerate(SIZES):
            times = resample_counts(9, group, resample, 1, size)[0].astype(int)
            drawn = np.repeat(np.flatnonzero(group == GROUP), times)
            groups.append(rate_and_variance(numerator[drawn, endpoint], denominator[drawn, endpoint]))
        rows.append(groups)
    return rows


def direct_t(sample: tuple[float, float], resamples: list[tuple[float, float]]) -> Float:
    return np.array([(value - sample[0]) / np.sqrt(variance) for value, variance in resamples])


def gap(one: tuple[float, float], other: tuple[float, float], log: bool) -> tuple[float, float]:
    if log:
        one, other = ((float(np.log(rate)), variance / rate**2) for rate, variance in (one, other))
    return one[0] - other[0], one[1] + other[1]


@pytest.mark.parametrize("endpoint", [0, 1])
def test_group_limits_equal_a_direct_computation(endpoint: int) -> None:
    numerator, denominator = speaker_sums()
    groups = run(numerator, denominator).groups
    rows = direct_rates(numerator, denominator, endpoint)
    for group in range(3):
        member = group == GROUP
        sample = rate_and_variance(numerator[member, endpoint], denominator[member, endpoint])
        t = np.sort(direct_t(sample, [row[group] for row in rows]))
        # (199 + 1) * 0.025 = 5 and (199 + 1) * 0.975 = 195, counted from 1.
        expected = sample[0] - np.sqrt(sample[1]) * t[[194, 4]]
        found = groups.lower[group, endpoint], groups.upper[group, endpoint]
        assert found == pytest.approx(expected, rel=1e-9)
        values = np.sort([row[group][0] for row in rows])[[4, 194]]
        found = groups.percentile_lower[group, endpoint], groups.percentile_upper[group, endpoint]
        assert found == pytest.approx(values, rel=1e-9)


@pytest.mark.parametrize("scale", ["difference", "log_ratio"])
def test_contrast_limits_equal_a_direct_computation(scale: str) -> None:
    numerator, denominator = speaker_sums()
    found = getattr(run(numerator, denominator), scale)
    largest = np.zeros(RESAMPLES)
    for endpoint in (0, 1):
        rows = direct_rates(numerator, denominator, endpoint)
        members = [group == GROUP for group in range(3)]
        samples = [rate_and_variance(numerator[member, endpoint], denominator[member, endpoint]) for member in members]
        for contrast, (one, other) in enumerate(CONTRASTS):
            sample = gap(samples[one], samples[other], scale == "log_ratio")
            gaps = [gap(row[one], row[other], scale == "log_ratio") for row in rows]
            t = direct_t(sample, gaps)
            largest = np.maximum(largest, np.abs(t))
            expected = sample[0] - np.sqrt(sample[1]) * np.sort(t)[[194, 4]]
            limits = found.lower[contrast, endpoint], found.upper[contrast, endpoint]
            assert limits == pytest.approx(expected, rel=1e-8, abs=1e-12)
            values = np.sort([value for value, _ in gaps])[[4, 194]]
            limits = found.percentile_lower[contrast, endpoint], found.percentile_upper[contrast, endpoint]
            assert limits == pytest.approx(values, rel=1e-8, abs=1e-12)
    # (199 + 1) * 0.95 = 190, counted from 1.
    assert found.critical == pytest.approx(np.sort(largest)[189], rel=1e-9)


@pytest.mark.parametrize("tile", [1, 33, 64, 10**6])
@pytest.mark.parametrize("threads", [1, 3])
def test_neither_tile_nor_threads_change_any_bit(tile: int, threads: int) -> None:
    sums = speaker_sums()
    assert equal(run(*sums, resamples=300), run(*sums, resamples=300, tile=tile, threads=threads))


def test_the_same_seed_repeats_every_bit_and_another_does_not() -> None:
    sums = speaker_sums()
    assert equal(run(*sums), run(*sums))
    assert not equal(run(*sums), run(*sums, seed=10))


def test_torch_tensors_give_what_numpy_arrays_give() -> None:
    numerator, denominator = speaker_sums()
    tensors = [torch.from_numpy(array) for array in (numerator, denominator, GROUP, CONTRASTS)]
    assert equal(bootstrap_t(*tensors, seed=9, resamples=RESAMPLES), run(numerator, denominator))


def test_an_endpoint_does_not_change_when_another_is_added() -> None:
    numerator, denominator = speaker_sums()
    both, one = run(numerator, denominator), run(numerator[:, :1], denominator[:, :1])
    assert both.difference.lower[:, :1] == pytest.approx(one.difference.lower, rel=1e-9)
    assert both.groups.upper[:, :1] == pytest.approx(one.groups.upper, rel=1e-9)


def test_a_contrast_and_its_reverse_mirror_each_other() -> None:
    numerator, denominator = speaker_sums()
    pairs = np.array([[1, 0], [0, 1]])
    result = bootstrap_t(numerator, denominator, GROUP, pairs, seed=9, resamples=RESAMPLES)
    for scale in (result.difference, result.log_ratio):
        assert scale.estimate[0] == pytest.approx(-scale.estimate[1])
        assert scale.lower[0] == pytest.approx(-scale.upper[1])
        assert scale.simultaneous_lower[0] == pytest.approx(-scale.simultaneous_upper[1])


def test_rates_scale_with_the_unit_of_the_denominator() -> None:
    numerator, denominator = speaker_sums()
    whole, tenth = run(numerator, denominator), run(numerator, denominator * 10)
    assert whole.difference.lower == pytest.approx(10 * tenth.difference.lower)
    assert whole.log_ratio.lower == pytest.approx(tenth.log_ratio.lower)


def test_a_group_keeps_its_limits_when_another_group_changes() -> None:
    numerator, denominator = speaker_sums()
    changed = numerator.copy()
    changed[GROUP == 1] = numerator[GROUP == 1] // 2
    before, after = run(numerator, denominator).groups, run(changed, denominator).groups
    assert np.array_equal(before.lower[[0, 2]], after.lower[[0, 2]])
    assert not np.array_equal(before.lower[1], after.lower[1])
