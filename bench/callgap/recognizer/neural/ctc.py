"""Models that name a token or a blank for each frame (connectionist temporal classification)."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from callgap.recognizer.neural.adapter import Adapter, Inputs, Reading


class CTC(Adapter):
    """Greedy decoding on the device: the best token of each frame, repeats merged, blanks dropped.

    The confidence is the geometric mean of the posteriors with which the tokens of the text began.
    """

    family = "ctc"

    @torch.inference_mode()
    def read(self, inputs: Inputs, told: str | None) -> list[Reading]:
        """Recognize a batch; the frames that stand for padding say nothing."""
        model = self.loaded.model
        # Models whose first layer normalizes over time were trained without a mask and must not be given one.
        masked = getattr(self.loaded.extractor, "return_attention_mask", True)
        heard = {name: value for name, value in inputs.items() if masked or name != "attention_mask"}
        logits = model(**heard).logits.float()
        valid = valid_frames(model, inputs, logits.shape[1])
        best, tokens = logits.log_softmax(dim=-1).max(dim=-1)
        confidences = emission_confidence(best, tokens, valid, model.config.pad_token_id)
        lengths, kept, stated = (value.cpu().tolist() for value in (valid.sum(dim=1), tokens, confidences))
        spoken = [row[:length] for row, length in zip(kept, lengths, strict=True)]
        texts = [self.loaded.processor.tokenizer.decode(row, skip_special_tokens=True).strip() for row in spoken]
        return [
            Reading(text, confidence, (text,) if text else ()) for text, confidence in zip(texts, stated, strict=True)
        ]


def valid_frames(model: Any, inputs: Inputs, frames: int) -> Bool[Tensor, "item frame"]:
    """Which output frames hear the utterance and not the padding behind it.

    Args:
        model: of transformers.
        inputs: with an `attention_mask` over its input, where the extractor makes one; without one all frames are.
        frames: of the longest item.

    Returns:
        True where a frame is of the utterance.
    """
    mask = inputs.get("attention_mask")
    if mask is None:
        count = len(next(iter(inputs.values())))
        return torch.ones(count, frames, dtype=torch.bool, device=next(iter(inputs.values())).device)
    if hasattr(model, "_get_output_attention_mask"):
        found: Tensor = model._get_output_attention_mask(mask, target_length=frames)
    else:
        found = model._get_feature_vector_attention_mask(frames, mask)
    return found.bool()


def emission_confidence(
    best: Float32[Tensor, "item frame"],
    tokens: Int64[Tensor, "item frame"],
    valid: Bool[Tensor, "item frame"],
    blank: int,
) -> Float32[Tensor, " item"]:
    """Geometric mean of the posteriors of the frames at which tokens begin.

    Args:
        best: log posterior of the best token.
        tokens: the best token.
        valid: whether the frame is of the utterance.
        blank: token that says nothing.

    Returns:
        In (0, 1]; of the blanks where there is no token.
    """
    before = torch.nn.functional.pad(tokens[:, :-1], (1, 0), value=blank)
    begins = valid & (tokens != blank) & (tokens != before)
    counted = torch.where(begins.any(dim=1, keepdim=True), begins, valid)
    return ((best * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)).exp()
