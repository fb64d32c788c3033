"""Planted converters: none, one voice for all, swapped speakers, some noise."""

import dataclasses
import itertools

import numpy as np
import pytest

from callgap.errors import InputError
from callgap.voice import (
    Voiceprints,
    calibration,
    distance_to_group,
    distinguishability,
    linkability,
    similarity,
    trials,
)


def altered(voices, embeddings):
    return dataclasses.replace(voices, embeddings=embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True))


def test_no_alteration_changes_nothing_at_all(planted):
    voices = planted(spread=1.2)
    alike = similarity(voices, voices)
    assert alike.cosine.tolist() == [1.0] * 6
    assert alike.utterance_cosine.tolist() == [1.0] * 6
    assert (alike.within, alike.between) == (alike.within_before, alike.between_before)
    told = distinguishability(voices, voices)
    assert told.after == told.before == calibration(voices).rate
    assert told.distance_ratio == 1.0


def test_no_alteration_links_as_often_as_the_calibration_says(planted):
    voices = planted(spread=1.2)
    calibrated = calibration(voices)
    linked = linkability(voices, voices, calibrated)
    scores, labels = trials(voices, voices).flat()
    assert 0 < calibrated.rate < 0.5
    assert linked.still_themselves == np.mean(scores[labels] >= calibrated.threshold)
    assert linked.impostors_accepted == np.mean(scores[~labels] >= calibrated.threshold)
    assert linked.trials.tolist() == [5] * 6
    assert linked.impostor_trials.tolist() == [25] * 6


def test_one_voice_for_all_is_caught(planted):
    before = planted()
    after = altered(before, np.tile(before.embeddings[:1], (len(before.speakers), 1)))
    told = distinguishability(before, after)
    assert told.before == pytest.approx(0.0)
    assert told.after == 0.5
    assert told.distance_ratio == pytest.approx(0, abs=1e-12)
    linked = linkability(before, after, calibration(before))
    assert linked.still_themselves == pytest.approx(1 / 6)
    assert linked.taken_for_another == pytest.approx(5 / 6)
    assert dict(zip(linked.speakers, linked.accepted.tolist(), strict=True)) == {
        "s0": 5, "s1": 0, "s2": 0, "s3": 0, "s4": 0, "s5": 0,
    }  # fmt: skip


def test_one_voice_that_says_what_each_said_is_told_apart_by_chance(planted):
    before = dataclasses.replace(planted(), said=("one", "two", "three", "four", "five") * 6)
    sentences = np.random.default_rng(4).standard_normal((5, before.embeddings.shape[1])) + before.embeddings[0]
    after = altered(before, np.tile(sentences, (6, 1)))
    told = distinguishability(before, after)
    assert told.before == pytest.approx(0.0)
    # Against means that hold the same words, everyone would be more like others than like themselves: 1.
    assert told.after == 0.5
    linked = linkability(before, after, calibration(before))
    assert linked.trials.tolist() == [5] * 6
    assert linked.impostor_trials.tolist() == [25] * 6


def test_a_trial_for_which_nothing_is_enrolled_is_none(planted):
    voices = dataclasses.replace(planted(), said=("one", "two", "three", "four", "five") * 5 + ("one",) * 5)
    calibrated = calibration(voices)
    linked = linkability(voices, voices, calibrated)
    assert linked.trials.tolist() == [5] * 5 + [0]
    assert linked.impostor_trials.tolist() == [24] * 5 + [25]
    assert linked.as_another.tolist() == [0] * 6
    scores, labels = trials(voices, voices).flat()
    assert len(scores) == linked.trials.sum() + linked.impostor_trials.sum()
    assert linked.still_themselves == np.mean(scores[labels] >= calibrated.threshold)


def test_one_voice_with_a_little_of_each_recording_left_is_caught_too(planted):
    before = planted()
    noise = np.random.default_rng(3).standard_normal(before.embeddings.shape)
    after = altered(before, before.embeddings[:1] + 0.02 * noise)
    told = distinguishability(before, after)
    assert told.after > 0.3
    assert told.distance_ratio < 0.05


def test_swapped_speakers_are_told_apart_as_well_and_are_not_themselves(planted):
    before = planted(speakers=2)
    after = dataclasses.replace(before, embeddings=np.roll(before.embeddings, 5, axis=0))
    told = distinguishability(before, after)
    assert told.after == told.before
    assert told.distance_ratio == pytest.approx(1)
    linked = linkability(before, after, calibration(before))
    assert linked.still_themselves == 0
    assert linked.taken_for_another == 1
    alike = similarity(before, after)
    assert alike.within < alike.between


def test_mean_cosines_are_those_of_all_pairs(planted):
    before, after = planted(seed=4), planted(seed=5, spread=0.9)
    alike = similarity(before, after)
    pairs = {True: [], False: []}
    for i, j in itertools.permutations(range(len(before.speakers)), 2):
        pairs[before.speakers[i] == before.speakers[j]].append(before.embeddings[i] @ after.embeddings[j])
    assert alike.within == pytest.approx(np.mean(pairs[True]))
    assert alike.between == pytest.approx(np.mean(pairs[False]))
    first = [i for i, speaker in enumerate(before.speakers) if speaker == "s0"]
    means = [voices.embeddings[first].mean(axis=0) for voices in (before, after)]
    assert alike.cosine[0] == pytest.approx(means[0] @ means[1] / np.prod([np.linalg.norm(m) for m in means]))


def test_only_what_is_in_both_is_compared(planted):
    before = planted()
    keep = np.ones(len(before.speakers), bool)
    keep[:5] = False
    alike = similarity(before, before.kept(keep))
    assert alike.speakers == ("s1", "s2", "s3", "s4", "s5")
    assert alike.utterances == 25
    assert distinguishability(before, before.kept(keep)).speakers == 5


def test_tables_of_other_utterances_or_speakers_are_refused(planted):
    before = planted()
    other = dataclasses.replace(before, utterance_ids=tuple(f"x{i}" for i in range(30)))
    with pytest.raises(InputError, match="none of 30 utterances"):
        similarity(before, other)
    with pytest.raises(InputError, match="is of speaker 's0' before and 's5' after"):
        similarity(before, dataclasses.replace(before, speakers=tuple(np.roll(before.speakers, 5).tolist())))


def test_a_single_speaker_cannot_be_told_apart(planted):
    voices = planted(speakers=1)
    told = distinguishability(voices, voices)
    assert (told.before, told.distance_before, told.distance_ratio) == (None, None, None)
    with pytest.raises(InputError, match="two speakers"):
        calibration(voices)


def test_the_distance_to_a_group_leaves_the_speaker_out():
    voices = Voiceprints(np.eye(3), ("a", "b", "c"), ("u", "v", "w"))
    found = distance_to_group(voices, voices, ("a", "b"))
    assert found.speakers == ("a", "b", "c")
    assert found.distance.tolist() == pytest.approx([1.0, 1.0, 1.0])
    nearer = dataclasses.replace(voices, embeddings=np.array([[1, 0, 0], [0, 1, 0], [0.6, 0.8, 0]]))
    assert distance_to_group(nearer, voices, ("a", "b")).distance[2] == pytest.approx(1 - 1.4 / np.sqrt(2))
    assert np.isnan(distance_to_group(voices, voices, ("a",)).distance[0])
    with pytest.raises(InputError, match="none of its 1 speakers"):
        distance_to_group(voices, voices, ("z",))
