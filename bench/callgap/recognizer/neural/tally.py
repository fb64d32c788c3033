"""What the loop counts, for `run.json`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """Counts of the work so far.

    Attributes:
        batches: that went through the model.
        halved: batches that did not fit into memory and were halved.
        audio_seconds: recognized, without padding.
        padded_seconds: recognized, with padding.
        model_seconds: in the model, on its device's clock.
        seconds: from the signals to the hypotheses, the model's included.
        sampled: utterances that shared a batch and were recognized again alone, at most 32 of a window and 64 in all;
            of a long signal its pieces.
        changed: how many of these got another text.
        check_seconds: that this took, outside of `seconds`.
    """

    batches: int = 0
    halved: int = 0
    audio_seconds: float = 0.0
    padded_seconds: float = 0.0
    model_seconds: float = 0.0
    seconds: float = 0.0
    sampled: int = 0
    changed: int = 0
    check_seconds: float = 0.0
