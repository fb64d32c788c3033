"""What routers that learn from labeled texts share: labels, threshold, and how a probability becomes a route."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as fields_of
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError, one_of
from callgap.ivr.routers.accuracy import Accuracy, measured
from callgap.ivr.routers.base import STAGE, Routed, Router
from callgap.ivr.routers.cache import default_cache, key_of
from callgap.ivr.routers.texts import OUT_OF_SCOPE, Split, Text, TextSet, digest, distinct, normalized, parts_of
from callgap.ivr.routers.threshold import chosen

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
_BATCH = 4096


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainedRouter(Router):
    """Routes to the intent that a model holds for the most probable, if it is probable enough.

    Its confidence is the model's probability of that intent: the sum over the labels that stand for it. Labels that
    stand for no intent are learned all the same, and what the model gives them it takes from the intents.

    Attributes:
        texts: to learn from, to choose the threshold with, and to check with; these are never mixed.
        labels: by label of the texts, the service's intent that it stands for; the other labels are out of scope. None
            takes every label for an intent of its own name.
        outside: further texts, all of them out of scope: their part `validation` helps to choose the threshold, their
            part `test` to check it.
        threshold: lowest confidence that is accepted; None chooses it on the validation texts.
        out_of_scope_weight: what a share of texts out of scope counts in that choice, against texts with an intent.
        strength: inverse of the regularization.
        cache: folder that keeps what was trained; None takes the user's cache.
    """

    texts: TextSet
    labels: Mapping[str, str] | None = None
    outside: TextSet | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    out_of_scope_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    strength: Annotated[float, Field(gt=0)] = 30.0
    cache: Path | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields_of(self)}

    @cached_property
    def intents(self) -> tuple[str, ...]:
        """What the labels stand for, sorted.

        Raises:
            InputError: `labels` is empty, names a label that the training texts lack, or an intent that is none.
        """
        found = self._split.intents
        if self.labels is None:
            return found
        for label, intent in self.labels.items():
            if label not in found:
                raise InputError(f"{STAGE}.labels: found {label!r}; {one_of(label, found)}")
            if not intent or intent == OUT_OF_SCOPE:
                raise InputError(f"{STAGE}.labels.{label}: found {intent!r}; leave the label out instead")
        if not self.labels:
            raise InputError(f"{STAGE}.labels is empty; accepted: by label an intent, or null for all labels")
        return tuple(sorted(set(self.labels.values())))

    def check(self) -> None:
        """Read the texts, learn from them and choose the threshold.

        Raises:
            InputError: the texts are not there or not as they should be.
        """
        _ = self.intents, self.chosen_threshold, self._shares(["a"])

    def route(self, texts: Sequence[str]) -> list[Routed]:
        """Route texts, each distinct one once.

        Raises:
            InputError: the texts to learn from are not there or not as they should be.
        """
        keys = [normalized(text) for text in texts]
        least = self.chosen_threshold
        found: dict[str, Routed] = {}
        for some in _batches(sorted(set(keys))):
            found.update(zip(some, self._decided(self._shares(some), some, least), strict=True))
        return [found[key] for key in keys]

    def accuracy(self) -> Accuracy:
        """On the part `test` of the texts, and of those outside."""
        return self._accuracy

    def identity(self) -> Mapping[str, str]:
        """Data, settings and threshold."""
        return {
            **self.texts.identity(),
            "trained_sha256": self._key,
            "labels": "all" if self.labels is None else f"{len(self.labels)} for {len(self.intents)} intents",
            "labels_sha256": key_of(dict(self.labels or {})),
            "outside": "none" if self.outside is None else " ".join(self.outside.identity().values()),
            "threshold": f"{self.chosen_threshold:.6f}",
            "threshold_from": "validation" if self.threshold is None else "configuration",
        }

    @cached_property
    def chosen_threshold(self) -> float:
        """The lowest confidence that is accepted."""
        if self.threshold is not None:
            return self.threshold
        texts = self._validation
        shares = np.concatenate([self._shares(some) for some in _batches([normalized(text.text) for text in texts])])
        best = [self.intents[place] for place in shares.argmax(axis=1)]
        correct = np.array([intent == text.intent for intent, text in zip(best, texts, strict=True)])
        inside = np.array([text.intent is not None for text in texts])
        return chosen(shares.max(axis=1), correct, inside, self.out_of_scope_weight)

    @abstractmethod
    def _probabilities(self, texts: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Labels, and float64 `[text, label]`, of normalized texts."""

    @abstractmethod
    def _settings(self) -> Mapping[str, object]:
        """Everything beside the training texts that the trained model depends on."""

    @cached_property
    def _key(self) -> str:
        return key_of({"texts": digest(self._training), "strength": self.strength, **self._settings()})

    @property
    def _folder(self) -> Path:
        return self.cache or default_cache()

    @cached_property
    def _split(self) -> Split:
        return self.texts.split()

    @cached_property
    def _training(self) -> tuple[Text, ...]:
        texts = tuple(text for text in self._split.train if text.intent is not None)
        labels = sorted({str(text.intent) for text in texts})
        if len(labels) < 2:
            raise InputError(
                f"{STAGE}.texts: found training texts of {len(labels)} intents ({', '.join(labels) or 'none'}); "
                "accepted: of two at least"
            )
        return texts

    @cached_property
    def _validation(self) -> tuple[Text, ...]:
        outside = () if self.outside is None else _without_intent(parts_of(self.outside, "outside").validation)
        return distinct((*self._named(self._split.validation), *outside), self._training)

    @cached_property
    def _accuracy(self) -> Accuracy:
        outside = () if self.outside is None else _without_intent(parts_of(self.outside, "outside").test)
        test = (*self._named(self._split.test), *outside)
        return measured(self.route, self.texts.identity()["texts"], test, (*self._training, *self._validation))

    def _named(self, texts: Iterable[Text]) -> Iterable[Text]:
        if self.labels is None:
            return texts
        return [Text(text.text, None if text.intent is None else self.labels.get(text.intent)) for text in texts]

    def _shares(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Float64 `[text, intent]`, rounded so that machines agree where their last digits do not."""
        labels, probable = self._probabilities(texts)
        places = {intent: place for place, intent in enumerate(self.intents)}
        shares = np.zeros((len(texts), len(places)))
        for column, label in enumerate(labels):
            intent = label if self.labels is None else self.labels.get(label)
            if intent is not None:
                shares[:, places[intent]] += probable[:, column]
        return np.round(shares, 5).clip(0, 1)

    def _decided(self, shares: NDArray[np.float64], texts: Sequence[str], least: float) -> Iterable[Routed]:
        # Of equals, the first by name.
        order = np.argsort(-shares, axis=1, kind="stable")[:, :2]
        for row, places, text in zip(shares, order, texts, strict=True):
            if not text:
                # Nothing was understood; a model would give its most frequent label.
                yield Routed(None, 0.0)
                continue
            best = self.intents[places[0]]
            confidence = float(row[places[0]])
            if confidence < least:
                yield Routed(None, confidence, best)
            else:
                yield Routed(best, confidence, self.intents[places[1]] if len(places) > 1 else None)


def _without_intent(texts: Iterable[Text]) -> tuple[Text, ...]:
    return tuple(Text(text.text, None) for text in texts)


def _batches(texts: Sequence[str]) -> Iterable[Sequence[str]]:
    return (texts[begin : begin + _BATCH] for begin in range(0, len(texts), _BATCH))
