"""To which label of accents a classifier counts what it hears. Off unless asked for; see docs/voice-measures.md."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any

import torch
from jaxtyping import Float64
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from callgap.audio import AudioBatch, Signal
from callgap.errors import InputError, first_line
from callgap.voice.base import NotMeasuredError, each
from callgap.voice.checkpoint import RATE, Checkpoint, model_of

_KEY = "voice.accent_classifier"
_LEAST_S = 0.5


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class AccentClassifier(Checkpoint):
    """A checkpoint of transformers that gives each label of accents a probability. It is no measure of an utterance.

    What it says of one utterance or one person is written nowhere: it gives no column of the table `voices`, and only
    means of groups leave the process.

    Attributes:
        consent: a sentence that says who agreed to have their accent classified, and how; of synthetic voices
            `synthetic`.
        attribute: whose groups are told of. One, so that no difference of two groups is a single person.
    """

    consent: str | None = None
    attribute: Annotated[str, Field(min_length=1)] = "accent"

    def __getstate__(self) -> dict[str, Any]:
        # The weights are loaded again in another process, not sent there.
        kept = {name: getattr(self, name) for name in ("checkpoint", "revision", "device")}
        return {**kept, "consent": self.consent, "attribute": self.attribute}

    @property
    def labels(self) -> tuple[str, ...]:
        """What it tells apart, in its order.

        Raises:
            InputError: the package transformers is missing, or the checkpoint cannot be used.
        """
        names = self._loaded[0].config.id2label
        return tuple(str(names[index]) for index in range(len(names)))

    def probabilities(self, batch: AudioBatch) -> Sequence[Float64[Tensor, " label"] | None]:
        """Classify each item.

        Args:
            batch: any sample rate.

        Returns:
            The probability of each label; None of an item that is not ok, silent or shorter than half a second.

        Raises:
            InputError: as `labels`.
        """
        heard = self._loaded

        def classified(signal: Signal, _: str) -> Float64[Tensor, " label"]:
            if len(signal) < _LEAST_S * RATE:
                raise NotMeasuredError("too_short")
            try:
                return _probabilities(*heard, signal)
            except torch.OutOfMemoryError:
                raise NotMeasuredError("out_of_memory") from None

        return each(batch.resampled(RATE), classified)[0]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        model, extractor = model_of(self, "AutoModelForAudioClassification", "classifier of audio", _KEY)
        config = model.config
        if config.num_labels < 2 or config.problem_type in ("regression", "multi_label_classification"):
            raise InputError(
                f"{_KEY}.checkpoint: {self.checkpoint} has {config.num_labels} labels and the problem_type "
                f"{config.problem_type!r}; accepted: a classifier that chooses one of two or more labels"
            )
        try:
            found = _probabilities(model, extractor, 0.1 * torch.sin(torch.arange(2 * RATE) ** 1.5 / 1000))
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            raise InputError(
                f"{_KEY}.checkpoint: {self.checkpoint} cannot classify two seconds of sound: {first_line(error)}"
            ) from None
        if not bool(torch.isfinite(found).all()):
            raise InputError(f"{_KEY}.checkpoint: {self.checkpoint} is damaged, its probabilities are not finite")
        return model, extractor


def _probabilities(model: Any, extractor: Any, signal: Signal) -> Float64[Tensor, " label"]:
    given = extractor(signal.cpu().numpy(), sampling_rate=RATE, return_tensors="pt")
    # One utterance at a time: in a larger batch the last bits of its sums would depend on its neighbors.
    with torch.inference_mode():
        logits: Tensor = model(**{name: values.to(model.device) for name, values in given.items()}).logits[0]
    return torch.softmax(logits.double().cpu(), dim=0)
