"""Sentence embeddings: one vector per text as the checkpoint makes it, whatever stands beside it."""

import json
import shutil

import numpy as np
import pytest
import torch

from callgap.errors import InputError
from callgap.ivr.routers import EmbeddingRouter, Router, WrittenTexts
from callgap.ivr.routers.sentences import digest_of, loaded, pooling_of

transformers = pytest.importorskip("transformers", reason="the extra transformers is not installed")

SAID = "i my the a lost card balance what is money transfer please to send gone rain song will it"
TEXTS = ["my card", "i lost the card", "what is my balance", "card", "transfer money to my card please", "the balance"]
TRAIN = {"lost-card": ("i lost my card", "my card is gone", "lost card"), "balance": ("what is my balance", "balance")}
PARTS = {
    "train": TRAIN,
    "validation": {"lost-card": ("the card is lost",), "out-of-scope": ("will it rain",)},
    "test": {"balance": ("the balance please",), "lost-card": ("a lost card",), "out-of-scope": ("a song",)},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A tiny BERT with random weights, as transformers saves it."""
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *SAID.split()]
    tokenizer = transformers.BertTokenizerFast(vocab={word: place for place, word in enumerate(vocabulary)})
    config = transformers.BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=16,
        initializer_range=0.5,
    )
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def copied(checkpoint, tmp_path):
    return shutil.copytree(checkpoint, tmp_path / "copy")


def modules(folder, *kinds, **pooling):
    rows = [{"type": f"sentence_transformers.models.{kind}", "path": f"{i}_{kind}"} for i, kind in enumerate(kinds)]
    (folder / "modules.json").write_text(json.dumps(rows))
    if pooling:
        place = folder / f"{kinds.index('Pooling')}_Pooling"
        place.mkdir()
        (place / "config.json").write_text(json.dumps(pooling))
    return folder


def plain_vectors(folder, texts, pool):
    """The way that the makers of such checkpoints publish: a padded batch, and the mask where tokens are averaged."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch)[0]
    if pool == "cls":
        vectors = hidden[:, 0]
    else:
        mask = batch["attention_mask"].unsqueeze(-1).float()
        vectors = (hidden * mask).sum(1) / mask.sum(1)
    return (vectors / vectors.norm(dim=1, keepdim=True)).numpy()


def test_vectors_are_the_mean_over_the_tokens_of_each_text(checkpoint):
    found = loaded(checkpoint, 16).embedded(TEXTS)
    np.testing.assert_allclose(found, plain_vectors(checkpoint, TEXTS, "mean"), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0)


def test_a_checkpoint_that_says_so_takes_the_first_token(copied):
    folder = modules(copied, "Transformer", "Pooling", "Normalize", pooling_mode_cls_token=True)
    assert pooling_of(folder) == "cls"
    np.testing.assert_allclose(loaded(folder, 16).embedded(TEXTS), plain_vectors(folder, TEXTS, "cls"), atol=1e-5)


def test_a_vector_does_not_depend_on_its_neighbors(checkpoint):
    sentences = loaded(checkpoint, 16)
    together = sentences.embedded(TEXTS * 20)
    alone = np.concatenate([sentences.embedded([text]) for text in TEXTS])
    np.testing.assert_allclose(together, np.concatenate([alone] * 20), atol=1e-6)


def test_a_long_text_is_read_as_far_as_the_checkpoint_reads(checkpoint):
    sentences = loaded(checkpoint, 512)
    assert sentences.longest == 16
    long = " ".join(["card"] * 40)
    np.testing.assert_allclose(sentences.embedded([long]), sentences.embedded([" ".join(["card"] * 14)]), atol=1e-6)


def router(folder, tmp_path, **options):
    given = {"texts": WrittenTexts(**PARTS), "folder": folder, "cache": tmp_path / "cache"}
    return EmbeddingRouter(**given | options)


def test_it_is_a_router_that_learns_what_it_was_shown(checkpoint, tmp_path):
    made = router(checkpoint, tmp_path, threshold=0.0)
    assert isinstance(made, Router)
    made.check()
    said = [(text, intent) for intent, each in TRAIN.items() for text in each]
    assert [found.intent for found in made.route([text for text, _ in said])] == [intent for _, intent in said]
    accuracy = made.accuracy()
    assert (accuracy.in_scope.texts, accuracy.out_of_scope.texts) == (2, 1)
    assert made.identity()["checkpoint_sha256"] == digest_of(checkpoint)
    assert router(checkpoint, tmp_path, threshold=0.0).route(TEXTS) == made.route(TEXTS)


def test_another_checkpoint_is_trained_anew(checkpoint, copied, tmp_path):
    assert router(copied, tmp_path)._key == router(checkpoint, tmp_path)._key
    settings = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps(settings | {"layer_norm_eps": 0.1}))
    assert router(copied, tmp_path)._key != router(checkpoint, tmp_path)._key
    assert router(checkpoint, tmp_path, prefix="query: ")._key != router(checkpoint, tmp_path)._key


def test_a_folder_that_is_none_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match=r"ivr\.router\.folder=.*there is no config\.json; .*hf download"):
        router(tmp_path, tmp_path).check()


def test_a_module_that_would_change_the_vectors_is_refused(copied, tmp_path):
    modules(copied, "Transformer", "Pooling", "Dense", pooling_mode_mean_tokens=True)
    with pytest.raises(InputError, match=r"modules\.json asks for 'Dense'; accepted: Transformer, Pooling, Normalize"):
        router(copied, tmp_path).check()


@pytest.mark.parametrize(
    ("pooling", "found"),
    [
        ({"pooling_mode_max_tokens": True}, "pooling_mode_max_tokens"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "pooling_mode_cls_token, pooling_mode_me"),
        ({"pooling_mode": "weightedmean"}, "weightedmean"),
        ({"other": 1}, "no pooling"),
    ],
)
def test_another_way_to_one_vector_is_refused(copied, tmp_path, pooling, found):
    modules(copied, "Transformer", "Pooling", **pooling)
    with pytest.raises(InputError, match=f"found {found}"):
        router(copied, tmp_path).check()


@pytest.mark.parametrize("name", ["mean", "cls"])
def test_the_newer_spelling_of_the_pooling_is_read(copied, name):
    assert pooling_of(modules(copied, "Transformer", "Pooling", pooling_mode=name)) == name


def test_weights_that_can_run_code_are_not_loaded(copied, tmp_path):
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(InputError, match="cannot be loaded: "):
        router(copied, tmp_path).check()


def test_weights_that_are_not_whole_are_refused(copied, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    weights.pop("encoder.layer.1.output.dense.weight")
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        InputError, match=r"lack 1 tensors of the architecture, encoder\.layer\.1\.output\.dense\.weight"
    ):
        router(copied, tmp_path).check()
