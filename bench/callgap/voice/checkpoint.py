"""Checkpoints that measures of voices are given: in a folder, or pinned by a commit of the Hugging Face hub."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap import weights
from callgap.errors import InputError, first_line

RATE = 16000
"""Hz that all of these networks hear."""

_OF_TRANSFORMERS = ("config.json", "preprocessor_config.json", "*.safetensors", "*.safetensors.index.json")
# Parameters that only training uses and that many published checkpoints lack.
_NOT_USED = ("masked_spec_embed", "objective.weight")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Checkpoint:
    """Weights and where they run.

    Attributes:
        checkpoint: folder, or id of the hub.
        revision: hash of a commit of the hub; None for a folder.
        device: "cpu", "cuda" or "cuda:N"; None takes CUDA where there is a device.
    """

    checkpoint: Annotated[str, Field(min_length=1)]
    revision: str | None = None
    device: str | None = None


def folder_of(chosen: Checkpoint, key: str, files: Sequence[str] = _OF_TRANSFORMERS) -> Path:
    """Where a checkpoint lies, fetched from the hub into its cache if need be.

    Args:
        chosen: what the user named.
        key: of the configuration, for messages.
        files: patterns of what is fetched.

    Raises:
        InputError: it is not pinned, or the hub does not give it.
    """
    return weights.folder_of(chosen.checkpoint, chosen.revision, f"{key}.checkpoint", f"{key}.revision", files)


def device_of(chosen: Checkpoint, key: str) -> torch.device:
    """Where a model runs; the variable CALLGAP_DEVICE stands in for a device that is not named.

    Raises:
        InputError: the name is another one, or torch finds no such device.
    """
    return weights.device_of(chosen.device, f"{key}.device")


def model_of(chosen: Checkpoint, kind: str, what: str, key: str) -> tuple[Any, Any]:
    """Load a model of transformers and what prepares sound for it.

    Args:
        chosen: what the user named.
        kind: class of transformers, for example `AutoModelForAudioXVector`.
        what: a checkpoint of this kind is, in words.
        key: of the configuration, for messages.

    Returns:
        The model, in evaluation on its device, and its feature extractor.

    Raises:
        InputError: it cannot be fetched or loaded, lacks weights that would be random, holds no safetensors, or hears
            another rate than 16 kHz.
    """
    transformers = weights.required("transformers", "transformers", key)
    device, folder = device_of(chosen, key), folder_of(chosen, key)
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"{key}.checkpoint: {folder} holds no weights in safetensors, and other formats can run code; accepted: a "
            "folder or a commit with model.safetensors, as save_pretrained writes it"
        )
    options: dict[str, Any] = {"use_safetensors": True, "dtype": torch.float32, "output_loading_info": True}
    model, found = _from(getattr(transformers, kind), folder, f"{key}.checkpoint", **options)
    if lacking := sorted(name for name in found["missing_keys"] if not name.endswith(_NOT_USED)):
        raise InputError(
            f"{key}.checkpoint: {folder} is no {what}: it lacks {len(lacking)} tensors of {type(model).__name__}, "
            f"{lacking[0]} among them, which would be random"
        )
    extractor = _from(transformers.AutoFeatureExtractor, folder, f"{key}.checkpoint")
    if (rate := getattr(extractor, "sampling_rate", RATE)) != RATE:
        raise InputError(f"{key}.checkpoint: {folder} hears sound at {rate} Hz; accepted: {RATE} Hz")
    return model.to(device).eval(), extractor


def _from(kind: Any, folder: Path, key: str, **options: Any) -> Any:
    logging = importlib.import_module("transformers.utils.logging")
    shown, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    # Its hints and bars are about its own calls, which nobody here can change.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        # Weights that are loaded are drawn first, which must change nothing that others draw.
        with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
            warnings.simplefilter("ignore")
            return kind.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False, **options)
    # A damaged file, another architecture, a missing key: each raises what it likes.
    except Exception as error:
        raise InputError(f"{key}: {folder} cannot be loaded as {kind.__name__}: {first_line(error)}") from None
    finally:
        logging.set_verbosity(shown)
        if bars:
            logging.enable_progress_bar()
