"""Counts the reference errors of each group and compares them: speakers are the unit, as for every gap."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.standing import DESCRIBED, EXPLORATORY, JUDGED, Standing
from callgap.reference_error import Agreement, ReferenceErrorRate
from callgap_kernels import bootstrap_t, count_errors


@dataclass(frozen=True)
class Judging:
    """How rates are compared: as `fairness.Comparison` says, in whose fields these stand.

    Attributes:
        alpha: two-sided error rate of the limits.
        resamples: of speakers.
        seed: of the resampling.
    """

    alpha: float
    resamples: int
    seed: int


@dataclass(frozen=True)
class Heard:
    """What transcribers made of some utterances of a run.

    Attributes:
        references: by utterance id, the reference.
        said: by utterance id, what was said; None where it could not be heard.
        speakers: by utterance id, who speaks.
        groups: by speaker, the group.
    """

    references: Mapping[str, str]
    said: Mapping[str, str | None]
    speakers: Mapping[str, str]
    groups: Mapping[str, str]


def reference_error_rates(
    heard: Heard, attribute: str, reference: str | None, normalizers: Mapping[str, Any], judging: Judging
) -> list[ReferenceErrorRate]:
    """Count the reference errors of every group under every normalizer, and compare.

    Args:
        heard: what was said.
        attribute: of the groups.
        reference: a group, `everyone else`, or None to compare nothing.
        normalizers: by name, functions from text to text.
        judging: for the limits.

    Returns:
        One row per normalizer and group; `unknown` and `contradictory` are counted and never compared.
    """
    rows: list[ReferenceErrorRate] = []
    for name, normalize in normalizers.items():
        sums = _counted(heard, normalize).groupby("speaker_id", sort=True)[["errors", "words", "utterances"]].sum()
        sides = {speaker: heard.groups[speaker] for speaker in sums.index}
        gaps = _Gaps(sums, sides, reference, judging)
        for group in sorted({heard.groups[speaker] for speaker in heard.speakers.values()}):
            rows.append(_row(heard, attribute, group, reference, name, gaps))
    return rows


def agreement(pairs: Sequence[tuple[str, str]], normalizers: Mapping[str, Any]) -> list[Agreement]:
    """Compare transcriptions of the same utterances.

    Args:
        pairs: two texts each.
        normalizers: by name, functions from text to text.

    Returns:
        One result per normalizer.
    """
    found = []
    for name, normalize in normalizers.items():
        one, other = ([normalize(pair[side]) for pair in pairs] for side in (0, 1))
        counts = count_errors(one, other, unit="word")
        errors = counts.substitutions + counts.deletions + counts.insertions
        words = int((2 * counts.reference_tokens + counts.insertions - counts.deletions).sum())
        found.append(Agreement(name, len(pairs), int((errors == 0).sum()), int(errors.sum()), words))
    return found


def _counted(heard: Heard, normalize: Any) -> pd.DataFrame:
    ids = [utterance for utterance, text in heard.said.items() if text is not None]
    counts = count_errors(
        [normalize(heard.references[u]) for u in ids], [normalize(heard.said[u]) for u in ids], unit="word"
    )
    errors = counts.substitutions + counts.deletions + counts.insertions
    return pd.DataFrame(
        {
            "speaker_id": [heard.speakers[u] for u in ids],
            "errors": errors.numpy().astype(np.int64),
            "words": counts.reference_tokens.numpy().astype(np.int64),
            "utterances": np.ones(len(ids), np.int64),
        }
    )


def _row(
    heard: Heard, attribute: str, group: str, reference: str | None, normalizer: str, gaps: _Gaps
) -> ReferenceErrorRate:
    mine = gaps.of(group)
    own = [u for u in heard.said if heard.groups[heard.speakers[u]] == group]
    words, errors = int(mine["words"].sum()), int(mine["errors"].sum())
    return ReferenceErrorRate(
        attribute=attribute,
        group=group,
        reference=reference,
        normalizer=normalizer,
        standing=Standing.of(len(mine)).value,
        speakers=len(mine),
        utterances=int(mine["utterances"].sum()),
        words=words,
        errors=errors,
        listened=len(own),
        not_heard=sum(heard.said[u] is None for u in own),
        rate=errors / words if words and len(mine) >= DESCRIBED else None,
        **gaps.gap(group),
    )


class _Gaps:
    """Differences to the reference group, with limits where the number of speakers allows them."""

    def __init__(self, sums: pd.DataFrame, sides: Mapping[str, str], reference: str | None, judging: Judging) -> None:
        # A speaker of whose references no word is left has no rate.
        self._sums = sums[sums["words"] > 0]
        self._sides = pd.Series({s: sides[s] for s in self._sums.index}, index=self._sums.index, dtype=object)
        self._reference, self._judging = reference, judging
        self._limits = dict(self._estimated())

    def of(self, group: str) -> pd.DataFrame:
        """The speakers of one side."""
        return self._sums[self._sides == group]

    def gap(self, group: str) -> dict[str, Any]:
        """The fields of a row that compare."""
        if self._reference is None or group in {self._reference, UNKNOWN, CONTRADICTORY}:
            return {}
        mine, theirs = self.of(group), self._others(group)
        row: dict[str, Any] = {"reference_speakers": len(theirs)}
        if min(len(mine), len(theirs)) >= DESCRIBED:
            rates = [float(side["errors"].sum() / side["words"].sum()) for side in (mine, theirs)]
            row["estimate"] = rates[0] - rates[1]
        return row | self._limits.get(group, {})

    def _others(self, group: str) -> pd.DataFrame:
        if self._reference != EVERYONE_ELSE:
            return self.of(str(self._reference))
        return self._sums[~self._sides.isin({group, UNKNOWN, CONTRADICTORY})]

    def _estimated(self) -> Iterator[tuple[str, dict[str, Any]]]:
        names = sorted(set(self._sides) - {self._reference, UNKNOWN, CONTRADICTORY}) if self._reference else []
        fewest = {name: min(len(self.of(name)), len(self._others(name))) for name in names}
        for family in (
            [name for name in names if fewest[name] >= JUDGED],
            [name for name in names if EXPLORATORY <= fewest[name] < JUDGED],
        ):
            for part, alpha in self._calls(family):
                yield from self._bootstrapped(part, alpha, "pointwise" if fewest[part[0]] < JUDGED else "simultaneous")

    def _calls(self, family: list[str]) -> list[tuple[list[str], float]]:
        # Everyone else is another side for each group: the limits hold together by Bonferroni's inequality there.
        if self._reference == EVERYONE_ELSE:
            return [([name], self._judging.alpha / len(family)) for name in family]
        return [(family, self._judging.alpha)] if family else []

    def _bootstrapped(self, names: list[str], alpha: float, limits: str) -> Iterator[tuple[str, dict[str, Any]]]:
        sides = [*(self.of(name) for name in names), self._others(names[0])]
        stacked = pd.concat(sides)
        difference = bootstrap_t(
            stacked[["errors"]].to_numpy(np.float64),
            stacked[["words"]].to_numpy(np.float64),
            np.repeat(np.arange(len(sides)), [len(side) for side in sides]),
            np.array([(place, len(names)) for place in range(len(names))], np.int64),
            seed=self._judging.seed,
            resamples=self._judging.resamples,
            alpha=alpha,
        ).difference
        together = limits == "simultaneous"
        lower = difference.simultaneous_lower if together else difference.lower
        upper = difference.simultaneous_upper if together else difference.upper
        for place, name in enumerate(names):
            ends = float(lower[place, 0]), float(upper[place, 0])
            if all(map(math.isfinite, ends)):
                yield name, {"lower": ends[0], "upper": ends[1], "limits": limits}
