"""Checkpoints of well-known architectures with random weights, and sounds to time them with: nothing is fetched.

Such a model costs what the trained one costs as long as it writes as many tokens, so how many it writes is fixed. Its
texts mean nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from callgap.recognizer import Sound

TOKENS = 48
"""That Whisper writes of every utterance: some 15 s of speech."""

RATE = 16000
_SHORTEST_S, _LONGEST_S = 1.0, 30.0
_SYLLABLES_HZ = 4.0

Sizes = Mapping[str, Any]
TURBO: Sizes = {
    "d_model": 1280, "encoder_layers": 32, "encoder_attention_heads": 20, "encoder_ffn_dim": 5120, "decoder_layers": 4,
    "decoder_attention_heads": 20, "decoder_ffn_dim": 5120, "num_mel_bins": 128,
}  # fmt: skip
"""Of Whisper large-v3-turbo, as its configuration gives them."""

PARAKEET: Sizes = {"hidden_size": 1024, "num_hidden_layers": 42, "intermediate_size": 4096, "num_mel_bins": 80}
"""Of Parakeet CTC 1.1b, likewise."""

_WORDS, _LANGUAGES, _TIMES = 50257, 100, 1501
_PIECES = 1024
_CLEARER = 1000.0


@dataclass(frozen=True)
class Architecture:
    """A model to time.

    Attributes:
        name: in the table.
        make: writes a checkpoint into a folder.
        writes: arguments of transformers' `generate`; None where the model writes nothing by itself.
    """

    name: str
    make: Callable[[Path], None]
    writes: Mapping[str, Any] | None


def whisper(folder: Path, sizes: Sizes = TURBO) -> None:
    """Write a Whisper that writes exactly as many tokens as it is told.

    Args:
        folder: where to.
        sizes: of `WhisperConfig`.
    """
    transformers = _transformers()
    names = ["en", *(f"x{place:02d}" for place in range(_LANGUAGES - 1))]
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    special = ["endoftext", "startoftranscript", *names, *tasks, *(f"{k / 50:.2f}" for k in range(_TIMES))]
    vocabulary = {f"w{place}": place for place in range(_WORDS)}
    vocabulary |= {f"<|{name}|>": _WORDS + place for place, name in enumerate(special)}
    tokenizer = transformers.WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"extra_special_tokens": [f"<|{name}|>" for name in special[:-_TIMES]]})
    end, start = vocabulary["<|endoftext|>"], vocabulary["<|startoftranscript|>"]
    config = transformers.WhisperConfig(
        vocab_size=len(vocabulary), bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=start,
        **sizes,
    )  # fmt: skip
    model = _random(transformers.WhisperForConditionalGeneration, config)
    model.generation_config = transformers.GenerationConfig(
        bos_token_id=end, eos_token_id=end, pad_token_id=end, decoder_start_token_id=start, max_length=448,
        is_multilingual=True, lang_to_id={f"<|{name}|>": vocabulary[f"<|{name}|>"] for name in names},
        task_to_id={name: vocabulary[f"<|{name}|>"] for name in ("translate", "transcribe")},
        no_timestamps_token_id=vocabulary["<|notimestamps|>"], begin_suppress_tokens=[],
        suppress_tokens=list(range(end, len(vocabulary))),
    )  # fmt: skip
    model.save_pretrained(folder)
    extractor = transformers.WhisperFeatureExtractor(feature_size=config.num_mel_bins)
    transformers.WhisperProcessor(extractor, tokenizer).save_pretrained(folder)


def parakeet_ctc(folder: Path, sizes: Sizes = PARAKEET) -> None:
    """Write a Parakeet CTC.

    Args:
        folder: where to.
        sizes: of `ParakeetEncoderConfig`.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    transformers = _transformers()
    vocabulary = {**{f"▁w{place}": place for place in range(_PIECES)}, "<pad>": _PIECES}
    made = Tokenizer(models.BPE(vocabulary, [], unk_token="<pad>"))
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    tokenizer = transformers.ParakeetTokenizer(tokenizer_object=made, pad_token="<pad>")
    encoder = transformers.ParakeetEncoderConfig(**sizes)
    config = transformers.ParakeetCTCConfig(
        vocab_size=len(vocabulary), pad_token_id=_PIECES, encoder_config=encoder.to_dict()
    )
    model = _random(transformers.ParakeetForCTC, config)
    # Else all tokens of a frame are so nearly alike that rounding chooses between them.
    model.ctc_head.weight.data *= _CLEARER
    model.save_pretrained(folder)
    extractor = transformers.ParakeetFeatureExtractor(feature_size=encoder.num_mel_bins)
    transformers.ParakeetProcessor(extractor, tokenizer, blank_token="<pad>").save_pretrained(folder)


def _transformers() -> Any:
    # Many of its functions have no types.
    return importlib.import_module("transformers")


def _random(kind: Any, config: Any) -> Any:
    torch.manual_seed(0)
    return kind(config).eval()


ARCHITECTURES = (
    Architecture(
        f"Whisper large-v3-turbo architecture, random weights, {TOKENS} tokens each",
        whisper,
        {"language": "en", "task": "transcribe", "max_new_tokens": TOKENS},
    ),
    Architecture("Parakeet-CTC 1.1b architecture, random weights", parakeet_ctc, None),
)


def sounds(hours: float, seed: int = 7) -> list[Sound]:
    """Utterances of 1 to 30 s, every length as likely as any other: noise that swells and fades like syllables.

    Args:
        hours: of sound, at least.
        seed: of the draw.

    Returns:
        In no order of length, at 16 kHz.
    """
    random = np.random.default_rng(seed)
    made: list[Sound] = []
    left = 3600 * hours
    while left > 0:
        seconds = float(random.uniform(_SHORTEST_S, _LONGEST_S))
        count = round(seconds * RATE)
        time = np.arange(count, dtype=np.float32) / RATE
        swell = 0.55 + 0.45 * np.sin(2 * np.pi * _SYLLABLES_HZ * time + random.uniform(0, 6))
        noise = random.standard_normal(count, dtype=np.float32)
        made.append(Sound(torch.from_numpy((0.1 * swell * noise).astype(np.float32)), RATE, f"u{len(made)}"))
        left -= seconds
    return made
