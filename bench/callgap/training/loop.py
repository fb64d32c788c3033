"""The training of one model."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from callgap.training.checkpoint import model_of
from callgap.training.dataset import Example
from callgap.training.features import Augmentation, Features, features_of
from callgap.training.settings import Settings

_WEIGHT_DECAY = 1e-3
_WARM = 0.1


@dataclass(frozen=True, eq=False)
class Trained:
    """A model and how it came about.

    Attributes:
        model: `ParakeetForCTC`, ready to be asked.
        losses: CTC loss per token, one per epoch so far.
        seconds: the same.
    """

    model: Any
    losses: tuple[float, ...]
    seconds: tuple[float, ...]


def fit(
    examples: Sequence[Example],
    processor: Any,
    settings: Settings,
    device: torch.device,
) -> Iterator[Trained]:
    """Train a model. The same examples, settings and machine give the same weights.

    Args:
        examples: to be learned.
        processor: makes features and tokens.
        settings: how.
        device: where.

    Yields:
        The same model after each epoch.
    """
    model = model_of(len(processor.tokenizer), settings).to(device)
    random = torch.Generator().manual_seed(settings.seed)
    augmentation = Augmentation(settings, random)
    steps = settings.epochs * math.ceil(len(examples) / settings.batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    losses: list[float] = []
    seconds: list[float] = []
    for _ in range(settings.epochs):
        begin, total = time.perf_counter(), 0.0
        model.train()
        for batch in batches(examples, settings.batch_size, random):
            made = features_of(processor.feature_extractor, [augmentation.signal(item.signal) for item in batch])
            loss = ctc_loss(model, augmentation.features(made), _tokens(processor, batch), device)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        losses.append(total / len(examples))
        seconds.append(time.perf_counter() - begin)
        yield Trained(model.eval(), tuple(losses), tuple(seconds))


def _rate(step: int, steps: int) -> float:
    """One cycle: straight up within the first tenth, then down along a cosine."""
    warm = max(1, round(_WARM * steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, steps - warm))))


def batches(examples: Sequence[Example], size: int, random: torch.Generator) -> Iterator[list[Example]]:
    """Examples in a new order.

    They are not sorted by length, whatever padding costs: where few texts are said, those of like length are the same
    text, and a network that hears one text at a time learns none.

    Args:
        examples: all of them.
        size: of a batch.
        random: what the order is drawn with.

    Yields:
        Each example once.
    """
    order = torch.randperm(len(examples), generator=random).tolist()
    for begin in range(0, len(order), size):
        yield [examples[place] for place in order[begin : begin + size]]


def ctc_loss(model: Any, features: Features, tokens: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    """CTC loss (Graves et al. 2006) per token, mean over a batch.

    Args:
        model: a `ParakeetForCTC`.
        features: of the batch.
        tokens: of its texts; one that does not fit into its frames counts as 0.
        device: of the model.

    Returns:
        A scalar.
    """
    heard = model.encoder(input_features=features.values.to(device), attention_mask=features.mask.to(device))
    # On the processor: the gradient of CUDA's own is not the same twice.
    logits = model.ctc_head(heard.last_hidden_state).float().cpu().log_softmax(-1)
    lengths = torch.tensor([len(text) for text in tokens])
    targets = torch.tensor([token for text in tokens for token in text])
    frames = heard.attention_mask.sum(-1).cpu()
    return functional.ctc_loss(logits.transpose(0, 1), targets, frames, lengths, blank=0, zero_infinity=True)


@torch.no_grad()
def texts_of(model: Any, processor: Any, examples: Sequence[Example], device: torch.device, size: int) -> list[str]:
    """The most probable tokens of each frame, as text: what the model hears without search.

    Args:
        model: ready to be asked.
        processor: of the model.
        examples: what is to be heard.
        device: of the model.
        size: of a batch.

    Returns:
        One text per example.
    """
    texts: list[str] = []
    for begin in range(0, len(examples), size):
        signals = [example.signal for example in examples[begin : begin + size]]
        made = features_of(processor.feature_extractor, signals)
        tokens = model.generate(input_features=made.values.to(device), attention_mask=made.mask.to(device))
        texts += processor.batch_decode(tokens.cpu(), skip_special_tokens=True)
    return texts


def _tokens(processor: Any, batch: Sequence[Example]) -> list[list[int]]:
    found: list[list[int]] = processor.tokenizer([item.text for item in batch]).input_ids
    return found
