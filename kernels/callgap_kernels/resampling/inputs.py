"""Input of the resampling, checked once."""

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from callgap_kernels.options import require_share, require_whole

Array = NDArray[np.generic] | Tensor
Float = NDArray[np.float64]
Int = NDArray[np.int64]

SMALLEST: Final = 1e-60
LARGEST: Final = 1e60
# From here on float64 skips integers.
LEAST_INEXACT: Final = 2.0**53
# The number of a resample is one word of the counter of its draws.
MOST_RESAMPLES: Final = 2**32


@dataclass(frozen=True, eq=False)
class SpeakerSums:
    """Sums per speaker and the comparisons asked for.

    Attributes:
        numerator: Float64 [speaker, endpoint].
        denominator: Float64, not negative [speaker, endpoint].
        group: Int64 group number of each speaker, no group empty [speaker].
        contrasts: Int64 pairs (group, reference group) [contrast, 2].
    """

    numerator: Float
    denominator: Float
    group: Int
    contrasts: Int

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max()) + 1

    @classmethod
    def from_arrays(cls, numerator: Array, denominator: Array, group: Array, contrasts: Array) -> "SpeakerSums":
        """Convert without loss and check.

        Args:
            numerator: Numbers [speaker, endpoint].
            denominator: Numbers [speaker, endpoint].
            group: Integers [speaker].
            contrasts: Integers [contrast, 2].

        Returns:
            The same numbers as float64 and int64.

        Raises:
            ValueError: If anything is not as the attributes say; the message names the place.
        """
        top, bottom = _sums("numerator", numerator), _sums("denominator", denominator)
        if top.shape != bottom.shape:
            raise ValueError(f"numerator has shape {top.shape} and denominator {bottom.shape}; accepted are equal ones")
        if (bottom < 0).any():
            raise ValueError(f"denominator{_first(bottom < 0)} is negative; accepted is 0 or more")
        label = _groups(group, speakers=len(top))
        return cls(top, bottom, label, _contrasts(contrasts, groups=int(label.max()) + 1))


def require_plan(seed: int, resamples: int, alpha: float, tile: int | None = None, threads: int = 1) -> None:
    """Refuse options that define no limits.

    Args:
        seed: Key of the draws.
        resamples: Number of resamples.
        alpha: Two-sided error rate.
        tile: Most resamples held at once; None if that is left open.
        threads: Number of threads.

    Raises:
        ValueError: If an option is outside its range.
    """
    require_whole("seed", seed, 0, 2**64 - 1)
    require_share("alpha", alpha)
    require_whole("resamples", resamples, 1)
    fewest = ceil(2 / alpha - 1 - 1e-9)
    if resamples < fewest:
        raise ValueError(f"resamples is {resamples}; alpha={alpha} needs at least {fewest}")
    if resamples >= MOST_RESAMPLES:
        raise ValueError(f"resamples is {resamples}; accepted are fewer than 2**32, the numbers that draws can have")
    require_whole("threads", threads, 1)
    if tile is not None:
        require_whole("tile", tile, 1)


def _sums(name: str, array: Array) -> Float:
    values = _numpy(array)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"{name} has shape {values.shape}; accepted is [speaker, endpoint], both at least 1")
    if values.dtype.kind not in "iuf" or values.dtype.itemsize > 8:
        raise ValueError(f"{name} has dtype {values.dtype}; accepted are integers and floats of at most 64 bits")
    result = values.astype(np.float64)
    inexact = (np.abs(result) >= LEAST_INEXACT) & (values.dtype.kind in "iu")
    if inexact.any():
        raise ValueError(f"{name}{_first(inexact)} is too large; accepted are integers that float64 holds, below 2**53")
    if not np.isfinite(result).all():
        raise ValueError(f"{name}{_first(~np.isfinite(result))} is not finite; leave the speaker out or give a number")
    extreme = (result != 0) & ((np.abs(result) < SMALLEST) | (np.abs(result) > LARGEST))
    if extreme.any():
        accepted = f"0 and magnitudes from {SMALLEST} to {LARGEST}, whose squares float64 holds"
        raise ValueError(f"{name}{_first(extreme)} is {result[extreme][0]}; accepted are {accepted}")
    return result


def _groups(group: Array, speakers: int) -> Int:
    label = _integers("group", group)
    if label.shape != (speakers,):
        raise ValueError(f"group has shape {label.shape}; accepted is one number per speaker, ({speakers},)")
    if (label < 0).any():
        raise ValueError(f"group{_first(label < 0)} is negative; accepted is 0 to G - 1")
    present = np.unique(label)
    if len(present) != present[-1] + 1:
        missing = int(np.flatnonzero(present != np.arange(len(present)))[0])
        raise ValueError(f"group {missing} has no speaker; number the groups 0 to G - 1 without a hole")
    return label


def _contrasts(contrasts: Array, groups: int) -> Int:
    if np.size(contrasts) == 0:
        return np.empty((0, 2), dtype=np.int64)
    pairs = _integers("contrasts", contrasts)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"contrasts has shape {pairs.shape}; accepted is [contrast, 2]")
    unknown = (pairs < 0) | (pairs >= groups)
    if unknown.any():
        place = _first(unknown)
        raise ValueError(f"contrasts{place} is not a group; accepted is 0 to {groups - 1}")
    same = pairs[:, 0] == pairs[:, 1]
    if same.any():
        raise ValueError(f"contrasts{_first(same)} compares a group with itself; accepted are two different groups")
    return pairs


def _integers(name: str, array: Array) -> Int:
    values = _numpy(array)
    if values.dtype.kind not in "iu":
        raise ValueError(f"{name} has dtype {values.dtype}; accepted are integers")
    return values.astype(np.int64)


def _numpy(array: Array) -> NDArray[np.generic]:
    return array.detach().cpu().numpy() if isinstance(array, Tensor) else np.asarray(array)


def _first(where: NDArray[np.bool_]) -> str:
    return str([int(index) for index in np.argwhere(where)[0]])
