"""The reference recognizer: each speaker is heard by the model that does not know them."""

import json
import pickle
import shutil

import pytest
import soundfile
import tones
import torch
from runs import callgap

from callgap.audio import batch_of
from callgap.errors import InputError
from callgap.recognizer import Central, Reference, Sound, Transformers
from callgap.recognizer.folds import read_folds
from callgap.records import Context

ENGLISH = Context("en-US", None)


@pytest.fixture(scope="module")
def whistling(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    chosen = tones.corpus(folder / "corpus")
    tones.train(chosen, folder / "speakers", "train.epochs=12")
    tones.train(chosen, folder / "everyone", "train.epochs=2", "holdout=none")
    return chosen, folder


def sounds(folder):
    return [
        Sound(torch.from_numpy(soundfile.read(path, dtype="float32")[0]), tones.RATE, path.name)
        for path in sorted((folder / "corpus").glob("*.wav"))
    ]


def understood(recognizer, heard):
    found = dict(recognizer.recognize(heard, ENGLISH))
    assert sorted(found) == list(range(len(heard)))
    return [found[place] for place in range(len(heard))]


def test_each_utterance_is_given_to_the_model_that_did_not_hear_its_speaker(whistling):
    folder = whistling[1] / "speakers"
    recognizer, heard = Reference(checkpoint=folder), sounds(whistling[1])
    assert isinstance(recognizer, Central)
    folds = read_folds(folder).folds
    alone = {fold.folder: understood(Transformers(checkpoint=str(folder / fold.folder)), heard) for fold in folds}
    confidences = [[hypothesis.confidence for hypothesis in said] for said in alone.values()]
    assert confidences[0] != confidences[1]
    found = understood(recognizer, heard[::-1])[::-1]
    for place, sound in enumerate(heard):
        (fold,) = [fold for fold in folds if sound.utterance_id in fold.held_out]
        assert sound.utterance_id not in fold.heard
        assert found[place].text == alone[fold.folder][place].text
        assert found[place].confidence == pytest.approx(alone[fold.folder][place].confidence, abs=1e-4)
    training = recognizer.notes()["training"]
    assert (training["models"], training["utterances"], training["heard_in_training"]) == (2, len(heard), 0)
    assert "note" not in training


def test_a_batch_is_recognized_like_a_window(whistling):
    recognizer, heard = Reference(checkpoint=whistling[1] / "speakers"), sounds(whistling[1])
    batch = batch_of([sound.signal for sound in heard], tones.RATE, [sound.utterance_id for sound in heard])
    texts = [hypothesis.text for hypothesis in recognizer.transcribe(batch, ENGLISH).hypotheses]
    assert texts == [hypothesis.text for hypothesis in understood(recognizer, heard)]


@pytest.mark.parametrize("name", ["", "x1-9-0.wav"])
def test_whoever_was_never_held_out_is_refused(whistling, name):
    recognizer, (sound, *_) = Reference(checkpoint=whistling[1] / "speakers"), sounds(whistling[1])
    with pytest.raises(InputError, match="no model of it is known not to have heard"):
        list(recognizer.recognize([Sound(sound.signal, sound.sample_rate, name)], ENGLISH))


def test_another_recording_under_an_id_of_the_training_is_refused(whistling):
    recognizer, (sound, *_) = Reference(checkpoint=whistling[1] / "speakers"), sounds(whistling[1])
    other = Sound(sound.signal[8:], tones.RATE, sound.utterance_id)
    with pytest.raises(InputError, match="it is another recording, whose speaker a model may have heard"):
        list(recognizer.recognize([other], ENGLISH))


def test_with_one_model_it_is_told_how_many_were_trained_on(whistling):
    recognizer, heard = Reference(checkpoint=whistling[1] / "everyone"), sounds(whistling[1])
    longer = Sound(heard[0].signal.repeat(2), tones.RATE, heard[0].utterance_id)
    understood(recognizer, [*heard[:3], longer, Sound(heard[0].signal, tones.RATE, "stranger")])
    training = recognizer.notes()["training"]
    assert (training["utterances"], training["heard_in_training"]) == (5, 3)
    assert "3 of 5 utterances have the id and the length of one that was trained on: speakers of" in training["note"]


def test_other_recordings_of_the_same_ids_are_no_speakers_of_the_training_corpus(whistling):
    recognizer, heard = Reference(checkpoint=whistling[1] / "everyone"), sounds(whistling[1])
    understood(recognizer, [Sound(sound.signal[8:], tones.RATE, sound.utterance_id) for sound in heard])
    training = recognizer.notes()["training"]
    assert (training["utterances"], training["heard_in_training"]) == (len(heard), 0)
    assert "note" not in training


def test_it_travels_without_its_models(whistling):
    recognizer, heard = Reference(checkpoint=whistling[1] / "speakers"), sounds(whistling[1])
    before = understood(recognizer, heard)
    sent = pickle.loads(pickle.dumps(recognizer))
    assert sent == recognizer
    assert [h.text for h in understood(sent, heard)] == [h.text for h in before]
    assert len(pickle.dumps(recognizer)) < 2000


def test_its_revision_is_that_of_every_model(whistling, tmp_path):
    folder = whistling[1] / "speakers"
    identity = Reference(checkpoint=folder).identity()
    assert (identity["id"], identity["locale"]) == ("speakers", read_folds(folder).language)
    other = Reference(checkpoint=whistling[1] / "everyone").identity()
    assert identity["revision"] != other["revision"]
    copied = shutil.copytree(folder, tmp_path / "speakers")
    assert Reference(checkpoint=copied).identity() == identity
    with (copied / "fold-1" / "tokenizer_config.json").open("a") as file:
        file.write(" ")
    assert Reference(checkpoint=copied).identity()["revision"] != identity["revision"]


def test_a_missing_folder_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(InputError, match=r"callgap train train\.output="):
        Reference(checkpoint=tmp_path / "none").check([], "en-US")


@pytest.mark.parametrize("spoiled", ["{", "[]", "lacking", "outside"])
def test_a_damaged_list_of_folds_is_one_sentence(whistling, tmp_path, spoiled):
    folder = shutil.copytree(whistling[1] / "everyone", tmp_path / "m")
    content = json.loads((folder / "folds.json").read_text())
    if spoiled == "lacking":
        del content["folds"][0]["held_out"]
    content["folds"][0]["folder"] = "../../elsewhere" if spoiled == "outside" else "fold-0"
    (folder / "folds.json").write_text(json.dumps(content) if len(spoiled) > 2 else spoiled)
    with pytest.raises(InputError, match=r"folds\.json is damaged"):
        Reference(checkpoint=folder).check([], "en-US")


def test_other_weights_are_refused(whistling, tmp_path):
    folder = shutil.copytree(whistling[1] / "speakers", tmp_path / "m")
    shutil.copy(folder / "fold-1" / "model.safetensors", folder / "fold-0" / "model.safetensors")
    with pytest.raises(InputError, match="is not what was trained"):
        Reference(checkpoint=folder).warm(ENGLISH)


def test_another_language_is_refused(whistling):
    recognizer = Reference(checkpoint=whistling[1] / "speakers")
    recognizer.warm(ENGLISH)
    with pytest.raises(InputError, match=r"trained on .*, found a corpus in fr-FR"):
        recognizer.check([], "fr-FR")


def test_a_run_recognizes_its_training_corpus_speaker_by_speaker(whistling, tmp_path):
    chosen, folder = whistling
    given = [*chosen, "recognizer=reference", f"recognizer.checkpoint={folder / 'speakers'}", "ivr=none"]
    callgap("run", *given, "fairness=speech", "engine.workers=0", f"hydra.run.dir={tmp_path / 'run'}", cwd=tmp_path)
    notes = json.loads((tmp_path / "run" / "run.json").read_text())
    assert notes["recognizer"]["id"] == "speakers"
    assert notes["counts_by_status"]["ok"] == len(sounds(folder))
    training = notes["recognition"]["notes"]["training"]
    assert (training["holdout"], training["heard_in_training"]) == ("speaker", 0)
    assert training["utterances"] == len(sounds(folder))
