"""The CUDA path of the permutation tests against the plain one: interpreted on the CPU, for real under the marker gpu.

Run as a program, this file computes the interpreted cases: Triton must know that it interprets before it is imported.
"""

import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from callgap_kernels import device as devices
from callgap_kernels.resampling import permutation
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import Permutation, cuda, driver, permute, reference, triton_kernel
from callgap_kernels.resampling.permutation.evaluation import Accelerator, Plan
from callgap_kernels.resampling.permutation.families import Family, Labels
from callgap_kernels.resampling.permutation.rates import GroupRates
from callgap_kernels.resampling.permutation.results import ContrastTests, OmnibusTests

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Tests = tuple[ContrastTests, OmnibusTests]
Drawn = tuple[int, tuple[int, ...], int, int, int]
CPU = torch.device("cpu")
KERNELS = ("permute_labels_kernel", "sum_rates_kernel")
# Seed, sizes of the groups, strata, first resample, resamples.
DRAWN: list[Drawn] = [
    *((seed, (9, 4, 8), 2, 7, 5) for seed in (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1)),
    *((9, sizes, 1, 0, 6) for sizes in ((1, 1), (1, 2), (2, 2), (3, 2), (3, 3), (60, 41))),
    *((9, (7, 6), strata, 0, 3) for strata in (3, 6, 12, 13)),
    *((9, (7, 6), 1, first, 3) for first in (1, 2**31 - 1, 2**32 - 3)),
    *((9, (1,) * groups, 1, 0, 3) for groups in (128, 129)),
    (9, (5, 5, 5), 2, 0, 300),
]


@dataclass(frozen=True)
class Recorder(cuda.Cuda):
    """Keeps what `described` tells of all that it draws."""

    drawn: dict[tuple[int, str], list[Float]] = field(default_factory=dict)

    def walk(self, family: Family, plan: Plan) -> Iterator[cuda.DeviceRates]:
        for rates in super().walk(family, plan):
            for key, value in described(rates, family).items():
                # The next tile overwrites this one.
                self.drawn.setdefault(key, []).append(np.moveaxis(value.cpu().numpy(), -1, 0).copy())
            yield rates


@dataclass(frozen=True, eq=False)
class Case:
    """Permutation tests and the memory that they may take."""

    numerator: Float
    denominator: Float
    group: Int
    contrasts: Int
    strata: Int
    resamples: int = 50
    seed: int = 5
    studentized: bool = True
    memory: int = cuda.MEMORY_BUDGET

    @property
    def sums(self) -> SpeakerSums:
        return SpeakerSums.from_arrays(self.numerator, self.denominator, self.group, self.contrasts)

    @property
    def families(self) -> list[Family]:
        """Families whose arrangements are drawn."""
        pairs = {tuple(sorted(pair)) for pair in self.contrasts.tolist()} | {tuple(range(self.sums.groups))}
        families = [Family.of_groups(self.sums, self.strata, pair) for pair in sorted(pairs)]
        return [family for family in families if family.arrangements > self.resamples]

    def plan(self, accelerator: Accelerator | None = None) -> Plan:
        return Plan(reference, self.seed, self.resamples, self.studentized, 2**20, accelerator)

    def found(self, device: str) -> tuple[Tests, dict[tuple[int, str], Float]]:
        recorder = Recorder(torch.device(device), self.memory, poisoned)
        tests = driver.run(self.sums, self.strata, self.plan(recorder))
        return tests, {key: np.concatenate(tiles) for key, tiles in recorder.drawn.items()}

    def expected(self) -> Tests:
        return driver.run(self.sums, self.strata, self.plan())

    def tiles(self) -> int:
        families, accelerator = self.families, cuda.Cuda(CPU, self.memory)
        tiles = (accelerator.tile(cuda.DeviceFamily.to_device(each, CPU), self.resamples) for each in families)
        return sum(-(-self.resamples // tile) for tile in tiles)

    def expected_rates(self) -> dict[tuple[int, str], Float]:
        found = {}
        for family in self.families:
            labels = reference.draw_labels(family, self.seed, 0, self.resamples)
            found |= described(self.plan().rates(family, labels, reference), family)
        return found


def described(rates: Any, family: Family) -> dict[tuple[int, str], Any]:
    """Rates, variances and statistics, by family."""
    statistics = ("omnibus", "difference") if len(family.sizes) == 2 else ("omnibus",)
    made = {name: getattr(rates, name)(family.rounding) for name in statistics}
    return {(family.number, name): value for name, value in {**vars(rates), **made}.items()}


def poisoned(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.full((size,), nan if dtype.is_floating_point else 101, dtype=dtype, device=device)


def ordinary(sizes: tuple[int, ...], contrasts: list[list[int]], rare: bool = False, **options: Any) -> Case:
    rng = np.random.default_rng(1)
    group = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    shape = (len(group), 2)
    words = rng.integers(0, 4, shape) if rare else rng.integers(20, 400, shape)
    errors = rng.binomial(words, 0.1 if rare else rng.uniform(0.05, 0.4, shape))
    pairs, strata = np.array(contrasts, dtype=np.int64).reshape(-1, 2), rng.integers(0, 3, len(group))
    return Case(errors.astype(np.float64), words.astype(np.float64), group, pairs, strata, **options)


def degenerate() -> Case:
    """A group of one speaker, one without errors, one without words; a negative numerator; beside an ordinary one."""
    case = ordinary((1, 9, 8, 10, 12), [[group, 4] for group in range(4)])
    case.numerator[case.group == 1] = 0
    case.numerator[case.group == 2], case.denominator[case.group == 2] = 0, 0
    case.numerator[case.group == 3, 1] -= 150
    return case


def constant(rate: float) -> Case:
    """Groups that are alike, and in the second endpoint two rates without any spread."""
    case = ordinary((9, 8), [[1, 0]])
    case.numerator[:, 0] = rate * case.denominator[:, 0]
    case.numerator[:, 1] = (0.2 + 0.5 * (case.group == 1)) * case.denominator[:, 1]
    return case


def sparse() -> Case:
    """Few speakers have words of the second endpoint, so that some arrangements leave a group without."""
    case = ordinary((9, 7), [[1, 0]])
    for group, speakers in ((0, 3), (1, 2)):
        without = np.flatnonzero(case.group == group)[speakers:]
        case.numerator[without, 1], case.denominator[without, 1] = 0, 0
    return case


def tenths() -> Case:
    """Small fractions: many arrangements tie, and sums depend on the order of summation."""
    case = ordinary((6, 7), [[1, 0]], studentized=False)
    values = np.random.default_rng(3).integers(0, 4, case.numerator.shape)
    return Case(values / 10, np.ones(values.shape), case.group, case.contrasts, case.strata, studentized=False)


THREE = ((14, 9, 11), [[1, 0], [0, 1], [2, 0]])
CASES = {
    "ordinary": ordinary(*THREE, resamples=99),
    "not studentized": ordinary(*THREE, studentized=False),
    "rare": ordinary(*THREE, rare=True),
    "rare, not studentized": ordinary(*THREE, rare=True, studentized=False),
    "largest seed": ordinary((14, 9), [], seed=2**64 - 1),
    "two chunks of groups": ordinary((3,) * 11, []),
    "some enumerated": ordinary((2, 2, 9), [[1, 0], [2, 0]], resamples=99),
    "degenerate": degenerate(),
    "constant": constant(1 / 3),
    "sparse": sparse(),
    "tenths": tenths(),
    "little memory": ordinary((14, 9), [[1, 0]], resamples=99, memory=65 * 500),
    "no memory": ordinary((7, 6), [[1, 0]], resamples=7, memory=1),
}


def people(sizes: tuple[int, ...], strata: int) -> Family:
    group = np.repeat(np.arange(len(sizes)), sizes)
    ones = np.ones((len(group), 1))
    sums = SpeakerSums.from_arrays(ones, ones, group, np.empty((0, 2), dtype=np.int64))
    return Family.of_groups(sums, np.arange(len(group)) % strata, range(len(sizes)))


def labels_by_kernel(drawn: Drawn, device: str = "cpu") -> NDArray[np.integer[Any]]:
    (seed, sizes, strata, first, rows), place = drawn, torch.device(device)
    family = cuda.DeviceFamily.to_device(people(sizes, strata), place)
    labels = poisoned(sum(sizes) * rows, family.labels.dtype, place).view(-1, rows)
    cuda.draw_labels(family, labels, seed=seed, first=first)
    found: NDArray[np.integer[Any]] = labels.T.cpu().numpy()
    return found


def expected_labels(drawn: Drawn) -> Labels:
    seed, sizes, strata, first, rows = drawn
    return reference.draw_labels(people(sizes, strata), seed, first, first + rows)


def assert_equal(found: Tests, expected: Tests) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        for name, value in vars(theirs).items():
            assert np.array_equal(getattr(ours, name), value, equal_nan=True), name


def assert_close(found: dict[tuple[int, str], Float], expected: dict[tuple[int, str], Float]) -> None:
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-9, atol=0, err_msg=str(key))


class CountedKernel:
    """A kernel that knows how often it was launched."""

    def __init__(self, kernel: Any) -> None:
        self.kernel, self.launches = kernel, 0

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        self.launches += 1
        return self.kernel[grid]


def interpret(target: Path) -> None:
    """Compute every case with the interpreted kernels, on the CPU."""
    kernels = [CountedKernel(getattr(triton_kernel, name)) for name in KERNELS]
    for name, kernel in zip(KERNELS, kernels, strict=True):
        setattr(triton_kernel, name, kernel)
    results: dict[str, Any] = {"kernels": {type(kernel.kernel).__name__ for kernel in kernels}}
    for name, case in CASES.items():
        before = [kernel.launches for kernel in kernels]
        found = case.found("cpu")
        results[name] = *found, [kernel.launches - then for kernel, then in zip(kernels, before, strict=True)]
    results["labels"] = [labels_by_kernel(drawn) for drawn in DRAWN]
    target.write_bytes(pickle.dumps(results))


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("results") / "interpreted"
    command = [sys.executable, "-W", "error", __file__, str(target)]
    subprocess.run(command, env={**os.environ, "TRITON_INTERPRET": "1"}, check=True)
    return pickle.loads(target.read_bytes())


@pytest.mark.parametrize("index", range(len(DRAWN)))
def test_the_kernel_draws_the_labels_of_the_reference_to_the_bit(interpreted: dict[str, Any], index: int) -> None:
    assert np.array_equal(interpreted["labels"][index], expected_labels(DRAWN[index]))


@pytest.mark.parametrize("name", CASES)
def test_kernels_were_interpreted_once_per_drawn_family_and_tile(interpreted: dict[str, Any], name: str) -> None:
    assert interpreted["kernels"] == {"InterpretedFunction"}
    assert interpreted[name][2] == [CASES[name].tiles()] * 2


def test_the_cases_cut_and_enumerate_as_they_say() -> None:
    tiles = {name: case.tiles() for name, case in CASES.items()}
    assert (tiles["ordinary"], tiles["some enumerated"]) == (3, 1)
    assert tiles["no memory"] == 7
    assert 1 < tiles["little memory"] < 99
    assert np.isnan(CASES["sparse"].expected_rates()[1, "difference"][:, 1]).any()
    assert np.isfinite(CASES["sparse"].expected()[0].statistic).all()
    assert CASES["two chunks of groups"].sums.groups > triton_kernel.MOST_GROUPS


@pytest.mark.parametrize("name", CASES)
def test_interpreted_tests_rates_and_statistics_equal_the_plain_ones(interpreted: dict[str, Any], name: str) -> None:
    assert_equal(interpreted[name][0], CASES[name].expected())
    assert_close(interpreted[name][1], CASES[name].expected_rates())


@pytest.mark.parametrize("name", ["ordinary", "rare", "degenerate", "two chunks of groups"])
def test_interpreted_rates_and_variances_equal_the_compiled_ones_to_the_bit(
    interpreted: dict[str, Any], name: str
) -> None:
    from callgap_kernels.resampling.permutation import cpu

    case = CASES[name]
    for family in case.families:
        rates = cpu.group_rates(family, cpu.draw_labels(family, case.seed, 0, case.resamples))
        for part, values in vars(rates).items():
            assert np.array_equal(interpreted[name][1][family.number, part], values, equal_nan=True)


@pytest.mark.parametrize("groups", [2, 3])
def test_statistics_on_a_device_follow_the_plain_ones_where_nothing_varies(groups: int) -> None:
    # Every combination of a rate and a variance in two groups; further groups are ordinary.
    cells = np.array(np.meshgrid([0.0, 0.2, -0.2, nan], [0.0, 0.1, nan])).reshape(2, -1)
    one, other = np.divmod(np.arange(cells.shape[1] ** 2), cells.shape[1])
    rate, variance = np.full((2, len(one), groups, 1), 0.3)
    for group, cell in enumerate((one, other)):
        rate[:, group, 0], variance[:, group, 0] = cells[:, cell]
    plain = GroupRates(rate, variance)
    on_device = cuda.DeviceRates(*(torch.tensor(np.moveaxis(each, 0, -1)) for each in (rate, variance)))
    for ours, theirs in cuda.STATISTICS.items():
        with np.errstate(all="ignore"):
            expected = ours(plain, 1e-12)
        np.testing.assert_allclose(theirs(on_device, 1e-12).numpy().T, expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("memory", [2**20, 2**26, 2**30])
def test_tiles_of_labels_and_rates_stay_within_memory(memory: int) -> None:
    family = cuda.DeviceFamily.to_device(ordinary((1_000, 300), []).families[0], CPU)
    # A label is a byte; two groups and two endpoints have a rate and a variance.
    assert 100 < cuda.Cuda(CPU, memory).tile(family, 10**6) < memory / (1_300 + 2 * 2 * 2 * 8)


def permuted(case: Case, **options: Any) -> Permutation:
    given = {"strata": case.strata, "seed": 1, "resamples": 99, **options}
    return permute(case.numerator, case.denominator, case.group, case.contrasts, **given)


def parts(result: Permutation) -> Tests:
    return result.difference, result.omnibus


def test_a_device_that_cannot_run_says_so_once_and_the_cpu_permutes(monkeypatch: pytest.MonkeyPatch) -> None:
    case, found = CASES["ordinary"], []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    devices._warn_once.cache_clear()
    with pytest.warns(RuntimeWarning, match="callgap_kernels runs on the CPU: torch finds no CUDA device"):
        found.append(permuted(case, device="cuda"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.append(permuted(case, device="cuda"))
    for result in found:
        assert_equal(parts(result), parts(permuted(case, device="cpu")))


def test_a_chosen_cuda_device_counts_every_drawn_family(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []

    def count(self: cuda.Cuda, family: Family, *_: object) -> None:
        counted.append((str(self.device), family.number))

    monkeypatch.setattr(permutation, "choose_device", torch.device)
    monkeypatch.setattr(cuda.Cuda, "count", count)
    permuted(CASES["some enumerated"], device="cuda:1")
    # The two groups of two speakers have few arrangements.
    assert counted == [("cuda:1", family.number) for family in CASES["some enumerated"].families]


class Elsewhere(Tensor):
    """A tensor that numpy cannot read until it is brought to the CPU, as those of other devices."""

    def __array__(self, *_: object, **__: object) -> NDArray[Any]:
        raise TypeError("not on the CPU")

    def cpu(self, *_: object, **__: object) -> Tensor:
        return self.as_subclass(Tensor)  # type: ignore[arg-type]


def test_strata_may_be_on_another_device() -> None:
    case = CASES["ordinary"]
    elsewhere = torch.tensor(case.strata).as_subclass(Elsewhere)  # type: ignore[arg-type]
    assert_equal(parts(permuted(case, strata=elsewhere)), parts(permuted(case)))


@pytest.mark.gpu
@pytest.mark.parametrize("drawn", DRAWN)
def test_the_device_draws_the_labels_of_the_reference_to_the_bit(drawn: Drawn) -> None:
    assert np.array_equal(labels_by_kernel(drawn, "cuda"), expected_labels(drawn))


@pytest.mark.gpu
@pytest.mark.parametrize("name", CASES)
def test_tests_on_the_device_equal_the_plain_ones(name: str) -> None:
    case = CASES[name]
    tests, rates = case.found("cuda")
    assert_equal(tests, case.expected())
    assert_close(rates, case.expected_rates())


@pytest.mark.gpu
def test_many_lanes_in_flight_keep_their_labels() -> None:
    seed, sizes, strata = 8, (9_000, 8_000, 3_000), 4
    found = labels_by_kernel((seed, sizes, strata, 0, 20_000), "cuda")
    assert (found.sum(axis=1, dtype=np.int64) == 8_000 + 2 * 3_000).all()
    for row in (0, 1, 9_999, 19_999):
        assert np.array_equal(found[row], expected_labels((seed, sizes, strata, row, 1))[0])


@pytest.mark.gpu
@pytest.mark.parametrize("memory", [2**20, 2**34])
def test_a_large_sample_permutes_as_the_plain_path_whatever_the_memory(memory: int) -> None:
    case = ordinary((600, 300, 100), [[1, 0], [2, 0]], resamples=2_000, memory=memory)
    assert_equal(case.found("cuda")[0], case.expected())


@pytest.mark.gpu
def test_memory_of_the_device_stays_within_the_budget() -> None:
    case = ordinary((3_000, 1_000, 500), [[1, 0]], resamples=50_000, memory=2**26)
    accelerator = cuda.Cuda(torch.device("cuda"), case.memory)
    # Compiles and warms up.
    driver.run(case.sums, case.strata, replace(case.plan(accelerator), resamples=100))
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    driver.run(case.sums, case.strata, case.plan(accelerator))
    # The family's own sums, steps and labels.
    own = case.numerator.size * 16 + len(case.group) * 16
    assert torch.cuda.max_memory_allocated() - before <= case.memory + own


if __name__ == "__main__":
    interpret(Path(sys.argv[1]))
