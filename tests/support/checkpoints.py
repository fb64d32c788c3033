"""Tiny checkpoints with random weights, as transformers saves them."""

import json

import numpy as np
import torch

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def noise(seconds, rate=16000, seed=0):
    """Something to hear: noise whose level and color change, so that texts differ."""
    drawn = np.random.default_rng([seed, int(seconds * 1000)])
    count = int(seconds * rate)
    knots = drawn.standard_normal(max(2, int(seconds * 20)))
    envelope = np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), np.abs(knots))
    tone = np.sin(np.cumsum(np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), 0.3 * knots)))
    return torch.from_numpy((0.2 * envelope * (tone + 0.3 * drawn.standard_normal(count))).astype(np.float32))


def wav2vec2(folder, *, norm="layer", kind="Wav2Vec2"):
    """A Wav2Vec2 that spells: `layer` wants a mask, `group` none."""
    import transformers

    torch.manual_seed(0)
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, "|": 4, **{c: 5 + i for i, c in enumerate(LETTERS)}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    extractor = transformers.Wav2Vec2FeatureExtractor(return_attention_mask=norm == "layer", do_normalize=True)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm=norm,
        do_stable_layer_norm=norm == "layer",
        pad_token_id=0,
        initializer_range=0.5,
    )
    model = getattr(transformers, f"{kind}ForCTC")(config).eval()
    model.save_pretrained(folder)
    transformers.Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    return folder


def spelling(folder, special=("<pad>",), cls="ParakeetTokenizer", **named):
    """A tokenizer of letters, saved and loaded as a fast one."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {token: i for i, token in enumerate([*special, "▁", *LETTERS])}
    made = Tokenizer(models.BPE(vocabulary, [], unk_token=special[0]))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return getattr(transformers, cls)(tokenizer_object=made, **named)


def parakeet_encoder():
    import transformers

    return transformers.ParakeetEncoderConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        subsampling_factor=4,
        subsampling_conv_channels=8,
        num_mel_bins=20,
        initializer_range=0.3,
    )


def parakeet_ctc(folder):
    import transformers

    torch.manual_seed(1)
    tokenizer = spelling(folder, pad_token="<pad>")
    config = transformers.ParakeetCTCConfig(
        vocab_size=len(tokenizer), pad_token_id=0, encoder_config=parakeet_encoder().to_dict()
    )
    transformers.ParakeetForCTC(config).eval().save_pretrained(folder)
    extractor = transformers.ParakeetFeatureExtractor(feature_size=20)
    transformers.ParakeetProcessor(extractor, tokenizer, blank_token="<pad>").save_pretrained(folder)
    return folder
