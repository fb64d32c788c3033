"""The parts of a training, against transformers and by their properties."""

import pytest
import tones
import torch

from callgap.training.checkpoint import model_of, processor_of, save
from callgap.training.dataset import Example
from callgap.training.features import Augmentation, Features, features_of
from callgap.training.holdout import folds_of
from callgap.training.loop import batches, ctc_loss
from callgap.training.settings import Holdout, settings_of

TEXTS = ("a", "b é", "é ab")


def settings(**changed):
    small = {
        "output": "m", "epochs": 1, "batch_size": 4, "learning_rate": 0.01, "longest_s": 5, "sample_rate": 8000,
        "mel_bins": 20, "subsampling": 2, "hidden_size": 32, "layers": 1, "heads": 2, "dropout": 0, "speed": [1, 1],
        "tempo": [1, 1], "noise_db": [30, 30], "masked": 0,
    }  # fmt: skip
    return settings_of({**small, **changed})


def examples(speakers=("x", "y", "z")):
    return [
        Example(f"{speaker}-{n}", speaker, text, speaker, torch.from_numpy(tones.whistled(text, 1.0, n)), 1.0)
        for speaker in speakers
        for n, text in enumerate(TEXTS)
    ]


@pytest.fixture(scope="module")
def made():
    processor = processor_of(TEXTS, settings())
    return processor, model_of(len(processor.tokenizer), settings()).eval()


def test_every_character_is_a_token_and_comes_back(made):
    tokenizer = made[0].tokenizer
    assert set(tokenizer.get_vocab()) == {"<pad>", "<unk>", " ", "a", "b", "é"}
    for text in TEXTS:
        tokens = tokenizer(text).input_ids
        assert len(tokens) == len(text)
        # CTC merges repeats, so blanks stand between tokens.
        assert tokenizer.decode([token for letter in tokens for token in (letter, letter, 0)]) == text
    assert tokenizer("z").input_ids == [tokenizer.unk_token_id]


def test_the_loss_is_that_of_transformers(made):
    processor, model = made
    signals = [example.signal for example in examples()[:3]]
    features = features_of(processor.feature_extractor, signals)
    tokens = processor.tokenizer(list(TEXTS)).input_ids
    labels = torch.nn.utils.rnn.pad_sequence([torch.tensor(t) for t in tokens], batch_first=True, padding_value=-100)
    theirs = model(input_features=features.values, attention_mask=features.mask, labels=labels).loss
    assert float(ctc_loss(model, features, tokens, torch.device("cpu")).detach()) == pytest.approx(
        float(theirs.detach()), rel=1e-5
    )


def test_the_weights_depend_on_the_seed_alone(made, tmp_path):
    size = len(made[0].tokenizer)
    torch.manual_seed(9)
    again = save(model_of(size, settings()), made[0], tmp_path / "b")
    assert save(made[1], made[0], tmp_path / "a") == again
    assert save(model_of(size, settings(seed=2)), made[0], tmp_path / "c") != again


def test_an_epoch_holds_every_example_once_in_an_order_of_its_own():
    everyone = examples(tuple("abcdefgh"))
    drawn = list(batches(everyone, 4, torch.Generator().manual_seed(0)))
    assert sorted(e.utterance_id for batch in drawn for e in batch) == sorted(e.utterance_id for e in everyone)
    assert all(len(batch) == 4 for batch in drawn)
    assert any(len({e.text for e in batch}) > 1 for batch in drawn)
    other = list(batches(everyone, 4, torch.Generator().manual_seed(1)))
    assert [e.utterance_id for e in drawn[0]] != [e.utterance_id for e in other[0]]


def test_a_faster_voice_is_shorter_and_higher():
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(8000) / 8000)
    faster = Augmentation(settings(speed=[1.25, 1.25], noise_db=[90, 90]), torch.Generator()).signal(tone)
    assert len(faster) == 6400
    assert int(torch.fft.rfft(faster).abs().argmax()) * 8000 / len(faster) == pytest.approx(1250, abs=3)


def test_noise_has_the_wanted_level():
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(80000) / 8000)
    noise = Augmentation(settings(noise_db=[10, 10]), torch.Generator()).signal(tone) - tone
    ratio = 10 * torch.log10(tone.square().mean() / noise.square().mean())
    assert float(ratio) == pytest.approx(10, abs=0.2)


def test_tempo_changes_the_length_and_masks_blank_no_more_than_they_may():
    given = Features(torch.ones(2, 100, 20), torch.arange(100)[None] < torch.tensor([[100], [60]]))
    changed = Augmentation(settings(tempo=[2, 2], masked=0.2), torch.Generator().manual_seed(3)).features(given)
    assert changed.mask.sum(1).tolist() == [50, 30]
    assert changed.values.shape == (2, 50, 20)
    assert float(changed.values[1, 30:].abs().max()) == 0
    blank = (changed.values[0] == 0).float()
    assert 0 < int((blank.mean(0) == 1).sum()) <= 8
    assert 0 < int((blank.mean(1) == 1).sum()) <= 20


@pytest.mark.parametrize("count", [None, 2])
def test_folds_of_speakers_are_a_partition(count):
    everyone = examples()
    folds = folds_of(everyone, Holdout(by="speaker", folds=count))
    assert len(folds) == (count or 3)
    held_out = [e.utterance_id for fold in folds for e in fold.held_out]
    assert sorted(held_out) == sorted(e.utterance_id for e in everyone)
    for fold in folds:
        assert {e.speaker_id for e in fold.heard} | {e.speaker_id for e in fold.held_out} == {"x", "y", "z"}
        assert {e.speaker_id for e in fold.heard}.isdisjoint(e.speaker_id for e in fold.held_out)


def test_speakers_of_no_stated_group_are_heard_by_no_model_without_a_group():
    unknown = [Example(e.utterance_id, e.speaker_id, e.text, None, e.signal, 1.0) for e in examples(("u",))]
    (fold,) = folds_of([*examples(), *unknown], Holdout(by="group", attribute="accent", groups=("z",)))
    assert {e.speaker_id for e in fold.heard} == {"x", "y"}
    assert {e.speaker_id for e in fold.held_out} == {"z"}
