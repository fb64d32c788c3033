"""What a plan assumes: from what was asked for, a pilot, and defaults; everything is checked before it is simulated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from callgap.errors import InputError, one_of
from callgap.fairness.callers import Callers
from callgap.fairness.endpoints import CONTRASTED, ENDPOINTS
from callgap.fairness.standing import JUDGED
from callgap.gating import read_policy
from callgap.piloting import Pilot
from callgap.planning import Question
from callgap.verdict import Policy
from callgap.verdict.words import DISADVANTAGED, WITHIN

PLANNED = tuple(name for name in CONTRASTED if name != "cer")
"""Endpoints that can be planned for; characters are not counted in words or utterances."""

EACH = "each group"
"""Name of all groups of which the same is assumed."""

_ALPHA = 0.05
_LARGEST_LIMIT = 3000
_SIMULATIONS = (50, 4000)
_GAPS = (0.10, 0.15)


@dataclass(frozen=True)
class Wanted:
    """What was asked for; None takes what a pilot shows, or else the default.

    Attributes:
        groups: names, the reference among them.
        reference: group; None takes the first, or that of the pilot.
        margin: of the endpoint.
        gaps: true ones, at which `disadvantaged` is to be found; none takes some usual ones.
        power: wanted.
        endpoint: that is judged.
        endpoints: how many will be declared; the limits hold for all.
        rate: of the reference group.
        spread: log-SD between speakers.
        utterances: of each speaker.
        words: of each utterance.
        pilot: run that shows them.
        attribute: of the pilot, whose groups these are.
        reference_speakers: that there are.
        limit: most speakers of a group.
        simulations: for each number of speakers.
        seed: of the simulation.
    """

    groups: tuple[str, ...] = ()
    reference: str | None = None
    margin: float = 0.05
    gaps: tuple[float, ...] = ()
    power: float = 0.80
    endpoint: str = "wer"
    endpoints: int | None = None
    rate: float | None = None
    spread: float | None = None
    utterances: int | None = None
    words: int | None = None
    pilot: Path | None = None
    attribute: str | None = None
    reference_speakers: int | None = None
    limit: int = 1000
    simulations: int = 1000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that is assumed.

    Attributes:
        wanted: what was asked for.
        reference: group.
        rate: of the reference group.
        gaps: true ones, rising.
        comparisons: for which limits hold at once.
        level: two-sided error rate of each.
        policy: with the margin.
        callers: by group, the reference among them.
    """

    wanted: Wanted
    reference: str
    rate: float
    gaps: tuple[float, ...]
    comparisons: int
    level: float
    policy: Policy
    callers: dict[str, Callers]

    def questions(self) -> Iterator[tuple[str, Question]]:
        """What the rows answer, by group; groups of which the same is assumed share their rows."""
        groups = [name for name in self.callers if name != self.reference]
        for name in groups if self.wanted.pilot or len(groups) == 1 else [EACH]:
            callers = self.callers[groups[0] if name == EACH else name]
            for gap, verdict in [*((gap, DISADVANTAGED) for gap in self.gaps), (0.0, WITHIN)]:
                yield (
                    name,
                    Question(
                        verdict=verdict,
                        endpoint=self.wanted.endpoint,
                        group=callers,
                        reference=self.callers[self.reference],
                        rate=self.rate,
                        gap=gap,
                        policy=self.policy,
                        level=self.level,
                        power=self.wanted.power,
                        reference_speakers=self.wanted.reference_speakers,
                    ),
                )


def planned(wanted: Wanted) -> Plan:
    """Settle what is assumed.

    Args:
        wanted: what was asked for.

    Returns:
        The plan; nothing was simulated yet.

    Raises:
        InputError: a value is out of its range, or two do not go together.
    """
    _check(wanted)
    pilot = Pilot.open(wanted.pilot, wanted.attribute, wanted.endpoint) if wanted.pilot else None
    reference, groups = pilot.sides(wanted.groups, wanted.reference) if pilot else _sides(wanted)
    rate = wanted.rate if wanted.rate is not None else pilot.rate(reference) if pilot else 0.20
    gaps = wanted.gaps or tuple(gap for gap in {2 * wanted.margin, *_GAPS} if wanted.margin < gap <= 1 - rate)
    comparisons = len(groups) * (wanted.endpoints or (pilot.endpoints if pilot else 1))
    policy = pilot.policy if pilot else read_policy("default")
    policy = dataclasses.replace(policy, margins={**policy.margins, wanted.endpoint: wanted.margin})
    callers = {name: _callers(wanted, pilot, name) for name in [reference, *groups]}
    level = (pilot.alpha if pilot else _ALPHA) / comparisons
    plan = Plan(wanted, reference, rate, tuple(sorted(set(gaps))), comparisons, level, policy, callers)
    _check_rates(plan)
    return plan


def _sides(wanted: Wanted) -> tuple[str, list[str]]:
    if len(set(wanted.groups)) < 2:
        raise InputError(f"--groups: found {len(set(wanted.groups))}; accepted: two groups or more, as in us,indian")
    reference = wanted.reference or wanted.groups[0]
    if reference not in wanted.groups:
        raise InputError(f"--reference: found {reference!r}; {one_of(reference, wanted.groups)}")
    return reference, [name for name in dict.fromkeys(wanted.groups) if name != reference]


def _callers(wanted: Wanted, pilot: Pilot | None, name: str) -> Callers:
    if pilot:
        return pilot.callers(name, spread=wanted.spread, utterances=wanted.utterances, words=wanted.words)
    pooled, utterances = ENDPOINTS[wanted.endpoint].pooled, wanted.utterances or 60
    said = utterances * (wanted.words or 12) if pooled else utterances
    return Callers(0.4 if wanted.spread is None else wanted.spread, np.array([float(said)]), pooled)


def _check(wanted: Wanted) -> None:
    if wanted.endpoint not in PLANNED:
        raise InputError(f"--endpoint: found {wanted.endpoint!r}; {one_of(wanted.endpoint, PLANNED)}")
    if wanted.words is not None and not ENDPOINTS[wanted.endpoint].pooled:
        raise InputError(f"--words: it says nothing of {wanted.endpoint}, which is counted in utterances; leave it out")
    if wanted.attribute is not None and wanted.pilot is None:
        raise InputError(f"--attribute: found {wanted.attribute!r} without a run; accepted: only with --from")
    for option, value, low, high in (
        ("--margin", wanted.margin, 0.001, 0.5),
        ("--power", wanted.power, 0.05, 0.99),
        ("--rate", wanted.rate, 0.001, 0.999),
        ("--spread", wanted.spread, 0, 2),
        ("--utterances", wanted.utterances, 1, 100_000),
        ("--words", wanted.words, 1, 1000),
        ("--endpoints", wanted.endpoints, 1, len(CONTRASTED)),
        ("--reference-speakers", wanted.reference_speakers, JUDGED, _LARGEST_LIMIT),
        ("--limit", wanted.limit, JUDGED, _LARGEST_LIMIT),
        ("--simulations", wanted.simulations, *_SIMULATIONS),
        ("--seed", wanted.seed, 0, 2**32 - 1),
    ):
        if value is not None and not low <= value <= high:
            raise InputError(f"{option}: found {value:g}; accepted: {low:.10g} to {high:.10g}")
    for gap in wanted.gaps:
        if not wanted.margin < gap <= 1:
            raise InputError(
                f"--gap: found {gap:g} with a margin of {wanted.margin:g}; accepted: more than the margin and at most "
                "1, as a smaller gap is never found disadvantaged with any power, however many speakers there are"
            )


def _check_rates(plan: Plan) -> None:
    endpoint, rate = plan.wanted.endpoint, plan.rate
    unfit = {"wer": plan.policy.unfit_wer, "not_completed": plan.policy.unfit_not_completed}.get(endpoint, 0.999)
    if not 0 < rate <= unfit:
        why = ": more is unfit for everyone, and no fairness is read from it" if unfit < 0.9 else ""
        raise InputError(f"--rate: the reference group has {rate:.3g}; accepted: more than 0, at most {unfit:g}{why}")
    if not plan.gaps:
        raise InputError(f"--gap: none given, and the usual ones leave no room; accepted: up to {1 - rate:g}")
    if rate + plan.gaps[-1] > 1:
        raise InputError(f"--gap: found {plan.gaps[-1]:g} at a rate of {rate:.3g}; accepted: at most {1 - rate:.3g}")
    for name, callers in plan.callers.items():
        highest = rate if name == plan.reference else rate + plan.gaps[-1]
        if callers.spread >= (most := callers.largest_spread(highest)):
            raise InputError(
                f"--spread: found {callers.spread:.2f} at a rate of {highest:.3g} ({name}); accepted: less than "
                f"{most:.2f}, as no speaker fails more often than always"
            )
