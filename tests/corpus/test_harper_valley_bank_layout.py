"""HarperValleyBank in its published layout: a list of segments, an object and two recordings per call."""

import json

import pytest

from callgap.corpus.harper_valley_bank import HarperValleyBankCorpus
from callgap.errors import InputError

TOP = "gridspace-stanford-harper-valley/data"
CALL, SWAPPED = "00000000000000aa", "d73be060c5994ae3"


def segment(index, channel, start, duration, words, **others):
    return {
        "index": index, "channel_index": channel, "speaker_role": "agent", "offset_ms": 3720, "start_ms": start,
        "duration_ms": duration, "start_timestamp_ms": 1590900003720, "human_transcript": words,
        "transcript": "what a machine heard", "word_offsets_ms": [0], "word_durations_ms": [280],
        "dialog_acts": ["gridspace_greeting"], "emotion": {"neutral": 0.8, "negative": 0.1, "positive": 0.1}, **others,
    }  # fmt: skip


def metadata(sid, **others):
    return {
        "sid": sid, "session": "Little Harper Valley 1", "start_time_ms": 1, "end_time_ms": 2,
        "agent": {"speaker_id": 40, "hangup_time_ms": None, "metadata": {"agent_name": "Invented Agent"}},
        "caller": {"speaker_id": 60, "metadata": {"first and last name": "Invented Caller"}, "survey_response": None},
        "labels": {"lhvb_script": 5.0}, "tasks": [{"task_type": "replace card", "card type": "debit"}], **others,
    }  # fmt: skip


SEGMENTS = [
    segment(1, 2, 0, 900, "hello this is harper valley national bank [noise]"),
    # The role is the agent's and the channel the caller's, as in several hundred segments.
    segment(2, 1, 500, 1000, "[laughter] i i'd like a new [unintelligible] card"),
    segment(3, 1, 1500, 400, "[noise]"),
    segment(4, 1, 1700, 200, ""),
    segment(5, 1, 2900, 900, "thank you"),
    segment(6, 1, None, 900, "goodbye"),
    segment(7, 3, 0, 900, "who is that"),
]


@pytest.fixture
def folder(archive):
    for sid in (CALL, SWAPPED):
        archive.text(f"{TOP}/transcript/{sid}.json", json.dumps(SEGMENTS if sid == CALL else SEGMENTS[:2], indent=2))
        archive.text(f"{TOP}/metadata/{sid}.json", json.dumps(metadata(sid)))
        for side in ("agent", "caller"):
            archive.sound(f"{TOP}/audio/{side}/{sid}.wav", rate=8000, seconds=3.0)
    return archive.path


def corpus(folder, **options):
    return HarperValleyBankCorpus(root=folder, card="harper-valley-bank", **options)


def by_id(folder, **options):
    return {row["utterance_id"]: row for row in corpus(folder, **options).utterances().to_pylist()}


def test_a_segment_has_its_channels_recording_and_speaker_and_no_marker(folder):
    row = by_id(folder)[f"{CALL}-0002"]
    assert row["audio"].endswith(f"{TOP}/audio/caller/{CALL}.wav")
    assert (row["speaker_id"], row["session_id"], row["side"], row["task"]) == ("60", CALL, "caller", "replace card")
    assert row["text"] == "i i'd like a new card"
    assert (row["audio_begin_s"], row["audio_end_s"], row["duration_s"]) == (0.5, 1.5, 1.0)


def test_usable_segments_are_heard_and_others_have_their_reason(folder, heard):
    assert heard(corpus(folder, side="both")) == {
        f"{CALL}-0001": "ok",
        f"{CALL}-0002": "ok",
        f"{CALL}-0003": "empty_reference",
        f"{CALL}-0004": "empty_reference",
        f"{CALL}-0005": "bad_segment",
        f"{CALL}-0006": "bad_segment",
        f"{CALL}-0007": "no_such_channel",
        f"{SWAPPED}-0001": "swapped_sides",
        f"{SWAPPED}-0002": "swapped_sides",
    }


def test_a_sides_segments_keep_their_ids_whichever_side_is_read(folder):
    sides = {side: set(by_id(folder, side=side)) for side in ("caller", "agent", "both")}
    assert sides["caller"] | sides["agent"] == sides["both"]
    # Whose the segment of a third channel is cannot be told, so that it is excluded under either.
    assert sides["caller"] & sides["agent"] == {f"{CALL}-0007"}
    agents = {row["speaker_id"] for row in by_id(folder, side="agent").values() if row["side"]}
    assert agents == {"40"}


def test_neither_a_machines_words_nor_a_roles_name_reach_the_table(folder):
    table = json.dumps(list(by_id(folder, side="both").values()))
    assert "what a machine heard" not in table
    assert "Invented" not in table


@pytest.mark.parametrize("tasks", [None, [], [{}], ["replace card"]])
def test_a_call_without_a_task_states_none(folder, archive, tasks):
    archive.text(f"{TOP}/metadata/{CALL}.json", json.dumps(metadata(CALL, tasks=tasks)))
    assert by_id(folder)[f"{CALL}-0002"]["task"] is None


def test_a_call_without_metadata_has_no_speakers(folder):
    (folder / TOP / "metadata" / f"{CALL}.json").unlink()
    assert by_id(folder)[f"{CALL}-0002"]["fault"] == "missing_speaker"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("transcript", "{}", "holds no segments; accepted: a JSON list of objects"),
        ("transcript", "[1]", "holds no segments; accepted: a JSON list of objects"),
        ("transcript", "[", "is no JSON"),
        ("metadata", "[]", "does not describe a call; accepted: a JSON object"),
    ],
)
def test_a_call_in_another_form_is_one_sentence(folder, archive, name, content, message):
    archive.text(f"{TOP}/{name}/{CALL}.json", content)
    with pytest.raises(InputError, match=f"{name}/{CALL}.json {message}"):
        corpus(folder).utterances()


def test_the_card_says_of_no_attribute_that_it_is_of_a_person(folder):
    attributes = corpus(folder).card.attributes
    assert {name: attribute.of_person for name, attribute in attributes.items()} == {"task": False, "side": False}


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"not have the layout of harper-valley-bank; accepted: .* data/transcript"):
        corpus(tmp_path).utterances()
