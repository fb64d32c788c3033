"""Common Voice in its published layout: tables without quotes, columns that differ by release, clips in MP3."""

import pytest

from callgap.corpus import index
from callgap.corpus.card import load_card
from callgap.corpus.common_voice import CommonVoiceCorpus
from callgap.errors import InputError

RELEASE = "cv-corpus-17.0-2024-03-15"
NEW = (
    "client_id path sentence_id sentence sentence_domain up_votes down_votes age gender accents variant locale segment"
).replace(" ", "\t")
OLD = "client_id path sentence up_votes down_votes age gender accent".replace(" ", "\t")
INDIAN = "India and South Asia (India, Pakistan, Sri Lanka)"


def row(*cells):
    return "\t".join(cells)


EN = (
    row("a1", "common_voice_en_1.mp3", "0f", '"No," he said, and "left"', "general", "2", "0", "twenties",
        "male_masculine", "United States English,Midwestern", "", "en", ""),
    row("c3", "common_voice_en_2.mp3", "1a", "\"The river runs north.\"", "general,news", "3", "1", "fourties", "",
        INDIAN, "", "en", ""),
    row("a1", "common_voice_en_3.mp3", "2b", "Gone.", "", "2", "0", "twenties", "male_masculine", "", "", "en", ""),
    row("", "common_voice_en_4.mp3", "3c", "Nobody.", "", "2", "0", "", "", "", "", "en", ""),
    row("c3", "common_voice_en_5.mp3", "4d", "", "", "2", "0", "fourties", "", INDIAN, "", "en", ""),
)  # fmt: skip
FR = row("e5", "common_voice_fr_9.mp3", "5e", "Il n\u2019est pas venu.", "", "2", "0", "", "female_feminine",
         "Français de Belgique", "fr-europe", "fr", "")  # fmt: skip


@pytest.fixture
def folder(archive):
    for locale, lines, clips in (("en", EN, "124"), ("fr", (FR,), "9")):
        place = f"{RELEASE}/{locale}"
        for split in ("test", "validated"):
            archive.text(f"{place}/{split}.tsv", NEW, *lines)
        archive.text(f"{place}/reported.tsv", "sentence_id\tsentence\tlocale\treason", "0f\tNo\ten\ttwo", "lines")
        for clip in clips:
            archive.sound(f"{place}/clips/common_voice_{locale}_{clip}.mp3", rate=48000, format="MP3")
    archive.text(
        f"{RELEASE}/en/clip_durations.tsv",
        "clip\tduration[ms]", "common_voice_en_2.mp3\t300", "common_voice_en_1.mp3\t4128",
    )  # fmt: skip
    return archive.path


def corpus(folder, **options):
    return CommonVoiceCorpus(**{"root": folder, "card": "common-voice", "taxonomy": "accents", **options})


def test_sentences_and_labels_are_verbatim(folder):
    rows = corpus(folder, locale="en").utterances().to_pylist()
    assert [row["text"] for row in rows[:2]] == ['"No," he said, and "left"', '"The river runs north."']
    named = ("utterance_id", "speaker_id", "prompt_id", "accents", "gender", "age", "duration_s")
    assert [tuple(row[name] for name in named) for row in rows[:2]] == [
        ("common_voice_en_1", "a1", "0f", "United States English,Midwestern", "male_masculine", "twenties", 4.128),
        ("common_voice_en_2", "c3", "1a", INDIAN, None, "fourties", 0.3),
    ]
    assert rows[2]["duration_s"] is None
    assert set(load_card("common-voice").attributes) <= set(rows[0])


def test_what_cannot_be_used_is_told_with_its_reason(folder, heard):
    assert heard(corpus(folder, locale="en")) == {
        "common_voice_en_1": "ok",
        "common_voice_en_2": "ok",
        "common_voice_en_3": "missing_audio",
        "common_voice_en_4": "missing_speaker",
        "common_voice_en_5": "empty_reference",
    }


@pytest.mark.parametrize(
    ("root", "options"),
    [("", {"locale": "fr"}), (RELEASE, {"locale": "fr"}), (f"{RELEASE}/fr", {"split": "validated"})],
)
def test_a_locale_is_a_folder_of_the_release_or_the_folder_itself(folder, heard, root, options):
    made = corpus(folder / root, language="fr", references={"accents": "Français de France"}, **options)
    (found,) = made.utterances().to_pylist()
    assert (found["language"], found["accents"], found["variant"]) == ("fr", "Français de Belgique", "fr-europe")
    assert heard(made) == {"common_voice_fr_9": "ok"}
    assert made.card.attributes["accents"].reference == "Français de France"
    assert [row["locale"] for row in made.rows(made.folder)] == ["fr"]


@pytest.mark.parametrize("locale", [None, "de"])
def test_a_release_of_several_languages_needs_one_that_is_there(folder, locale):
    with pytest.raises(InputError, match=rf"{RELEASE}: corpus.locale: found {locale!r}; .*accepted: en, fr"):
        corpus(folder, locale=locale).utterances()


def test_the_oldest_releases_have_other_columns_and_clips_without_an_ending(archive, heard):
    archive.text("en-1.0/test.tsv", "\ufeff" + OLD, row("9f", "ab12", "Come here.", "2", "0", "thirties", "male", "us"),
                 ending="\r\n")  # fmt: skip
    archive.sound("en-1.0/clips/ab12.mp3", rate=48000, format="MP3")
    made = corpus(archive.path)
    (found,) = made.utterances().to_pylist()
    assert (found["utterance_id"], found["accents"], found["variant"], found["prompt_id"]) == ("ab12", "us", None, None)
    assert heard(made) == {"ab12": "ok"}


def test_a_table_is_kept_in_an_index_until_a_file_changes(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(index, "LEAST_ROWS", 1)
    monkeypatch.setattr(index, "folder", lambda: tmp_path / "index")
    before = corpus(folder, locale="en").utterances()
    assert len(list((tmp_path / "index").iterdir())) == 1
    monkeypatch.setattr(CommonVoiceCorpus, "source", None)
    assert corpus(folder, locale="en").utterances().equals(before)
    (folder / RELEASE / "en/clip_durations.tsv").unlink()
    with pytest.raises(AttributeError):
        corpus(folder, locale="en").utterances()


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("test.tsv", [NEW.replace("client_id", "speaker")], "the column 'client_id' is missing; found: speaker, path"),
        ("test.tsv", [NEW], "test.tsv has no rows"),
        ("test.tsv", [NEW, EN[0], "a\tb"], "test.tsv is no readable table: .*Expected 13 columns, got 2"),
        ("clip_durations.tsv", ["filename\tduration[ms]"], "the column 'clip' is missing; found: filename"),
        ("clip_durations.tsv", ["clip\tduration[ms]", "x.mp3\tlong"], "column .*; accepted: milliseconds"),
    ],
)
def test_a_table_in_another_form_is_one_sentence(folder, archive, name, lines, message):
    archive.text(f"{RELEASE}/en/{name}", *lines)
    with pytest.raises(InputError, match=message):
        corpus(folder, locale="en").utterances()


def test_bytes_that_are_no_utf_8_are_one_sentence(folder, archive):
    archive.text(f"{RELEASE}/en/test.tsv", NEW, EN[0].replace("left", "à gauche"), encoding="latin-1")
    with pytest.raises(InputError, match=r"test.tsv is no readable table: .*UTF8"):
        corpus(folder, locale="en").utterances()


def test_a_split_that_is_not_there_is_one_sentence(folder):
    with pytest.raises(InputError, match=r"corpus.split: found 'train'; accepted: test, validated"):
        corpus(folder, locale="en", split="train").utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"does not have the layout of common-voice; accepted: a folder that holds en"):
        corpus(tmp_path).utterances()


def test_a_clip_outside_the_folder_is_never_heard(folder, archive, heard):
    archive.sound("secret.mp3", rate=48000, format="MP3")
    place = f"{RELEASE}/en/test.tsv"
    away = row("x9", "../../../secret.mp3", "9f", "Secret.", "", "2", "0", "", "", "", "", "en", "")
    archive.text(place, NEW, EN[0], away)
    assert heard(corpus(folder, locale="en")) == {"common_voice_en_1": "ok", "../../../secret": "outside_folder"}
