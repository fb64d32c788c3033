"""The CUDA path of the permutation tests against the plain one: interpreted on the CPU, for real under the marker gpu.

Run as a program, this file computes the interpreted cases: Triton must know that it interprets before it is imported.
"""

import os
import pickle
import subprocess
import sys
import warnings
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from permutation_cases import (
    CASES,
    CPU,
    DRAWN,
    KERNELS,
    Case,
    Drawn,
    Float,
    Tests,
    ordinary,
    poisoned,
)
from torch import Tensor

from callgap_kernels import device as devices
from callgap_kernels.resampling import permutation
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import Permutation, cuda, driver, permute, reference, triton_kernel
from callgap_kernels.resampling.permutation.families import Family, Labels
from callgap_kernels.resampling.permutation.rates import GroupRates


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
    support = str(Path(__file__).parents[1] / "support")
    subprocess.run(command, env={**os.environ, "TRITON_INTERPRET": "1", "PYTHONPATH": support}, check=True)
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
