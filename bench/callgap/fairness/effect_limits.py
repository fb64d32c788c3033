"""Limits of what an alteration changes, which hold together for all groups and all four quantities.

A group and `everyone else` are drawn apart from the other groups, for they are no strata of one sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from callgap.fairness.before_after import BeforeAfter, Flags
from callgap.fairness.gaps import Resampling, enough
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.paired import Resampled, resample_paired
from callgap.fairness.paired_ratio import resample_log_ratio
from callgap.fairness.simultaneous import Family
from callgap.fairness.standing import EXPLORATORY

CHANGE, RATIO, GAP, GAP_RATIO, OTHERS = "change", "ratio", "gap change", "gap ratio change", "others' change"

Limits = Mapping[tuple[str, str], tuple[float, float]]
"""By group and quantity; of ratios on the log scale. `others' change` is of everyone but the group."""

_OWN = np.array([[0, 1]])


def joint_limits(both: BeforeAfter, plan: Resampling, families: int) -> Limits:
    """Limits of every change that resampling has limits of.

    Args:
        both: speakers before and after.
        plan: how to resample.
        families: that share the error rate evenly.

    Returns:
        Limits for groups of five speakers or more. Where a side has hardly any event there are none of ratios, and of
        differences only where something changed for it.
    """
    alpha = plan.alpha / max(1, families)
    joined = _Joined(both, enough(plan.resamples, alpha))
    large = [name for name in both.groups if both.members(name).sum() >= EXPLORATORY]
    joined.groups(large, plan.seed)
    if both.reference == EVERYONE_ELSE:
        for place, name in enumerate(large):
            # Other draws for each: a group and the others of the next group share speakers, not strata.
            joined.others(name, plan.seed + 1 + place)
    return joined.limits(alpha)


@dataclass(eq=False)
class _Joined:
    """One family of limits, and what was let into it."""

    both: BeforeAfter
    resamples: int
    entries: list[tuple[list[tuple[str, str]], Resampled]] = field(default_factory=list)

    def groups(self, names: Sequence[str], seed: int) -> None:
        """Let in the changes of groups, and of their gaps from the reference where it is one of them."""
        if not names:
            return
        base = names.index(self.both.reference) if self.both.reference in names else None
        pairs = np.array([[place, base] for place in range(len(names)) if base is not None and place != base])
        for drawn, own, gap in self._drawn([self.both.members(name) for name in names], seed):
            self.entries.append(([(name, own) for name in names], drawn))
            if len(pairs):
                self.entries.append(([(names[place], gap) for place, _ in pairs], drawn.contrast(pairs)))

    def others(self, name: str, seed: int) -> None:
        """Let in the change of everyone but a group, and of the group's gap from them."""
        others = self.both.others(name)
        if others is None or others.sum() < EXPLORATORY:
            return
        for drawn, own, gap in self._drawn([self.both.members(name), others], seed):
            self.entries.append(([(name, gap)], drawn.contrast(_OWN)))
            if own == CHANGE:
                self.entries.append(([(name, OTHERS)], _one(drawn, 1)))

    def limits(self, alpha: float) -> Limits:
        """Limits of all that was let in, where resampling gives them."""
        family = Family(alpha, sum(len(names) for names, _ in self.entries), self.resamples)
        members = [(names, drawn.join(family)) for names, drawn in self.entries]
        found: dict[tuple[str, str], tuple[float, float]] = {}
        for names, member in members:
            limits = family.limits(member)
            for place, name in enumerate(names):
                pair = float(limits.lower[place, 0]), float(limits.upper[place, 0])
                if all(map(isfinite, pair)):
                    found[name] = pair
        return found

    def _drawn(self, masks: Sequence[Flags], seed: int) -> Iterator[tuple[Resampled, str, str]]:
        """The difference and, of rates, the log ratio of the same draws, with the names of the quantities."""
        rows = np.concatenate([np.flatnonzero(own) for own in masks])
        group = np.repeat(np.arange(len(masks)), [own.sum() for own in masks])
        after, before = self.both.sums(rows)
        rare = np.array([self.both.is_rare(own) for own in masks])
        difference = resample_paired(after, before, group, seed=seed, resamples=self.resamples)
        # Of hardly any event, that nothing changed in a sample says little.
        still = difference.sample.variance[:, 0] == 0
        yield _without(difference, rare & still), CHANGE, GAP
        if self.both.measured.is_rate:
            ratio = resample_log_ratio(after, before, group, seed=seed, resamples=self.resamples)
            yield _without(ratio, rare), RATIO, GAP_RATIO


def _one(drawn: Resampled, place: int) -> Resampled:
    part = slice(place, place + 1)
    return Resampled(drawn.sample.members(part), drawn.draws.members(part), drawn.speakers[part])


def _without(drawn: Resampled, unknown: Flags) -> Resampled:
    """Some groups without a variance: neither they nor any contrast with them has limits."""
    variance = np.where(unknown[:, None], np.nan, drawn.sample.variance)
    return replace(drawn, sample=replace(drawn.sample, variance=variance))
