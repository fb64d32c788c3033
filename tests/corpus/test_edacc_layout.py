"""EdAcc in its published layout: transcripts in stm with tags, recordings in parts, and a survey of long questions."""

import pytest

from callgap.corpus.card import load_card
from callgap.corpus.edacc import EdaccCorpus
from callgap.errors import InputError

BANDS = {"birth_year": (1970, 1990)}
TEST = (
    "EDACC-C06 1 EDACC-C06-A 0.00 0.27 <male,l1> C ELEVEN DASH P ONE",
    "EDACC-C06 1 EDACC-C06-B 0.30 0.62 <female,l2> YEAH <laugh> I THINK SO",
    "EDACC-C06 1 EDACC-C06-A 0.65 0.70 <male,l1> IGNORE_TIME_SEGMENT_IN_SCORING",
    "EDACC-C06 1 EDACC-C06-B 0.70 0.80 <female,l2> <overlap> <laugh>",
    "EDACC-C06 1 EDACC-C06-B 0.80 0.90 <female,l2>",
    "EDACC-C30_P1 1 EDACC-C30-A 0.10 0.40 <female,l2> <overlap> OKAY SO",
    "EDACC-C30_P2 1 EDACC-C30-A 0.10 0.40 <female,l2> AND THEN",
)
DEV = ("EDACC-C07 1 EDACC-C07-A 0.80 0.90 <female,l1> HELLO",)
HEADER = (
    "Timestamp,PARTICIPANT_ID,What is your gender?,"
    '"What\u2019s your year of birth? (e.g., 1992)",'
    "What\u2019s your ethnic background? ,What is your higher level of education?,Comments,Comments,"
    '"How would you describe your accent in English? (e.g. Italian, Glaswegian)",'
    '"Do you speak any second languages? separate them with commas  (e.g., Mandarin,Catalan,French )"'
)
PEOPLE = (
    '1,EDACC-C06-A,Male,1985,Asian,Degree,,,Standard Indian English,"Hindi, Tamil"',
    '2,EDACC-C06-B,Female,1992,White,"School, then work",,"two\nlines",Latín American,',
    "3,EDACC-C30-A,Female,ninety,,,,,Irish/ Dublin",
)


@pytest.fixture
def folder(archive):
    archive.text("edacc_v1.0/README.txt", "EdAcc")
    archive.text("edacc_v1.0/glm", ";; mapping")
    archive.text("edacc_v1.0/linguistic_background.csv", HEADER, *PEOPLE)
    for split, lines in (("dev", DEV), ("test", TEST)):
        archive.text(f"edacc_v1.0/{split}/stm", *lines)
        archive.text(f"edacc_v1.0/{split}/stm.filt", *lines[:1])
        archive.text(f"edacc_v1.0/{split}/company.ctm", "EDACC-C06 1 0.00 0.20 SEA 0.9")
        archive.text(f"edacc_v1.0/{split}/conv.list", "EDACC-C30_P1")
    for recording in ("C06", "C07", "C30_P1", "C30_P2"):
        archive.sound(f"edacc_v1.0/data/EDACC-{recording}.wav", rate=32000, seconds=1.0)
    return archive.path


def corpus(folder, **options):
    return EdaccCorpus(root=folder, card="edacc", bands=BANDS, **options)


def by_id(folder, **options):
    return {row["utterance_id"]: row for row in corpus(folder, **options).utterances().to_pylist()}


def test_segments_have_ids_speakers_and_conversations_across_the_parts_of_a_recording(folder):
    rows = by_id(folder)
    assert list(rows) == [
        "EDACC-C06-A-0-270", "EDACC-C06-B-300-620", "EDACC-C06-A-650-700", "EDACC-C06-B-700-800",
        "EDACC-C06-B-800-900", "EDACC-C30-A_P1-100-400", "EDACC-C30-A_P2-100-400",
    ]  # fmt: skip
    parts = [row for row in rows.values() if row["speaker_id"] == "EDACC-C30-A"]
    assert [(row["session_id"], row["text"]) for row in parts] == [("EDACC-C30", "OKAY SO"), ("EDACC-C30", "AND THEN")]
    assert [row["audio"].rpartition("/")[2] for row in parts] == ["EDACC-C30_P1.wav", "EDACC-C30_P2.wav"]
    assert rows["EDACC-C06-B-300-620"]["duration_s"] == pytest.approx(0.32)


def test_tags_are_no_words_and_what_is_not_scored_has_its_reason(folder, heard):
    rows = by_id(folder)
    assert rows["EDACC-C06-B-300-620"]["text"] == "YEAH I THINK SO"
    assert heard(corpus(folder)) == {
        "EDACC-C06-A-0-270": "ok",
        "EDACC-C06-B-300-620": "ok",
        "EDACC-C06-A-650-700": "ignored_segment",
        "EDACC-C06-B-700-800": "empty_reference",
        "EDACC-C06-B-800-900": "empty_reference",
        "EDACC-C30-A_P1-100-400": "ok",
        "EDACC-C30-A_P2-100-400": "ok",
    }


def test_groups_are_the_transcripts_labels_and_the_speakers_own_words(folder):
    rows = by_id(folder)
    named = ("english", "gender", "accent", "ethnicity", "education", "birth_year_band")
    found = {row["speaker_id"]: tuple(row[name] for name in named) for row in rows.values()}
    assert found == {
        "EDACC-C06-A": ("l1", "male", "Standard Indian English", "Asian", "Degree", "1970-1989"),
        "EDACC-C06-B": ("l2", "female", "Latín American", "White", "School, then work", "1990 and over"),
        "EDACC-C30-A": ("l2", "female", "Irish/ Dublin", None, None, None),
    }
    assert set(load_card("edacc").attributes) == set(named)


def test_a_split_or_both_are_read_and_who_left_the_survey_out_states_nothing(folder):
    assert list(by_id(folder, split="dev")) == ["EDACC-C07-A-800-900"]
    rows = by_id(folder, split="all")
    assert list(rows)[:2] == ["EDACC-C07-A-800-900", "EDACC-C06-A-0-270"]
    assert (rows["EDACC-C07-A-800-900"]["accent"], rows["EDACC-C07-A-800-900"]["english"]) == (None, "l1")


@pytest.mark.parametrize("name", ["EAEC-C06P1", "EDACC-C06-A", "EDACC-C06_P1-A "])
def test_the_survey_may_lie_beside_the_archive_and_name_participants_in_older_ways(folder, archive, name):
    (folder / "edacc_v1.0/linguistic_background.csv").unlink()
    accent = '"How would you describe your accent in English? (e.g. Italian, Glaswegian)"'
    archive.text("linguistic_background.csv", f"Final-Participant_ID,{accent}", f"{name},Welsh")
    assert by_id(folder)["EDACC-C06-A-0-270"]["accent"] == "Welsh"


def test_a_recording_that_is_not_there_and_times_that_are_none_are_told(folder, archive, heard):
    (folder / "edacc_v1.0/data/EDACC-C30_P2.wav").unlink()
    archive.text("edacc_v1.0/test/stm", TEST[-1], ";; a comment", "EDACC-C06 1 EDACC-C06-A 2.0 1.0 <male,l1> YES")
    assert heard(corpus(folder)) == {
        "EDACC-C30-A_P2-100-400": "missing_audio",
        "EDACC-C06-A-2000-1000": "bad_segment",
    }


def test_a_line_in_another_form_is_one_sentence(folder, archive):
    archive.text("edacc_v1.0/test/stm", TEST[0], "EDACC-C06 0.00 0.27 HELLO")
    with pytest.raises(InputError, match=r"stm, line 2: found 'EDACC-C06 0.00 0.27 HELLO'; accepted: RECORDING"):
        corpus(folder).utterances()


def test_a_survey_without_participants_or_none_at_all_is_one_sentence(folder, archive):
    archive.text("edacc_v1.0/linguistic_background.csv", "Name,What is your gender?")
    with pytest.raises(InputError, match=r"linguistic_background.csv: the column 'PARTICIPANT_ID' is missing"):
        corpus(folder).utterances()
    (folder / "edacc_v1.0/linguistic_background.csv").unlink()
    with pytest.raises(InputError, match=r"found no linguistic_background.csv; accepted: the file in this folder"):
        corpus(folder).utterances()


def test_a_split_that_is_not_there_is_one_sentence(folder):
    (folder / "edacc_v1.0/dev/stm").unlink()
    with pytest.raises(InputError, match=r"dev/stm cannot be read: No such file"):
        corpus(folder, split="dev").utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"does not have the layout of edacc; accepted: a folder that holds dev/stm"):
        corpus(tmp_path).utterances()
