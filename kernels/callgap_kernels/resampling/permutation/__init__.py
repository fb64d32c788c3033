"""Permutation tests of ratios of sums, labels of speakers permuted."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from callgap_kernels.device import choose_device
from callgap_kernels.options import require_whole
from callgap_kernels.resampling.inputs import Array, SpeakerSums
from callgap_kernels.resampling.permutation import driver, reference
from callgap_kernels.resampling.permutation.evaluation import Accelerator, Path, Plan
from callgap_kernels.resampling.permutation.rates import STATISTICS
from callgap_kernels.resampling.permutation.results import ContrastTests, OmnibusTests, Permutation
from callgap_kernels.tier import Tier

__all__ = ["STATISTICS", "ContrastTests", "OmnibusTests", "Permutation", "permute"]

# What compiling takes, and plain numpy per resample, speaker and endpoint (measured: 35 to 140 ns).
COMPILING_S: Final = 3.0
PLAIN_NUMBER_S: Final = 6e-8
# Numbers held at once: a few arrays of 8 MiB.
TILE: Final = 2**20

_tier = Tier(worth_s=COMPILING_S)


def permute(
    numerator: Array,
    denominator: Array,
    group: Array,
    contrasts: Array,
    *,
    strata: Array | None = None,
    seed: int,
    resamples: int = 10_000,
    statistic: str = "studentized",
    device: str | None = None,
) -> Permutation:
    """Test differences of rates by permuting which speaker belongs to which group.

    A rate is a ratio of sums over the speakers of a group, such as errors over words. A contrast exchanges labels among
    the speakers of its two groups only; the omnibus test of any difference permutes them among all groups of the call.
    Labels stay within their stratum. All endpoints see the same permutations. Where a family of speakers has at most
    `resamples` distinct arrangements, all are enumerated and the test is exact. README.md of this package has the
    formulas.

    NaN marks what the test cannot say: a group without a denominator and, studentized, a group of one speaker.

    Args:
        numerator: Sum per speaker, such as errors [speaker, endpoint].
        denominator: Sum per speaker, such as words, not negative [speaker, endpoint].
        group: Number of the speaker's group, 0 to G - 1, none empty [speaker].
        contrasts: Pairs (group, reference group) [contrast, 2].
        strata: Integer, such as a session, within which labels are permuted [speaker]; None for one stratum.
        seed: Key of the draws, 0 to 2**64 - 1.
        resamples: Number of random permutations B, 1 to 2**32.
        statistic: "studentized" divides by the standard error of each arrangement (Janssen 1997; Chung and Romano
            2013), "difference" by one that no arrangement changes.
        device: "cpu", "cuda" or "cuda:N" for the random permutations, where a CUDA device that cannot run says so once
            and leaves them to the CPU; None takes the variable CALLGAP_DEVICE, else the CPU. No p-value depends on it.

    Returns:
        Tests of the contrasts [contrast, endpoint] and of any difference [endpoint].

    Raises:
        ValueError: If a shape, a value or an option is not accepted; the message names it.

    Example:
        >>> import numpy as np
        >>> errors, words = np.array([[3], [4], [5], [7], [8], [9]]), np.full((6, 1), 20)
        >>> result = permute(errors, words, np.array([0, 0, 0, 1, 1, 1]), np.array([[1, 0]]), seed=1)
        >>> result.difference.p.tolist(), result.difference.exact.tolist(), result.difference.arrangements.tolist()
        ([[0.1]], [True], [20])
    """
    place = choose_device(device)
    _require_plan(seed, resamples, statistic)
    sums = SpeakerSums.from_arrays(numerator, denominator, group, contrasts)
    plan = Plan(
        path=_path(sums, resamples),
        seed=seed,
        resamples=resamples,
        studentized=statistic == "studentized",
        tile=TILE,
        accelerator=_accelerator(place),
    )
    difference, omnibus = driver.run(sums, _strata(strata, speakers=len(sums.group)), plan)
    return Permutation(difference, omnibus, seed, resamples, statistic)


def _path(sums: SpeakerSums, resamples: int) -> Path:
    """Choose who computes; no p-value depends on it."""
    # Each contrast goes through its two groups, the omnibus test through all.
    rounds = 1 + 2 * len(sums.contrasts) / sums.groups
    if not _tier.compiled(resamples * sums.numerator.size * rounds * PLAIN_NUMBER_S):
        return reference
    from callgap_kernels.resampling.permutation import cpu

    return cpu


def _accelerator(place: torch.device) -> Accelerator | None:
    if place.type == "cpu":
        return None
    from callgap_kernels.resampling.permutation.cuda import Cuda

    return Cuda(place)


def _require_plan(seed: int, resamples: int, statistic: str) -> None:
    require_whole("seed", seed, 0, 2**64 - 1)
    require_whole("resamples", resamples, 1, 2**32)
    if statistic not in STATISTICS:
        raise ValueError(f"statistic is {statistic!r}; accepted are {', '.join(map(repr, STATISTICS))}")


def _strata(strata: Array | None, speakers: int) -> NDArray[np.int64]:
    if strata is None:
        return np.zeros(speakers, dtype=np.int64)
    values = strata.detach().cpu().numpy() if isinstance(strata, torch.Tensor) else np.asarray(strata)
    if values.dtype.kind not in "iu":
        raise ValueError(f"strata has dtype {values.dtype}; accepted are integers")
    if values.shape != (speakers,):
        raise ValueError(f"strata has shape {values.shape}; accepted is one number per speaker, ({speakers},)")
    return values.astype(np.int64)
