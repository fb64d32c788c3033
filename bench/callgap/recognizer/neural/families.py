"""The family of a checkpoint's outputs, from the architecture that its configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callgap.errors import InputError

FAMILIES = ("ctc", "seq2seq", "transducer", "speech_llm")
"""What `family` may be: tokens by frame; an encoder and a decoder; a transducer; a language model that hears."""


def family_of(config: Mapping[str, Any], name: str) -> str:
    """The family of a checkpoint.

    Args:
        config: content of its `config.json`.
        name: by which the message calls it.

    Returns:
        One of `FAMILIES`.

    Raises:
        InputError: it names no architecture, or one that does not turn speech into text.
    """
    architectures = config.get("architectures") or []
    for architecture in architectures:
        for family, known in _architectures().items():
            if architecture in known:
                return family
    raise InputError(
        f"recognizer.checkpoint={name}: its config.json names the architecture "
        f"{', '.join(map(str, architectures)) or 'none'}, which is of no family that recognizes speech; "
        f"accepted families: {', '.join(FAMILIES)} (set recognizer.family if one of them fits)"
    )


def _architectures() -> dict[str, set[str]]:
    from transformers.models.auto import modeling_auto as auto

    prompted = dict(auto.MODEL_FOR_MULTIMODAL_LM_MAPPING_NAMES)
    spoken = dict(auto.MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING_NAMES)
    heard = set(spoken) & set(prompted) | {"canary", "vibevoice_asr", "glmasr", "nemo_speechlm", "qwen2_audio"}
    return {
        "ctc": set(auto.MODEL_FOR_CTC_MAPPING_NAMES.values()),
        "transducer": {
            *auto.MODEL_FOR_RNNT_MAPPING_NAMES.values(),
            *auto.MODEL_FOR_TDT_MAPPING_NAMES.values(),
        },
        "speech_llm": {value for key, value in (prompted | spoken).items() if key in heard},
        "seq2seq": {value for key, value in spoken.items() if key not in heard},
    }
