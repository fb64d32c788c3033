"""Sentence embeddings of a checkpoint in a folder: tokens, a transformer, and one vector per text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from callgap.errors import InputError, first_line
from callgap.ivr.routers.base import STAGE

_FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
_KNOWN = ("Transformer", "Pooling", "Normalize")
_POOLING = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}
# Of what these make, nothing is used.
_NOT_USED = ("pooler.dense.weight", "pooler.dense.bias", "position_ids")
_BATCH = 64

Pooling = Literal["mean", "cls"]


@dataclass(frozen=True)
class Sentences:
    """A loaded checkpoint.

    Attributes:
        model: of transformers, in evaluation mode.
        tokenizer: of the checkpoint.
        pooling: how the vectors of a text's tokens become one.
        longest: tokens that are read of a text.
    """

    model: Any
    tokenizer: Any
    pooling: Pooling
    longest: int

    def embedded(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """One vector of length 1 per text.

        Only texts of equally many tokens are computed together: none is padded, so that no vector depends on what
        stands beside it.

        Args:
            texts: one at least.

        Returns:
            Float64 `[text, dimension]`.
        """
        tokens = [self.tokenizer(text, truncation=True, max_length=self.longest)["input_ids"] for text in texts]
        order = sorted(range(len(texts)), key=lambda place: len(tokens[place]))
        vectors: list[NDArray[np.float64] | None] = [None] * len(texts)
        for places in _equal(order, [len(found) for found in tokens]):
            for place, vector in zip(places, self._pooled([tokens[place] for place in places]), strict=True):
                vectors[place] = vector
        return np.array(vectors)

    def _pooled(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        ids = torch.tensor(tokens)
        with torch.inference_mode():
            hidden = self.model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state.double()
        vectors = hidden.mean(dim=1) if self.pooling == "mean" else hidden[:, 0]
        pooled: NDArray[np.float64] = torch.nn.functional.normalize(vectors, dim=1).numpy()
        return pooled


def loaded(folder: Path, longest: int) -> Sentences:
    """Load a checkpoint; weights come from safetensors alone, and none of its own code runs.

    Args:
        folder: of transformers or sentence-transformers.
        longest: tokens of a text.

    Raises:
        InputError: it is no such folder, or one whose vectors are made otherwise, or a package is missing.
    """
    try:
        import transformers
    except ModuleNotFoundError:
        raise InputError(f"{STAGE}: embeddings need the extra callgap[transformers], which is not installed") from None
    pooling = pooling_of(folder)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model, found = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, ImportError, KeyError) as error:
        raise InputError(f"{STAGE}.folder={folder} cannot be loaded: {first_line(error)}") from None
    lacking = sorted(key for key in found["missing_keys"] if not key.endswith(_NOT_USED))
    if lacking:
        raise InputError(
            f"{STAGE}.folder={folder}: its weights lack {len(lacking)} tensors of the architecture, {lacking[0]} among "
            "them, which would be random; accepted: a whole checkpoint"
        )
    most = getattr(model.config, "max_position_embeddings", None) or longest
    return Sentences(model.eval(), tokenizer, pooling, min(longest, int(most)))


def pooling_of(folder: Path) -> Pooling:
    """How a checkpoint makes one vector per text; without sentence-transformers' `modules.json`, the mean.

    Args:
        folder: of the checkpoint.

    Returns:
        `mean` or `cls`.

    Raises:
        InputError: it is no folder of a checkpoint, or makes vectors in another way.
    """
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{STAGE}.folder={folder}: there is no config.json; accepted: a folder with a checkpoint, such as "
            "`hf download NAME --revision COMMIT --local-dir FOLDER` makes"
        )
    if not (folder / "modules.json").is_file():
        return "mean"
    pooling: Pooling = "mean"
    for module in _json(folder / "modules.json"):
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind not in _KNOWN:
            raise InputError(
                f"{STAGE}.folder={folder}: modules.json asks for {kind!r}; accepted: {', '.join(_KNOWN)} alone"
            )
        if kind == "Pooling":
            pooling = _pooling(folder / str(module.get("path", "")) / "config.json")
    return pooling


def digest_of(folder: Path) -> str:
    """SHA-256 over the weights and settings of a checkpoint, in hexadecimal."""
    hashed = hashlib.sha256()
    paths = {path for pattern in _FILES for path in folder.rglob(pattern)}
    for path in sorted(paths):
        with path.open("rb") as file:
            name = path.relative_to(folder).as_posix()
            hashed.update(f"{name}\0".encode() + hashlib.file_digest(file, "sha256").digest())
    return hashed.hexdigest()


def _pooling(path: Path) -> Pooling:
    content = _json(path)
    modes = {str(key) for key, value in content.items() if str(key).startswith("pooling_mode_") and value is True}
    if isinstance(content.get("pooling_mode"), str):
        modes = {_POOLING.get(content["pooling_mode"], content["pooling_mode"])}
    for name, mode in _POOLING.items():
        if modes == {mode}:
            return "mean" if name == "mean" else "cls"
    raise InputError(
        f"{path}: found {', '.join(sorted(modes)) or 'no pooling'}; accepted: {', '.join(_POOLING.values())}"
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {first_line(error)}") from None


def _equal(order: Sequence[int], lengths: Sequence[int]) -> Iterable[list[int]]:
    batch: list[int] = []
    for place in order:
        if batch and (lengths[place] != lengths[batch[0]] or len(batch) == _BATCH):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
