"""Limits of ratios of sums, resampling speakers."""

from callgap_kernels.device import choose_device
from callgap_kernels.resampling import reference as _reference
from callgap_kernels.resampling.cpu import choose_draw
from callgap_kernels.resampling.draws import resample_counts
from callgap_kernels.resampling.inputs import Array, SpeakerSums, require_plan
from callgap_kernels.resampling.results import BootstrapT, ContrastEstimates, GroupEstimates

__all__ = ["BootstrapT", "ContrastEstimates", "GroupEstimates", "bootstrap_t", "resample_counts"]


def bootstrap_t(
    numerator: Array,
    denominator: Array,
    group: Array,
    contrasts: Array,
    *,
    seed: int,
    resamples: int = 10_000,
    alpha: float = 0.05,
    tile: int | None = None,
    threads: int = 1,
    device: str | None = None,
) -> BootstrapT:
    """Estimate rates per group and gaps between groups, with bootstrap-t and max-T limits.

    A rate is a ratio of sums over the speakers of a group, such as errors over words. Speakers are resampled with
    replacement within their group; every endpoint and contrast sees the same draws. The numerator may be negative
    (a paired difference of two systems); its log ratio is then NaN. README.md of this package has the formulas.

    NaN marks what the method cannot say, and a caller must use an exact method there: the standard error of a group of
    one speaker; limits of a group without variance (its standard error is 0) and of every contrast with such a group;
    a log ratio where a rate is not positive. Infinite limits mean that too many resamples are degenerate.

    Args:
        numerator: Sum per speaker, such as errors [speaker, endpoint].
        denominator: Sum per speaker, such as words, not negative [speaker, endpoint].
        group: Number of the speaker's group, 0 to G - 1, none empty [speaker].
        contrasts: Pairs (group, reference group) [contrast, 2].
        seed: Key of the draws, 0 to 2**64 - 1.
        resamples: Number of resamples B; at least 2 / alpha - 1.
        alpha: Two-sided error rate of the limits, between 0 and 1.
        tile: Most resamples whose sums the CPU holds at once; None chooses. It never changes a result.
        threads: Threads of the CPU that draw; their number never changes a result.
        device: "cpu", "cuda" or "cuda:N"; None takes the variable CALLGAP_DEVICE, else the CPU.

    Returns:
        Estimates per group [group, endpoint] and per contrast [contrast, endpoint].

    Raises:
        ValueError: If a shape, a value or an option is not accepted; the message names it.

    Example:
        >>> import numpy as np
        >>> errors, words = np.array([[3], [5], [9], [6], [8], [9]]), np.full((6, 1), 20)
        >>> result = bootstrap_t(errors, words, np.array([0, 0, 0, 1, 1, 1]), np.array([[1, 0]]), seed=1)
        >>> result.groups.rate.ravel().round(3).tolist(), result.difference.estimate.round(3).tolist()
        ([0.283, 0.383], [[0.1]])
    """
    place = choose_device(device)
    require_plan(seed, resamples, alpha, tile, threads)
    sums = SpeakerSums.from_arrays(numerator, denominator, group, contrasts)
    if place.type == "cuda":
        from callgap_kernels.resampling import cuda

        return cuda.bootstrap_t(sums, seed=seed, resamples=resamples, alpha=alpha, device=place)
    return _reference.bootstrap_t(
        sums,
        seed=seed,
        resamples=resamples,
        alpha=alpha,
        tile=tile,
        threads=threads,
        draw=choose_draw(resamples * len(sums.group)),
    )
