"""Whether people are still themselves after an alteration, and still told apart from each other."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from callgap.errors import InputError
from callgap.voice.trials import EqualErrorRate, Voiceprints, equal_error_rate, speaker_means, trials


@dataclass(frozen=True, eq=False)
class Similarity:
    """How alike voices are before and after. A mean of no pairs is None.

    Attributes:
        speakers: in both, sorted.
        cosine: of each speaker's mean before and after [speaker].
        utterance_cosine: mean cosine of each speaker's utterances with themselves [speaker].
        within: mean cosine, before against after, of two utterances of one speaker.
        between: the same of utterances of two speakers.
        within_before: mean cosine of two utterances of one speaker, both unaltered.
        between_before: the same of two speakers.
        utterances: in both.
    """

    speakers: tuple[str, ...]
    cosine: Float64[ndarray, " speaker"]
    utterance_cosine: Float64[ndarray, " speaker"]
    within: float | None
    between: float | None
    within_before: float | None
    between_before: float | None
    utterances: int


def common(before: Voiceprints, after: Voiceprints) -> tuple[Voiceprints, Voiceprints]:
    """The utterances that both have, in the order of `before`.

    Raises:
        InputError: none is in both, or one has two speakers.
    """
    place = {utterance: i for i, utterance in enumerate(after.utterance_ids)}
    there = [utterance in place for utterance in before.utterance_ids]
    if not any(there):
        raise InputError(
            f"voices: none of {len(before.utterance_ids)} utterances before the alteration is among the "
            f"{len(after.utterance_ids)} after it; accepted: tables of the same utterances"
        )
    first = before.kept(np.array(there))
    order = [place[utterance] for utterance in first.utterance_ids]
    second = after.at(order)
    for utterance, one, other in zip(first.utterance_ids, first.speakers, second.speakers, strict=True):
        if one != other:
            raise InputError(f"voices: utterance {utterance!r} is of speaker {one!r} before and {other!r} after")
    return first, second


def similarity(before: Voiceprints, after: Voiceprints) -> Similarity:
    """Compare the voices of the utterances that are in both.

    Raises:
        InputError: no utterance is in both.
    """
    first, second = common(before, after)
    names, early = speaker_means(first)
    late = speaker_means(second)[1]
    of_utterance = np.array([names.index(speaker) for speaker in first.speakers])
    alike = _cosine(first.embeddings, second.embeddings)
    counts = np.bincount(of_utterance)
    across, unaltered = _pairs(first, second), _pairs(first, first)
    return Similarity(
        speakers=names,
        cosine=_cosine(early, late),
        utterance_cosine=np.bincount(of_utterance, weights=alike) / counts,
        within=across[0],
        between=across[1],
        within_before=unaltered[0],
        between_before=unaltered[1],
        utterances=len(of_utterance),
    )


def calibration(voices: Voiceprints) -> EqualErrorRate:
    """What the embeddings tell apart on this corpus, and the threshold to use on it: unaltered against unaltered.

    Raises:
        InputError: there are fewer than two speakers, or nobody has two utterances.
    """
    return equal_error_rate(*trials(voices, voices).flat())


@dataclass(frozen=True, eq=False)
class Linkability:
    """Whether altered utterances are taken for their speakers, whose unaltered ones were enrolled.

    Attributes:
        speakers: of the tested utterances, sorted.
        trials: own trials of each speaker [speaker].
        accepted: of them, at or above the threshold: still themselves [speaker].
        as_another: utterances that are accepted as some other speaker with a higher score than as their own [speaker].
        impostor_trials: trials against other speakers [speaker].
        impostor_accepted: of them, at or above the threshold [speaker].
        threshold: of the calibration.
    """

    speakers: tuple[str, ...]
    trials: Int64[ndarray, " speaker"]
    accepted: Int64[ndarray, " speaker"]
    as_another: Int64[ndarray, " speaker"]
    impostor_trials: Int64[ndarray, " speaker"]
    impostor_accepted: Int64[ndarray, " speaker"]
    threshold: float

    @property
    def still_themselves(self) -> float | None:
        """Share of own trials that are accepted."""
        return _share(self.accepted, self.trials)

    @property
    def taken_for_another(self) -> float | None:
        """Share of those utterances that are taken for another speaker rather."""
        return _share(self.as_another, self.trials)

    @property
    def impostors_accepted(self) -> float | None:
        """Share of the trials against others that are accepted."""
        return _share(self.impostor_accepted, self.impostor_trials)


def linkability(before: Voiceprints, after: Voiceprints, calibrated: EqualErrorRate) -> Linkability:
    """Enroll unaltered utterances and test altered ones, at the threshold of the unaltered corpus.

    With the recordings themselves as `after`, the shares are those of the calibration.

    Args:
        before: enrolled; an utterance meets neither its own recording nor its own words.
        after: tested.
        calibrated: of `before`.
    """
    found = trials(before, after)
    names = tuple(sorted(set(after.speakers)))
    of_utterance = np.array([names.index(speaker) for speaker in after.speakers], dtype=np.int64)
    accepted = found.scores >= calibrated.threshold
    there = ~np.isnan(found.scores)
    own, other = (
        np.where(there & who, found.scores, -np.inf).max(axis=1, initial=-np.inf) for who in (found.same, ~found.same)
    )
    tried = np.isfinite(own)
    another = tried & (other >= calibrated.threshold) & (other > own)

    def count(values: ndarray) -> Int64[ndarray, " speaker"]:
        return np.bincount(of_utterance, weights=values, minlength=len(names)).astype(np.int64)

    return Linkability(
        speakers=names,
        trials=count(tried),
        accepted=count((accepted & found.same).any(axis=1)),
        as_another=count(another),
        impostor_trials=count((there & ~found.same).sum(axis=1)),
        impostor_accepted=count((accepted & ~found.same).sum(axis=1)),
        threshold=calibrated.threshold,
    )


@dataclass(frozen=True)
class Distinguishability:
    """Whether people are told apart from each other. Rates are None where there are no two speakers to tell apart.

    Attributes:
        before: equal error rate of unaltered utterances against unaltered ones.
        after: of altered ones against altered ones; 0.5 is told apart by chance.
        distance_before: mean of 1 - cosine between the means of two speakers.
        distance_after: the same, altered.
        distance_ratio: after over before; near 0, everyone has one voice.
        speakers: compared.
    """

    before: float | None
    after: float | None
    distance_before: float | None
    distance_after: float | None
    distance_ratio: float | None
    speakers: int


def distinguishability(before: Voiceprints, after: Voiceprints) -> Distinguishability:
    """Tell the speakers of the utterances that are in both apart, before and after.

    Raises:
        InputError: no utterance is in both.
    """
    first, second = common(before, after)
    distances = _between_speakers(first), _between_speakers(second)
    ratio = distances[1] / distances[0] if distances[0] and distances[1] is not None else None
    return Distinguishability(_rate(first), _rate(second), *distances, ratio, len(set(first.speakers)))


@dataclass(frozen=True, eq=False)
class Distances:
    """How far voices are from those of a group: a distance, and no success where it is short.

    Attributes:
        speakers: sorted.
        distance: 1 - cosine of a speaker's mean and the direction of the mean of the reference speakers' means, the
            speaker's own left out; NaN where no other is left [speaker].
    """

    speakers: tuple[str, ...]
    distance: Float64[ndarray, " speaker"]


def distance_to_group(voices: Voiceprints, reference: Voiceprints, members: Collection[str]) -> Distances:
    """Measure how far each speaker is from a group.

    Args:
        voices: before or after.
        reference: utterances in which the group is heard, as a rule unaltered.
        members: speakers of the group.

    Raises:
        InputError: none of the members is among the reference's speakers.
    """
    inside = reference.of_speakers(frozenset(members))
    if not inside.speakers:
        raise InputError(
            f"reference group: none of its {len(members)} speakers is among the {len(set(reference.speakers))} of the "
            "voices"
        )
    others, group = speaker_means(inside)
    names, own = speaker_means(voices)
    distance = np.full(len(names), np.nan)
    for index, name in enumerate(names):
        rest = group[[other != name for other in others]]
        if len(rest):
            center = rest.sum(axis=0)
            distance[index] = max(0.0, 1 - own[index] @ center / np.linalg.norm(center))
    return Distances(names, distance)


def _cosine(
    ones: Float64[ndarray, "row dimension"], others: Float64[ndarray, "row dimension"]
) -> Float64[ndarray, " row"]:
    # Of vectors of norm 1, and exactly 1 where they are the same.
    cosine: Float64[ndarray, " row"] = 1 - np.sum(np.square(ones - others), axis=1) / 2
    return cosine


def _rate(voices: Voiceprints) -> float | None:
    scores, labels = trials(voices, voices).flat()
    return equal_error_rate(scores, labels).rate if labels.any() and not labels.all() else None


def _between_speakers(voices: Voiceprints) -> float | None:
    names, means = speaker_means(voices)
    if len(names) < 2:
        return None
    cosines = means @ means.T
    return float(np.mean(np.maximum(0.0, 1 - cosines[np.triu_indices(len(names), 1)])))


def _pairs(first: Voiceprints, second: Voiceprints) -> tuple[float | None, float | None]:
    """Mean cosine of different utterances of one speaker, and of two; the utterances are the same in both."""
    names = sorted(set(first.speakers))
    of_utterance = np.array([names.index(speaker) for speaker in first.speakers])
    ones = np.eye(len(names))[of_utterance]
    # Sums of products are products of sums: no table of all pairs is needed.
    sums = (ones.T @ first.embeddings, ones.T @ second.embeddings)
    itself = float(np.sum(first.embeddings * second.embeddings))
    own = float(np.sum(sums[0] * sums[1]))
    everyone = float(first.embeddings.sum(axis=0) @ second.embeddings.sum(axis=0))
    counts = np.bincount(of_utterance)
    own_pairs = int(np.sum(counts * (counts - 1)))
    other_pairs = len(of_utterance) ** 2 - int(np.sum(counts**2))
    within = (own - itself) / own_pairs if own_pairs else None
    return within, (everyone - own) / other_pairs if other_pairs else None


def _share(part: Int64[ndarray, " speaker"], whole: Int64[ndarray, " speaker"]) -> float | None:
    total = int(whole.sum())
    return int(part.sum()) / total if total else None
