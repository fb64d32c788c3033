"""Weights that are named: a folder, or an id of the Hugging Face hub with the hash of a commit; and where they run."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from callgap.errors import InputError, first_line

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def check_pinned(name: str, revision: str | None, key: str, revision_key: str) -> None:
    """Check that a name means the same weights tomorrow.

    Args:
        name: folder or id of the hub.
        revision: hash of a commit of the hub; None for a folder.
        key: of the configuration that holds the name, for messages.
        revision_key: that holds the revision.

    Raises:
        InputError: an id of the hub without the hash of a commit, or a folder with one, or neither.
    """
    if Path(name).is_dir():
        if revision is not None:
            raise InputError(f"{revision_key}: found {revision!r} and the folder {name} has none; accepted: null")
        return
    if not _HUB_ID.fullmatch(name):
        raise InputError(f"{key}: there is no folder {name!r}; accepted: a folder, or an id of the hub (OWNER/NAME)")
    if not _COMMIT.fullmatch(revision or ""):
        raise InputError(
            f"{revision_key}: found {revision!r} for the hub id {name!r}, whose files may change; accepted: the hash "
            f"of a commit (40 hexadecimal digits), which `git ls-remote https://huggingface.co/{name} HEAD` prints"
        )


def folder_of(name: str, revision: str | None, key: str, revision_key: str, files: Sequence[str]) -> Path:
    """Where weights lie, fetched from the hub into its cache if need be.

    Args:
        name: folder or id of the hub.
        revision: hash of a commit of the hub; None for a folder.
        key: of the configuration that holds the name, for messages.
        revision_key: that holds the revision.
        files: patterns of what is fetched.

    Raises:
        InputError: they are not pinned, or the hub does not give them.
    """
    check_pinned(name, revision, key, revision_key)
    if Path(name).is_dir():
        return Path(name)
    hub = required("huggingface_hub", "transformers", key)
    try:
        return Path(hub.snapshot_download(name, revision=revision, allow_patterns=list(files)))
    # The hub's library raises errors of its own and of whatever it asks the network with.
    except Exception as error:
        raise InputError(f"{key}: {name} cannot be fetched from the hub: {first_line(error)}") from None


def device_of(name: str | None, key: str) -> torch.device:
    """Where a model runs.

    Args:
        name: "cpu", "cuda" or "cuda:N"; None takes the variable CALLGAP_DEVICE, else CUDA where there is a device.
        key: of the configuration that holds the name, for messages.

    Raises:
        InputError: the name is another one, or torch finds no such device.
    """
    asked = name or os.environ.get("CALLGAP_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    found = re.fullmatch(r"cpu|cuda(?::(\d+))?", asked)
    if not found:
        raise InputError(f"{key}: found {asked!r}; accepted: cpu, cuda, cuda:N")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked != "cpu" and int(found[1] or 0) >= count:
        raise InputError(f"{key}: found {asked!r}, but torch finds {count} CUDA devices; accepted: cpu")
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
