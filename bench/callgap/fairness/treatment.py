"""One attribute under one way of counting: the sides of every comparison."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from callgap.fairness.endpoints import ENDPOINTS, capped, per_speaker
from callgap.fairness.gaps import Pair
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.sides import Side
from callgap.fairness.standardization import standardized


@dataclass(frozen=True)
class Treatment:
    """How the observations of an attribute's groups are counted.

    Attributes:
        observed: by endpoint, one row per utterance.
        groups: the group of each speaker.
        reference: a group, or `everyone else`.
        cap: most that a speaker weighs in a ratio of sums, as a multiple of the median speaker; None for no limit.
        strata: by utterance id, within which the reference is reweighted to the group's mix; None leaves it as it is.
    """

    observed: Mapping[str, pd.DataFrame]
    groups: Mapping[str, str]
    reference: str
    cap: float | None
    strata: Mapping[str, str | None] | None

    @property
    def shared(self) -> bool:
        """Whether all groups have one and the same reference."""
        return self.reference != EVERYONE_ELSE and self.strata is None

    @cached_property
    def members(self) -> dict[str, set[str]]:
        """The speakers of each group."""
        members: dict[str, set[str]] = {}
        for speaker, group in self.groups.items():
            members.setdefault(group, set()).add(speaker)
        return members

    def others(self, group: str) -> set[str]:
        """The speakers that a group is compared with."""
        if self.reference != EVERYONE_ELSE:
            return self.members.get(self.reference, set())
        left_out = {group, UNKNOWN, CONTRADICTORY}
        return {speaker for speaker, of in self.groups.items() if of not in left_out}

    def everyone(self, endpoint: str) -> Side:
        """All speakers as one side, as they were observed."""
        return Side.of(self._frame(endpoint), self.groups, is_share=ENDPOINTS[endpoint].is_share)

    def pair(self, group: str, endpoint: str) -> Pair | str:
        """The two sides of a comparison.

        Args:
            group: that is compared.
            endpoint: by name.

        Returns:
            The sides, or the reason why they cannot be standardized.
        """
        share = ENDPOINTS[endpoint].is_share
        if self.strata is None:
            frame = self._frame(endpoint)
            mine = Side.of(frame, self.members[group], is_share=share)
            theirs = self._reference(endpoint) if self.shared else Side.of(frame, self.others(group), is_share=share)
            return Pair(mine, theirs)
        return self._standardized(group, endpoint)

    def _reference(self, endpoint: str) -> Side:
        if endpoint not in self._references:
            share = ENDPOINTS[endpoint].is_share
            self._references[endpoint] = Side.of(self._frame(endpoint), self.others(""), is_share=share)
        return self._references[endpoint]

    def _standardized(self, group: str, endpoint: str) -> Pair | str:
        assert self.strata is not None
        pooled, share = ENDPOINTS[endpoint].pooled, ENDPOINTS[endpoint].is_share
        sides = (self.members[group], self.others(group))
        found = standardized(self.observed[endpoint], self.strata, *sides, pooled=pooled)
        if found.frame_group is None or found.frame_reference is None:
            return found.reason or "not standardized"
        frames = [_weighted(frame, pooled, self.cap) for frame in (found.frame_group, found.frame_reference)]
        one, other = (Side.of(frame, side, is_share=share) for frame, side in zip(frames, sides, strict=True))
        return Pair(one, other)

    def _frame(self, endpoint: str) -> pd.DataFrame:
        if endpoint not in self._frames:
            pooled = ENDPOINTS[endpoint].pooled
            self._frames[endpoint] = _weighted(per_speaker(self.observed[endpoint], pooled), pooled, self.cap)
        return self._frames[endpoint]

    @cached_property
    def _frames(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def _references(self) -> dict[str, Side]:
        return {}


def known(groups: Collection[str]) -> list[str]:
    """Groups that are compared: all but those of speakers about whom nothing, or too much, is stated."""
    return sorted(set(groups) - {UNKNOWN, CONTRADICTORY})


def _weighted(frame: pd.DataFrame, pooled: bool, cap: float | None) -> pd.DataFrame:
    weighted = capped(frame, cap) if pooled else frame
    # Whether 700 speakers are in a group takes ten times as long to ask of Arrow's strings.
    return weighted.set_axis(weighted.index.astype(object))
