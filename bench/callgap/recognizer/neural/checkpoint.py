"""Finds a checkpoint's folder, from the hub if need be, and refuses one that cannot be trusted to be whole."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callgap.errors import InputError, first_line

_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SETTINGS = ("config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json")


def is_folder(checkpoint: str) -> bool:
    """Whether a checkpoint is meant as a folder of this machine and not as an id of the hub."""
    return Path(checkpoint).exists() or not _HUB_ID.fullmatch(checkpoint)


def require_pinned(checkpoint: str, revision: str | None) -> None:
    """Check that a name means the same weights tomorrow.

    Raises:
        InputError: a hub id without the hash of a commit.
    """
    if not is_folder(checkpoint) and not _COMMIT.fullmatch(revision or ""):
        raise InputError(
            f"recognizer.revision: found {revision!r} for the hub id {checkpoint!r}, whose files may change; pin it "
            f"with the hash of a commit (40 hexadecimal digits), which "
            f"`git ls-remote https://huggingface.co/{checkpoint} HEAD` prints"
        )


def folder_of(checkpoint: str, revision: str | None, *, offline: bool) -> Path:
    """Where a checkpoint lies, fetched from the hub into its cache if need be.

    Args:
        checkpoint: folder or hub id.
        revision: hash of the hub's commit.
        offline: whether the hub must not be asked.

    Raises:
        InputError: the hub has no such checkpoint, does not give it, or cannot be reached.
    """
    if is_folder(checkpoint):
        return Path(checkpoint)
    require_pinned(checkpoint, revision)
    from callgap.recognizer.neural.hub import fetched

    return fetched(checkpoint, str(revision), offline=offline)


def config_of(folder: Path) -> Mapping[str, Any]:
    """The content of a checkpoint's `config.json`.

    Raises:
        InputError: the folder or the file is not there, or it is no JSON object.
    """
    path = folder / "config.json"
    if not folder.is_dir():
        raise InputError(
            f"recognizer.checkpoint={folder}: there is no such folder; accepted: a hub id or a folder with config.json"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"recognizer.checkpoint={folder}: there is no config.json in it; accepted: a folder that transformers saved"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {first_line(error)}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object")
    return content


def weights_of(folder: Path) -> list[Path]:
    """The files with a checkpoint's weights, each opened once to see that it is whole.

    Raises:
        InputError: there are none, none of safetensors, one of the index is not there, or one is damaged.
    """
    files = sorted(folder.glob("model*.safetensors"))
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        named = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        for absent in sorted(name for name in named if not (folder / name).is_file()):
            raise InputError(f"{index} names {absent}, which is not in the folder")
        files = sorted(folder / name for name in named)
    if not files:
        others = [path.name for path in sorted(folder.iterdir()) if path.suffix in {".bin", ".pt", ".pth", ".ckpt"}]
        raise InputError(
            f"{folder}: found {', '.join(others) if others else 'no weights'}; only weights in model.safetensors are "
            "loaded, because other formats can run code"
        )
    for path in files:
        _require_whole(path)
    return files


def digest_of(folder: Path) -> str:
    """SHA-256 over the weights and settings of a checkpoint, in hexadecimal.

    Raises:
        InputError: as `weights_of`.
    """
    hashed = hashlib.sha256()
    for path in [*weights_of(folder), *(folder / name for name in _SETTINGS if (folder / name).is_file())]:
        with path.open("rb") as file:
            hashed.update(f"{path.name}\0".encode() + hashlib.file_digest(file, "sha256").digest())
    return hashed.hexdigest()


def _require_whole(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            file.keys()
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is damaged ({first_line(error)}): fetch it again, a whole file in the format safetensors is needed"
        ) from None
