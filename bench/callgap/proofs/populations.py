"""Populations of speakers from which the proofs draw, decided before any of them was run.

What real speakers are like sets the scenarios: on AfriSpeech-200 the error rates of speakers with five utterances and
more have a coefficient of variation between speakers of 0.35 to 0.50, beyond the noise of their few words, and a
skewness of 0.9 to 2.0. A log-normal effect of log-SD 0.4 has 0.42 and 1.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from callgap.fairness.gaps import Pair
from callgap.fairness.sides import Array, Side

MARGIN = 0.05
"""The gap that makes a disadvantage, of which the simulated truth is +1, 0 or -1 times."""

UTTERANCES, WORDS = 60, 12
CALLS = 20


@dataclass(frozen=True)
class Scenario:
    """What speakers of both sides are like.

    Attributes:
        name: of the scenario.
        reason: why it is one of them.
        base: rate of the reference.
        group_spread: log-SD of the effects of the group's speakers; of calls, their coefficient of variation.
        reference_spread: likewise.
        words_spread: log-SD of how much speakers say; 0 for equally much.
        heavy_share: share of the speakers who have three times the errors.
        calls: whether calls fail, instead of words being wrong.
    """

    name: str
    reason: str
    base: float = 0.20
    group_spread: float = 0.4
    reference_spread: float = 0.4
    words_spread: float = 0.0
    heavy_share: float = 0.0
    calls: bool = False

    def allows(self, gap: float) -> bool:
        """Whether the group's rate would be positive."""
        return self.base + gap > 0


SCENARIOS = (
    Scenario("even", "speakers as alike as on AfriSpeech-200, who all say as much"),
    Scenario("unequal words", "recordings in which some say many times what others say", words_spread=0.8),
    Scenario("group varies more", "an accent of many degrees", group_spread=0.6, reference_spread=0.3),
    Scenario("reference varies more", "everyone else as the reference", group_spread=0.3, reference_spread=0.6),
    Scenario("heavy tails", "one speaker in twenty whom the recognizer hardly understands", heavy_share=0.05),
    Scenario("calls", "calls, of which one in five fails", group_spread=0.5, reference_spread=0.5, calls=True),
    Scenario("rare calls", "a service in which one call in fifty fails", 0.02, 0.5, 0.5, calls=True),
)  # fmt: skip
_HEAVY = 3.0


def named(name: str) -> Scenario:
    """The scenario of that name."""
    return next(one for one in SCENARIOS if one.name == name)


def draw_pairs(
    scenario: Scenario, sizes: tuple[int, int], gap: float, simulations: int, rng: np.random.Generator
) -> Iterator[Pair]:
    """Draw samples of two groups.

    Args:
        scenario: what speakers are like.
        sizes: speakers of the group and of the reference; effective ones (Kish) where they say unequally much.
        gap: true rate of the group minus that of the reference.
        simulations: samples to draw.
        rng: source of chance.

    Yields:
        The two sides of each sample.
    """
    group = draw_sides(scenario, sizes[0], scenario.base + gap, scenario.group_spread, simulations, rng)
    reference = draw_sides(scenario, sizes[1], scenario.base, scenario.reference_spread, simulations, rng, prefix="r")
    yield from map(Pair, group, reference)


def draw_sides(
    scenario: Scenario,
    speakers: int,
    rate: float,
    spread: float,
    simulations: int,
    rng: np.random.Generator,
    prefix: str = "g",
) -> Iterator[Side]:
    """Draw samples of one group.

    Args:
        scenario: what speakers are like.
        speakers: of each sample; effective ones where they say unequally much.
        rate: true rate of the population.
        spread: between its speakers.
        simulations: samples to draw.
        rng: source of chance.
        prefix: of the speakers' names.

    Returns:
        The samples.
    """
    if scenario.calls:
        return _callers(speakers, rate, spread, simulations, rng, prefix)
    return _talkers(scenario, speakers, rate, spread, simulations, rng, prefix)


def _talkers(
    scenario: Scenario,
    speakers: int,
    rate: float,
    spread: float,
    simulations: int,
    rng: np.random.Generator,
    prefix: str,
) -> Iterator[Side]:
    """Poisson errors in each speaker's words, at a rate of the speaker's own."""
    for words in _words(scenario, speakers, simulations, rng):
        effect = rng.lognormal(-(spread**2) / 2, spread, len(words))
        if scenario.heavy_share:
            effect[rng.random(len(words)) < scenario.heavy_share] *= _HEAVY
            effect /= 1 + scenario.heavy_share * (_HEAVY - 1)
        errors = rng.poisson(words * rate * effect).astype(np.float64)
        yield Side(_names(prefix, len(words)), errors, words, float(errors.sum()), float(words.sum()), is_share=False)


def _words(scenario: Scenario, speakers: int, simulations: int, rng: np.random.Generator) -> Iterator[Array]:
    """Words of each speaker, one sample after the other."""
    mean = float(UTTERANCES * WORDS)
    if not scenario.words_spread:
        yield from np.full((simulations, speakers), mean)
        return
    for _ in range(simulations):
        # One speaker after the other, until they are worth as many as are asked for.
        drawn = np.empty(0)
        while True:
            more = rng.lognormal(-(scenario.words_spread**2) / 2, scenario.words_spread, 3 * speakers)
            drawn = np.concatenate([drawn, np.maximum(np.rint(mean * more), 1.0)])
            worth = drawn.cumsum() ** 2 / (drawn**2).cumsum()
            if (enough := np.flatnonzero(worth >= speakers)).size:
                yield drawn[: enough[0] + 1]
                break


def _callers(
    speakers: int, rate: float, spread: float, simulations: int, rng: np.random.Generator, prefix: str
) -> Iterator[Side]:
    """Calls that fail with a probability of the caller's own, beta distributed: its mean is exactly the rate."""
    concentration = (1 - rate) / (spread**2 * rate) - 1
    chance = rng.beta(rate * concentration, (1 - rate) * concentration, (simulations, speakers))
    failed = rng.binomial(CALLS, chance).astype(np.float64)
    ones, names, trials = np.ones(speakers), _names(prefix, speakers), float(CALLS * speakers)
    for sample in failed:
        yield Side(names, sample / CALLS, ones, float(sample.sum()), trials, is_share=True)


def _names(prefix: str, speakers: int) -> tuple[str, ...]:
    digits = int(math.log10(speakers)) + 1
    return tuple(f"{prefix}{number:0{digits}d}" for number in range(speakers))
