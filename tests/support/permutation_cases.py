"""Cases of permutation tests that the plain path and the CUDA path must agree on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.resampling.permutation import cuda, driver, reference
from callgap_kernels.resampling.permutation.evaluation import Accelerator, Plan
from callgap_kernels.resampling.permutation.families import Family
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
