"""Speaker verification: embeddings of utterances, trials between them, and the equal error rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Int64
from numpy import ndarray

from callgap.errors import InputError

# Embeddings are stored in float32: beyond, scores of equal embeddings would differ by the order of their sums.
_DECIMALS = 9


@dataclass(frozen=True, eq=False)
class Voiceprints:
    """Embeddings of utterances whose speakers are known.

    Attributes:
        embeddings: of norm 1 [utterance, dimension].
        speakers: who says each utterance.
        utterance_ids: each once.
        left_out: utterances that have no embedding.
    """

    embeddings: Float64[ndarray, "utterance dimension"]
    speakers: tuple[str, ...]
    utterance_ids: tuple[str, ...]
    left_out: int = 0

    def __post_init__(self) -> None:
        if not len(self.embeddings) == len(self.speakers) == len(self.utterance_ids):
            raise ValueError("embeddings, speakers and utterance_ids differ in length")
        if len(set(self.utterance_ids)) != len(self.utterance_ids):
            raise ValueError("an utterance stands twice among the voiceprints")

    def kept(self, keep: Bool[ndarray, " utterance"]) -> Voiceprints:
        """Some of the utterances."""
        places = np.flatnonzero(keep).tolist()
        return Voiceprints(
            self.embeddings[places],
            tuple(self.speakers[i] for i in places),
            tuple(self.utterance_ids[i] for i in places),
            self.left_out,
        )

    def of_speakers(self, names: frozenset[str]) -> Voiceprints:
        """The utterances of some speakers."""
        return self.kept(np.array([speaker in names for speaker in self.speakers], dtype=bool))


def voiceprints(voices: pa.Table, speakers: Mapping[str, str]) -> Voiceprints:
    """Take the embeddings out of a table.

    Args:
        voices: table `voices`, one row per utterance.
        speakers: by utterance id.

    Returns:
        The utterances with an embedding, in the order of the table.

    Raises:
        InputError: the speaker of an utterance is not known.
    """
    found: list[tuple[str, list[float]]] = []
    for row in voices.select(["utterance_id", "embedding"]).to_pylist():
        if row["utterance_id"] not in speakers:
            raise InputError(f"voices: utterance {row['utterance_id']!r} has no speaker in the corpus's utterances")
        if row["embedding"] is not None:
            found.append((row["utterance_id"], row["embedding"]))
    size = len(found[0][1]) if found else 0
    embeddings = np.array([embedding for _, embedding in found], dtype=np.float64).reshape(len(found), size)
    ids = tuple(utterance for utterance, _ in found)
    return Voiceprints(_unit(embeddings), tuple(speakers[u] for u in ids), ids, len(voices) - len(ids))


def speaker_means(voices: Voiceprints) -> tuple[tuple[str, ...], Float64[ndarray, "speaker dimension"]]:
    """The direction of the mean embedding of each speaker.

    Returns:
        The speakers, sorted, and their means [speaker, dimension].
    """
    names, _, sums = _sums(voices)
    return names, _unit(sums)


@dataclass(frozen=True, eq=False)
class Trials:
    """Each tested utterance against the voice of each enrolled speaker.

    Attributes:
        enrolled: speakers, sorted.
        tested: who says each utterance.
        scores: cosine of the utterance and the mean of the speaker's enrolled utterances, the same utterance left out;
            NaN where nothing else is enrolled of its speaker [utterance, speaker].
        same: whether the speaker says the utterance [utterance, speaker].
    """

    enrolled: tuple[str, ...]
    tested: tuple[str, ...]
    scores: Float64[ndarray, "utterance speaker"]
    same: Bool[ndarray, "utterance speaker"]

    def flat(self) -> tuple[Float64[ndarray, " trial"], Bool[ndarray, " trial"]]:
        """Scores that there are, and whether the speaker is the same."""
        there = ~np.isnan(self.scores)
        return self.scores[there], self.same[there]


def trials(enrolled: Voiceprints, tested: Voiceprints) -> Trials:
    """Test every utterance against every enrolled speaker.

    An utterance never meets itself: where it is enrolled too, under whatever alteration, its speaker's mean is taken
    without it, for else its words and its noise would be recognized and not the voice.
    """
    names, of_utterance, sums = _sums(enrolled)
    scores = tested.embeddings @ _unit(sums).T
    same = np.array(tested.speakers, dtype=object)[:, None] == np.array(names, dtype=object)[None, :]
    place = {utterance: i for i, utterance in enumerate(enrolled.utterance_ids)}
    counts = np.bincount(of_utterance, minlength=len(names))
    for index, utterance in enumerate(tested.utterance_ids):
        if (i := place.get(utterance)) is None:
            continue
        speaker = of_utterance[i]
        others = _unit((sums[speaker] - enrolled.embeddings[i])[None])[0]
        alone = counts[speaker] == 1
        scores[index, speaker] = np.nan if alone else tested.embeddings[index] @ others
    return Trials(names, tested.speakers, np.round(scores, _DECIMALS), same.astype(bool))


@dataclass(frozen=True)
class EqualErrorRate:
    """Where as many are refused wrongly as are accepted wrongly.

    Attributes:
        rate: both shares, where the straight lines between the points of the curve cross.
        threshold: of the scores that were seen, the one at which the two shares are nearest; the higher of two.
        same: trials of one speaker.
        different: trials of two.
    """

    rate: float
    threshold: float
    same: int
    different: int


def equal_error_rate(scores: Float64[ndarray, " trial"], labels: Bool[ndarray, " trial"]) -> EqualErrorRate:
    """The equal error rate of verification.

    A trial is accepted from the threshold on. Every score that was seen is a threshold, one more accepts nothing;
    between two of them both shares are interpolated linearly, as on a curve drawn through its points. All scores equal
    gives 0.5.

    Args:
        scores: higher is more alike.
        labels: whether it is the same speaker.

    Raises:
        InputError: there are no trials of one of the kinds.
    """
    same, different = int(labels.sum()), int((~labels).sum())
    if not same or not different:
        raise InputError(
            f"equal error rate: found {same} trials of one speaker and {different} of two; both kinds are needed: two "
            "speakers, and two utterances of one"
        )
    thresholds, place = np.unique(scores, return_inverse=True)
    # From the highest threshold down; before the first, nothing is accepted.
    hits = np.cumsum(np.bincount(place[labels], minlength=len(thresholds))[::-1])
    alarms = np.cumsum(np.bincount(place[~labels], minlength=len(thresholds))[::-1])
    missed = np.concatenate([[1.0], 1 - hits / same])
    accepted = np.concatenate([[0.0], alarms / different])
    gap = missed - accepted
    after = int(np.argmax(gap <= 0))
    part = gap[after - 1] / (gap[after - 1] - gap[after])
    rate = accepted[after - 1] + part * (accepted[after] - accepted[after - 1])
    nearest = int(np.argmin(np.abs(gap[1:])))
    return EqualErrorRate(float(rate), float(thresholds[::-1][nearest]), same, different)


def _sums(
    voices: Voiceprints,
) -> tuple[tuple[str, ...], Int64[ndarray, " utterance"], Float64[ndarray, "speaker dimension"]]:
    names = tuple(sorted(set(voices.speakers)))
    index = {name: i for i, name in enumerate(names)}
    of_utterance = np.array([index[speaker] for speaker in voices.speakers], dtype=np.int64)
    sums = np.zeros((len(names), voices.embeddings.shape[1]))
    np.add.at(sums, of_utterance, voices.embeddings)
    return names, of_utterance, sums


def _unit(vectors: Float64[ndarray, "row dimension"]) -> Float64[ndarray, "row dimension"]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float64[ndarray, "row dimension"] = vectors / np.where(norms > 0, norms, 1.0)
    return unit
