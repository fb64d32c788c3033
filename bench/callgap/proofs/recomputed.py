"""The statistics against scipy, statsmodels and a plain recomputation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from callgap.fairness.gaps import Pair
from callgap.fairness.rare import Interval, korn_graubard, log_t, recovered
from callgap.fairness.sides import Array, Side
from callgap.proofs.oracle import Oracle
from callgap.proofs.populations import draw_pairs, named
from callgap_kernels.device import cuda_fault
from callgap_kernels.edit_distance import cpu as compiled_edits
from callgap_kernels.edit_distance import reference as plain_edits
from callgap_kernels.resampling import BootstrapT, bootstrap_t, resample_counts
from callgap_kernels.resampling.permutation import permute
from callgap_kernels.tier import compile_at_once
from callgap_kernels.tokens.ragged import Ragged

ALPHA = 0.05
TOLERANCE = 1e-9
_CASES, _RESAMPLES = 50, 999
_PAIR = np.array([[1, 0]])


def _samples(scenario: str, sizes: tuple[int, int], cases: int = _CASES) -> Iterator[Pair]:
    return draw_pairs(named(scenario), sizes, 0.05, cases, np.random.default_rng(7))


def _compared(what: str, oracle: str, data: str, apart: list[float], tolerance: float = TOLERANCE) -> Oracle:
    differ = sum(not value <= tolerance for value in apart)
    return Oracle(what, oracle, data, len(apart), differ, float(max(apart)), tolerance)


def _apart(ours: Interval, theirs: tuple[float, float]) -> float:
    return max(abs(ours.lower - theirs[0]), abs(ours.upper - theirs[1]))


def bootstrap_t_limits() -> Oracle:
    """Bootstrap-t limits of the difference, recomputed from the same draws in ten lines of numpy."""
    pairs = enumerate(_samples("unequal words", (12, 30)))
    apart = [_apart(_kernel(pair, seed), _plain(pair, seed)) for seed, pair in pairs]
    return _compared("bootstrap-t limits", "plain numpy", "12 and 30 speakers", apart)


def _bootstrapped(pair: Pair, seed: int, device: str = "cpu") -> BootstrapT:
    sides = (pair.reference, pair.group)
    numerator, denominator = (
        np.concatenate([getattr(side, name) for side in sides])[:, None] for name in ("numerator", "denominator")
    )
    group = np.repeat([0, 1], [side.speakers for side in sides])
    return bootstrap_t(
        numerator, denominator, group, _PAIR, seed=seed, resamples=_RESAMPLES, alpha=ALPHA, device=device
    )


def _kernel(pair: Pair, seed: int) -> Interval:
    difference = _bootstrapped(pair, seed).difference
    return Interval(float(difference.simultaneous_lower[0, 0]), float(difference.simultaneous_upper[0, 0]))


def _plain(pair: Pair, seed: int) -> tuple[float, float]:
    rates, variances = [], []
    for number, side in enumerate((pair.reference, pair.group)):
        n = side.speakers
        counts = np.vstack([np.ones(n), resample_counts(seed, number, 0, _RESAMPLES, n)])
        rate = counts @ side.numerator / (counts @ side.denominator)
        residual = side.numerator - rate[:, None] * side.denominator
        rates.append(rate)
        variances.append(n / (n - 1) * (counts * residual**2).sum(axis=1) / (counts @ side.denominator) ** 2)
    gap, error = rates[1] - rates[0], np.sqrt(variances[0] + variances[1])
    t = np.sort(np.abs(gap[1:] - gap[0]) / error[1:])
    half = t[math.ceil((_RESAMPLES + 1) * (1 - ALPHA)) - 1] * error[0]
    return float(gap[0] - half), float(gap[0] + half)


def korn_graubard_limits() -> Oracle:
    """Exact limits of clustered shares, beside statsmodels' Clopper-Pearson ones at the effective number of calls."""
    sides = [side for pair in _samples("rare calls", (12, 30)) for side in (pair.group, pair.reference)]
    apart = [_apart(korn_graubard(side, ALPHA), _clopper_pearson(side)) for side in sides]
    return _compared("Korn-Graubard limits", "statsmodels proportion_confint", "12 and 30 callers", apart)


def _clopper_pearson(side: Side) -> tuple[float, float]:
    shares, n = side.numerator, side.speakers
    rate, worth = float(shares.mean()), float(n)
    # Of speakers of equal weight the linearized variance is that of a mean.
    error = float(stats.sem(shares))
    if error > 0:
        ratio = stats.t.ppf(1 - ALPHA / 2, n - 1) / stats.t.ppf(1 - ALPHA / 2, side.trials - 1)
        worth = min(worth, rate * (1 - rate) / (error * ratio) ** 2)
    lower, upper = proportion_confint(rate * worth, worth, ALPHA, method="beta")
    return float(np.nan_to_num(lower, nan=0.0)), float(np.nan_to_num(upper, nan=1.0))


def recovered_limits() -> Oracle:
    """Limits of a difference from those of its rates, beside statsmodels' of two independent shares (Newcombe 1998)."""
    rng = np.random.default_rng(7)
    apart = []
    for _ in range(_CASES):
        trials = rng.integers(10, 200, 2)
        events = rng.binomial(trials, rng.uniform(0.05, 0.6, 2))
        group, reference = (_simple(int(e), int(n)) for e, n in zip(events, trials, strict=True))
        mine, theirs = (
            Interval(*map(float, proportion_confint(int(e), int(n), ALPHA, method="wilson")))
            for e, n in zip(events, trials, strict=True)
        )
        arguments = (int(events[0]), int(trials[0]), int(events[1]), int(trials[1]))
        expected = confint_proportions_2indep(*arguments, method="newcomb", compare="diff", alpha=ALPHA)
        apart.append(_apart(recovered(group, reference, mine, theirs), expected))
    return _compared(
        "limits recovered from those of two rates", "statsmodels confint_proportions_2indep", "drawn shares", apart
    )


def _simple(events: int, trials: int) -> Side:
    numerator = np.repeat([1.0, 0.0], [events, trials - events])
    names = tuple(map(str, range(trials)))
    return Side(names, numerator, np.ones(trials), float(events), float(trials), is_share=True)


def log_limits() -> Oracle:
    """Student's t limits of a log rate, of equal words, beside scipy's."""
    sides = [pair.group for pair in _samples("even", (12, 30))]
    apart = []
    for side in sides:
        scale = float(stats.sem(side.numerator / side.denominator)) / side.rate
        lower, upper = stats.t.interval(1 - ALPHA, side.speakers - 1, math.log(side.rate), scale)
        apart.append(_apart(log_t(side, ALPHA), (math.exp(lower), math.exp(upper))))
    return _compared("Student's t limits of a log rate", "scipy.stats.t", "12 speakers", apart)


def permutation_p() -> Oracle:
    """Exact p-values of speakers of equal words, beside scipy's over all arrangements of Welch's statistic."""
    apart = []
    for pair in _samples("even", (5, 6), 10):
        sides = (pair.reference, pair.group)
        numerator, denominator = (
            np.concatenate([getattr(s, name) for s in sides])[:, None] for name in ("numerator", "denominator")
        )
        ours = permute(numerator, denominator, np.repeat([0, 1], [6, 5]), _PAIR, seed=1, device="cpu").difference
        rates = [side.numerator / side.denominator for side in sides]
        theirs = stats.permutation_test(rates, _welch, vectorized=True, n_resamples=np.inf, alternative="greater")
        apart.append(abs(float(ours.p[0, 0]) - float(theirs.pvalue)))
    return _compared("exact permutation p-values", "scipy.stats.permutation_test", "5 and 6 speakers", apart)


def _welch(one: Array, other: Array, axis: int) -> Array:
    sides = (one, other)
    variance = sum(side.var(axis=axis, ddof=1) / side.shape[axis] for side in sides)
    magnitude: Array = np.abs(one.mean(axis=axis) - other.mean(axis=axis)) / np.sqrt(variance)
    return magnitude


def compiled_counts() -> Oracle:
    """The compiled counting of edits beside the plain one: whole numbers, all equal."""
    said, heard = _tokens(500)
    plain, compiled = plain_edits.align(said, heard).counts(), compiled_edits.count_edits(said, heard)
    return Oracle("compiled counts", "plain numpy", "drawn tokens", len(said), _unequal(plain, compiled), 0.0, 0.0)


def _unequal(one: object, other: object) -> int:
    names = ("hits", "substitutions", "deletions", "insertions")
    return sum(int((getattr(one, name).cpu() != getattr(other, name).cpu()).sum()) for name in names)


def _tokens(pairs: int) -> tuple[Ragged, Ragged]:
    rng = np.random.default_rng(7)
    said, heard = (
        Ragged.from_sequences([rng.integers(0, 9, rng.integers(0, 80)).tolist() for _ in range(pairs)])
        for _ in range(2)
    )
    return said, heard


def compiled_draws() -> Oracle:
    """The compiled draws of speakers beside the plain ones: whole numbers, all equal."""
    from callgap_kernels.resampling.cpu import resample_counts as compiled

    sizes = range(1, 41)
    differ = sum(
        not np.array_equal(compiled(3, 1, 0, _RESAMPLES, size), resample_counts(3, 1, 0, _RESAMPLES, size))
        for size in sizes
    )
    return Oracle("compiled draws of speakers", "plain numpy", "1 to 40 speakers", len(sizes), differ, 0.0, 0.0)


def gpu() -> list[Oracle]:
    """The same on a CUDA device; nothing where there is none."""
    if cuda_fault():
        return []
    from callgap_kernels.edit_distance import cuda

    said, heard = _tokens(500)
    on_gpu = cuda.count_edits(said, heard, device="cuda")
    counted = _unequal(plain_edits.align(said, heard).counts(), on_gpu)
    apart = [
        _apart(_interval(_bootstrapped(pair, seed, "cuda")), (one.lower, one.upper))
        for seed, pair in enumerate(_samples("unequal words", (12, 30)))
        for one in [_kernel(pair, seed)]
    ]
    return [
        Oracle("counts on the GPU", "plain numpy", "drawn tokens", len(said), counted, 0.0, 0.0),
        _compared("bootstrap-t limits on the GPU", "the CPU", "12 and 30 speakers", apart),
    ]


def _interval(result: BootstrapT) -> Interval:
    difference = result.difference
    return Interval(float(difference.simultaneous_lower[0, 0]), float(difference.simultaneous_upper[0, 0]))


COMPARISONS: tuple[Callable[[], Oracle], ...] = (
    bootstrap_t_limits,
    korn_graubard_limits,
    recovered_limits,
    log_limits,
    permutation_p,
    compiled_counts,
    compiled_draws,
)
"""Each gives a row."""


def run() -> list[Oracle]:
    """Make every comparison that this machine can."""
    compile_at_once()
    return [*(compare() for compare in COMPARISONS), *gpu()]
