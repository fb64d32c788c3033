"""Checkpoints that measures of voices are given: in a folder, or pinned by a commit of the Hugging Face hub."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, first_line

RATE = 16000
"""Hz that all of these networks hear."""

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
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


def check_pinned(chosen: Checkpoint, key: str) -> None:
    """Check that a name means the same weights tomorrow.

    Args:
        chosen: what the user named.
        key: of the configuration, for messages.

    Raises:
        InputError: a hub id without the hash of a commit, or a folder with one, or neither.
    """
    name, revision = chosen.checkpoint, chosen.revision
    if Path(name).is_dir():
        if revision is not None:
            raise InputError(f"{key}.revision: found {revision!r} and the folder {name} has none; accepted: null")
        return
    if not _HUB_ID.fullmatch(name):
        raise InputError(
            f"{key}.checkpoint: there is no folder {name!r}; accepted: a folder, or an id of the hub (OWNER/NAME)"
        )
    if not _COMMIT.fullmatch(revision or ""):
        raise InputError(
            f"{key}.revision: found {revision!r} for the hub id {name!r}, whose files may change; accepted: the hash "
            f"of a commit (40 hexadecimal digits), which `git ls-remote https://huggingface.co/{name} HEAD` prints"
        )


def folder_of(chosen: Checkpoint, key: str, files: Sequence[str] = _OF_TRANSFORMERS) -> Path:
    """Where a checkpoint lies, fetched from the hub into its cache if need be.

    Args:
        chosen: what the user named.
        key: of the configuration, for messages.
        files: patterns of what is fetched.

    Raises:
        InputError: it is not pinned, or the hub does not give it.
    """
    check_pinned(chosen, key)
    if Path(chosen.checkpoint).is_dir():
        return Path(chosen.checkpoint)
    found = required("huggingface_hub", "transformers", key)
    try:
        return Path(found.snapshot_download(chosen.checkpoint, revision=chosen.revision, allow_patterns=list(files)))
    # The hub's library raises errors of its own and of whatever it asks the network with.
    except Exception as error:
        raise InputError(
            f"{key}.checkpoint: {chosen.checkpoint} cannot be fetched from the hub: {first_line(error)}"
        ) from None


def device_of(chosen: Checkpoint, key: str) -> torch.device:
    """Where a model runs; the variable CALLGAP_DEVICE stands in for a device that is not named.

    Raises:
        InputError: the name is another one, or torch finds no such device.
    """
    asked = chosen.device or os.environ.get("CALLGAP_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    found = re.fullmatch(r"cpu|cuda(?::(\d+))?", asked)
    if not found:
        raise InputError(f"{key}.device: found {asked!r}; accepted: cpu, cuda, cuda:N")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked != "cpu" and int(found[1] or 0) >= count:
        raise InputError(f"{key}.device: found {asked!r}, but torch finds {count} CUDA devices; accepted: cpu")
    return torch.device(asked)


def required(package: str, install: str, key: str) -> Any:
    """Import a package of an extra.

    Args:
        package: name of the module.
        install: what is to be installed: a name of an extra of callgap, or a whole requirement.
        key: of the configuration, for messages.

    Raises:
        InputError: it is not installed, or cannot be loaded.
    """
    wanted = f"'callgap[{install}]'" if install.isidentifier() else f"'{install}'"
    if importlib.util.find_spec(package.partition(".")[0]) is None:
        raise InputError(f"{key} needs the package {package!r}, which is not installed: pip install {wanted}")
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise InputError(f"{key} needs the package {package!r}, which cannot be loaded: {first_line(error)}") from None


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
    transformers = required("transformers", "transformers", key)
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
