"""Each fault that is planted is found, and is not found in the clean twin."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faulty import corpus, evidence_of
from scipy import stats

from callgap.errors import InputError
from callgap.fairness.faults import find_faults, unjudged, unpublished
from callgap.fairness.faults.losses import permutation_p
from callgap.group_records import FAULTS
from callgap.records import table

LINE = {"accent": "a"}


def faults(frame, references=LINE, **options):
    attributes = [name for name in ("accent", "source") if name in frame]
    rows = find_faults(evidence_of(frame, attributes), references, **options)
    assert table(rows, FAULTS).num_rows == len(rows)
    speakers = set(frame["speaker_id"])
    assert all(speakers.isdisjoint(row["detail"].replace(".", " ").split()) for row in rows)
    return rows


def named(rows, fault):
    return [row for row in rows if row["fault"] == fault]


@pytest.mark.parametrize("wrong", [0.1, 0.87])
def test_a_clean_corpus_has_no_fault_however_bad_the_recognizer(wrong):
    assert faults(corpus(wrong=wrong)) == []


def test_contradictory_speakers_are_counted_and_not_judged():
    frame = corpus()
    frame.loc[frame["utterance_id"].isin(["a0-0", "a1-0", "b0-3"]), "accent"] = "c"
    (row,) = named(faults(frame), "contradictory_attribute")
    assert (row["attribute"], row["group"], row["speakers"], row["utterances"]) == ("accent", "contradictory", 3, 30)
    assert row["share"] == pytest.approx(3 / 24)
    assert ("accent", "contradictory") in unjudged([row])
    assert unpublished([row]) == {}


def test_one_speaker_with_most_of_the_clips_is_shown_with_the_share():
    frame = corpus()
    many = pd.concat([frame[frame["speaker_id"] == "b3"]] * 20, ignore_index=True)
    many["utterance_id"] = [f"more-{place}" for place in range(len(many))]
    many["duration_s"] += np.arange(len(many)) / 7
    rows = named(faults(pd.concat([frame, many], ignore_index=True)), "dominant_speaker")
    assert {row["group"] for row in rows} == {None, "b"}
    assert next(row["share"] for row in rows if row["group"] == "b") == pytest.approx(210 / 320, abs=0.001)
    assert all(row["consequence"] == "shown" for row in rows)


def test_an_equal_share_among_few_speakers_is_no_fault():
    frame = corpus(speakers=5)
    # One of five has 14 of 54 utterances: more than a fifth, and nothing unusual.
    more = frame[frame["speaker_id"] == "b3"].iloc[:4].assign(utterance_id=["m1", "m2", "m3", "m4"], duration_s=9.0)
    assert named(faults(pd.concat([frame, more], ignore_index=True)), "dominant_speaker") == []


def test_a_large_cluster_among_hundreds_is_shown_although_it_is_less_than_a_fifth():
    frame = corpus(speakers=150, each=2)
    many = pd.concat([frame[frame["speaker_id"] == "b3"]] * 12, ignore_index=True)
    many["utterance_id"] = [f"more-{place}" for place in range(len(many))]
    many["duration_s"] += np.arange(len(many)) / 7
    rows = named(faults(pd.concat([frame, many], ignore_index=True)), "dominant_speaker")
    assert {row["group"]: row["share"] for row in rows} == pytest.approx({None: 26 / 624, "b": 26 / 324})


def test_groups_from_corpora_without_overlap_are_described_and_not_judged():
    frame = corpus()
    # As with Koenecke et al.: several collections on either side, none on both.
    frame["source"] = np.where(frame["accent"] == "a", "one", np.where(frame["speaker_id"] < "b5", "two", "three"))
    rows = named(faults(frame), "group_is_corpus")
    assert ("accent", "b", "not judged") in {(row["attribute"], row["group"], row["consequence"]) for row in rows}
    assert ("accent", "b") in unjudged(rows)
    mixed = frame.assign(source=np.where(frame["speaker_id"].str[-1].astype(int) % 2, "one", "two"))
    assert [row for row in named(faults(mixed), "group_is_corpus") if row["attribute"] == "accent"] == []


def test_a_language_of_its_own_is_a_corpus_of_its_own_and_a_region_is_not():
    frame = corpus()
    other = frame.assign(language=np.where(frame["accent"] == "a", "en-US", "fr-FR"))
    region = frame.assign(language=np.where(frame["accent"] == "a", "en-US", "en-IN"))
    assert {row["group"] for row in named(faults(other), "group_is_corpus")} == {"a", "b"}
    assert named(faults(region), "group_is_corpus") == []


def test_a_column_of_sources_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="'origin'"):
        faults(corpus(), sources=["origin"])


def test_a_group_recorded_in_one_session_is_not_judged_and_sessions_of_speakers_are_no_fault():
    frame = corpus()
    one = frame.assign(session_id=np.where(frame["accent"] == "b", "evening", frame["speaker_id"]))
    assert ("accent", "b") in unjudged(named(faults(one), "group_is_session"))
    shared = frame.assign(session_id="evening")
    assert named(faults(frame), "group_is_session") == named(faults(shared), "group_is_session") == []


def test_recordings_stand_for_sessions_where_there_are_none():
    frame = corpus().drop(columns="session_id")
    cut = frame.assign(audio=frame["accent"] + ".wav", audio_begin_s=np.arange(len(frame)) * 4.0)
    whole = frame.assign(audio=frame["utterance_id"] + ".wav")
    assert {row["group"] for row in named(faults(cut), "group_is_session")} == {"a", "b"}
    assert faults(whole) == []


def test_texts_lost_for_some_speakers_of_one_group_are_shown_and_evenly_lost_ones_are_not():
    frame = corpus(speakers=20)
    uneven = frame.assign(status=np.where((frame["accent"] == "b") & (frame.index % 3 == 0), "failed", "ok"))
    even = frame.assign(status=np.where(frame.index % 7 == 0, "missing", "ok"))
    (row,) = named(faults(uneven), "missing_by_group")
    lost = (uneven["status"] == "failed").sum()
    assert (row["group"], row["utterances"]) == ("b", lost)
    assert row["share"] == pytest.approx(lost / 200)
    assert named(faults(even), "missing_by_group") == []
    excluded = uneven.assign(status=uneven["status"].replace("failed", "excluded"))
    assert [row["fault"] for row in faults(excluded)] == ["excluded_by_group"]


def test_one_speaker_whose_texts_were_all_lost_is_no_difference_of_groups():
    # Ten of ten utterances in one group: Fisher's test of utterances sees a difference, one of speakers does not.
    frame = corpus(speakers=20)
    one = frame.assign(status=np.where(frame["speaker_id"] == "b4", "failed", "ok"))
    assert stats.fisher_exact([[10, 190], [0, 200]]).pvalue < 0.01
    assert named(faults(one), "missing_by_group") == []


def test_the_permutation_test_of_losses_agrees_with_scipy():
    random = np.random.default_rng(3)
    lost, total = random.binomial(6, 0.3, 24), np.full(24, 6)
    group = np.arange(24) % 2
    lost[group == 1] += random.binomial(2, 0.4, 12)

    def gap(mine, theirs, axis):
        return np.abs(mine.mean(axis=axis) - theirs.mean(axis=axis))

    theirs = stats.permutation_test(
        (lost[group == 0], lost[group == 1]), gap, n_resamples=9999, alternative="greater", rng=1
    )
    assert permutation_p(lost, total, group) == pytest.approx(theirs.pvalue, abs=0.03)


def test_empty_texts_in_a_burst_look_like_a_failed_interface_and_scattered_ones_do_not():
    frame = corpus(speakers=20, each=20)
    burst = frame.assign(heard=np.where((frame.index >= 310) & (frame.index < 330), "", frame["heard"]))
    scattered = frame.assign(heard=np.where(frame.index % 41 == 0, "", frame["heard"]))
    (row,) = named(faults(burst), "empty_burst")
    assert row["utterances"] == 20
    assert named(faults(scattered), "empty_burst") == []
    deaf = frame.assign(heard="")
    assert faults(deaf) == []


def test_a_speaker_whose_texts_are_all_empty_while_others_are_heard_is_shown():
    frame = corpus()
    silent = frame.assign(heard=np.where(frame["speaker_id"].isin(["a2", "b7"]), "", frame["heard"]))
    (row,) = named(faults(silent), "empty_speakers")
    assert (row["speakers"], row["utterances"], row["share"]) == (2, 20, 1.0)


def silent(frame, speakers, each=None):
    takes = frame["utterance_id"].str.split("-").str[1].astype(int)
    lost = frame["speaker_id"].isin(speakers) & (takes < (each or len(frame)))
    return named(faults(frame.assign(heard=np.where(lost, "", frame["heard"]))), "silent_group")


@pytest.mark.parametrize(("each", "heard"), [(10, 0), (10, 5), (1, 0)])
@pytest.mark.parametrize("group", ["a", "b"])
def test_a_group_whose_texts_are_empty_while_others_are_heard_is_not_judged(each, heard, group):
    frame = corpus(each=each)
    (row,) = silent(frame, {f"{group}{place}" for place in range(12)}, each - heard)
    assert (row["attribute"], row["group"], row["speakers"]) == ("accent", group, 12)
    assert list(unjudged([row])) == [("accent", group)]
    assert "status missing" in row["detail"]


def test_half_of_a_group_is_not_judged_and_less_than_half_is_shown():
    frame = corpus()
    (row,) = silent(frame, {f"b{place}" for place in range(6)})
    assert (row["speakers"], row["share"]) == (6, 0.5)
    assert silent(frame, {f"b{place}" for place in range(5)}) == []


def test_a_group_is_not_told_apart_from_others_that_are_not_heard_either():
    frame = corpus(("a", "b", "c"))
    every = {f"{group}{place}" for group in "abc" for place in range(12)}
    assert silent(frame, every) == []
    # Each speaker of the others has some empty texts as well.
    patchy = frame.assign(heard=np.where(frame.index % 5 == 0, "", frame["heard"]))
    assert silent(patchy, {f"b{place}" for place in range(12)}) == []
    two = silent(frame, {speaker for speaker in every if speaker[0] != "a"})
    assert {row["group"] for row in two} == {"b", "c"}


def test_a_silent_group_of_an_attribute_that_is_not_compared_is_only_shown():
    frame = corpus()
    lost = frame.assign(heard=np.where(frame["accent"] == "b", "", frame["heard"]))
    assert {row["fault"] for row in faults(lost, {"accent": None})} == {"empty_speakers"}


def test_the_same_stretch_of_a_file_and_the_same_sound_in_two_files_are_shown(tmp_path):
    frame = corpus(each=2)
    files = [tmp_path / f"{name}.wav" for name in frame["utterance_id"]]
    for place, file in enumerate(files):
        file.write_bytes(hashlib.sha256(str(place).encode()).digest() * 2000)
    frame["audio"] = [str(file) for file in files]
    assert faults(frame) == []
    files[5].write_bytes(files[4].read_bytes())
    (row,) = named(faults(frame), "duplicate_audio")
    assert (row["utterances"], row["speakers"]) == (2, 2)
    assert "under several speakers" in row["detail"]
    frame.loc[7, "audio"] = frame.loc[8, "audio"]
    assert sorted(row["utterances"] for row in named(faults(frame), "duplicate_audio")) == [2, 2]
    apart = frame.assign(audio="one.wav", audio_begin_s=np.arange(len(frame)) * 1.0).drop(columns="session_id")
    assert named(faults(apart), "duplicate_audio") == []


def test_files_alike_in_size_and_beginning_are_told_apart_by_their_content(tmp_path):
    frame = corpus(each=1)
    frame["audio"] = [str(tmp_path / f"{name}.wav") for name in frame["utterance_id"]]
    for place, path in enumerate(frame["audio"]):
        Path(path).write_bytes(bytes(40_000) + bytes([place]))
    assert named(faults(frame), "duplicate_audio") == []


def test_rows_that_stand_twice_under_other_ids_are_shown_and_coarse_durations_are_not():
    frame = corpus()
    again = frame.iloc[:9].assign(utterance_id=lambda rows: rows["utterance_id"] + "-again")
    (row,) = named(faults(pd.concat([frame, again], ignore_index=True)), "duplicate_rows")
    assert row["utterances"] == 18
    commands = corpus(words=1, wrong=0.0)
    commands["text"] = commands["heard"] = [["yes", "no"][place % 2] for place in range(len(commands))]
    commands["duration_s"] = commands["duration_s"].round(0)
    assert named(faults(commands), "duplicate_rows") == []


def test_set_sentences_that_only_one_group_says_are_shown():
    frame = corpus()
    take = frame["utterance_id"].str.split("-").str[1]
    apart, common = frame.assign(prompt_id=frame["accent"] + take), frame.assign(prompt_id=take)
    assert {row["group"] for row in named(faults(apart), "disjoint_prompts")} == {"a", "b"}
    # Sentences of their own that nobody repeats are spontaneous speech.
    assert named(faults(common), "disjoint_prompts") == named(faults(frame), "disjoint_prompts") == []


def test_short_references_that_decide_the_mean_of_utterances_are_shown():
    frame = corpus(wrong=0.05)
    short = frame["utterance_id"].str.endswith(("0", "1", "2", "3"))
    frame.loc[short, ["text", "heard"]] = ["yes", "no no"]
    rows = named(faults(frame), "short_references")
    assert {row["group"] for row in rows} == {None, "a", "b"}
    assert rows[0]["share"] == pytest.approx(0.4)
    harmless = frame.assign(heard=np.where(short, "yes", frame["heard"]))
    assert named(faults(harmless), "short_references") == []


def test_everyone_else_compares_a_group_with_all_other_known_speakers():
    frame = corpus(("a", "b", "c"))
    frame.loc[frame["accent"] == "c", "accent"] = None
    frame["source"] = np.where(frame["accent"] == "a", "one", "two")
    for reference in ("everyone else", None):
        rows = named(faults(frame, {"accent": reference, "source": None}), "group_is_corpus")
        assert {row["group"] for row in rows if row["attribute"] == "accent"} == {"a", "b"}
