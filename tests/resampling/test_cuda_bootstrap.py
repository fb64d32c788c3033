"""The CUDA path of the bootstrap against the reference: interpreted on the CPU, and for real under the marker gpu.

Run as a program, this file computes the interpreted cases: Triton must know that it interprets before it is imported.
"""

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from callgap_kernels import BootstrapT
from callgap_kernels.resampling import cuda, reference, triton_kernel
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.linearized import Estimates, GroupMoments

Float = NDArray[np.float64]
Int = NDArray[np.int64]
LOW, HIGH = np.uint64(0xFFFFFFFF), np.uint64(32)
# Seed, group, first resample, resamples, speakers.
DRAWN = [
    *((seed, 2, 7, 5, 21) for seed in (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1)),
    *((9, 0, 0, 6, speakers) for speakers in (1, 2, 3, 4, 5, 400)),
    *((9, group, first, 3, 10) for group, first in ((0, 1), (1, 0), (70_000, 2**31 - 1), (2**31 - 1, 2**32 - 3))),
    (9, 1, 0, 300, 7),
    (9, 1, 0, 2, 100_000),
]
RESAMPLES = 299


@dataclass(frozen=True, eq=False)
class Case:
    """A comparison and the memory that it may take."""

    numerator: Float
    denominator: Float
    group: Int
    contrasts: Int
    seed: int = 5
    memory: int = cuda.MEMORY_BUDGET

    @property
    def sums(self) -> SpeakerSums:
        return SpeakerSums.from_arrays(self.numerator, self.denominator, self.group, self.contrasts)

    def expected(self, resamples: int = RESAMPLES) -> BootstrapT:
        return reference.bootstrap_t(self.sums, seed=self.seed, resamples=resamples, alpha=0.05)

    def found(self, device: str, resamples: int = RESAMPLES) -> BootstrapT:
        plan = {"seed": self.seed, "resamples": resamples, "alpha": 0.05, "memory": self.memory}
        return cuda.bootstrap_t(self.sums, device=device, empty=poisoned, **plan)


def poisoned(size: int, device: torch.device) -> Tensor:
    return torch.full((size,), nan, dtype=torch.float64, device=device)


def ordinary(sizes: tuple[int, ...], endpoints: int, contrasts: list[list[int]], **options: int) -> Case:
    rng = np.random.default_rng(1)
    group = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    words = rng.integers(50, 400, (len(group), endpoints))
    errors = rng.binomial(words, rng.uniform(0.05, 0.4, (len(group), 1)))
    pairs = np.array(contrasts, dtype=np.int64).reshape(-1, 2)
    return Case(errors.astype(np.float64), words.astype(np.float64), group, pairs, **options)


def degenerate() -> Case:
    """One speaker; two; no errors; no words; a negative numerator; few speakers with errors; beside an ordinary one."""
    case = ordinary((1, 2, 5, 6, 20, 7, 30), 2, [[group, 6] for group in range(6)])
    errors, words, group = case.numerator, case.denominator, case.group
    errors[group == 2] = 0
    errors[group == 3], words[group == 3] = 0, 0
    errors[group == 4, 1] -= 150
    errors[np.flatnonzero(group == 5)[1:]] = 0
    return case


def paired() -> Case:
    """A difference of two systems whose mean is near 0, in fractions."""
    case = ordinary((15, 25), 1, [[1, 0]])
    numerator = np.random.default_rng(3).standard_normal((40, 1))
    return replace(case, numerator=numerator, denominator=case.denominator / 7)


FEW = ((40, 9, 17), 2, [[1, 0], [2, 0]])
CASES = {
    "ordinary": ordinary((12, 20, 7), 3, [[1, 0], [2, 0], [1, 2]]),
    "largest seed": ordinary(*FEW, seed=2**64 - 1),
    "no contrast": ordinary((9, 4), 1, []),
    "degenerate": degenerate(),
    "paired": paired(),
    # Tiles of 65 resamples, of which 299 are no multiple; one endpoint and one contrast at once.
    "little memory": ordinary(*FEW, memory=2 * 65 * 8 * (40 + cuda.TILE_VALUES * 2 * 3)),
}


def huge() -> Case:
    """Sums of a billion words and more, exact in float64."""
    rng = np.random.default_rng(6)
    words = rng.integers(10**12, 2 * 10**12, (2_000, 1))
    errors = rng.integers(0, 10**12, (2_000, 1))
    group, contrasts = np.zeros(2_000, dtype=np.int64), np.empty((0, 2), dtype=np.int64)
    return Case(errors.astype(np.float64), words.astype(np.float64), group, contrasts)


def philox(counter: tuple[Any, ...], key: tuple[int, ...]) -> list[NDArray[np.uint64]]:
    """Philox4x32-10 (Salmon et al. 2011) in numpy: four words per counter."""
    c = [np.asarray(word, dtype=np.uint64) for word in counter]
    k = [np.uint64(word) for word in key]
    for _ in range(10):
        one, other = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(other >> HIGH) ^ c[1] ^ k[0], other & LOW, (one >> HIGH) ^ c[3] ^ k[1], one & LOW]
        k = [(k[0] + np.uint64(0x9E3779B9)) & LOW, (k[1] + np.uint64(0xBB67AE85)) & LOW]
    return c


def counts_of(seed: int, group: int, first: int, rows: int, speakers: int) -> Float:
    """Count draws one resample at a time, from the words of Philox."""
    draw, key = np.arange(speakers), (seed & 0xFFFFFFFF, seed >> 32)
    counts = np.empty((rows, speakers))
    for row in range(rows):
        words = np.stack(np.broadcast_arrays(*philox((draw // 4, first + row, group, 0), key)))
        drawn = (words[draw % 4, draw] * np.uint64(speakers)) >> HIGH
        counts[row] = np.bincount(drawn.astype(np.int64), minlength=speakers)
    return counts


def counts_by_kernel(seed: int, group: int, first: int, rows: int, speakers: int, device: str = "cpu") -> Float:
    counts = poisoned(rows * speakers, torch.device(device)).view(rows, speakers)
    triton_kernel.count_draws(counts, seed=seed, group=group, first=first)
    found: Float = counts.cpu().numpy()
    return found


def resampled_rates(case: Case, device: str) -> Float:
    moments = [GroupMoments.from_sums(case.numerator, case.denominator)]
    plan = cuda.Plan.make(case.sums, 20, device, case.memory)
    kept = cuda.resample(moments, seed=case.seed, resamples=20, plan=plan, empty=poisoned)
    rates: Float = kept.value[0, 0].cpu().numpy()
    return rates


def exact_rates(case: Case) -> list[float]:
    """Divide sums of Python's integers, which have no bound; the division rounds once."""
    counts = counts_of(case.seed, 0, 0, 20, len(case.group)).astype(int).tolist()
    errors, words = (array[:, 0].astype(int).tolist() for array in (case.numerator, case.denominator))
    return [sum(map(int.__mul__, row, errors)) / sum(map(int.__mul__, row, words)) for row in counts]


def assert_equal(found: BootstrapT, expected: BootstrapT) -> None:
    """Compare to the bit, but for logarithms, and for square roots: those of torch on the CPU are up to an ulp off."""
    for part in ("groups", "difference", "log_ratio"):
        one, other = getattr(found, part), getattr(expected, part)
        for field in fields(other):
            mine, theirs = np.asarray(getattr(one, field.name)), np.asarray(getattr(other, field.name))
            assert mine.dtype == theirs.dtype
            assert mine.shape == theirs.shape
            rooted = field.name in ("lower", "upper", "simultaneous_lower", "simultaneous_upper", "critical")
            rel = 1e-12 if rooted or part == "log_ratio" else 0.0
            scale = rel * np.nan_to_num(other.se) if mine.ndim else 0.0
            assert np.isclose(mine, theirs, rtol=rel, atol=scale, equal_nan=True).all(), f"{part}.{field.name}"


class CountedKernel:
    """A kernel that knows how often it was launched."""

    def __init__(self, kernel: Any) -> None:
        self.kernel, self.launches = kernel, 0

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        self.launches += 1
        return self.kernel[grid]


def interpret(target: Path) -> None:
    """Compute every case with the interpreted kernel, on the CPU."""
    kernel = CountedKernel(triton_kernel.count_draws_kernel)
    triton_kernel.count_draws_kernel = kernel
    results: dict[str, Any] = {"kernel": type(kernel.kernel).__name__}
    for name, case in CASES.items():
        before = kernel.launches
        results[name] = (case.found("cpu"), kernel.launches - before)
    results |= {"counts": [counts_by_kernel(*drawn) for drawn in DRAWN], "huge": resampled_rates(huge(), "cpu")}
    target.write_bytes(pickle.dumps(results))


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("results") / "interpreted"
    command = [sys.executable, "-W", "error", __file__, str(target)]
    subprocess.run(command, env={**os.environ, "TRITON_INTERPRET": "1"}, check=True)
    return pickle.loads(target.read_bytes())


@pytest.mark.parametrize("index", range(len(DRAWN)))
def test_the_kernel_counts_the_draws_of_philox_to_the_bit(interpreted: dict[str, Any], index: int) -> None:
    assert np.array_equal(interpreted["counts"][index], counts_of(*DRAWN[index]))


@pytest.mark.parametrize("name", CASES)
def test_the_kernel_was_interpreted_once_per_group_and_tile(interpreted: dict[str, Any], name: str) -> None:
    assert interpreted["kernel"] == "InterpretedFunction"
    case = CASES[name]
    tiles = -(-RESAMPLES // cuda.Plan.make(case.sums, RESAMPLES, "cpu", case.memory).tile)
    assert interpreted[name][1] == case.sums.groups * tiles


@pytest.mark.parametrize("name", CASES)
def test_interpreted_results_equal_the_reference(interpreted: dict[str, Any], name: str) -> None:
    assert_equal(interpreted[name][0], CASES[name].expected())


def test_sums_of_integers_are_exact(interpreted: dict[str, Any]) -> None:
    assert interpreted["huge"].tolist() == exact_rates(huge())


def test_little_memory_means_several_tiles_and_chunks() -> None:
    plan = cuda.Plan.make(CASES["little memory"].sums, RESAMPLES, "cpu", CASES["little memory"].memory)
    assert (plan.tile, plan.endpoints, plan.contrasts) == (65, 1, 1)


def test_studentizing_follows_the_reference_where_nothing_varies() -> None:
    deviation, variance = np.array([0.0, 0.2, -0.2, nan]), np.zeros(4)
    found = cuda.Resampled(*map(torch.from_numpy, (deviation, deviation, variance))).studentized().numpy()
    with np.errstate(all="ignore"):
        assert np.array_equal(found, Estimates(deviation, deviation, variance).studentized(), equal_nan=True)


@pytest.mark.parametrize("infinite", [25, 26])
def test_a_member_too_often_infinite_is_left_out_of_the_family(infinite: int) -> None:
    t = torch.ones((1, 1, 1_000), dtype=torch.float64)
    t[..., :infinite] = nan
    family = cuda.Family(1_000, 0.05, 1, t.device)
    # Half of alpha, which is 25 in 1,000.
    assert family.admit(t, np.ones((1, 1), dtype=np.bool_)).item() == (infinite <= 25)


@pytest.mark.parametrize("memory", [1, 2**20, 2**30])
def test_counts_and_kept_rates_stay_within_memory(memory: int) -> None:
    plan = cuda.Plan.make(ordinary((1_000, 50), 4, [[1, 0]]).sums, 10_000, "cuda", memory)
    assert plan.tile == 1 or 8 * plan.tile * 1_000 < memory // 2
    assert plan.keep.type == ("cuda" if memory // 2 >= 24 * 10_000 * 4 * 2 else "cpu")


@pytest.mark.gpu
@pytest.mark.parametrize("drawn", DRAWN)
def test_the_device_counts_the_draws_of_philox_to_the_bit(drawn: tuple[int, ...]) -> None:
    assert np.array_equal(counts_by_kernel(*drawn, device="cuda"), counts_of(*drawn))


@pytest.mark.gpu
@pytest.mark.parametrize("name", CASES)
def test_results_on_the_device_equal_the_reference(name: str) -> None:
    assert_equal(CASES[name].found("cuda"), CASES[name].expected())


@pytest.mark.gpu
def test_sums_of_integers_are_exact_on_the_device() -> None:
    assert resampled_rates(huge(), "cuda").tolist() == exact_rates(huge())


@pytest.mark.gpu
def test_many_draws_in_flight_lose_none() -> None:
    counts = poisoned(10_000 * 100_000, torch.device("cuda")).view(10_000, 100_000)
    triton_kernel.count_draws(counts, seed=8, group=4, first=0)
    assert (counts.sum(dim=1) == 100_000).all()
    for row in (0, 1, 4_999, 9_999):
        assert np.array_equal(counts[row].cpu().numpy(), counts_of(8, 4, row, 1, 100_000)[0])


@pytest.mark.gpu
@pytest.mark.parametrize("memory", [2**24, 2**34])
def test_a_large_sample_equals_the_reference_whatever_the_memory(memory: int) -> None:
    case = ordinary((3_000, 1_000, 500), 8, [[1, 0], [2, 0]], memory=memory)
    assert_equal(case.found("cuda", 2_000), case.expected(2_000))


@pytest.mark.gpu
def test_memory_of_the_device_stays_within_what_is_given() -> None:
    case = ordinary((3_000, 1_000, 500), 8, [[1, 0], [2, 0]], memory=2**26)
    case.found("cuda", 99)
    torch.cuda.reset_peak_memory_stats()
    case.found("cuda", 5_000)
    assert torch.cuda.max_memory_allocated() - torch.cuda.memory_allocated() <= case.memory + 96 * case.numerator.size


if __name__ == "__main__":
    interpret(Path(sys.argv[1]))
