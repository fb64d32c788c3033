"""Arrangements and rates in plain numpy: the definition that every faster path must equal."""

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from callgap_kernels.philox import philox4x32, split_seed
from callgap_kernels.resampling.permutation.families import Family, Labels, count_orders
from callgap_kernels.resampling.permutation.rates import GroupRates, squares_rounding

Int = NDArray[np.int64]

# Word c3 of the counter, which separates permutations from other uses of one seed.
PERMUTATION_STREAM: Final = 1


def draw_labels(family: Family, seed: int, start: int, stop: int) -> Labels:
    """Permute the labels within each stratum (Fisher and Yates), in some resamples.

    Step k of resample b swaps position i of a stratum with position (w * (i + 1)) >> 32. Word w is number k % 4 of
    counter (k // 4, b, family, 1); i descends to 1 in each stratum and k goes on from stratum to stratum.

    Args:
        family: The speakers.
        seed: Key, 0 to 2**64 - 1.
        start: First resample.
        stop: Resample after the last.

    Returns:
        Labels [resample, speaker].
    """
    places = [(first, i) for first, end in _strata(family) for i in range(end - first - 1, 0, -1)]
    quads = np.arange(-(-len(places) // 4), dtype=np.uint64)[:, None]
    resample = np.arange(start, stop, dtype=np.uint64)
    counter = (quads, resample, np.uint64(family.number), np.uint64(PERMUTATION_STREAM))
    words = philox4x32(counter, split_seed(seed))
    labels = np.repeat(family.labels[:, None], stop - start, axis=1)
    column = np.arange(stop - start)
    for k, (first, i) in enumerate(places):
        j = (words[k % 4, k // 4].astype(np.int64) * (i + 1)) >> 32
        moved = labels[first + j, column]
        labels[first + j, column] = labels[first + i]
        labels[first + i] = moved
    return np.ascontiguousarray(labels.T)


def enumerate_labels(family: Family, start: int, stop: int) -> Labels:
    """List some of the distinct arrangements of the labels within the strata, in lexicographic order.

    Args:
        family: The speakers.
        start: First arrangement.
        stop: Arrangement after the last.

    Returns:
        Labels [arrangement, speaker].
    """
    labels = np.empty((stop - start, len(family.labels)), dtype=np.int32)
    rank = np.arange(start, stop)
    for (first, end), sizes in reversed(list(zip(_strata(family), family.strata_sizes, strict=True))):
        rank, within = np.divmod(rank, count_orders(sizes.tolist()))
        labels[:, first:end] = _orders(within, sizes)
    return labels


def group_rates(family: Family, labels: Labels) -> GroupRates:
    """Compute each group's rate and linearized variance (Cochran 1977, section 6.3) in some arrangements.

    Args:
        family: The speakers.
        labels: Labels [arrangement, speaker].

    Returns:
        Rates [arrangement, group, endpoint].
    """
    shape = (len(labels), len(family.sizes), family.numerator.shape[1])
    rates = GroupRates(np.empty(shape), np.empty(shape))
    for group, size in enumerate(family.sizes.tolist()):
        members = (labels == group).astype(np.float64)
        bottom = members @ family.denominator
        bottom[bottom == 0] = np.nan
        rate = members @ family.numerator / bottom
        squares = _residual_squares(family, members, rate)
        rates.rate[:, group] = rate
        rates.variance[:, group] = (size / (size - 1) if size > 1 else np.nan) * squares / bottom**2
    return rates


def _residual_squares(family: Family, members: NDArray[np.float64], rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum (e - R N)**2 over the members, 0 where only rounding is left [arrangement, endpoint]."""
    squares = np.empty_like(rate)
    for endpoint, (top, bottom) in enumerate(zip(family.numerator.T, family.denominator.T, strict=True)):
        residual = top - rate[:, endpoint, None] * bottom
        squares[:, endpoint] = np.einsum("as,as,as->a", members, residual, residual)
    squares[squares <= squares_rounding(family, members)] = 0.0
    return squares


def _strata(family: Family) -> list[tuple[int, int]]:
    """First speaker of each stratum, and the one after its last."""
    return list(pairwise(family.bounds.tolist()))


def _orders(rank: Int, sizes: Int) -> Labels:
    """Find the orders of labels with some ranks [rank, place]."""
    places = int(sizes.sum())
    row = np.arange(len(rank))
    left = np.repeat(sizes[None], len(rank), axis=0)
    orders = np.full(len(rank), count_orders(sizes.tolist()))
    labels = np.empty((len(rank), places), dtype=np.int32)
    for place in range(places):
        # How many of the orders left have each label in this place.
        with_label = orders[:, None] * left // (places - place)
        below = np.cumsum(with_label, axis=1) - with_label
        label = (rank[:, None] >= below + with_label).sum(axis=1)
        rank, orders = rank - below[row, label], with_label[row, label]
        left[row, label] -= 1
        labels[:, place] = label
    return labels
