"""Trials and the equal error rate agree with brute force and with scikit-learn."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from callgap.errors import InputError
from callgap.records import table
from callgap.voice import Voiceprints, equal_error_rate, speaker_means, trials, voiceprints
from callgap.voice_records import VOICES


@st.composite
def scored(draw):
    """Scores on a coarse grid, so that many are equal, and at least one label of each kind."""
    labels = draw(st.lists(st.booleans(), min_size=2, max_size=40).filter(lambda found: len(set(found)) == 2))
    scores = draw(st.lists(st.integers(-5, 5), min_size=len(labels), max_size=len(labels)))
    return np.array(scores, dtype=np.float64) / 5, np.array(labels)


def by_sklearn(scores, labels):
    """The crossing on scikit-learn's curve, every point of it kept."""
    accepted, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    missed = 1 - hits
    for i in range(1, len(accepted)):
        if missed[i] <= accepted[i]:
            before, after = missed[i - 1] - accepted[i - 1], missed[i] - accepted[i]
            return accepted[i - 1] + before / (before - after) * (accepted[i] - accepted[i - 1])
    raise AssertionError


@given(scored())
def test_the_rate_is_where_scikit_learns_curve_crosses(case):
    assert equal_error_rate(*case).rate == pytest.approx(by_sklearn(*case), abs=1e-12)


@given(scored())
def test_the_threshold_is_the_score_at_which_both_shares_are_nearest(case):
    scores, labels = case
    found = equal_error_rate(scores, labels)

    def gap(threshold):
        return abs(np.mean(scores[labels] < threshold) - np.mean(scores[~labels] >= threshold))

    assert found.threshold in scores
    assert gap(found.threshold) == pytest.approx(min(gap(score) for score in scores), abs=1e-12)


@given(scored())
def test_the_rate_is_a_share_and_knows_no_direction(case):
    scores, labels = case
    rate = equal_error_rate(scores, labels).rate
    assert 0 <= rate <= 1
    assert equal_error_rate(-scores, ~labels).rate == pytest.approx(rate, abs=1e-12)
    assert equal_error_rate(-scores, labels).rate == pytest.approx(1 - rate, abs=1e-12)
    assert equal_error_rate(3 * scores + 7, labels).rate == rate


def test_known_rates():
    same, different = np.array([True, True]), np.array([False, False])
    labels = np.concatenate([same, different])
    assert equal_error_rate(np.array([0.9, 0.8, 0.2, 0.1]), labels).rate == 0
    assert equal_error_rate(np.array([0.1, 0.2, 0.8, 0.9]), labels).rate == 1
    assert equal_error_rate(np.zeros(4), labels).rate == 0.5


@pytest.mark.parametrize("labels", [[True, True], [False, False]])
def test_one_kind_of_trial_has_no_rate(labels):
    with pytest.raises(InputError, match="both kinds are needed"):
        equal_error_rate(np.zeros(2), np.array(labels))


def test_scores_are_those_of_one_trial_after_the_other(planted):
    before, after = planted(seed=1), planted(seed=2)
    found = trials(before, after)
    for u, utterance in enumerate(after.utterance_ids):
        for k, speaker in enumerate(found.enrolled):
            enrolled = [
                vector
                for vector, who, which in zip(before.embeddings, before.speakers, before.utterance_ids, strict=True)
                if who == speaker and which != utterance
            ]
            mean = np.mean(enrolled, axis=0)
            score = after.embeddings[u] @ mean / np.linalg.norm(mean)
            assert found.scores[u, k] == pytest.approx(score, abs=1e-8)
            assert found.same[u, k] == (after.speakers[u] == speaker)


def test_words_meet_themselves_in_nobodys_mouth(planted):
    words = ("one", "two", "two", "three", "four") * 5 + ("one",) * 5
    before, after = (dataclasses.replace(planted(seed=seed), said=words) for seed in (1, 2))
    found = trials(before, after)
    for u, said in enumerate(words):
        for k, speaker in enumerate(found.enrolled):
            allowed = [v for v, who, w in zip(before.embeddings, before.speakers, words, strict=True)
                       if who == speaker and w != said]  # fmt: skip
            if not allowed:
                assert (speaker, said) == ("s5", "one")
                assert np.isnan(found.scores[u, k])
                continue
            mean = np.mean(allowed, axis=0)
            score = after.embeddings[u] @ mean / np.linalg.norm(mean)
            assert found.scores[u, k] == pytest.approx(score, abs=1e-8)


def test_where_everybody_says_the_same_only_the_recording_is_left_out(planted):
    voices = planted()
    same = dataclasses.replace(voices, said=("stop",) * len(voices.speakers))
    assert np.array_equal(trials(same, same).scores, trials(voices, voices).scores)
    some = same.kept(np.array(same.speakers) != "s0")
    assert some.said == ("stop",) * 25


def test_words_that_nobody_knows_are_nobody_elses(planted):
    voices = planted()
    rows = [
        {"utterance_id": u, "status": "ok", "embedding": e.tolist()}
        for u, e in zip(voices.utterance_ids, voices.embeddings, strict=True)
    ]
    speakers = dict(zip(voices.utterance_ids, voices.speakers, strict=True))
    found = voiceprints(table(rows, VOICES), speakers, {"s0-0": "one", "s1-5": "one"})
    assert found.said == tuple({"s0-0": "one", "s1-5": "one"}.get(u, u) for u in voices.utterance_ids)
    scores, plain = trials(found, found).scores, trials(voices, voices).scores
    changed = np.argwhere(~np.isclose(scores, plain, atol=1e-6))
    assert changed.tolist() == [[0, 1], [5, 0]]


def test_a_speaker_of_one_utterance_is_never_tested_against_it(planted):
    voices = planted(speakers=3, utterances=2).kept(np.array([True, False, True, True, True, True]))
    found = trials(voices, voices)
    assert np.isnan(found.scores[0, 0])
    assert np.isnan(found.scores).sum() == 1
    assert len(found.flat()[0]) == 5 * 3 - 1


def test_a_table_gives_its_embeddings_and_counts_what_has_none():
    rows = [
        {"utterance_id": "a", "status": "ok", "embedding": [3.0, 4.0]},
        {"utterance_id": "b", "status": "failed", "embedding": None},
    ]
    found = voiceprints(table(rows, VOICES), {"a": "x", "b": "y"})
    assert found.embeddings.tolist() == [[0.6, 0.8]]
    assert (found.speakers, found.utterance_ids, found.left_out) == (("x",), ("a",), 1)
    assert speaker_means(found)[0] == ("x",)
    with pytest.raises(InputError, match="utterance 'b' has no speaker"):
        voiceprints(table(rows, VOICES), {"a": "x"})
    assert VOICES.field("embedding").type == pa.list_(pa.float32())


def test_voiceprints_refuse_unequal_lengths_and_repetitions():
    with pytest.raises(ValueError, match="differ in length"):
        Voiceprints(np.eye(2), ("a",), ("u", "v"))
    with pytest.raises(ValueError, match="differ in length"):
        Voiceprints(np.eye(2), ("a", "b"), ("u", "v"), said=("one",))
    with pytest.raises(ValueError, match="stands twice"):
        Voiceprints(np.eye(2), ("a", "b"), ("u", "u"))


def test_a_table_without_embeddings_has_no_voiceprints():
    found = voiceprints(table([{"utterance_id": "a", "status": "ok"}], VOICES), {"a": "x"})
    assert (found.embeddings.shape, found.utterance_ids, found.left_out) == ((0, 0), (), 1)
