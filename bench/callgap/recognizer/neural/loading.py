"""Loads a checkpoint and chooses the adapter of its family."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import torch

from callgap.errors import InputError, one_of
from callgap.recognizer.neural.adapter import Adapter, Loaded, Options
from callgap.recognizer.neural.checkpoint import config_of, require_whole
from callgap.recognizer.neural.ctc import CTC
from callgap.recognizer.neural.families import FAMILIES, family_of
from callgap.recognizer.neural.foreign import FOREIGN, fitting, foreign, said
from callgap.recognizer.neural.sanity import require_sane
from callgap.recognizer.neural.seq2seq import Seq2Seq
from callgap.recognizer.neural.speech_llm import SpeechLLM
from callgap.recognizer.neural.transducer import Transducer

_CLASSES = {
    "ctc": ("AutoModelForCTC",),
    "seq2seq": ("AutoModelForSpeechSeq2Seq",),
    "transducer": ("AutoModelForTDT", "AutoModelForRNNT"),
    "speech_llm": ("AutoModelForSpeechSeq2Seq", "AutoModelForMultimodalLM"),
}
# By part of a processor, the files of which one holds it.
_PROCESSOR_FILES = {
    "the settings of its feature extractor": ("preprocessor_config.json", "processor_config.json"),
    "the vocabulary of its tokenizer": (
        *("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model", "sentencepiece.bpe.model", "spiece.model"),
        "tekken.json",
    ),
}
# Refusals of a class or an attention that is tried beside others.
_BESIDE = ("Unrecognized configuration class", "does not support an attention implementation")
# Some architectures have no other.
_PLAIN_ATTENTION = "eager"
# Parameters that only training uses and that many published checkpoints lack.
_NOT_USED = ("masked_spec_embed", "mask_time_emb")


def require_transformers() -> None:
    """Check that transformers is installed.

    Raises:
        InputError: it is not.
    """
    if importlib.util.find_spec("transformers") is None:
        raise InputError(
            "recognizer=transformers needs the package 'transformers', which is not installed: "
            "pip install 'callgap[transformers]'"
        )


def adapter_of(folder: Path, name: str, options: Options) -> Adapter:
    """Load a checkpoint.

    Args:
        folder: that holds it.
        name: by which messages call it.
        options: how it is used.

    Returns:
        The adapter of its family, its model in memory.

    Raises:
        InputError: the checkpoint is not whole, of no known family, or needs code of its own.
    """
    require_transformers()
    from transformers.utils import logging

    # Its bars and hints are about its own calls, which nobody here can change.
    quiet: Any = logging
    quiet.disable_progress_bar()
    quiet.set_verbosity_error()
    config = config_of(folder)
    _require_no_code(config, name, options)
    family = options.family or family_of(config, name)
    if family not in FAMILIES:
        raise InputError(f"recognizer.family: {one_of(family, FAMILIES)}")
    require_whole(folder)
    with fitting(name, options.device):
        model = _model(folder, name, family, options)
        loaded = Loaded(folder, name, model, _processor(folder, name, options), options)
        with foreign(f"recognizer.checkpoint={name} cannot be used as family {family}"):
            require_sane(loaded, family)
            return _adapter_class(family)(loaded)


def _adapter_class(family: str) -> type[Adapter]:
    return {"ctc": CTC, "seq2seq": Seq2Seq, "transducer": Transducer, "speech_llm": SpeechLLM}[family]


def _require_no_code(config: Mapping[str, Any], name: str, options: Options) -> None:
    from transformers.models.auto import configuration_auto

    known: Any = configuration_auto
    if config.get("model_type") in known.CONFIG_MAPPING_NAMES or options.remote_code:
        return
    if "auto_map" in config:
        raise InputError(
            f"recognizer.checkpoint={name} needs Python files of its own to run; read them, and allow them with "
            "recognizer.trust_remote_code=true, or choose another checkpoint"
        )
    from transformers import __version__

    raise InputError(
        f"recognizer.checkpoint={name}: transformers {__version__} knows no model_type {config.get('model_type')!r}; "
        f"accepted: a checkpoint of one of the families {', '.join(FAMILIES)}"
    )


def _model(folder: Path, name: str, family: str, options: Options) -> Any:
    import transformers

    problems = []
    for class_name, attention in product(_CLASSES[family], dict.fromkeys((options.attention, _PLAIN_ATTENTION))):
        try:
            model, found = getattr(transformers, class_name).from_pretrained(
                folder,
                dtype=options.dtype,
                attn_implementation=attention,
                trust_remote_code=options.remote_code,
                local_files_only=True,
                use_safetensors=True,
                # Refused below, with the names of the tensors.
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
        except torch.OutOfMemoryError:
            raise
        except FOREIGN as error:
            # Settings that are no such thing break anything within transformers, and code of the checkpoint's own runs.
            problems.append(said(error))
            continue
        _require_all(found["missing_keys"], folder)
        _require_alike(found["mismatched_keys"], folder)
        return model.to(options.device).eval()
    telling = [problem for problem in problems if not any(beside in problem for beside in _BESIDE)]
    raise InputError(f"recognizer.checkpoint={name} cannot be loaded as family {family}: {(telling or problems)[0]}")


def _require_all(missing: Any, folder: Path) -> None:
    lacking = sorted(key for key in missing if not key.endswith(_NOT_USED))
    if lacking:
        raise InputError(
            f"{folder}: its weights lack {len(lacking)} tensors of the architecture, {lacking[0]} among them, which "
            "would be random; accepted: a checkpoint trained to recognize speech"
        )


def _require_alike(mismatched: Any, folder: Path) -> None:
    for key, found, expected in sorted(mismatched, key=str):
        raise InputError(
            f"{folder}: its weights and its config.json do not belong together, {len(mismatched)} tensors have other "
            f"shapes, {key} among them (found {list(found)}, expected {list(expected)})"
        )


def _processor(folder: Path, name: str, options: Options) -> Any:
    import transformers

    reader: Any = transformers.AutoProcessor
    try:
        with foreign(f"recognizer.checkpoint={name}: its processor cannot be loaded"):
            return reader.from_pretrained(folder, trust_remote_code=options.remote_code, local_files_only=True)
    except InputError:
        # What transformers says of files that are not there is about the hub, or about None.
        for part, files in _PROCESSOR_FILES.items():
            if not any((folder / file).is_file() for file in files):
                raise InputError(
                    f"recognizer.checkpoint={name}: its processor cannot be loaded, because {folder} lacks {part}; "
                    f"accepted: one of {', '.join(files)}, as the model's makers saved it"
                ) from None
        raise
