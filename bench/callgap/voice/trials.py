"""Speaker verification: embeddings of utterances, trials between them, and the equal error rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        said: the words of each utterance; where nobody knows them its id, as nobody else's. None takes all ids.
    """

    embeddings: Float64[ndarray, "utterance dimension"]
    speakers: tuple[str, ...]
    utterance_ids: tuple[str, ...]
    left_out: int = 0
    said: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        said = self.utterance_ids if self.said is None else self.said
        if not len(self.embeddings) == len(self.speakers) == len(self.utterance_ids) == len(said):
            raise ValueError("embeddings, speakers, utterance_ids and said differ in length")
        if len(set(self.utterance_ids)) != len(self.utterance_ids):
            raise ValueError("an utterance stands twice among the voiceprints")

    def kept(self, keep: Bool[ndarray, " utterance"]) -> Voiceprints:
        """Some of the utterances."""
        return self.at(np.flatnonzero(keep).tolist())

    def at(self, places: list[int]) -> Voiceprints:
        """Some of the utterances, in this order."""
        speakers, ids = (tuple(of[i] for i in places) for of in (self.speakers, self.utterance_ids))
        said = None if self.said is None else tuple(self.said[i] for i in places)
        return Voiceprints(self.embeddings[places], speakers, ids, self.left_out, said)

    def of_speakers(self, names: frozenset[str]) -> Voiceprints:
        """The utterances of some speakers."""
        return self.kept(np.array([speaker in names for speaker in self.speakers], dtype=bool))


def voiceprints(voices: pa.Table, speakers: Mapping[str, str], said: Mapping[str, str] | None = None) -> Voiceprints:
    """Take the embeddings out of a table.

    Args:
        voices: table `voices`, one row per utterance.
        speakers: by utterance id.
        said: words by utterance id, where they are known: what `trials` keeps apart from the voice.

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
    words = None if said is None else tuple(said.get(u) or u for u in ids)
    return Voiceprints(_unit(embeddings), tuple(speakers[u] for u in ids), ids, len(voices) - len(ids), words)


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
        scores: cosine of the utterance and the mean of the speaker's enrolled utterances of other words; NaN where
            nothing else is enrolled of the speaker [utterance, speaker].
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

    An utterance meets neither itself, under whatever alteration, nor its words in anybody's mouth: every speaker's mean
    is taken without them, for else words and noise would be recognized and not the voice, and the words by all but the
    speaker, whose own are left out with the recording. Where everybody says the same, only the recording is left out.
    """
    names, of_utterance, sums = _sums(enrolled)
    scores = tested.embeddings @ _unit(sums).T
    same = np.array(tested.speakers, dtype=object)[:, None] == np.array(names, dtype=object)[None, :]
    counts = np.bincount(of_utterance, minlength=len(names))
    for rows, barred in _barred(enrolled, tested):
        who, place = np.unique(of_utterance[barred], return_inverse=True)
        rest = sums[who]
        np.subtract.at(rest, place, enrolled.embeddings[barred])
        left = counts[who] > np.bincount(place)
        scores[np.ix_(np.array(rows), who)] = np.where(left, tested.embeddings[rows] @ _unit(rest).T, np.nan)
    return Trials(names, tested.speakers, np.round(scores, _DECIMALS), same.astype(bool))


def _barred(enrolled: Voiceprints, tested: Voiceprints) -> Iterator[tuple[list[int], list[int]]]:
    """Tested utterances, and the enrolled ones that they may not meet."""
    several = len(set(enrolled.said or ())) > 1
    words = [(each.said if several else None) or each.utterance_ids for each in (enrolled, tested)]
    rows: dict[str, list[int]] = {}
    for index, said in enumerate(words[1]):
        rows.setdefault(said, []).append(index)
    places: dict[str, list[int]] = {}
    for index, said in enumerate(words[0]):
        places.setdefault(said, []).append(index)
    yield from ((of, places[said]) for said, of in rows.items() if said in places)


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
