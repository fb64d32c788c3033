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
_INDEX = "model.safetensors.index.json"
# What transformers reads as objects; other files of a folder, such as logs of training, may hold lists.
_OBJECTS = (
    *("added_tokens.json", "chat_template.json", "config.json", "generation_config.json", _INDEX, "normalizer.json"),
    *("preprocessor_config.json", "processor_config.json", "special_tokens_map.json", "tekken.json", "tokenizer.json"),
    *("tokenizer_config.json", "vocab.json"),
)
# Whatever can change a text: weights, settings, vocabularies, merges, chat templates, code (these two may lie deeper).
_TELLING = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.py", "*/*.jinja", "*/*.py")


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
        InputError: the folder or the file is not there, or it is no JSON object, or its architectures are no list.
    """
    path = folder / "config.json"
    if not folder.is_dir():
        found = "that is a file" if folder.is_file() else "there is no such folder"
        raise InputError(f"recognizer.checkpoint={folder}: {found}; accepted: a hub id or a folder with config.json")
    if not path.is_file():
        raise InputError(
            f"recognizer.checkpoint={folder}: there is no config.json in it; accepted: a folder that transformers saved"
        )
    content: Mapping[str, Any] = _object(path)
    if not isinstance(content.get("model_type", ""), str):
        raise InputError(f"{path}: model_type is {content['model_type']!r}; accepted: a string")
    named = content.get("architectures") or []
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise InputError(f"{path}: architectures is {named!r}; accepted: a list of strings")
    return content


def require_whole(folder: Path) -> None:
    """Check that a checkpoint's files can be read, as far as that can be seen without its model.

    Raises:
        InputError: as `config_of` and `weights_of`; or a JSON file is none, or is no object where one is needed.
    """
    config_of(folder)
    for path in sorted(folder.glob("*.json")):
        _object(path) if path.name in _OBJECTS else _json(path)
    weights_of(folder)


def weights_of(folder: Path) -> list[Path]:
    """The files with a checkpoint's weights, each opened once to see that it is whole.

    Raises:
        InputError: there are none, none of safetensors, one of the index is not there, or one is damaged.
    """
    files = sorted(folder.glob("model*.safetensors"))
    index = folder / _INDEX
    if index.is_file():
        named = _named(index)
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
        _require_readable(path)
    return files


def digest_of(folder: Path) -> str:
    """SHA-256 over all files of a checkpoint that can change a text, in hexadecimal.

    Raises:
        InputError: as `config_of` and `weights_of`; or a file cannot be read.
    """
    config_of(folder)
    weights_of(folder)
    hashed = hashlib.sha256()
    for path in sorted({path for pattern in _TELLING for path in folder.glob(pattern) if path.is_file()}):
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {first_line(error)}") from None
        hashed.update(f"{path.relative_to(folder).as_posix()}\0".encode() + content)
    return hashed.hexdigest()


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {first_line(error)}") from None


def _object(path: Path) -> dict[str, Any]:
    content = _json(path)
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object")
    return content


def _named(index: Path) -> set[str]:
    weight_map = _object(index).get("weight_map")
    names = list(weight_map.values()) if isinstance(weight_map, dict) else []
    if not names or not all(isinstance(name, str) and Path(name).name == name for name in names):
        raise InputError(f"{index}: weight_map does not say which file of the folder holds each tensor; fetch it again")
    return set(names)


def _require_readable(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            file.keys()
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path} is damaged ({first_line(error)}): fetch it again, a whole file in the format safetensors is needed"
        ) from None
