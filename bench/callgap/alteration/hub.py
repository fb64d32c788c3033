"""Checkpoints of transformers: in a folder, or pinned by a commit of the Hugging Face hub."""

from __future__ import annotations

import os
import re
from pathlib import Path

import torch

from callgap.errors import InputError, first_line

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FILES = ("*.json", "*.safetensors", "*.bin", "*.txt", "*.model")


def check_pinned(name: str, revision: str | None, key: str) -> None:
    """Check that a name means the same weights tomorrow.

    Args:
        name: folder or hub id.
        revision: hash of a commit of the hub; None for a folder.
        key: of the configuration; that of the revision is `<key>_revision`.

    Raises:
        InputError: a hub id without the hash of a commit, or a folder with one, or neither.
    """
    if Path(name).is_dir():
        if revision is not None:
            raise InputError(f"{key}_revision: the folder {name} has none; accepted: null")
        return
    if not _HUB_ID.fullmatch(name):
        raise InputError(f"{key}: there is no folder {name!r}; accepted: a folder, or an id of the hub (OWNER/NAME)")
    if not _COMMIT.fullmatch(revision or ""):
        raise InputError(
            f"{key}_revision: found {revision!r} for the hub id {name!r}, whose files may change; accepted: the hash "
            f"of a commit (40 hexadecimal digits), which `git ls-remote https://huggingface.co/{name} HEAD` prints"
        )


def folder_of(name: str, revision: str | None, key: str) -> Path:
    """Where a checkpoint lies, fetched from the hub into its cache if need be.

    Args:
        name: folder or hub id.
        revision: hash of a commit of the hub.
        key: of the configuration, for messages.

    Raises:
        InputError: it is not pinned, or the hub does not give it.
    """
    check_pinned(name, revision, key)
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(_FILES)))
    # The hub's library raises errors of its own and of whatever it asks the network with.
    except Exception as error:
        raise InputError(f"{key}: {name} cannot be fetched from the hub: {first_line(error)}") from None


def device_of(name: str | None) -> torch.device:
    """Where a model runs.

    Args:
        name: "cpu", "cuda" or "cuda:N"; None takes the variable CALLGAP_DEVICE, else CUDA where there is a device.

    Raises:
        InputError: the name is another one, or torch finds no such device.
    """
    asked = name or os.environ.get("CALLGAP_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    found = re.fullmatch(r"cpu|cuda(?::(\d+))?", asked)
    if not found:
        raise InputError(f"alteration.device: found {asked!r}; accepted: cpu, cuda, cuda:N")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked != "cpu" and int(found[1] or 0) >= count:
        raise InputError(f"alteration.device: found {asked!r}, but torch finds {count} CUDA devices; accepted: cpu")
    return torch.device(asked)
