"""What generation writes, token by token, and how sure the model was of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from callgap.recognizer.neural.adapter import Options

_LONGEST_TEXT = 448
# What transformers takes where nobody has said anything.
_NO_LENGTH = (None, 20)


class Recorder:
    """A logits processor that changes nothing and keeps the log probability of each token that was chosen.

    The scores of all steps, as `generate` would return them, are a table of vocabulary times tokens for each item.

    Attributes:
        vocabulary: how many of the scores are of tokens; None means all.
    """

    def __init__(self, vocabulary: int | None = None) -> None:
        self.vocabulary = vocabulary
        self._held: Tensor | None = None
        self._chosen: list[Tensor] = []
        self._logs: list[Tensor] = []

    def __call__(self, input_ids: Int64[Tensor, "item token"], scores: Float32[Tensor, "item score"]) -> Tensor:
        """Note the token that was chosen in the step before."""
        if self._held is not None:
            token = input_ids[:, -1:]
            self._chosen.append(token[:, 0])
            self._logs.append(self._held.gather(1, token.clamp(max=self._held.shape[1] - 1))[:, 0])
        self._held = scores[:, : self.vocabulary].float().log_softmax(dim=-1)
        return scores

    def confidences(self, written: Callable[[Tensor], Tensor]) -> list[float | None]:
        """How sure the model was of each text.

        Args:
            written: from tokens `[item, token]` to whether they are of the text.

        Returns:
            The geometric mean of the probabilities of the tokens of the text, the very last step left out; None where
            there is none.
        """
        if not self._logs:
            return [None] * (0 if self._held is None else len(self._held))
        chosen, logs = torch.stack(self._chosen, dim=1), torch.stack(self._logs, dim=1)
        counted = written(chosen)
        counts = counted.sum(dim=1)
        means = (torch.where(counted, logs, 0.0).sum(dim=1) / counts.clamp(min=1)).exp().cpu().tolist()
        return [mean if count else None for mean, count in zip(means, counts.cpu().tolist(), strict=True)]


def before_end(model: Any) -> Callable[[Tensor], Tensor]:
    """What says which tokens stand before the first that ends a text.

    Args:
        model: of transformers.

    Returns:
        From tokens `[item, token]` to flags `[item, token]`.
    """
    found = model.generation_config.eos_token_id
    ends = [] if found is None else [found] if isinstance(found, int) else list(found)
    return lambda tokens: (
        torch.isin(tokens, torch.tensor(ends, dtype=tokens.dtype, device=tokens.device)).cumsum(1) == 0
    )


def search_of(model: Any, options: Options) -> dict[str, Any]:
    """The arguments of `generate` that do not depend on the audio.

    Args:
        model: of transformers.
        options: how it is used.

    Returns:
        Beams, lengths and cache.
    """
    arguments: dict[str, Any] = {
        "do_sample": False,
        "num_beams": options.beams,
        "num_return_sequences": options.n_best,
    }
    if options.compiled:
        arguments["cache_implementation"] = "static"
    settings = model.generation_config
    if options.max_new_tokens is not None:
        arguments["max_new_tokens"] = options.max_new_tokens
    elif settings.max_new_tokens is None and settings.max_length in _NO_LENGTH:
        arguments |= _length(model)
    return arguments


def _length(model: Any) -> dict[str, int]:
    if not model.config.is_encoder_decoder:
        return {"max_new_tokens": _LONGEST_TEXT}
    most = getattr(model.config, "max_target_positions", None) or _LONGEST_TEXT
    return {"max_length": min(most, _LONGEST_TEXT)}
