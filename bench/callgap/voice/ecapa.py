"""Who speaks, by an ECAPA-TDNN as SpeechBrain saves it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from jaxtyping import Float32
from torch import Tensor

from callgap.audio import Signal
from callgap.errors import InputError, first_line
from callgap.voice.checkpoint import Checkpoint, device_of, folder_of
from callgap.weights import required

_SETTINGS, _WEIGHTS = "hyperparams.yaml", ("embedding_model.safetensors", "embedding_model.ckpt")
_INSTALL = "callgap[ecapa]"
_LOBES = "speechbrain.lobes"
# What the settings must be made of, and which of their numbers are read; anything else would be heard otherwise.
_PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "compute_features": (
        f"{_LOBES}.features.Fbank",
        ("n_mels", "deltas", "context", "sample_rate", "f_min", "f_max", "n_fft", "left_frames", "right_frames",
         "win_length", "hop_length"),
    ),
    "mean_var_norm": ("speechbrain.processing.features.InputNormalization", ("norm_type", "mean_norm", "std_norm")),
    "embedding_model": (
        f"{_LOBES}.models.ECAPA_TDNN.ECAPA_TDNN",
        ("input_size", "lin_neurons", "channels", "kernel_sizes", "dilations", "attention_channels", "res2net_scale",
         "se_channels", "global_context", "groups"),
    ),
}  # fmt: skip


class ECAPA:
    """Desplanques et al. (2020), "ECAPA-TDNN: emphasized channel attention, propagation and aggregation"."""

    def __init__(self, chosen: Checkpoint, key: str) -> None:
        """Load it. The settings are read and not run: what else they would do is left out.

        Args:
            chosen: folder or hub id with `hyperparams.yaml` and `embedding_model.safetensors` or `.ckpt`.
            key: of the configuration, for messages.

        Raises:
            InputError: SpeechBrain is not installed, or the checkpoint cannot be loaded or is something else.
        """
        features, normalization, network = classes(key)
        self._device, folder = device_of(chosen, key), folder_of(chosen, key, (_SETTINGS, *_WEIGHTS))
        settings = settings_of(folder / _SETTINGS, key)
        weights = _weights(folder, key)
        try:
            with torch.random.fork_rng(devices=[]):
                self._features = features(**settings["compute_features"]).to(self._device).eval()
                self._normalization = normalization(**settings["mean_var_norm"]).to(self._device).eval()
                self._network = network(**settings["embedding_model"])
            self._network.load_state_dict(weights)
        # Whatever a number of the settings makes its code or torch's raise.
        except Exception as error:
            raise InputError(f"{key}.checkpoint: {folder} is no ECAPA-TDNN: {first_line(error)}") from None
        self._network.to(self._device).eval()

    def __call__(self, signal: Signal) -> Float32[Tensor, " dimension"]:
        """Embed an utterance at 16 kHz."""
        heard, whole = signal[None].to(self._device), torch.ones(1, device=self._device)
        found: Tensor = self._network(self._normalization(self._features(heard), whole), whole)[0, 0]
        return found


def classes(key: str) -> tuple[Any, Any, Any]:
    """SpeechBrain's features, normalization and network.

    Importing SpeechBrain for the first time would change how precisely torch multiplies matrices on a GPU, for
    everyone in the process; here it does not.

    Raises:
        InputError: it is not installed, or cannot be loaded.
    """
    before = os.environ.get("SB_DISABLE_QUIRKS")
    os.environ["SB_DISABLE_QUIRKS"] = "allow_tf32,disable_jit_profiling"
    try:
        places = [kind.rpartition(".") for kind, _ in _PARTS.values()]
        features, normalization, network = (
            getattr(required(module, _INSTALL, key), name) for module, _, name in places
        )
        return features, normalization, network
    finally:
        if before is None:
            del os.environ["SB_DISABLE_QUIRKS"]
        else:
            os.environ["SB_DISABLE_QUIRKS"] = before


def settings_of(path: Path, key: str) -> dict[str, dict[str, Any]]:
    """Read what a network is made of from the settings that SpeechBrain would run.

    Args:
        path: of a file in HyperPyYAML, whose tags name Python objects.
        key: of the configuration, for messages.

    Returns:
        By part, its numbers.

    Raises:
        InputError: the file is not there or unreadable, or a part is of another class or has another setting.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Tagged)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{key}.checkpoint: {path} cannot be read: {first_line(error)}") from None
    top = content if isinstance(content, dict) else {}
    return {name: _part(path, top, name, key) for name in _PARTS}


def _part(path: Path, top: Mapping[str, Any], name: str, key: str) -> dict[str, Any]:
    kind, known = _PARTS[name]
    tag, given = top[name] if isinstance(top.get(name), tuple) else (None, None)
    if tag != f"!new:{kind}":
        raise InputError(f"{key}.checkpoint: {path}, {name}: found {tag!r}; accepted: !new:{kind}")
    values = given if isinstance(given, dict) else {}
    for setting, value in values.items():
        resolved = top.get(value[1].strip("<>")) if isinstance(value, tuple) and value[0] == "!ref" else value
        if setting not in known or not _plain(resolved):
            raise InputError(
                f"{key}.checkpoint: {path}, {name}.{setting}: found {value!r}; accepted: plain values of "
                f"{', '.join(known)}"
            )
        values[setting] = resolved
    return dict(values)


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_plain(one) and not isinstance(one, list) for one in value)
    return value is None or isinstance(value, bool | int | float | str)


class _Tagged(yaml.SafeLoader):
    """Gives what a tag names as a pair of the tag and its content, and makes nothing of it."""


def _pair(loader: _Tagged, suffix: str, node: yaml.Node) -> tuple[str, Any]:
    if isinstance(node, yaml.MappingNode):
        return f"!{suffix}", loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return f"!{suffix}", loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.ScalarNode)
    return f"!{suffix}", loader.construct_scalar(node)


_Tagged.add_multi_constructor("!", _pair)


def _weights(folder: Path, key: str) -> Mapping[str, Tensor]:
    path = next((folder / name for name in _WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise InputError(f"{key}.checkpoint: {folder} holds no {' and no '.join(_WEIGHTS)}")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        weights: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        return weights
    # A damaged file, or one that holds more than tensors.
    except Exception as error:
        raise InputError(f"{key}.checkpoint: {path} cannot be read: {first_line(error)}") from None
