"""Times of limits of groups' rates, speakers resampled, beside libraries that resample anything.

All take the same sums per speaker, resample the same numbers of speakers and compute the same ratio of sums. The others
give percentile limits of each group; ours gives in the same call bootstrap-t and percentile limits of each group and of
its gap to group 0, and max-T limits of all gaps together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from confidence_intervals import evaluate_with_conf_int
from numpy.typing import NDArray
from scipy.stats import bootstrap

from callgap_kernels import BootstrapT, bootstrap_t
from callgap_kernels.resampling.draws import resample_counts
from callgap_kernels.speed.cases import Speakers, draw_speakers, draw_unequal_speakers
from callgap_kernels.speed.measure import Contender, Timed, WrongResultError, time_case

RESAMPLES: Final = 10_000
# Told who speaks, confidence-intervals draws within every drawn speaker too and takes minutes for 10,000.
RESAMPLES_BY_CONDITION: Final = 100
ALPHA: Final = 0.05
SEED: Final = 11

# Limits of two bootstraps may differ by this many standard errors of a quantile of normal resamples; the density is
# the normal one there.
QUANTILE_SE: Final = 5.0
DENSITY: Final = 0.0584

CONTENTS: Final = (
    "scipy and confidence-intervals give percentile limits of every group; callgap gives in the same time bootstrap-t "
    "and percentile limits of every group and of its gap to the first, and limits of all gaps that hold together. "
    "confidence-intervals is called with sums per speaker as its samples, and by condition with the speakers as its "
    "conditions."
)

Float = NDArray[np.float64]
Sums = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Limits:
    """Rates of groups with percentile limits, float64 [group]."""

    rate: Float
    lower: Float
    upper: Float


@dataclass(frozen=True)
class Peer:
    """A library.

    Attributes:
        name: Of the library.
        limits: From errors and words of the speakers of one group [speaker] and a number of resamples: its rate with a
            lower and an upper limit.
        resamples: Most that it is timed on, for it may be slow.
    """

    name: str
    limits: Callable[[Sums, Sums, int], tuple[float, float, float]]
    resamples: int


def beside_peers(device: str, rounds: int) -> Iterator[Timed]:
    """Time 10 groups of 100 speakers, and 11 of 10 to 250 who said very different amounts.

    Args:
        device: "cpu" or "cuda", of ours.
        rounds: Timed runs.

    Yields:
        Times per resample of one group, case by case.

    Raises:
        WrongResultError: If rates differ, or limits by more than chance.
    """
    cases = {
        "1,000 speakers, 10 groups": draw_speakers(1_000, 10, endpoints=1),
        "735 speakers of unequal weight, 11 groups": draw_unequal_speakers(),
    }
    for case, speakers in cases.items():
        contenders = [_ours(speakers, device), *(_theirs(peer, speakers) for peer in PEERS)]
        yield from time_case(case, contenders, rounds=rounds, device=device)


def ratio(errors: Sums, words: Sums, axis: int = -1) -> Float:
    """Errors over words, the statistic that all resample."""
    rate: Float = errors.sum(axis=axis) / words.sum(axis=axis)
    return rate


def _scipy(errors: Sums, words: Sums, resamples: int) -> tuple[float, float, float]:
    found = bootstrap(
        (errors, words),
        ratio,
        paired=True,
        vectorized=True,
        n_resamples=resamples,
        confidence_level=1 - ALPHA,
        method="percentile",
        rng=np.random.default_rng(SEED),
    ).confidence_interval
    return float(ratio(errors, words)), float(found.low), float(found.high)


def _confidence_intervals(
    errors: Sums, words: Sums, resamples: int, *, by_condition: bool = False
) -> tuple[float, float, float]:
    speakers = np.arange(len(errors)) if by_condition else None
    rate, (lower, upper) = evaluate_with_conf_int(errors, _ratio_of_samples, words, speakers, resamples, 100 * ALPHA)
    return float(rate), float(lower), float(upper)


def _ratio_of_samples(words: Sums, errors: Sums) -> Float:
    return ratio(errors, words)


PEERS = (
    Peer("scipy", _scipy, RESAMPLES),
    Peer("confidence-intervals", _confidence_intervals, RESAMPLES),
    Peer(
        "confidence-intervals by condition", partial(_confidence_intervals, by_condition=True), RESAMPLES_BY_CONDITION
    ),
)


def _ours(speakers: Speakers, device: str) -> Contender:
    run = partial(
        bootstrap_t,
        speakers.errors,
        speakers.words,
        speakers.group,
        speakers.contrasts,
        seed=SEED,
        resamples=RESAMPLES,
        alpha=ALPHA,
        device=device,
    )

    def agree(result: object) -> None:
        if not isinstance(result, BootstrapT):
            raise WrongResultError(f"bootstrap_t gave {type(result).__name__}")
        groups = result.groups
        found = Limits(groups.rate[:, 0], groups.percentile_lower[:, 0], groups.percentile_upper[:, 0])
        require_agreement("callgap", found, speakers, RESAMPLES)

    return Contender("callgap", run, RESAMPLES * len(by_group(speakers)), agree)


def _theirs(peer: Peer, speakers: Speakers) -> Contender:
    groups = by_group(speakers)
    resamples = min(peer.resamples, RESAMPLES)

    def run() -> Limits:
        found = [peer.limits(errors, words, resamples) for errors, words in groups]
        return Limits(*np.array(found).T)

    def agree(result: object) -> None:
        if not isinstance(result, Limits):
            raise WrongResultError(f"{peer.name} gave {type(result).__name__}")
        require_agreement(peer.name, result, speakers, resamples)

    return Contender(peer.name, run, resamples * len(groups), agree)


def by_group(speakers: Speakers) -> list[tuple[Sums, Sums]]:
    """Errors and words of the speakers of each group [speaker]."""
    chosen = [speakers.group == number for number in range(speakers.group.max() + 1)]
    return [(speakers.errors[of, 0], speakers.words[of, 0]) for of in chosen]


def require_agreement(name: str, found: Limits, speakers: Speakers, resamples: int) -> None:
    """Compare rates with the sums, and limits with resamples that are drawn as `callgap_kernels` defines them.

    Args:
        name: Whose limits they are.
        found: The limits.
        speakers: Of whom.
        resamples: Of theirs.

    Raises:
        WrongResultError: If a rate is another at all, or a limit by more than chance makes it.
    """
    tail = ALPHA / 2
    allowed = QUANTILE_SE * np.sqrt(tail * (1 - tail) * (1 / RESAMPLES + 1 / resamples)) / DENSITY
    for number, (errors, words) in enumerate(by_group(speakers)):
        if found.rate[number] != errors.sum() / words.sum():
            raise WrongResultError(f"{name}: the rate of group {number} is not its errors over its words")
        counts = resample_counts(SEED, number, 0, RESAMPLES, len(errors))
        drawn = counts @ errors / (counts @ words)
        limits = np.array([found.lower[number], found.upper[number]])
        off = float(np.abs(limits - np.quantile(drawn, [tail, 1 - tail])).max() / drawn.std())
        if not off <= allowed:
            raise WrongResultError(
                f"{name}: a limit of group {number} is {off:.2f} standard errors off, chance makes {allowed:.2f}"
            )
