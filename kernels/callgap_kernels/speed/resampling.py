"""Times of resampling speakers, beside libraries that resample anything."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from arch.bootstrap import IndependentSamplesBootstrap
from numpy.typing import NDArray
from scipy.stats import permutation_test

from callgap_kernels import BootstrapT, Permutation, bootstrap_t, permute
from callgap_kernels.resampling import reference as plain
from callgap_kernels.resampling.draws import resample_counts
from callgap_kernels.resampling.inputs import SpeakerSums
from callgap_kernels.speed.cases import Speakers, draw_speakers
from callgap_kernels.speed.measure import Contender, Timed, WrongResultError, time_case

RESAMPLES: Final = 10_000
ALPHA: Final = 0.05
SEED: Final = 11
PERMUTED_GROUP: Final = 20

# Two bootstraps of 10,000 draw other speakers: their quantiles differ by less than a fifth of a standard error, and
# shares of permutations by less than five standard errors of a share.
QUANTILE_SE: Final = 0.2
SHARE_SE: Final = 5.0

Sums = NDArray[np.float64]


def beside_peers(device: str, rounds: int) -> Iterator[Timed]:
    """Time limits of 10 groups and their 9 gaps, a simulation's small call, and a permutation test.

    Args:
        device: "cpu" or "cuda".
        rounds: Timed runs.

    Yields:
        Times, case by case.

    Raises:
        WrongResultError: If limits or p-values are not those of the plain reference, or far from the other library's.
    """
    many, few = draw_speakers(1_000, 10, endpoints=1), draw_speakers(2 * PERMUTED_GROUP, 2, endpoints=1)
    contenders = [_bootstrap(many, RESAMPLES, device), _arch(many)]
    yield from time_case("bootstrap, 1,000 speakers, 10 groups, 9 gaps", contenders, rounds=rounds, device=device)
    small = [_bootstrap(few, 2_000, device)]
    yield from time_case("bootstrap, 2 groups of 20, B = 2,000", small, rounds=rounds, device=device)
    tests = [_permutation(few), _scipy(few)]
    yield from time_case("permutation, 2 groups of 20, B = 10,000", tests, rounds=rounds)
    if device != "cpu":
        large = [_bootstrap(draw_speakers(10_000, 10, endpoints=50), 100_000, device)]
        name = "bootstrap, 10,000 speakers, 50 endpoints, B = 100,000"
        yield from time_case(name, large, rounds=rounds, device=device)


def _bootstrap(speakers: Speakers, resamples: int, device: str) -> Contender:
    arguments = (speakers.errors, speakers.words, speakers.group, speakers.contrasts)
    options: dict[str, Any] = {"seed": SEED, "resamples": resamples, "alpha": ALPHA}
    sums = SpeakerSums.from_arrays(*arguments)
    expected = plain.bootstrap_t(sums, tile=None, threads=1, draw=resample_counts, **options)

    def agree(result: object) -> None:
        if not isinstance(result, BootstrapT):
            raise WrongResultError(f"bootstrap_t gave {type(result).__name__}")
        for scale in ("difference", "log_ratio"):
            ours, theirs = getattr(result, scale), getattr(expected, scale)
            for name in ("lower", "upper", "simultaneous_lower", "simultaneous_upper"):
                if not np.allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6, atol=0, equal_nan=True):
                    raise WrongResultError(f"bootstrap_t: {scale}.{name} is not that of the plain reference")

    return Contender("callgap", partial(bootstrap_t, *arguments, device=device, **options), 1, agree)


def _arch(speakers: Speakers) -> Contender:
    """Percentile limits of every gap, a bootstrap each: less than ours gives, none of them simultaneous."""
    by_group = [
        np.concatenate([speakers.errors[chosen], speakers.words[chosen]], axis=1).astype(np.float64)
        for chosen in (speakers.group == number for number in range(speakers.group.max() + 1))
    ]
    ours = bootstrap_t(
        speakers.errors, speakers.words, speakers.group, speakers.contrasts, seed=SEED, resamples=RESAMPLES, alpha=ALPHA
    ).difference

    def run() -> Sums:
        limits = []
        for group, reference in speakers.contrasts:
            bootstrap = IndependentSamplesBootstrap(by_group[group], by_group[reference], seed=SEED)
            limits.append(bootstrap.conf_int(_gap, RESAMPLES, method="percentile", size=1 - ALPHA)[:, 0])
        return np.stack(limits)

    def agree(result: object) -> None:
        limits = np.asarray(result)
        for side, percentile in ((0, ours.percentile_lower), (1, ours.percentile_upper)):
            if not (np.abs(limits[:, side] - percentile[:, 0]) < QUANTILE_SE * ours.se[:, 0]).all():
                raise WrongResultError("callgap and arch disagree on percentile limits")

    return Contender("arch", run, 1, agree)


def _gap(group: Sums, reference: Sums) -> np.float64:
    errors, words = group.sum(axis=0)
    other_errors, other_words = reference.sum(axis=0)
    gap: np.float64 = errors / words - other_errors / other_words
    return gap


def _permutation(speakers: Speakers) -> Contender:
    ones = np.ones_like(speakers.words)
    arguments = (speakers.errors, ones, speakers.group, speakers.contrasts)
    options: dict[str, Any] = {"seed": SEED, "resamples": RESAMPLES - 1, "statistic": "difference"}
    expected = float(_scipy_p(speakers))

    def agree(result: object) -> None:
        if not isinstance(result, Permutation):
            raise WrongResultError(f"permute gave {type(result).__name__}")
        p = float(result.difference.p[0, 0])
        if abs(p - expected) > SHARE_SE * np.sqrt(2 * expected * (1 - expected) / RESAMPLES):
            raise WrongResultError(f"callgap and scipy disagree on a p-value: {p} and {expected}")

    return Contender("callgap", partial(permute, *arguments, **options), 1, agree)


def _scipy(speakers: Speakers) -> Contender:
    def agree(result: object) -> None:
        if not 0 < float(np.asarray(result)) <= 1:
            raise WrongResultError(f"scipy gave the p-value {result}")

    return Contender("scipy", partial(_scipy_p, speakers), 1, agree)


def _scipy_p(speakers: Speakers) -> float:
    groups = [speakers.errors[speakers.group == number, 0] for number in (1, 0)]

    def statistic(group: Sums, reference: Sums, axis: int) -> Sums:
        difference: Sums = group.mean(axis=axis) - reference.mean(axis=axis)
        return difference

    rng = np.random.default_rng(SEED)
    test = permutation_test(groups, statistic, vectorized=True, n_resamples=RESAMPLES - 1, axis=-1, rng=rng)
    return float(test.pvalue)
