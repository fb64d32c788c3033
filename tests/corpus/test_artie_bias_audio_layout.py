"""The Artie Bias Corpus in its published layout: clips beside a table that quotes some cells as CSV does."""

import pytest

from callgap.corpus.artie_bias_audio import ArtieBiasAudioCorpus
from callgap.corpus.card import load_card
from callgap.errors import InputError

HEADER = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent"
ONE, TWO = "0" * 127 + "1", "0" * 127 + "2"
LINES = (
    f"{ONE}\tcommon_voice_en_900001.mp3\tThe metre stands at 3.\t2\t0\ttwenties\tfemale\tus",
    f'{TWO}\tcommon_voice_en_900002.mp3\t"He said ""come in"", and left."\t2\t1\tfourties\tmale\tsouthatlandtic',
    f"{TWO}\tcommon_voice_en_900003.mp3\tIt's raining again.\t3\t2\tfourties\tmale\tsouthatlandtic",
    f"{'0' * 127}3\tcommon_voice_en_900004.mp3\tNo one came.\t2\t0\tNA\tNA\tNA",
)


@pytest.fixture
def folder(archive):
    archive.text("artie-bias-corpus/artie-bias-corpus.tsv", HEADER, *LINES)
    for number in range(1, 5):
        archive.sound(f"artie-bias-corpus/common_voice_en_90000{number}.mp3", rate=48000, format="MP3")
    return archive.path


def corpus(folder, **options):
    return ArtieBiasAudioCorpus(root=folder, card="artie-bias-audio", **options)


def by_id(folder, **options):
    return {row["utterance_id"]: row for row in corpus(folder, **options).utterances().to_pylist()}


def test_every_clip_is_heard_with_its_speaker_and_its_unquoted_text(folder, heard):
    rows = by_id(folder)
    assert {name: (row["speaker_id"], row["text"]) for name, row in rows.items()} == {
        "common_voice_en_900001.mp3": (ONE, "The metre stands at 3."),
        "common_voice_en_900002.mp3": (TWO, 'He said "come in", and left.'),
        "common_voice_en_900003.mp3": (TWO, "It's raining again."),
        "common_voice_en_900004.mp3": ("0" * 127 + "3", "No one came."),
    }
    assert heard(corpus(folder)) == dict.fromkeys(rows, "ok")


def test_groups_are_the_makers_words_and_na_is_none(folder):
    groups = {name: (row["accent"], row["gender"], row["age"]) for name, row in by_id(folder, unknown=()).items()}
    assert groups["common_voice_en_900001.mp3"] == ("us", "female", "twenties")
    assert groups["common_voice_en_900002.mp3"] == ("southatlandtic", "male", "fourties")
    assert set(groups["common_voice_en_900004.mp3"]) <= {None, ""}


def test_another_table_gives_other_texts_of_the_same_clips(folder, archive):
    cleaned = archive.text(
        "data/artie-bias-corpus.tsv", HEADER, LINES[0].replace("metre stands at 3", "meter is three")
    )
    rows = by_id(folder / "artie-bias-corpus", table=cleaned)
    assert [row["text"] for row in rows.values()] == ["The meter is three."]
    assert [row["audio"] for row in rows.values()] == [
        str(folder.resolve() / "artie-bias-corpus" / "common_voice_en_900001.mp3")
    ]


def test_clips_without_their_table_need_one(folder):
    (folder / "artie-bias-corpus/artie-bias-corpus.tsv").unlink()
    with pytest.raises(InputError, match=r"artie-bias-corpus.tsv cannot be read: No such file"):
        corpus(folder).utterances()


def test_a_clip_that_is_not_there_is_excluded_with_its_reason(folder, heard):
    (folder / "artie-bias-corpus/common_voice_en_900003.mp3").unlink()
    assert heard(corpus(folder))["common_voice_en_900003.mp3"] == "missing_audio"


@pytest.mark.parametrize("column", ["client_id", "path", "sentence"])
def test_a_table_without_a_needed_column_is_one_sentence(folder, archive, column):
    archive.text("artie-bias-corpus/artie-bias-corpus.tsv", HEADER.replace(column, "other"), *LINES)
    with pytest.raises(InputError, match=f"tsv: the column '{column}' is missing; found: .* accepted: a table with"):
        corpus(folder).utterances()


def test_a_table_without_labels_states_no_groups(folder, archive):
    archive.text("artie-bias-corpus/artie-bias-corpus.tsv", "client_id\tpath\tsentence", f"{ONE}\ta.mp3\tYes.")
    (row,) = by_id(folder).values()
    assert (row["accent"], row["gender"], row["age"]) == (None, None, None)


def test_the_card_counts_no_more_speakers_than_the_corpus_has():
    card = load_card("artie-bias-audio")
    assert all(sum(attribute.speakers.values()) <= card.speakers for attribute in card.attributes.values())
    assert set(card.attributes) == {"accent", "gender", "age"}


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"not have the layout of artie-bias-audio; accepted: .* common_voice_en_"):
        corpus(tmp_path).utterances()
