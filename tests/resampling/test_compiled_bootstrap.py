"""The compiled path gives the bits of the plain one, in bounded memory, and is taken when it pays."""

import tracemalloc
from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray

from callgap_kernels import BootstrapT
from callgap_kernels.resampling import cpu, draws, reference
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.tier import Tier

Int = NDArray[np.int64]


def sample(sizes: tuple[int, ...], endpoints: int, seed: int = 1) -> SpeakerSums:
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    words = random.integers(20, 400, (len(group), endpoints))
    errors = random.binomial(words, random.uniform(0.05, 0.4, (len(group), 1)))
    pairs = np.array([[other, 0] for other in range(1, len(sizes))], dtype=np.int64).reshape(-1, 2)
    return SpeakerSums.from_arrays(errors, words, group, pairs)


def both(sums: SpeakerSums, resamples: int = 499) -> list[BootstrapT]:
    plan = {"seed": 2**40 + 3, "resamples": resamples, "alpha": 0.05}
    return [
        reference.bootstrap_t(sums, **plan, draw=draw)  # type: ignore[arg-type]
        for draw in (draws.resample_counts, cpu.resample_counts)
    ]


def assert_equal(one: BootstrapT, other: BootstrapT) -> None:
    for part in ("groups", "difference", "log_ratio"):
        mine, theirs = getattr(one, part), getattr(other, part)
        for field in fields(mine):
            np.testing.assert_array_equal(getattr(mine, field.name), getattr(theirs, field.name), err_msg=field.name)


@pytest.mark.parametrize("endpoints", [1, 2, 13])
@pytest.mark.parametrize("sizes", [(9,), (12, 20, 7), (1, 5, 2, 40), (300, 65)])
def test_compiled_results_equal_plain_ones(sizes: tuple[int, ...], endpoints: int) -> None:
    assert_equal(*both(sample(sizes, endpoints)))


def test_compiled_results_equal_plain_ones_where_samples_are_degenerate() -> None:
    sums = sample((6, 3, 1, 8, 5), 4)
    sums.numerator[:, 1] = 0
    sums.denominator[:3, 2] = 0
    sums.numerator[9:14, 3] = -1
    sums.denominator[15:, :2] = sums.denominator[15, 0]
    sums.numerator[15:, :2] = 3
    assert_equal(*both(sums))


def test_members_found_in_parts_equal_members_found_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = sample((12, 20, 7, 9), 3)
    together, _ = both(sums)
    monkeypatch.setattr(reference, "SELECTED", 1)
    monkeypatch.setattr(reference, "COUNTS", 1)
    apart, _ = both(sums)
    assert_equal(together, apart)


def test_an_endpoint_keeps_its_bits_beside_any_others() -> None:
    many = sample((12, 20), 5)
    few = SpeakerSums(many.numerator[:, 2:3], many.denominator[:, 2:3], many.group, many.contrasts)
    one, other = both(few)[0], both(many)[0]
    for name in ("lower", "upper", "percentile_lower", "percentile_upper", "degenerate"):
        np.testing.assert_array_equal(getattr(one.log_ratio, name)[:, 0], getattr(other.log_ratio, name)[:, 2])


def test_memory_does_not_grow_with_resamples_times_speakers() -> None:
    sums, resamples = sample((20_000,), 1), 1_500
    tracemalloc.start()
    reference.bootstrap_t(sums, seed=1, resamples=resamples, alpha=0.05, draw=cpu.resample_counts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All counts would be 240 MB.
    assert peak < 24e6


def test_small_work_is_drawn_in_numpy_and_much_work_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "_tier", Tier(worth_s=1e6 * cpu.PLAIN_DRAW_S))
    assert cpu.choose_draw(900_000) is draws.resample_counts
    assert cpu.choose_draw(900_000) is cpu.resample_counts
    assert cpu.choose_draw(1) is cpu.resample_counts


def test_large_work_is_compiled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "_tier", Tier(worth_s=cpu.COMPILING_S))
    assert cpu.choose_draw(10**9) is cpu.resample_counts
