"""Whether a checkpoint that could be loaded can be used: its numbers, its tokenizer, its ids of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from callgap.errors import InputError
from callgap.recognizer.neural.adapter import Loaded

# Of the model's tokens, which a tokenizer may lack: blanks and whatever else is never written.
_LACKING_AT_MOST = 3
_LACKING_SHARE = 0.1
# Ids by the families that use them: of the model's settings, and of those of its generation.
_MODEL_IDS: Mapping[str, tuple[str, ...]] = {
    "ctc": ("pad_token_id",),
    "transducer": ("blank_token_id",),
    "seq2seq": (),
    "speech_llm": (),
}
_GENERATION_IDS = ("eos_token_id", "decoder_start_token_id", "no_timestamps_token_id")
_GENERATION_TABLES = ("lang_to_id", "task_to_id", "text_decoder_lang_to_code_id")
_FASTEST_HZ = 384_000


def require_sane(loaded: Loaded, family: str) -> None:
    """Check a checkpoint in memory.

    Args:
        loaded: the checkpoint.
        family: of its outputs.

    Raises:
        InputError: a weight is no finite number, the tokenizer does not know the model's tokens, an id is of no token,
            or the extractor names no sampling rate.
    """
    _require_finite(loaded)
    _require_rate(loaded)
    size = _outputs(loaded.model)
    if size is not None:
        _require_vocabulary(loaded, size)
        _require_ids(loaded, family, size)


def _require_finite(loaded: Loaded) -> None:
    for name, tensor in loaded.model.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            precision = str(loaded.options.dtype).removeprefix("torch.")
            raise InputError(
                f"{loaded.folder}: its weights are damaged, {name} holds numbers that are not finite in {precision}; "
                "accepted: finite weights, or another recognizer.dtype where only this one is too narrow for them"
            )


def _require_rate(loaded: Loaded) -> None:
    rate = getattr(loaded.extractor, "sampling_rate", 16000)
    if not _whole(rate) or not 0 < rate <= _FASTEST_HZ:
        raise InputError(
            f"{loaded.folder}: its feature extractor (preprocessor_config.json or processor_config.json) has "
            f"sampling_rate {rate!r}; accepted: a whole number of Hz from 1 to {_FASTEST_HZ}"
        )


def _require_vocabulary(loaded: Loaded, size: int) -> None:
    vocabulary = getattr(getattr(loaded.processor, "tokenizer", None), "get_vocab", None)
    if vocabulary is None:
        return
    lacking = size - len({place for place in vocabulary().values() if place in range(size)})
    if lacking > max(_LACKING_AT_MOST, _LACKING_SHARE * size):
        raise InputError(
            f"{loaded.folder}: its tokenizer knows {size - lacking} of the {size} tokens that the model writes, so "
            "texts would lack the others; accepted: the tokenizer (vocab.json or tokenizer.json) of the same model"
        )


def _require_ids(loaded: Loaded, family: str, size: int) -> None:
    config, generation = loaded.model.config, getattr(loaded.model, "generation_config", None)
    found = [("config.json", name, getattr(config, name, None)) for name in _MODEL_IDS[family]]
    if family != "ctc" and generation is not None:
        found += [("generation_config.json", *entry) for entry in _generation_ids(generation, loaded.folder)]
    for file, name, value in found:
        if not _whole(value) or value not in range(size):
            raise InputError(
                f"{loaded.folder}: {name} of its settings ({file}) is {value!r}; accepted: the id of a token, "
                f"0 to {size - 1}"
            )


def _generation_ids(generation: Any, folder: Any) -> Iterable[tuple[str, Any]]:
    for name in _GENERATION_IDS:
        value = getattr(generation, name, None)
        for one in value if isinstance(value, list) else [] if value is None else [value]:
            yield name, one
    for name in _GENERATION_TABLES:
        table = getattr(generation, name, None)
        if table is None:
            continue
        if not isinstance(table, Mapping):
            raise InputError(f"{folder}: {name} of its generation_config.json is {table!r}; accepted: ids by name")
        yield from ((f"{name}[{key}]", value) for key, value in table.items())


def _outputs(model: Any) -> int | None:
    size = getattr(model.config, "vocab_size", None)
    if size is None and hasattr(model.config, "get_text_config"):
        # Models that hear and write keep the settings of the writing part within their own.
        size = getattr(model.config.get_text_config(decoder=True), "vocab_size", None)
    return size if _whole(size) else None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
