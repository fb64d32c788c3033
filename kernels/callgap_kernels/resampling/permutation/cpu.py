"""Arrangements and rates compiled by numba: the same labels, and rates equal up to rounding."""

import numpy as np

from callgap_kernels.philox import split_seed
from callgap_kernels.resampling.permutation import cpu_kernel
from callgap_kernels.resampling.permutation.families import Family, Labels
from callgap_kernels.resampling.permutation.rates import GroupRates


def draw_labels(family: Family, seed: int, start: int, stop: int) -> Labels:
    """Permute the labels within each stratum; see `reference.draw_labels`."""
    labels: Labels = np.empty((stop - start, len(family.labels)), dtype=np.int32)
    low, high = (np.uint64(word) for word in split_seed(seed))
    cpu_kernel.draw_labels(family.labels, family.bounds, low, high, np.uint64(family.number), start, labels)
    return labels


def group_rates(family: Family, labels: Labels) -> GroupRates:
    """Compute each group's rate and linearized variance; see `reference.group_rates`."""
    sizes = family.sizes
    shape = (len(labels), len(sizes), family.numerator.shape[1])
    rates = GroupRates(np.empty(shape), np.empty(shape))
    cpu_kernel.group_rates(
        labels, family.numerator, family.denominator, sizes, family.rounding, rates.rate, rates.variance
    )
    return rates
