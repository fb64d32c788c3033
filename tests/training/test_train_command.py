"""`callgap train`: what it learns, what it leaves behind, and what it refuses."""

import hashlib
import json
import re

import pytest
import soundfile
import tones
import torch
from runs import callgap

from callgap.recognizer.folds import read_folds
from callgap.training import making


def files(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "train.json"
    }


def notes(folder):
    return json.loads((folder / "train.json").read_text())


def text_of(folder, wav):
    """What transformers alone makes of a file."""
    from transformers import AutoModelForCTC, AutoProcessor

    processor, model = AutoProcessor.from_pretrained(folder), AutoModelForCTC.from_pretrained(folder).eval()
    signal, rate = soundfile.read(wav, dtype="float32")
    features = processor.feature_extractor([signal], sampling_rate=rate, return_tensors="pt")
    with torch.no_grad():
        return processor.batch_decode(model.generate(**features), skip_special_tokens=True)[0]


def test_the_loss_falls_and_what_was_learned_is_recognized_by_transformers_alone(whistling):
    _, folder = whistling
    corpus = folder.parents[1] / "corpus"
    for number, (fold, note) in enumerate(zip(read_folds(folder).folds, notes(folder)["folds"], strict=True)):
        assert note["losses"][-1] < 0.1 * note["losses"][0]
        heard = sorted(fold.heard)
        learned = [text_of(folder / f"fold-{number}", corpus / name) for name in heard]
        assert learned == [tones.WORDS[int(name.split("-")[1])] for name in heard]


def test_each_speaker_is_held_out_once_and_no_model_heard_whom_it_is_for(whistling):
    folds = read_folds(whistling[1]).folds
    everyone = {f"{s}-{n}-{t}.wav" for s in ("x1", "y1") for n in range(len(tones.WORDS)) for t in range(2)}
    assert sorted(utterance for fold in folds for utterance in fold.held_out) == sorted(everyone)
    for fold in folds:
        assert set(fold.heard) == everyone - set(fold.held_out)
        assert len({utterance.split("-")[0] for utterance in fold.held_out}) == 1
        assert {u.split("-")[0] for u in fold.heard}.isdisjoint(u.split("-")[0] for u in fold.held_out)


def test_the_record_tells_what_was_trained_on(whistling):
    told = notes(whistling[1])
    assert (told["examples"], told["left_out"]) == (12, {})
    assert re.fullmatch("[0-9a-f]{64}", told["corpus"]["fingerprint"])
    assert told["train"]["holdout"]["by"] == "speaker"
    assert {"callgap", "commit", "versions", "transformers", "threads"} <= set(told)
    for note in told["folds"]:
        assert len(note["losses"]) == len(note["seconds"]) == 60
        assert 0 <= note["held_out_exact"] <= 1
    assert str(whistling[1].parents[1]) not in json.dumps({**told, "config": None})


def test_the_same_command_writes_the_same_bytes(whistling, tmp_path):
    chosen, _ = whistling
    for name in ("one", "two"):
        tones.train(chosen, tmp_path / name, "train.epochs=2", "train.dropout=0.1", "train.masked=0.2")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    tones.train(chosen, tmp_path / "three", "train.epochs=2", "train.dropout=0.1", "train.masked=0.2", "train.seed=2")
    assert files(tmp_path / "one") != files(tmp_path / "three")


def test_a_group_is_left_out(whistling, tmp_path):
    chosen, _ = whistling
    tones.train(
        chosen, tmp_path / "m", "train.epochs=1", "holdout=group", "holdout.attribute=accent", "holdout.groups=[y]"
    )
    folds = read_folds(tmp_path / "m")
    assert (folds.holdout, folds.groups) == ("group", ("accent=y",))
    (fold,) = folds.folds
    assert {name[0] for name in fold.heard} == {"x"}
    assert {name[0] for name in fold.held_out} == {"y"}


def test_everyone_is_heard_and_what_cannot_be_learned_is_counted(tmp_path):
    chosen = tones.corpus(tmp_path / "corpus", texts=("a", "", "b aéab"))
    tones.train(chosen, tmp_path / "m", "train.epochs=1", "holdout=none", "train.longest_s=0.5")
    (fold,) = read_folds(tmp_path / "m").folds
    assert {name.split("-")[1] for name in fold.heard} == {"0"}
    assert fold.held_out == {}
    left_out = notes(tmp_path / "m")["left_out"]
    assert left_out["too_long"] == 4
    assert sum(left_out.values()) == 8


def test_keys_of_the_corpus_may_differ_in_training(whistling, tmp_path):
    chosen, _ = whistling
    tones.train(chosen, tmp_path / "m", "train.epochs=1", "holdout=none", "+train.corpus.language=fr-FR")
    assert read_folds(tmp_path / "m").language == "fr-FR"
    assert notes(tmp_path / "m")["config"]["corpus"]["language"] == "fr-FR"


GROUP = ["holdout=group", "holdout.attribute=accent"]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["holdout=region"], ["holdout", "'region'", "speaker", "group", "none"]),
        (["holdout=group"], ["holdout.attribute=NAME", "holdout.groups"]),
        (["holdout.groups=[x]"], ["holdout.groups", "holdout=group", "holdout=speaker"]),
        ([*GROUP, "holdout.groups=[z]"], ["accent", "'z'", "x, y"]),
        ([*GROUP, "holdout.groups=[x,y]"], ["nobody is left"]),
        (["holdout=group", "holdout.attribute=age", "holdout.groups=[x]"], ["holdout.attribute", "'age'", "accent"]),
        (["holdout.folds=3"], ["holdout.folds=3", "2 speakers"]),
        (["train.epochs=0"], ["train.epochs", "0"]),
        (["train.epoch=1"], ["train.epoch", "did you mean 'epochs'"]),
        (["+train.wider=1"], ["train.wider", "no such key"]),
        (["+train.corpus.size=1"], ["train.corpus.size", "no such key"]),
        (["train.heads=3"], ["hidden_size=32", "heads"]),
        (["train.speed=[2,1]"], ["speed", "smaller first"]),
        (["train.longest_s=0.01"], ["nothing of it can be learned", "too_long"]),
    ],
)
def test_a_refusal_is_one_sentence_and_leaves_nothing_behind(whistling, tmp_path, overrides, words):
    chosen, _ = whistling
    done = tones.train(chosen, tmp_path / "m", *overrides, check=False)
    assert done.exit_code == 2
    said = done.output.splitlines()[-1]
    assert said.startswith("callgap: ")
    for word in words:
        assert word in said, said
    assert list(tmp_path.iterdir()) == []


def test_one_speaker_cannot_be_left_out(tmp_path):
    chosen = tones.corpus(tmp_path / "corpus", speakers=("x1",))
    done = tones.train(chosen, tmp_path / "m", check=False)
    assert done.exit_code == 2
    assert "holdout=speaker needs two speakers, found 1; accepted: holdout=none" in done.output


@pytest.mark.slow
def test_an_interrupted_training_goes_on_and_learns_the_same(whistling, tmp_path, monkeypatch):
    chosen, whole = whistling
    train, trained = making._train_fold, []

    def fails_at(name):
        def stand_in(fold, folder, settings, console):
            if folder.name == name:
                raise OSError(28, "No space left on device")
            trained.append(folder.name)
            return train(fold, folder, settings, console)

        return stand_in

    monkeypatch.setattr(making, "_train_fold", fails_at("fold-1"))
    done = tones.train(chosen, tmp_path / "m", check=False)
    assert (done.exit_code, "No space left on device" in done.output) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == [".m.unfinished"]
    monkeypatch.setattr(making, "_train_fold", fails_at("none"))
    tones.train(chosen, tmp_path / "m")
    assert trained == ["fold-0", "fold-1"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert files(tmp_path / "m") == files(whole)


def test_models_of_another_training_are_not_taken(whistling, tmp_path, monkeypatch):
    chosen, _ = whistling
    train = making._train_fold

    def fails_at_the_second(fold, folder, settings, console):
        if folder.name == "fold-1":
            raise OSError(28, "No space left on device")
        return train(fold, folder, settings, console)

    with monkeypatch.context() as patch:
        patch.setattr(making, "_train_fold", fails_at_the_second)
        tones.train(chosen, tmp_path / "m", "train.epochs=1", check=False)
    tones.train(chosen, tmp_path / "m", "train.epochs=2")
    assert [len(note["losses"]) for note in notes(tmp_path / "m")["folds"]] == [2, 2]


def test_resume_is_refused_since_it_would_do_nothing(whistling, tmp_path):
    done = tones.train(whistling[0], tmp_path / "m", "resume=somewhere", check=False)
    assert (done.exit_code, "resume=somewhere: leave it out" in done.output) == (2, True)


def test_a_folder_that_is_there_is_kept(whistling):
    chosen, folder = whistling
    before = files(folder)
    done = tones.train(chosen, folder, check=False)
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert files(folder) == before


def test_a_corpus_without_audio_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("id,text,speaker\n1,a,x\n2,b,y\n")
    given = ["corpus=table", "corpus.file=t.csv", "train.output=m", "engine.workers=0"]
    done = callgap("train", *given, cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "no audio" in done.output


def test_a_folder_must_be_named(whistling, tmp_path):
    done = callgap("train", *whistling[0], cwd=tmp_path, check=False)
    assert done.exit_code == 2
    assert "train.output" in done.output or "recognizer.checkpoint" in done.output
