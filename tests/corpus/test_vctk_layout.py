"""VCTK in both of its published layouts: 0.80 with one microphone, 0.92 with two, and a table that is none."""

import pytest

from callgap.corpus.vctk import VctkCorpus
from callgap.errors import InputError

OLD = (
    "ID  AGE  GENDER  ACCENTS  REGION  ",
    "225  23  F    English    Southern  England",
    "326  26  M    Australian  English  Sydney",
    "376  22  M    Indian",
)
NEW = (
    "ID  AGE  GENDER  ACCENTS  REGION COMMENTS ",
    "p225  23  F    English    Southern  England",
    "p280  25  F    Unknown  France (mic2 files unavailable)",
    "p315  18  M    American  New  England (Text and mic2 files unavailable)",
    "p376  22  M    Indian",
    "s5  24  F    British?",
    "",
)
BANDS = {"age": (25,)}


@pytest.fixture
def old(archive):
    archive.text("VCTK-Corpus/speaker-info.txt", *OLD)
    for name in ("p225_001", "p225_010", "p326_001", "p376_001"):
        archive.sound(f"VCTK-Corpus/wav48/{name[:4]}/{name}.wav", rate=48000)
    for name in ("p225_001", "p326_001", "p376_001"):
        archive.text(f"VCTK-Corpus/txt/{name[:4]}/{name}.txt", "Please bring her  things. ")
    return archive.path


@pytest.fixture
def new(archive):
    archive.text("speaker-info.txt", *NEW)
    for name, mics in (("p225_001", 2), ("p280_001", 1), ("p315_001", 1), ("p376_001", 2), ("s5_001", 2)):
        speaker = name.partition("_")[0]
        for mic in range(1, mics + 1):
            archive.sound(f"wav48_silence_trimmed/{speaker}/{name}_mic{mic}.flac", rate=48000)
        if speaker != "p315":
            archive.text(f"txt/{speaker}/{name}.txt", "Please bring her things.")
    archive.text("txt/p376/p376_295.txt", "Nobody recorded this.")
    archive.text("wav48_silence_trimmed/log.txt", "no recording")
    return archive.path


def corpus(folder, **options):
    return VctkCorpus(root=folder, card="vctk", **{"bands": BANDS, **options})


def test_version_080_is_read_by_speaker_and_number(old, heard):
    made = corpus(old)
    rows = made.utterances().to_pylist()
    assert [(row["utterance_id"], row["speaker_id"]) for row in rows] == [
        ("p225_001", "p225"),
        ("p225_010", "p225"),
        ("p326_001", "p326"),
        ("p376_001", "p376"),
    ]
    assert {row["text"] for row in rows} == {"Please bring her things.", ""}
    assert heard(made) == {"p225_001": "ok", "p225_010": "empty_reference", "p326_001": "ok", "p376_001": "ok"}


def test_version_092_is_heard_by_either_microphone_under_the_same_ids(new, heard):
    first, second = corpus(new), corpus(new, mic=2)
    names = [row["utterance_id"] for row in first.utterances().to_pylist()]
    assert names == ["p225_001", "p280_001", "p315_001", "p376_001", "p376_295", "s5_001"]
    assert list(heard(first).values()) == ["ok", "ok", "empty_reference", "ok", "missing_audio", "ok"]
    assert {name: reason for name, reason in heard(second).items() if reason != "ok"} == {
        "p280_001": "missing_audio",
        "p376_295": "missing_audio",
    }
    assert {row["audio"].rpartition("_")[2] for row in first.utterances().to_pylist()} == {"mic1.flac"}


def test_version_080_has_no_second_microphone(old):
    with pytest.raises(InputError, match=r"corpus.mic=2: .* holds version 0.80, which has one microphone; accepted: 1"):
        corpus(old, mic=2).utterances()


def test_groups_are_those_of_the_table_that_is_none(old):
    rows = corpus(old, groups=("accent", "gender", "age", "region")).utterances().to_pylist()
    assert {
        row["speaker_id"]: tuple(row[name] for name in ("accent", "gender", "age_band", "region")) for row in rows
    } == {
        "p225": ("English", "F", "under 25", "Southern England"),
        "p326": ("Australian", "M", "25 and over", "English Sydney"),
        "p376": ("Indian", "M", "under 25", None),
    }


def test_comments_are_cut_off_and_an_unknown_accent_is_none(new):
    rows = corpus(new, groups=("accent", "gender", "age", "region")).utterances().to_pylist()
    assert {row["speaker_id"]: (row["accent"], row["region"]) for row in rows} == {
        "p225": ("English", "Southern England"),
        "p280": (None, "France"),
        "p315": ("American", "New England"),
        "p376": ("Indian", None),
        "s5": ("British?", None),
    }


def test_a_speaker_whom_the_table_lacks_has_no_group(new, archive):
    archive.sound("wav48_silence_trimmed/p999/p999_001_mic1.flac", rate=48000)
    rows = corpus(new).utterances().to_pylist()
    assert [(row["accent"], row["gender"]) for row in rows if row["speaker_id"] == "p999"] == [(None, None)]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("p225,23,F,English",), r"speaker-info.txt, line 1: found p225,23,F,English; accepted: ID AGE GENDER ACCENTS"),
        ((NEW[0], "p225  23  F"), r"speaker-info.txt, line 2: found 'p225 23 F'; accepted: ID, AGE, GENDER, ACCENTS"),
        ((), r"speaker-info.txt, line 1: found nothing"),
    ],
)
def test_a_table_of_speakers_in_another_form_is_one_sentence(new, archive, lines, said):
    archive.text("speaker-info.txt", *lines)
    with pytest.raises(InputError, match=said):
        corpus(new).utterances()


def test_the_card_is_about_columns_of_the_table(new):
    made = corpus(new)
    assert set(made.card.attributes) == {"accent", "gender", "age_band"}
    assert set(made.card.attributes) <= set(made.utterances().column_names)


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(
        InputError, match=r"does not have the layout of vctk; accepted: a folder that holds speaker-info"
    ):
        corpus(tmp_path).utterances()
