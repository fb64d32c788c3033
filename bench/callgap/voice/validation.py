"""Whether a measure may be used on a group at all: what it says of voices that nothing has altered.

A measure that already rates one group lower, or tells its speakers apart less well, is a property of the measure (or of
how the group was recorded). After an alteration, only what changed may then be told of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
from jaxtyping import Float64
from numpy import ndarray

from callgap.errors import InputError
from callgap.voice.identity import calibration, linkability
from callgap.voice.trials import EqualErrorRate, Voiceprints, voiceprints

QUALITY = ("dnsmos_overall", "dnsmos_speech", "dnsmos_background")
"""Columns that are validated beside the embeddings."""

SPEAKER_ERROR = "speaker_error"
"""Of one speaker at the threshold of the whole corpus: the mean of the share of own trials that are refused and of
those against others of the group that are accepted."""

LEAST_SPEAKERS = 3
"""Of a group and of its reference, below which nothing is said."""

_CONFIDENCE = 0.95

Finding = Literal["lower", "higher", "no difference shown", "too few speakers"]
_WORDS = {
    **dict.fromkeys(QUALITY, "DNSMOS ({part})"),
    SPEAKER_ERROR: "the error of telling its speakers apart",
}


@dataclass(frozen=True)
class Validated:
    """What one measure says of one group without any alteration.

    Attributes:
        group: judged.
        reference: compared with.
        measure: of `QUALITY`, or `SPEAKER_ERROR`.
        speakers: of the group that were measured.
        reference_speakers: of the reference.
        value: mean of the group's speaker means; None where nobody was measured.
        reference_value: the same of the reference.
        difference: group minus reference.
        lower: limit of the difference, simultaneous over all rows of one call.
        upper: limit.
        equal_error_rate: of the group's speakers among themselves, on the rows of `SPEAKER_ERROR`.
        finding: `lower` or `higher` where the limits leave out 0.
    """

    group: str
    reference: str
    measure: str
    speakers: int
    reference_speakers: int
    value: float | None
    reference_value: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    equal_error_rate: float | None
    finding: Finding

    @property
    def deltas_only(self) -> bool:
        """Whether levels of this measure may not be compared between the groups: unless it was shown to be fit."""
        return self.finding != "no difference shown"

    @property
    def line(self) -> str:
        """The sentence for a page."""
        name = _WORDS[self.measure].format(part=self.measure.removeprefix("dnsmos_"))
        if self.value is None or self.difference is None or self.lower is None or self.upper is None:
            return (
                f"{name} cannot be validated for {self.group} (it is known of {self.speakers} of its speakers and of "
                f"{self.reference_speakers} of {self.reference}; {LEAST_SPEAKERS} of each are needed): only changes "
                "are told."
            )
        figures = f"{self.difference:+.3f} [{self.lower:+.3f}, {self.upper:+.3f}]"
        if self.finding == "no difference shown":
            return f"{name}, unaltered: no difference shown between {self.group} and {self.reference} ({figures})."
        return (
            f"{name} is {self.finding} for {self.group} than for {self.reference} before anything is altered "
            f"({figures}): only changes are told."
        )


def validated(
    voices: pa.Table,
    speakers: Mapping[str, str],
    groups: Mapping[str, str],
    reference: str,
    said: Mapping[str, str] | None = None,
) -> list[Validated]:
    """Validate the measures on unaltered speech, group by group.

    Each speaker counts once, by the mean over the own utterances. Differences have Welch's limits with Bonferroni's
    correction for all groups and measures of the call.

    Args:
        voices: table `voices` of unaltered utterances.
        speakers: by utterance id.
        groups: by speaker; speakers without one are left out.
        reference: the group that the others are compared with.
        said: words by utterance id, where they are known.

    Returns:
        A row per other group, sorted, and measure that anybody was measured with.

    Raises:
        InputError: nobody is in the reference, or an utterance has no speaker.
    """
    names = sorted(set(groups.values()))
    if reference not in names:
        raise InputError(f"reference: found {reference!r}; accepted: {', '.join(names) or 'nothing'}")
    prints = voiceprints(voices, speakers, said)
    values = {column: _speaker_means(voices, column, speakers) for column in QUALITY}
    within = {name: prints.of_speakers(frozenset(s for s, g in groups.items() if g == name)) for name in names}
    values[SPEAKER_ERROR] = _speaker_errors(prints, list(within.values()))
    measures = [measure for measure, found in values.items() if found]
    others = [name for name in names if name != reference]
    tests = len(others) * len(measures)
    return [
        _row((name, reference), measure, values[measure], groups, tests, _calibrated(within[name]))
        for name in others
        for measure in measures
    ]


def _row(
    pair: tuple[str, str],
    measure: str,
    values: Mapping[str, float],
    groups: Mapping[str, str],
    tests: int,
    calibrated: EqualErrorRate | None,
) -> Validated:
    ours, theirs = (np.array([v for s, v in sorted(values.items()) if groups.get(s) == name]) for name in pair)
    enough = min(len(ours), len(theirs)) >= LEAST_SPEAKERS
    difference, lower, upper = _welch(ours, theirs, tests) if enough else (None, None, None)
    rate = calibrated.rate if calibrated and measure == SPEAKER_ERROR else None
    return Validated(
        *pair,
        measure,
        len(ours),
        len(theirs),
        float(ours.mean()) if len(ours) else None,
        float(theirs.mean()) if len(theirs) else None,
        difference,
        lower,
        upper,
        rate,
        _finding(lower, upper),
    )


def _finding(lower: float | None, upper: float | None) -> Finding:
    if lower is None or upper is None:
        return "too few speakers"
    if upper < 0:
        return "lower"
    return "higher" if lower > 0 else "no difference shown"


def _welch(
    ours: Float64[ndarray, " speaker"], theirs: Float64[ndarray, " other"], tests: int
) -> tuple[float, float, float]:
    """Difference of the means and its limits (Welch 1947), Bonferroni's for so many tests."""
    # Imported where it is used: it takes a second.
    from scipy.stats import t

    difference = float(ours.mean() - theirs.mean())
    parts = [float(values.var(ddof=1)) / len(values) for values in (ours, theirs)]
    if not sum(parts):
        return difference, difference, difference
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (ours, theirs), strict=True)
    )
    reach = float(t.ppf(1 - (1 - _CONFIDENCE) / 2 / tests, freedom)) * math.sqrt(sum(parts))
    return difference, difference - reach, difference + reach


def _speaker_means(voices: pa.Table, column: str, speakers: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for row in voices.select(["utterance_id", column]).to_pylist():
        if row[column] is not None:
            found.setdefault(speakers[row["utterance_id"]], []).append(row[column])
    return {speaker: math.fsum(values) / len(values) for speaker, values in found.items()}


def _speaker_errors(everyone: Voiceprints, groups: Sequence[Voiceprints]) -> dict[str, float]:
    calibrated = _calibrated(everyone)
    if calibrated is None:
        return {}
    found: dict[str, float] = {}
    for group in groups:
        if not group.speakers:
            continue
        linked = linkability(group, group, calibrated)
        for index, speaker in enumerate(linked.speakers):
            own, others = int(linked.trials[index]), int(linked.impostor_trials[index])
            if own and others:
                refused = 1 - int(linked.accepted[index]) / own
                found[speaker] = (refused + int(linked.impostor_accepted[index]) / others) / 2
    return found


def _calibrated(voices: Voiceprints) -> EqualErrorRate | None:
    try:
        return calibration(voices) if voices.speakers else None
    except InputError:
        # One speaker, or one utterance of each: there is nothing to tell apart.
        return None
