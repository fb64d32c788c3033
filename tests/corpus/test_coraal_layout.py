"""CORAAL in its published layout: a flat folder of interviews, their transcripts and each component's metadata."""

import pytest

from callgap.corpus.coraal import CoraalCorpus, spoken
from callgap.errors import InputError

DCB, ROC = "DCB_se1_ag1_f_01", "ROC_se0_ag2_m_01"
TRANSCRIPT = (
    ("DCB_int_01", "0.1", "So where you from?", "0.6"),
    (DCB, "0.6", "(pause 0.35)", "0.95"),
    (DCB, "0.95", "I stay on the <laugh> east side.", "1.5"),
    ("DCB_int_01", "1.5", "(pause 0.1)", "1.6"),
    (DCB, "1.6", 'My mama say "go', "2.0"),
    (DCB, "2.0", "<laugh>", "2.1"),
    (DCB, "2.1", "(laughing) home-", "2.5"),
    (DCB, "2.5", "with /RD-NAME-2/ and them", "2.8"),
    (DCB, "2.8", "I aks her.", "3.1"),
    ("DCB_int_01", "3.05", "<laugh>", "3.2"),
    (DCB, "3.1", "Every day.", "3.4"),
    (DCB, "3.4", "[over on] the corner", "3.7"),
    ("DCB_misc_01", "3.5", "[Oh okay.]", "3.7"),
    (DCB, "3.7", "it was /unintelligible/ now", "3.9"),
)


def table(*rows):
    return ["\t".join(row) for row in rows]


def transcript(rows):
    numbered = ((str(number), *row) for number, row in enumerate(rows, start=1))
    return table(("Line", "Spkr", "StTime", "Content", "EnTime"), *numbered)


@pytest.fixture
def folder(archive):
    header = ("CORAAL.Sub", "CORAAL.Spkr", "CORAAL.File", "Primary.Spkr", "Gender", "Age", "Age.Group")
    archive.text(
        "DCB_metadata_2018.10.06.txt",
        *table(
            (*header, "CORAAL.SEC.Group", "Education", "Region.in.City"),
            ("DCB", DCB, f"{DCB}_1", "yes", "Female", "17", "-19", "1", '"Some college, no degree"', "SE"),
            ("DCB", DCB, f"{DCB}_2", "yes", "Female", "18", "-19", "1", '"Some college, no degree"', "SE"),
        ),
    )
    archive.text(
        "ROC_metadata_2020.05.txt",
        *table((*header, "CORAAL.SEC.Group"), ("ROC", ROC, f"{ROC}_1", "yes", "Male", "52", "+51", "0")),
    )
    archive.text(f"{DCB}_1.txt", *transcript(TRANSCRIPT))
    archive.text(f"{DCB}_2.txt", *transcript([(DCB, "0.0", "Back again.", "0.5")]))
    archive.text(f"{ROC}_1.txt", *transcript([(ROC, "0.2", "Kodak, mostly.", "0.7")]))
    for name in (f"{DCB}_1", f"{DCB}_2", f"{ROC}_1"):
        archive.sound(f"{name}.wav", rate=44100, seconds=4)
        archive.text(f"{name}.TextGrid", 'File type = "ooTextFile"')
    return archive.path


def corpus(folder, **options):
    return CoraalCorpus(root=folder, card="coraal", bands={"age": (30, 45, 60)}, **options)


def test_successive_usable_lines_of_a_speaker_are_one_utterance(folder, heard):
    made = corpus(folder)
    rows = [row for row in made.utterances().to_pylist() if row["fault"] is None]
    assert [(row["utterance_id"], row["text"], row["audio_begin_s"], row["audio_end_s"]) for row in rows] == [
        (f"{DCB}_1-00003", 'I stay on the east side. My mama say "go home-', 0.95, 2.5),
        (f"{DCB}_1-00009", "I aks her.", 2.8, 3.1),
        (f"{DCB}_1-00011", "Every day.", 3.1, 3.4),
        (f"{DCB}_2-00001", "Back again.", 0.0, 0.5),
        (f"{ROC}_1-00001", "Kodak, mostly.", 0.2, 0.7),
    ]
    assert [row["session_id"] for row in rows[2:]] == [f"{DCB}_1", f"{DCB}_2", f"{ROC}_1"]
    assert {row["speaker_id"] for row in rows} == {DCB, ROC}
    reasons = heard(made)
    assert {reasons[row["utterance_id"]] for row in rows} == {"ok"}


@pytest.mark.parametrize(("longest_s", "first"), [(0, ["00003", "00005", "00007"]), (1.1, ["00003", "00007"])])
def test_no_utterance_of_several_lines_is_longer_than_allowed(folder, longest_s, first):
    rows = corpus(folder, longest_s=longest_s).utterances().to_pylist()
    joined = [row["utterance_id"][-5:] for row in rows if row["fault"] is None and row["session_id"] == f"{DCB}_1"]
    assert joined == [*first, "00009", "00011"]


def test_lines_that_cannot_be_used_say_why(folder, heard):
    made = corpus(folder)
    faults = {row["utterance_id"][-5:]: row["fault"] for row in made.utterances().to_pylist() if row["fault"]}
    assert faults == {
        "00001": "interviewer",
        "00008": "redacted",
        "00012": "overlapped_speech",
        "00013": "other_speaker",
        "00014": "unintelligible",
    }
    assert heard(made)[f"{DCB}_1-00001"] == "interviewer"


def test_groups_are_those_of_the_metadata_of_the_file(folder):
    rows = corpus(folder, groups=("gender", "age", "age_group", "education", "sec_group", "component")).utterances()
    kept = [row for row in rows.to_pylist() if row["fault"] is None]
    named = ("gender", "age_group", "education", "sec_group", "component", "age_band")
    assert {row["session_id"]: tuple(row[name] for name in named) for row in kept} == {
        f"{DCB}_1": ("Female", "-19", "Some college, no degree", "1", "DCB", "under 30"),
        f"{DCB}_2": ("Female", "-19", "Some college, no degree", "1", "DCB", "under 30"),
        f"{ROC}_1": ("Male", "+51", None, None, "ROC", "45-59"),
    }
    assert {row["gender"] for row in rows.to_pylist() if row["fault"] == "interviewer"} == {None}


@pytest.mark.parametrize(
    ("content", "words", "fault"),
    [
        ("(laughing) I <clears throat> know", "I know", None),
        ("like/RD-NAME-2/", "like/RD-NAME-2/", "redacted"),
        ("saw RD- NAME-3 there", "saw RD- NAME-3 there", "redacted"),
        ("[/RD-NAME-2/-]", "[/RD-NAME-2/-]", "overlapped_speech"),
        ("<laugh] you", "<laugh] you", "overlapped_speech"),
        ("a /?/ b", "a /?/ b", "unintelligible"),
        ("and <laugh then", "and <laugh then", "broken_markup"),
    ],
)
def test_marks_are_cut_out_and_those_that_hide_words_are_faults(content, words, fault):
    assert spoken(content) == (words, fault)


def test_times_that_are_no_numbers_and_a_missing_speaker_are_told(folder, archive):
    archive.text(
        f"{ROC}_1.txt",
        *transcript([(ROC, "soon", "No time.", "0.7"), ("", "1", "Nobody.", "2"), (ROC, "2", "No end.")]),
    )
    rows = corpus(folder).utterances().to_pylist()
    assert {row["text"]: row["fault"] for row in rows if row["session_id"] == f"{ROC}_1"} == {
        "No time.": "bad_segment",
        "Nobody.": "missing_speaker",
        "No end.": "bad_segment",
    }


def test_a_transcript_or_metadata_in_another_form_is_one_sentence(folder, archive):
    archive.text(f"{ROC}_1.txt", *table(("Line", "Speaker", "StTime", "Content", "EnTime")))
    with pytest.raises(InputError, match=r"ROC_se0_ag2_m_01_1.txt: the column 'Spkr' is missing; found: Line, Speaker"):
        corpus(folder).utterances()
    archive.text("ROC_metadata_2020.05.txt", "")
    with pytest.raises(InputError, match=r"ROC_metadata_2020.05.txt: the column 'CORAAL.Spkr' is missing"):
        corpus(folder).utterances()
    (folder / "ROC_metadata_2020.05.txt").unlink()
    with pytest.raises(InputError, match=r"no ROC_metadata_\*.txt beside it says who speaks in ROC"):
        corpus(folder).utterances()


def test_the_card_is_about_columns_of_the_table(folder):
    made = corpus(folder)
    assert set(made.card.attributes) == {"gender", "age_band", "sec_group", "component"}
    assert set(made.card.attributes) <= set(made.utterances().column_names)


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"does not have the layout of coraal; accepted: a folder that holds DCB_se1"):
        corpus(tmp_path).utterances()
