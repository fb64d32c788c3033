"""MInDS-14 in its published layout: a table per locale, a folder per locale and intent, and no speakers."""

import pytest

from callgap.corpus.minds14 import Minds14Corpus
from callgap.errors import InputError

HEADER = "filepath,text_asr,text_translated,intent"
ENGLISH = (
    "en-US~ADDRESS/response_1.wav,how do I change my address,how do I change my address,ADDRESS",
    'en-US~BALANCE/response_2.wav, "hi, what is my balance please", "hi, what is my balance please", BALANCE',
)
FRENCH = ("fr-FR~FREEZE/response_3.wav,je voudrais bloquer mon compte,I would like to block my account,FREEZE",)
RECORDINGS = ("en-US~ADDRESS/response_1.wav", "en-US~BALANCE/response_2.wav", "fr-FR~FREEZE/response_3.wav")


def build(archive, text="text/", audio="audio/"):
    archive.text("MInDS-14/license.md", "CC BY 4.0")
    archive.text(f"MInDS-14/{text}en-US.csv", HEADER, *ENGLISH)
    archive.text(f"MInDS-14/{text}fr-FR.csv", HEADER, *FRENCH)
    for name in RECORDINGS:
        archive.sound(f"MInDS-14/{audio}{name}", rate=8000, subtype="PCM_16")
    return archive.path


@pytest.fixture
def folder(archive):
    return build(archive)


def corpus(folder, **options):
    return Minds14Corpus(root=folder, card="minds14", **options)


@pytest.mark.parametrize("text", ["text/", ""])
@pytest.mark.parametrize("audio", ["audio/", ""])
def test_tables_and_recordings_are_found_in_their_folders_or_at_the_root(archive, heard, text, audio):
    assert heard(corpus(build(archive, text, audio))) == {
        "en-US~ADDRESS/response_1": "ok",
        "en-US~BALANCE/response_2": "ok",
    }


def test_texts_and_intents_are_those_of_the_table_word_for_word(folder):
    rows = corpus(folder).utterances().to_pylist()
    assert [(row["text"], row["intent"], row["locale"]) for row in rows] == [
        ("how do I change my address", "ADDRESS", "en-US"),
        ("hi, what is my balance please", "BALANCE", "en-US"),
    ]


def test_another_locale_has_its_own_rows_and_language(folder, heard):
    made = corpus(folder, locale="fr-FR")
    (row,) = made.utterances().to_pylist()
    assert (row["text"], row["language"], row["locale"]) == ("je voudrais bloquer mon compte", "fr-FR", "fr-FR")
    assert made.card.language == "fr-FR"
    assert list(heard(made).values()) == ["ok"]


def test_each_recording_stands_for_a_speaker_and_nothing_is_judged(folder):
    made = corpus(folder)
    assert [row["speaker_id"] for row in made.utterances().to_pylist()] == [
        "en-US~ADDRESS/response_1",
        "en-US~BALANCE/response_2",
    ]
    (fault,) = made.faults()
    assert (fault["fault"], fault["consequence"], fault["utterances"]) == ("no_speaker_ids", "not judged", 2)


def test_the_card_refuses_inference_and_knows_no_group_of_persons(folder):
    card = corpus(folder).card
    assert "refused for inference" in card.may_conclude
    assert any("refused for inference" in " ".join(fault.split()) for fault in card.known_faults)
    assert {name: (one.of_person, one.reference) for name, one in card.attributes.items()} == {"locale": (False, None)}


def test_a_row_without_a_text_or_a_recording_is_excluded(folder, archive, heard):
    rows = ("en-US~ADDRESS/response_1.wav,,,ADDRESS", "en-US~FREEZE/response_9.wav,freeze it,freeze it,FREEZE")
    archive.text("MInDS-14/text/en-US.csv", HEADER, *rows)
    assert list(heard(corpus(folder)).values()) == ["empty_reference", "missing_audio"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ("filepath,text_asr,intent", "a.wav,one,PAY"),
            r"en-US.csv, line 1: found 3 cells; accepted: the path, the text",
        ),
        ((HEADER, "a.wav,one,two,three,PAY"), r"en-US.csv, line 2: found 5 cells; accepted: the path, the text"),
        (("intent,filepath,text_asr,text_translated",), r"found the columns intent, filepath, .*; accepted: the path"),
        ((HEADER, 'a.wav,"one'), r"en-US.csv, line 2: unexpected end of data"),
        (ENGLISH, r"found the columns en-US~ADDRESS/response_1.wav, .*; accepted: the path"),
        ((), r"en-US.csv: found the columns of no header; accepted: the path"),
    ],
)
def test_a_table_in_another_form_is_one_sentence(folder, archive, lines, sentence):
    archive.text("MInDS-14/text/en-US.csv", *lines)
    with pytest.raises(InputError, match=sentence):
        corpus(folder).utterances()


def test_a_locale_whose_table_is_not_there_is_one_sentence(folder):
    with pytest.raises(InputError, match=r"no table of corpus.locale=it-IT; accepted here: en-US, fr-FR"):
        corpus(folder, locale="it-IT").utterances()


def test_archives_that_are_still_packed_are_refused_with_what_is_accepted(archive):
    archive.text("MInDS-14/text.zip", "packed")
    archive.text("MInDS-14/audio.zip", "packed")
    with pytest.raises(InputError, match=r"layout of minds14; accepted: .*text.zip and audio.zip, unpacked"):
        corpus(archive.path).utterances()
