"""`callgap corpus check` reads everything and names what is wrong, by row."""

import io

import pytest
import yaml
from rich.console import Console

from callgap.corpus.checking import check_corpus
from callgap.corpus.grouping import bare_card
from callgap.errors import InputError


def printed(checked):
    console = Console(width=200, file=io.StringIO())
    console.print(checked)
    return console.file.getvalue()


def test_speakers_and_minutes_are_counted_by_group(folder, voice):
    folder.sound("a.wav", voice(90), 16000)
    checked = check_corpus(folder.manifest)
    assert checked.fit
    assert {name: len(rows) for name, rows in checked.groups("accent").items()} == {"north": 2, "south": 1}
    assert round(checked.seconds["a.wav"]) == 90
    text = printed(checked)
    assert "3 utterances of 2 speakers, 1.5 minutes that can be used; 0 utterances are excluded" in text
    assert "accent: south is one speaker" in text
    assert "for want of a card: corpus.groups=[accent,age]" in text


def test_what_is_excluded_is_named_by_reason_with_its_first_rows(folder):
    rows = [{**folder.rows[0], "path": f"gone{i}.wav"} for i in range(5)]
    folder.write([*folder.rows, *rows, {**folder.rows[0], "utterance_id": "", "path": "a.wav", "begin_s": "x"}])
    checked = check_corpus(folder.path)
    text = printed(checked)
    assert "row 4 (gone0.wav), row 5 (gone1.wav), row 6 (gone2.wav)" in text
    assert "gone3" not in text
    assert "row 9 (a.wav#x-)" in text
    assert sorted(set(checked.reasons.values())) == ["bad_segment", "missing_audio"]


def test_contradictory_speakers_are_named(folder):
    folder.write([folder.rows[0], {**folder.rows[1], "accent": "south"}, folder.rows[2]])
    assert check_corpus(folder.manifest).contradictory("accent") == ["s1"]
    assert "accent: the table of 1 speaker contradicts itself (s1)" in printed(check_corpus(folder.manifest))


def test_a_card_that_is_still_to_be_filled_in_is_unfit_and_the_audio_is_read_all_the_same(folder):
    content = {**bare_card("ours").model_dump(), "license": "FILL IN: x", "consent": "FILL IN: y"}
    (folder.path / "card.yaml").write_text(yaml.safe_dump(content))
    checked = check_corpus(folder.path)
    assert not checked.fit
    assert sorted(checked.unfilled) == ["consent", "license"]
    assert len(checked.seconds) == 3
    assert "The card's field license is still to be filled in." in printed(checked)


def test_a_reference_that_nobody_belongs_to_is_unfit(folder):
    attribute = {"label_source": "assigned", "reference": "west", "description": "x"}
    content = {**bare_card("ours").model_dump(), "attributes": {"accent": attribute}}
    (folder.path / "card.yaml").write_text(yaml.safe_dump(content))
    checked = check_corpus(folder.path)
    assert checked.faults == ["accent: no speaker that can be heard belongs to the reference 'west'."]


def test_a_corpus_of_which_nothing_can_be_heard_is_unfit(folder):
    for name in "abc":
        (folder.path / f"{name}.wav").unlink()
    assert "No utterance can be used." in check_corpus(folder.path).faults


def test_one_group_is_nothing_to_compare(folder):
    folder.write([{key: row[key] for key in ("path", "text", "speaker_id")} | {"accent": "x"} for row in folder.rows])
    assert check_corpus(folder.path).faults == ["No attribute has two groups of speakers to compare."]


def test_columns_of_many_values_are_no_groups_where_no_card_says_so(folder):
    rows = [{**folder.rows[0], "utterance_id": str(i), "note": f"note {i}"} for i in range(60)]
    folder.write(rows)
    assert "note" not in check_corpus(folder.path).attributes


def test_a_kaldi_folder_is_checked_too(folder):
    folder.manifest.unlink()
    (folder.path / "wav.scp").write_text("u1 a.wav\nu2 b.wav\n")
    (folder.path / "text").write_text("u1 x\nu2 y\n")
    (folder.path / "utt2spk").write_text("u1 s1\nu2 s2\n")
    (folder.path / "spk2gender").write_text("s1 f\ns2 m\n")
    assert check_corpus(folder.path).fit


def test_progress_is_told_by_items(folder):
    told = []
    check_corpus(folder.path, told.append)
    assert sum(told) == 3


def test_markup_in_the_data_is_text(folder):
    folder.write([{**folder.rows[0], "accent": "[red]x"}, folder.rows[2]])
    assert "[red]x" in printed(check_corpus(folder.path))


def test_a_folder_that_is_no_corpus_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"found neither manifest\.csv nor wav\.scp.*callgap corpus init"):
        check_corpus(tmp_path)


def test_recordings_of_several_sample_rates_are_told(folder, voice):
    assert "sample rates" not in printed(check_corpus(folder.path))
    folder.sound("b.wav", voice(0.2, 44100), 44100)
    folder.sound("c.wav", voice(0.3, 8000), 8000)
    checked = check_corpus(folder.path)
    assert checked.rates == {16000: 1, 44100: 1, 8000: 1}
    assert "Recordings have several sample rates (8,000 Hz 1, 16,000 Hz 1, 44,100 Hz 1): groups that" in printed(
        checked
    )
