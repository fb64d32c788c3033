"""What the adapters of the output families share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from callgap.audio import Signal
from callgap.recognizer.neural.features import Featurizer

Inputs = Mapping[str, Tensor]
"""What a model takes, on its device: features and masks by the names of its arguments."""


@dataclass(frozen=True)
class Reading:
    """What a model read out of one utterance.

    Attributes:
        text: without white space around it; empty where it found nothing to say.
        confidence: in (0, 1]; None where the model states none.
        n_best: texts, the best first; empty where there is no text.
    """

    text: str
    confidence: float | None = None
    n_best: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """How a checkpoint is used.

    Attributes:
        family: of outputs; None finds it from the checkpoint's architecture.
        device: that holds the model.
        dtype: of weights and activations.
        attention: implementation in transformers.
        forced: whether the model is told the language; else it finds out, where it can.
        beams: of the search; 1 is greedy.
        n_best: texts per utterance, at most `beams`.
        max_new_tokens: None leaves it to the model.
        compiled: whether decoding runs compiled, over a cache of fixed size.
        remote_code: whether Python files of the checkpoint may run.
    """

    family: str | None
    device: torch.device
    dtype: torch.dtype
    attention: str = "sdpa"
    forced: bool = True
    beams: int = 1
    n_best: int = 1
    max_new_tokens: int | None = None
    compiled: bool = False
    remote_code: bool = False


@dataclass(frozen=True)
class Loaded:
    """A checkpoint in memory.

    Attributes:
        folder: that it was read from.
        name: by which messages call it.
        model: of transformers, on its device, not training.
        processor: of transformers.
        options: how it is used.
    """

    folder: Path
    name: str
    model: Any
    processor: Any
    options: Options

    @property
    def extractor(self) -> Any:
        """The feature extractor within the processor, or the processor where it is one."""
        for name in ("feature_extractor", "audio_processor"):
            if (found := getattr(self.processor, name, None)) is not None:
                return found
        return self.processor


class Adapter(ABC):
    """Turns signals into a model's inputs, and these into texts; one class per family of outputs.

    Attributes:
        family: its name.
        loaded: the checkpoint.
        sample_rate: that the model hears, in Hz.
        longest_s: seconds that the model hears at once.
    """

    family: str
    longest_s: float = float("inf")

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.sample_rate = int(getattr(loaded.extractor, "sampling_rate", 16000))
        self.featurizer = Featurizer(loaded.extractor, loaded.options.device)

    def padded_s(self, duration_s: float) -> float:
        """Seconds that an utterance takes in a batch of its own."""
        return duration_s

    def told(self, language: str) -> str | None:
        """What the model is told of the language.

        Args:
            language: BCP 47 tag.

        Returns:
            The model's own name of it; None where the model is told nothing.

        Raises:
            InputError: the model has no such language, or cannot find out by itself.
        """
        return None

    def prepare(self, signals: Sequence[Signal], told: str | None) -> Inputs:
        """Make a model's inputs.

        Args:
            signals: at the model's rate, on its device.
            told: the language, in the model's words.

        Returns:
            Tensors on the device, floating point ones in the model's precision.
        """
        return self.cast(self.featurizer(signals))

    def cast(self, inputs: Mapping[str, Tensor]) -> Inputs:
        """The inputs on the model's device, floating point ones in its precision."""
        options = self.loaded.options
        return {
            name: value.to(options.device, options.dtype if value.is_floating_point() else None)
            for name, value in inputs.items()
        }

    @abstractmethod
    def read(self, inputs: Inputs, told: str | None) -> list[Reading]:
        """Recognize a batch.

        Args:
            inputs: of `prepare`.
            told: the language, in the model's words.

        Returns:
            One reading per signal.
        """
