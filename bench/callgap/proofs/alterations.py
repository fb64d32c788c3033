"""Speakers before and after an alteration: how often all limits of what it changes hold together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callgap.fairness.before_after import BeforeAfter, Measured
from callgap.fairness.effects import Effect, effects
from callgap.fairness.gaps import Resampling
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.paired import Sums
from callgap.fairness.ranking import Limited
from callgap.proofs.coverage import ALPHA, RESAMPLES
from callgap.proofs.populations import CALLS, UTTERANCES, WORDS
from callgap.proofs.sampling_error import slack
from callgap.proofs.workers import spread

GROUPS = (10, 10, 12, 15, 20, 30, 60, 100)
"""Speakers of eight groups."""

REFERENCE = 20
"""Speakers of a reference that they share."""

REFERENCES = ("one reference", EVERYONE_ELSE)

SMALL = 2
"""Place of the group of 12 speakers, whose limits' width is told."""

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Speakers:
    """What speakers are like before the alteration.

    Attributes:
        name: of the scenario.
        spread: log-SD of their effects on every rate.
        words_spread: log-SD of how much they say; 0 for equally much.
        heavy_share: share of them who have three times the errors.
    """

    name: str
    spread: float = 0.4
    words_spread: float = 0.0
    heavy_share: float = 0.0


SPEAKERS = (
    Speakers("even"),
    Speakers("unequal words", words_spread=0.8),
    Speakers("heavy tails", heavy_share=0.05),
)


@dataclass(frozen=True)
class Alteration:
    """What becomes of a speaker's rates.

    Attributes:
        name: what it does.
        factors: mean factor of the rates of every first, second, third... group, over and over.
        spread: log-SD of the speakers' own factors around it.
        share: of the speakers whom it touches; for the others everything stays as it was, count by count.
    """

    name: str
    factors: tuple[float, ...]
    spread: float = 0.3
    share: float = 1.0

    def truth(self, group: int) -> float:
        """Mean factor of a group."""
        return 1 + self.share * (self.factors[group % len(self.factors)] - 1)


ALTERATIONS = (
    Alteration("nothing on the whole", (1.0,)),
    Alteration("half more for all", (1.5,)),
    Alteration("a third less for every other group", (1.0, 2 / 3)),
    Alteration("twice as many for a quarter of the speakers", (2.0,), share=0.25),
)


@dataclass(frozen=True)
class Counted:
    """A rate: its mean before, and trials per speaker."""

    rate: float
    trials: float
    measured: Measured


MEASURES = {
    "wer": Counted(0.20, float(UTTERANCES * WORDS), Measured(is_rate=True)),
    "cer": Counted(0.08, float(UTTERANCES * WORDS * 5), Measured(is_rate=True)),
    "not_completed": Counted(0.10, float(CALLS), Measured(is_rate=True, is_share=True)),
}


@dataclass(frozen=True)
class Task:
    """Some of the simulations of one design."""

    speakers: str
    alteration: str
    reference: str
    first: int
    simulations: int
    seed: int


@dataclass(frozen=True)
class Held:
    """Simulations of one design.

    Attributes:
        speakers: from which all were drawn.
        alteration: what it does.
        reference: what each group is compared with.
        simulations: samples.
        differences: share in which every limit of a change, and of a gap's, holds.
        ratios: share in which every limit of a ratio, and of a gap's, holds.
        accepted: smallest share of either that is accepted: 1 - alpha less two standard errors of the simulation.
        given: share of the changes, ratios, and changes of gaps of both, that have limits.
        found: share of the rates that truly change, gap or not, whose change is found; None where none does.
        half_width: median of half the distance between the limits of a change of WER of 12 speakers; None where there
            never were any.
        holds: whether neither share is smaller.
    """

    speakers: str
    alteration: str
    reference: str
    simulations: int
    differences: float
    ratios: float
    accepted: float
    given: float
    found: float | None
    half_width: float | None
    holds: bool


class Seen(NamedTuple):
    """What one simulation came to.

    Attributes:
        differences: whether all limits of differences hold.
        ratios: whether all limits of ratios hold.
        given: limits.
        due: quantities that might have some.
        found: changes that are found.
        true: changes that there are.
        half_width: of a change of WER of 12 speakers; not a number without limits.
    """

    differences: bool
    ratios: bool
    given: int
    due: int
    found: int
    true: int
    half_width: float


_CHUNK = 10
_HEAVY = 3.0


def simulated(task: Task) -> list[Seen]:
    """Draw samples, set limits and hold them against the truth."""
    speakers = next(one for one in SPEAKERS if one.name == task.speakers)
    alteration = next(one for one in ALTERATIONS if one.name == task.alteration)
    place = (SPEAKERS.index(speakers), ALTERATIONS.index(alteration), REFERENCES.index(task.reference))
    rng = np.random.default_rng((task.seed, *place, task.first))
    results = []
    for number in range(task.simulations):
        plan = Resampling(ALPHA, RESAMPLES, task.first + number)
        results.append(
            _judged(effects(_drawn(speakers, alteration, task.reference, rng), plan), task.reference, alteration)
        )
    return results


def _drawn(
    speakers: Speakers, alteration: Alteration, reference: str, rng: np.random.Generator
) -> dict[str, BeforeAfter]:
    """One sample of all groups; the reference group is the last."""
    said = [_said(rng, speakers.words_spread, size) for size in (*GROUPS, REFERENCE)]
    number, count = np.repeat(np.arange(len(said)), list(map(len, said))), sum(map(len, said))
    words = np.concatenate(said)
    hard = _mean_one(rng, speakers.spread, count)
    if speakers.heavy_share:
        hard[rng.random(count) < speakers.heavy_share] *= _HEAVY
        hard /= 1 + speakers.heavy_share * (_HEAVY - 1)
    factor = np.array(alteration.factors)[number % len(alteration.factors)] * _mean_one(rng, alteration.spread, count)
    touched = rng.random(count) < alteration.share
    compared = EVERYONE_ELSE if reference == EVERYONE_ELSE else _name(len(GROUPS))
    ids, labels = tuple(f"{n:04d}" for n in range(count)), np.array([_name(n) for n in number], dtype=object)
    found = {}
    for name, measure in MEASURES.items():
        share = measure.measured.is_share
        trials = np.full(count, measure.trials) if share else np.rint(measure.trials * words)
        before = _counted(rng, trials, measure.rate * hard, share)
        after = np.where(touched, _counted(rng, trials, measure.rate * hard * factor, share), before)
        # Calls weigh speakers equally.
        weight = trials if share else 1.0
        early, late = (Sums((n / weight)[:, None], (trials / weight)[:, None]) for n in (before, after))
        events, of = np.stack([before, after], axis=1), np.stack([trials, trials], axis=1)
        found[name] = BeforeAfter(ids, late, early, events, of, labels, compared, measure.measured)
    return found


def _said(rng: np.random.Generator, spread: float, size: int) -> Float:
    """How much each speaker says, one after the other until they are worth as many as are asked for."""
    said = np.maximum(_mean_one(rng, spread, 6 * size), 0.01)
    worth = said.cumsum() ** 2 / (said**2).cumsum()
    while not (enough := np.flatnonzero(worth >= size - 1e-6)).size:
        said = np.concatenate([said, np.maximum(_mean_one(rng, spread, 6 * size), 0.01)])
        worth = said.cumsum() ** 2 / (said**2).cumsum()
    return said[: enough[0] + 1]


def _name(number: int) -> str:
    return f"group {number}"


def _mean_one(rng: np.random.Generator, spread: float, count: int) -> Float:
    """Log-normal effects with mean 1."""
    return rng.lognormal(-(spread**2) / 2, spread, count)


def _counted(rng: np.random.Generator, trials: Float, rate: Float, is_share: bool) -> Float:
    if is_share:
        return rng.binomial(trials.astype(np.int64), np.minimum(rate, 1.0)).astype(np.float64)
    return rng.poisson(trials * rate).astype(np.float64)


def _judged(found: Mapping[str, Sequence[Effect]], reference: str, alteration: Alteration) -> Seen:
    given = due = told = true = 0
    missed = {"difference": 0, "ratio": 0}
    width = float("nan")
    for measure, of in found.items():
        rate = MEASURES[measure].rate
        sizes = [effect.own.speakers for effect in of]
        for number, effect in enumerate(of):
            mine, theirs = alteration.truth(number), _others(number, sizes, reference, alteration)
            for scale, limited, truth in _limits(effect, rate, mine, theirs):
                due += 1
                if limited.lower is not None and limited.upper is not None:
                    given += 1
                    missed[scale] += not limited.lower <= truth <= limited.upper
            change = effect.own.change
            assert change is not None
            lower, upper = (np.nan if limit is None else limit for limit in (change.lower, change.upper))
            if mine != 1:
                true += 1
                told += lower > 0 or upper < 0
            if measure == "wer" and number == SMALL:
                width = (upper - lower) / 2
    return Seen(not missed["difference"], not missed["ratio"], given, due, told, true, width)


def _limits(effect: Effect, rate: float, mine: float, theirs: float) -> Iterator[tuple[str, Limited, float]]:
    """All four quantities that have a value, with their truths at these factors of the rate."""
    for scale, limited, truth in (
        ("difference", effect.own.change, rate * (mine - 1)),
        ("ratio", effect.own.ratio, mine),
        ("difference", effect.gap_change, rate * (mine - theirs)),
        ("ratio", effect.gap_ratio_change, mine / theirs),
    ):
        if limited is not None:
            yield scale, limited, truth


def _others(number: int, sizes: Sequence[int], reference: str, alteration: Alteration) -> float:
    """Mean factor of the reference; of everyone else by as many speakers as the others are."""
    if reference != EVERYONE_ELSE:
        return alteration.truth(len(GROUPS))
    others = [(size, alteration.truth(place)) for place, size in enumerate(sizes) if place != number]
    return sum(size * factor for size, factor in others) / sum(size for size, _ in others)


def run(simulations: int, seed: int, workers: int) -> list[Held]:
    """Simulate every design.

    Args:
        simulations: of each.
        seed: of all of them.
        workers: processes.

    Returns:
        One row per scenario, alteration and reference.
    """
    tasks = [
        Task(*names, first, min(_CHUNK, simulations - first), seed)
        for names in product((s.name for s in SPEAKERS), (a.name for a in ALTERATIONS), REFERENCES)
        for first in range(0, simulations, _CHUNK)
    ]
    results: dict[tuple[str, str, str], list[Seen]] = {}
    for task, found in zip(tasks, spread(simulated, tasks, workers, "alterations"), strict=True):
        results.setdefault((task.speakers, task.alteration, task.reference), []).extend(found)
    return [_held(key, found) for key, found in results.items()]


def _held(key: tuple[str, str, str], found: Sequence[Seen]) -> Held:
    differences, ratios = (float(np.mean([getattr(one, name) for one in found])) for name in ("differences", "ratios"))
    accepted = 1 - ALPHA - slack(ALPHA, len(found))
    given, due, told, true = (sum(getattr(one, name) for one in found) for name in ("given", "due", "found", "true"))
    widths = [one.half_width for one in found if np.isfinite(one.half_width)]
    return Held(
        *key,
        len(found),
        round(differences, 6),
        round(ratios, 6),
        round(accepted, 6),
        round(given / due, 6),
        round(told / true, 6) if true else None,
        round(float(np.median(widths)), 6) if widths else None,
        min(differences, ratios) >= accepted,
    )
