"""African Accented French in its published layout: six forms of transcripts beside folders of speakers."""

import pytest

from callgap.corpus.african_accented_french import AfricanAccentedFrenchCorpus
from callgap.errors import InputError

TOP = "African_Accented_French"
CONVERSED = "gabonconv_d_001_20160614_0000001"
READ = "gabonread_d_002_20160614_0000012"
DEVTEST = "gabonread_d_031_20160614_0000003"
TESTED = "gabontest_d_003_0007"
NIGER = "niger_01_0000001"


@pytest.fixture
def folder(archive):
    transcripts, speech = f"{TOP}/transcripts", f"{TOP}/speech"
    archive.text(
        f"{transcripts}/test/ca16/prompts.txt", f"{TESTED} Où se trouve l'hôpital ?", "gabontest_d_003_0008 Oui."
    )
    archive.text(f"{transcripts}/devtest/ca16_read/conditioned.txt", f"{DEVTEST} la pluie tombe")
    archive.text(
        f"{transcripts}/dev/niger_west_african_fr/transcripts.txt",
        f"niger_wav/01_m_x/{NIGER}.wav nous sommes au camp",
        f"niger_wav/02_f_x/{NIGER}.wav nous sommes au marché",
    )
    archive.text(f"{transcripts}/train/ca16_conv/transcripts.txt", f"{CONVERSED}.tdf bonjour je suis arrivé hier")
    archive.text(f"{transcripts}/train/ca16_read/conditioned.txt", f"{READ} la réunion commence à huit heures")
    archive.text(
        f"{transcripts}/train/yaounde/fn_text.txt",
        "fichier texte",
        "/a/b/c/d/e/read/12/mach01-12-0007.wav les enfants jouent dans la cour ",
        "/a/b/c/d/answers/12/mach01-12-0007.wav je suis étudiant",
        "/a/b/c/d/answers/12/mach01-12-008.wav  ",
        "",
    )
    for name in (
        f"test/ca16/gabontest_d_003/{TESTED}",
        "test/ca16/gabontest_d_003/gabontest_d_003_0009",
        f"devtest/ca16/031/{DEVTEST}",
        f"dev/niger_west_african_fr/01_m_x/{NIGER}",
        f"dev/niger_west_african_fr/02_f_x/{NIGER}",
        f"train/ca16/001/{CONVERSED}",
        f"train/ca16/002/{READ}",
        "train/yaounde/read/12/mach01-12-0007",
        "train/yaounde/answers/12/mach01-12-0007",
        "train/yaounde/answers/12/mach01-12-008",
    ):
        archive.sound(f"{speech}/{name}.wav")
    archive.text(f"{speech}/dev/niger_west_african_fr/niger_wav_file_name_transcript.tsv", f"{NIGER}.wav\tnous sommes")
    return archive.path


def corpus(folder, split="all", **options):
    return AfricanAccentedFrenchCorpus(root=folder, split=split, card="african-accented-french", **options)


def by_id(folder, split="all"):
    return {row["utterance_id"]: row for row in corpus(folder, split).utterances().to_pylist()}


def test_each_form_of_transcripts_gives_its_texts_speakers_and_recordings(folder):
    rows = by_id(folder)
    told = {name: (row["speaker_id"], row["text"]) for name, row in rows.items() if row["fault"] is None}
    assert told == {
        f"test-ca16-gabontest_d_003-read-{TESTED}": ("ca16-gabontest_d_003", "Où se trouve l'hôpital ?"),
        f"devtest-ca16-031-read-{DEVTEST}": ("ca16-031", "la pluie tombe"),
        f"dev-niger-01_m_x-{NIGER}": ("niger-01_m_x", "nous sommes au camp"),
        f"dev-niger-02_f_x-{NIGER}": ("niger-02_f_x", "nous sommes au marché"),
        f"train-ca16-002-read-{READ}": ("ca16-002", "la réunion commence à huit heures"),
        f"train-ca16-001-conversation-{CONVERSED}": ("ca16-001", "bonjour je suis arrivé hier"),
        "train-yaounde-12-read-mach01-12-0007": ("yaounde-12", "les enfants jouent dans la cour"),
        "train-yaounde-12-answers-mach01-12-0007": ("yaounde-12", "je suis étudiant"),
    }
    for name in told:
        speaker, recording = rows[name]["audio"].removesuffix(".wav").split("/")[-2:]
        assert rows[name]["speaker_id"].endswith(f"-{speaker}")
        assert name.endswith(f"-{recording}")


def test_a_name_that_stands_for_two_recordings_is_found_in_its_style_and_its_speakers_folder(folder):
    rows = by_id(folder)
    for style in ("read", "answers"):
        assert f"/yaounde/{style}/" in rows[f"train-yaounde-12-{style}-mach01-12-0007"]["audio"]
    for speaker in ("01_m_x", "02_f_x"):
        assert f"/{speaker}/" in rows[f"dev-niger-{speaker}-{NIGER}"]["audio"]


def test_country_is_stated_only_where_the_place_determines_it(folder):
    rows = by_id(folder).values()
    assert {(row["subcorpus"], row["country"]) for row in rows} == {
        ("ca16", None), ("niger", "Niger"), ("yaounde", "Cameroon"),
    }  # fmt: skip
    assert {(row["subcorpus"], row["style"]) for row in rows} == {
        ("ca16", "read"), ("ca16", "conversation"), ("niger", None), ("yaounde", "read"), ("yaounde", "answers"),
    }  # fmt: skip


def test_usable_lines_are_heard_and_others_have_their_reason(folder, heard):
    told = heard(corpus(folder))
    unusable = {name: reason for name, reason in told.items() if reason != "ok"}
    assert unusable == {
        "test-ca16-gabontest_d_003-read-gabontest_d_003_0008": "missing_audio",
        "train-yaounde-12-answers-mach01-12-008": "empty_reference",
    }
    assert len(told) == 10


def test_a_line_that_stands_there_again_is_used_once(folder, archive):
    archive.text(f"{TOP}/transcripts/devtest/ca16_read/conditioned.txt", f"{DEVTEST} la pluie", f"{DEVTEST} la pluie")
    assert [row["fault"] for row in by_id(folder, "devtest").values()] == [None, "repeated_line"]


def test_a_name_without_its_speakers_folder_and_with_two_recordings_is_not_guessed(folder, archive):
    for number in ("040", "041"):
        archive.sound(f"{TOP}/speech/devtest/ca16/{number}/other.wav")
    archive.text(f"{TOP}/transcripts/devtest/ca16_read/conditioned.txt", "other la pluie")
    assert [row["fault"] for row in by_id(folder, "devtest").values()] == ["several_recordings"]


@pytest.mark.parametrize(
    ("split", "subcorpora"), [("test", {"ca16"}), ("dev", {"niger"}), ("train", {"ca16", "yaounde"})]
)
def test_a_split_holds_its_own_places_alone(folder, split, subcorpora):
    rows = by_id(folder, split)
    assert {row["subcorpus"] for row in rows.values()} == subcorpora
    assert {name.split("-")[0] for name in rows} == {split}


def test_a_missing_file_of_transcripts_is_one_sentence(folder):
    (folder / TOP / "transcripts/test/ca16/prompts.txt").unlink()
    with pytest.raises(InputError, match=r"test/ca16/prompts.txt cannot be read: No such file"):
        corpus(folder, "test").utterances()


def test_another_folder_is_refused_with_what_is_accepted(tmp_path):
    with pytest.raises(InputError, match=r"not have the layout of african-accented-french; accepted: .* transcripts/"):
        corpus(tmp_path).utterances()
