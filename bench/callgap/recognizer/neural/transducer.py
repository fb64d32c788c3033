"""Models that name tokens while they walk over the frames (RNN transducers, and those that predict durations, TDT)."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from callgap.recognizer.neural.adapter import Adapter, Inputs, Reading
from callgap.recognizer.neural.writing import Recorder


class Transducer(Adapter):
    """Greedy decoding by `generate`; what it writes after an utterance's last frame is dropped.

    The confidence is the geometric mean of the probabilities of the tokens that are no blanks.
    """

    family = "transducer"

    @torch.inference_mode()
    def read(self, inputs: Inputs, told: str | None) -> list[Reading]:
        """Recognize a batch."""
        model = self.loaded.model
        recorder = Recorder(model.config.vocab_size)
        frames = model._get_output_attention_mask(inputs["attention_mask"]).sum(dim=1, keepdim=True)
        most = frames * model.max_symbols_per_step
        found = model.generate(
            **inputs, **_no_durations(model.config), max_length=int(most.max()) + 1, logits_processor=[recorder]
        )
        blank = model.config.blank_token_id
        spoken = spoken_tokens(found, frames, most)
        rows = torch.where(spoken, found.sequences, blank).cpu().tolist()
        texts = [self._text([token for token in row if token != blank]) for row in rows]
        # The first token of the sequence was given, and the chosen ones lack the last.
        confidences = recorder.confidences(lambda chosen: spoken[:, 1 : chosen.shape[1] + 1] & (chosen != blank))
        return [
            Reading(text, confidence, (text,) if text else ())
            for text, confidence in zip(texts, confidences, strict=True)
        ]

    def _text(self, tokens: list[int]) -> str:
        text: str = self.loaded.processor.tokenizer.decode(tokens, skip_special_tokens=True, group_tokens=False)
        return text.strip()


def _no_durations(config: Any) -> dict[str, list[int]]:
    # The scores of the durations follow those of the tokens, and `generate` would take the best of them all.
    durations = getattr(config, "durations", ())
    return {"suppress_tokens": list(range(config.vocab_size, config.vocab_size + len(durations)))} if durations else {}


def spoken_tokens(
    found: Any, frames: Int64[Tensor, "item 1"], most: Int64[Tensor, "item 1"]
) -> Bool[Tensor, "item token"]:
    """Which tokens were written while the model stood on a frame of the utterance.

    Args:
        found: what `generate` returned: sequences, and for each token the frames by which it moved on.
        frames: of each utterance.
        most: tokens that an utterance of so many frames may have.

    Returns:
        False for the first token, which was given, and for those that the other utterances of the batch still made the
        model write behind the end of this one.
    """
    count = found.sequences.shape[1]
    steps = found.durations[:, :count]
    place = torch.arange(steps.shape[1], device=steps.device)
    spoken = (steps.cumsum(dim=1) - steps < frames) & (place > 0) & (place <= most)
    return torch.nn.functional.pad(spoken, (0, count - spoken.shape[1]), value=False)
