"""Limits of what an alteration changes, which hold together for all groups, all measures and all four quantities.

As in `gaps.py`, a part of the error rate (`CAUTION`) is shared out evenly between the groups (Bonferroni), so that the
smallest does not dictate its critical value to all. A group spends its share on its measures and quantities together by
max-T (Westfall and Young 1993), once for differences and once for ratios: measures of the same speakers are resampled
with the same draws, so that what goes together counts as one. A group and `everyone else` are drawn apart from the
other groups, for they are no strata of one sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from callgap.fairness.before_after import BeforeAfter, Flags
from callgap.fairness.effect_quantities import CHANGE, DIFFERENCES, GAP, GAP_RATIO, OTHERS, RATIO, RATIOS, Limits, Pair
from callgap.fairness.few_changed import with_few
from callgap.fairness.gaps import Resampling, enough
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.paired import Resampled, resample_paired
from callgap.fairness.paired_ratio import resample_log_ratio
from callgap.fairness.simultaneous import Family
from callgap.fairness.standing import EXPLORATORY

CAUTION = 0.5
"""Share of the error rate at which limits are placed. At three quarters, those of speakers who say unequally much, and
of alterations that touch few, held in 90 and 92 % of 60 simulations each, not in 95; results/evidence/alterations.md
has them at a half."""

_OWN = np.array([[0, 1]])


def joint_limits(measures: Mapping[str, BeforeAfter], plan: Resampling) -> dict[str, Limits]:
    """Limits of every change that resampling has limits of.

    Args:
        measures: speakers before and after, by measure.
        plan: how to resample; its error rate is that of all limits together.

    Returns:
        By measure, limits for groups of five speakers or more, of all differences together and of all ratios together.
        Where a side has hardly any event there are none of ratios, and of differences only where something changed.
    """
    large = sorted({name for both in measures.values() for name in _large(both)})
    each = CAUTION * plan.alpha / max(1, len(large))
    entries: dict[str, list[_Entry]] = {name: [] for name in large}
    # Each set of speakers has seeds of its own: one for all groups, one for each group and everyone else.
    apart = 1 + max((len(both.groups) for both in measures.values()), default=0)
    seeds: dict[object, int] = defaultdict(lambda: plan.seed + apart * len(seeds))
    for measure, both in measures.items():
        joined = _Joined(measure, both, enough(plan.resamples, each), entries)
        seed = seeds[both.speakers, tuple(both.labels)]
        joined.groups(_large(both), seed)
        if both.reference == EVERYONE_ELSE:
            for place, name in enumerate(_large(both)):
                # Other draws for each: a group and the others of the next group share speakers, not strata.
                joined.others(name, seed + 1 + place)
    found: dict[str, dict[tuple[str, str], Pair]] = {measure: {} for measure in measures}
    for name, own in entries.items():
        for scale in (DIFFERENCES, RATIOS):
            for measure, quantity, pair in _family([entry for entry in own if entry[1] in scale], each):
                found[measure][name, quantity] = pair
    share = each / max(1, len(measures))
    return {measure: with_few(found[measure], both, _large(both), share) for measure, both in measures.items()}


_Entry = tuple[str, str, Resampled]
"""A measure, a quantity, and its resamples of one group."""


def _large(both: BeforeAfter) -> list[str]:
    return [name for name in both.groups if both.members(name).sum() >= EXPLORATORY]


def _family(entries: Sequence[_Entry], alpha: float) -> Iterator[tuple[str, str, Pair]]:
    """Limits of all that was let in for one group, where resampling gives them."""
    family = Family(alpha, len(entries), entries[0][2].draws.value.shape[-1] if entries else 0)
    members = [(measure, quantity, drawn.join(family)) for measure, quantity, drawn in entries]
    for measure, quantity, member in members:
        limits = family.limits(member)
        pair = float(limits.lower[0, 0]), float(limits.upper[0, 0])
        if all(map(isfinite, pair)):
            yield measure, quantity, pair


@dataclass(eq=False)
class _Joined:
    """What one measure lets into the families of the groups."""

    measure: str
    both: BeforeAfter
    resamples: int
    entries: Mapping[str, list[_Entry]]

    def groups(self, names: Sequence[str], seed: int) -> None:
        """Let in the changes of groups, and of their gaps from the reference where it is one of them."""
        if not names:
            return
        base = names.index(self.both.reference) if self.both.reference in names else None
        pairs = np.array([[place, base] for place in range(len(names)) if base is not None and place != base])
        for drawn, own, gap in self._drawn([self.both.members(name) for name in names], seed):
            self._let_in(names, own, drawn)
            if len(pairs):
                self._let_in([names[place] for place, _ in pairs], gap, drawn.contrast(pairs))

    def others(self, name: str, seed: int) -> None:
        """Let in the change of everyone but a group, and of the group's gap from them."""
        others = self.both.others(name)
        if others is None or others.sum() < EXPLORATORY:
            return
        for drawn, own, gap in self._drawn([self.both.members(name), others], seed):
            self._let_in([name], gap, drawn.contrast(_OWN))
            if own == CHANGE:
                self._let_in([name], OTHERS, _one(drawn, 1))

    def _let_in(self, names: Sequence[str], quantity: str, drawn: Resampled) -> None:
        for place, name in enumerate(names):
            self.entries[name].append((self.measure, quantity, _one(drawn, place)))

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
