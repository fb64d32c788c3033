"""Svarah in its published layout: JSON lines under another name, and a table of speakers in two forms."""

import json

import pytest

from callgap.corpus.svarah import SvarahCorpus
from callgap.errors import InputError

NAMES = [f"28147000000000{n}_f000{n}_chunk_{n % 2}" for n in (1, 2, 3)]
DURATIONS = (0.4, 0.5, 0.6)
TEXTS = ("please transfer the amount to my account", "yes", "the fair is held every year, near the river")
PROFILES = (
    "Female,18-30,Tamil,Tamil Nadu,Chennai,Undergrad or Grad.,Full Time,Technology and Services",
    "Male,60+,Bodo,Assam,Kokrajhar,12th grade,Other,Financial Services [Banking and Insurance]",
    'Male,30-45,Urdu,Telangana,Hyderabad,"Post Grad, other",Part Time,Government',
)
DETAILS = "gender,age-group,primary_language,native_place_state,native_place_district,highest_qualification"
HEADER = f"duration,text,{DETAILS},job_category,occupation_domain"
COLUMNS = ("gender", "age_group", "first_language", "native_place_state", "job_category", "occupation_domain")


def lines(paths, texts=TEXTS):
    facts = zip(paths, DURATIONS, texts, strict=True)
    return [json.dumps({"audio_filepath": path, "duration": s, "text": text}) for path, s, text in facts]


def table(first, cells, texts=TEXTS):
    rows = zip(cells, DURATIONS, texts, PROFILES, strict=True)
    return [f"{first},{HEADER}", *(f'{cell},{s},"{text}",{profile}' for cell, s, text, profile in rows)]


@pytest.fixture
def folder(archive):
    paths = [f"audio/{name}.wav" for name in NAMES]
    for path, seconds in zip(paths, DURATIONS, strict=True):
        archive.sound(f"svarah/{path}", seconds=seconds)
    archive.text("svarah/svarah_manifest.json", *lines(paths))
    archive.text("svarah/saa_l1_manifest.json", '{"audio_filepath": "elsewhere/english1.wav", "text": "please call"}')
    archive.text("svarah/meta_speaker_stats.csv", *table("audio_filepath", paths), encoding="utf-8-sig")
    return archive.path


def corpus(folder):
    return SvarahCorpus(root=folder, card="svarah")


def rows_of(folder):
    return {row["utterance_id"]: row for row in corpus(folder).utterances().to_pylist()}


def test_without_speaker_ids_each_recording_stands_for_a_speaker_and_nothing_is_judged(folder, heard):
    made = corpus(folder)
    assert [row["speaker_id"] for row in made.utterances().to_pylist()] == NAMES
    assert heard(made) == dict.fromkeys(NAMES, "ok")
    (fault,) = made.faults()
    assert (fault["fault"], fault["consequence"], fault["utterances"]) == ("no_speaker_ids", "not judged", 3)


def test_texts_lengths_and_groups_are_those_of_the_list_and_the_table_word_for_word(folder):
    rows = rows_of(folder)
    assert [(row["text"], row["duration_s"]) for row in rows.values()] == list(zip(TEXTS, DURATIONS, strict=True))
    assert [rows[NAMES[1]][name] for name in COLUMNS] == [
        "Male", "60+", "Bodo", "Assam", "Other", "Financial Services [Banking and Insurance]",
    ]  # fmt: skip
    assert set(corpus(folder).card.attributes) == set(COLUMNS)


def test_with_speaker_ids_a_recording_is_known_by_its_text_and_length(folder, archive):
    archive.text("svarah/meta_speaker_stats.csv", *table("speaker_id", ("s7", "s8", "s7")))
    made = corpus(folder)
    assert [row["speaker_id"] for row in made.utterances().to_pylist()] == ["s7", "s8", "s7"]
    assert [row["first_language"] for row in made.utterances().to_pylist()] == ["Tamil", "Bodo", "Urdu"]
    assert made.faults() == []


def test_a_recording_that_two_speakers_may_have_said_is_excluded(folder, archive, heard):
    rows = table("speaker_id", ("s7", "s8", "s7"))
    archive.text("svarah/meta_speaker_stats.csv", *rows, rows[2].replace("s8,", "s9,"), rows[1])
    assert heard(corpus(folder)) == {NAMES[0]: "ok", NAMES[1]: "ambiguous_speaker", NAMES[2]: "ok"}


@pytest.mark.parametrize(("first", "reason"), [("audio_filepath", "ok"), ("speaker_id", "missing_speaker")])
def test_a_recording_that_the_table_lacks_has_no_groups(folder, archive, heard, first, reason):
    cells = [f"audio/{name}.wav" for name in NAMES] if first == "audio_filepath" else ("s7", "s8", "s9")
    archive.text("svarah/meta_speaker_stats.csv", *table(first, cells)[:-1])
    assert rows_of(folder)[NAMES[2]]["gender"] is None
    assert heard(corpus(folder))[NAMES[2]] == reason


@pytest.mark.parametrize("first", ["audio_filepath", "speaker_id"])
def test_a_recording_that_only_the_table_has_is_excluded(folder, archive, heard, first):
    cells = [f"audio/{name}.wav" for name in NAMES]
    archive.text("svarah/meta_speaker_stats.csv", *table(first, cells))
    archive.text("svarah/svarah_manifest.json", *lines(cells)[:2])
    assert sorted(heard(corpus(folder)).values()) == ["not_in_manifest", "ok", "ok"]


def test_paths_of_the_makers_are_found_by_name(folder, archive, heard):
    elsewhere = ("/data/of/makers/{}.wav", "svarah/audio/{}.wav", "../audio/{}.wav")
    paths = [form.format(name) for form, name in zip(elsewhere, NAMES, strict=True)]
    archive.text("svarah/svarah_manifest.json", *lines(paths), "")
    assert heard(corpus(folder)) == dict.fromkeys(NAMES, "ok")
    assert rows_of(folder)[NAMES[0]]["gender"] == "Female"


def test_a_line_without_a_path_is_excluded(folder, archive, heard):
    paths = [f"audio/{name}.wav" for name in NAMES]
    archive.text("svarah/svarah_manifest.json", *lines(["", *paths[1:]]))
    reasons = heard(corpus(folder))
    assert sorted(reasons.values()) == ["missing_speaker", "not_in_manifest", "ok", "ok"]


def test_a_listed_recording_that_is_not_there_is_excluded(folder, heard):
    (folder / "svarah" / "audio" / f"{NAMES[0]}.wav").unlink()
    assert heard(corpus(folder))[NAMES[0]] == "missing_audio"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[", r"svarah_manifest.json, line 1: no JSON .*; accepted: JSON lines"),
        ('{"audio_filepath": "audio/a.wav"}', r"svarah_manifest.json, line 1: accepted: a JSON object with the texts"),
        ("[]", r"svarah_manifest.json, line 1: accepted: a JSON object with the texts"),
    ],
)
def test_a_list_in_another_form_is_one_sentence(folder, archive, content, sentence):
    archive.text("svarah/svarah_manifest.json", content)
    with pytest.raises(InputError, match=sentence):
        corpus(folder).utterances()


def test_a_table_without_paths_and_speakers_is_one_sentence(folder, archive):
    archive.text("svarah/meta_speaker_stats.csv", "duration,text,gender", "0.4,yes,Male")
    with pytest.raises(
        InputError, match=r"found the columns duration, text, gender; accepted: with audio_filepath, or"
    ):
        corpus(folder).utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"layout of svarah; accepted: a folder that holds svarah_manifest.json"):
        corpus(tmp_path).utterances()
