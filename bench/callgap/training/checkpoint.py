"""A small Conformer with characters as tokens: made from a seed, kept as a checkpoint of transformers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from callgap.training.settings import Settings

BLANK, UNKNOWN = "<pad>", "<unk>"


def processor_of(texts: Iterable[str], settings: Settings) -> Any:
    """Make what turns sound into log-mel features and tokens into text.

    Args:
        texts: that are learned; each of their characters becomes a token, the space included.
        settings: rate and number of features.

    Returns:
        A `ParakeetProcessor`. Token 0 is the blank of CTC, 1 stands for a character that no text held.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import ParakeetFeatureExtractor, ParakeetProcessor, ParakeetTokenizer

    characters = sorted({character for text in texts for character in text})
    vocabulary = {token: number for number, token in enumerate([BLANK, UNKNOWN, *characters])}
    single = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    single.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    single.decoder = decoders.Fuse()
    tokenizer = ParakeetTokenizer(
        tokenizer_object=single, pad_token=BLANK, unk_token=UNKNOWN, clean_up_tokenization_spaces=False
    )
    step = settings.sample_rate // 100
    extractor = ParakeetFeatureExtractor(
        feature_size=settings.mel_bins,
        sampling_rate=settings.sample_rate,
        hop_length=step,
        win_length=step * 5 // 2,
        n_fft=settings.sample_rate * 4 // 125,
    )
    return ParakeetProcessor(extractor, tokenizer, decoder_type="ctc")


def model_of(vocabulary: int, settings: Settings) -> Any:
    """Make a model whose weights depend on the seed alone.

    Args:
        vocabulary: number of tokens.
        settings: its size.

    Returns:
        A `ParakeetForCTC` on the processor.
    """
    from transformers import AutoModelForCTC, ParakeetCTCConfig

    encoder = {
        "hidden_size": settings.hidden_size,
        "num_hidden_layers": settings.layers,
        "num_attention_heads": settings.heads,
        "intermediate_size": 2 * settings.hidden_size,
        "subsampling_factor": settings.subsampling,
        "subsampling_conv_channels": max(8, settings.hidden_size // 4),
        "num_mel_bins": settings.mel_bins,
        "conv_kernel_size": 9,
        "layerdrop": 0.0,
        "dropout": settings.dropout,
        "activation_dropout": settings.dropout,
        "attention_dropout": 0.0,
    }
    torch.manual_seed(settings.seed)
    config = ParakeetCTCConfig(vocab_size=vocabulary, pad_token_id=0, encoder_config=encoder)
    # The eager attention is the one whose gradients are the same twice on a GPU.
    return AutoModelForCTC.from_config(config, attn_implementation="eager")


def save(model: Any, processor: Any, folder: Path) -> str:
    """Write a checkpoint that `AutoModelForCTC` and `AutoProcessor` load.

    Args:
        model: as `model_of` makes it.
        processor: as `processor_of` makes it.
        folder: to be made.

    Returns:
        SHA-256 (hexadecimal) of the weights.
    """
    with quiet():
        model.to("cpu").save_pretrained(folder)
        processor.save_pretrained(folder)
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars of transformers, which would stand between those of the training."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
