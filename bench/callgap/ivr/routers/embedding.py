"""A router that goes by meaning: sentence embeddings and logistic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from callgap.ivr.routers.cache import Arrays, kept
from callgap.ivr.routers.linear import Linear, trained
from callgap.ivr.routers.sentences import Sentences, digest_of, loaded, pooling_of
from callgap.ivr.routers.texts import normalized
from callgap.ivr.routers.trained import STRICT, TrainedRouter


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EmbeddingRouter(TrainedRouter):
    """Needs the extra `transformers`, and a checkpoint; nothing is downloaded.

    Attributes:
        folder: with the checkpoint, as transformers or sentence-transformers saves it.
        prefix: written before each text, where the checkpoint was trained so: `query: `.
        longest: tokens that are read of a text.
    """

    folder: Path
    prefix: str = ""
    longest: Annotated[int, Field(ge=8, le=8192)] = 128

    def identity(self) -> Mapping[str, str]:
        """Checkpoint, data, settings and threshold."""
        return {
            "router": "embeddings",
            "checkpoint": self.folder.resolve().name,
            "checkpoint_sha256": self._digest,
            **super().identity(),
            "scikit-learn": version("scikit-learn"),
            "transformers": version("transformers"),
        }

    def _settings(self) -> Mapping[str, object]:
        return {
            "features": "embeddings",
            "checkpoint": self._digest,
            "prefix": self.prefix,
            "longest": self.longest,
            "scikit-learn": version("scikit-learn"),
            "transformers": version("transformers"),
        }

    def _probabilities(self, texts: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        return self._model.labels, self._model.probabilities(self._embedded(texts))

    @cached_property
    def _digest(self) -> str:
        # Refuses what is no checkpoint before it is read as a whole.
        pooling_of(self.folder)
        return digest_of(self.folder)

    @cached_property
    def _sentences(self) -> Sentences:
        return loaded(self.folder, self.longest)

    @cached_property
    def _model(self) -> Linear:
        return Linear.of(kept(self._folder, self._key, self._trained))

    def _trained(self) -> Arrays:
        features = self._embedded([normalized(text.text) for text in self._training])
        return trained(features, [str(text.intent) for text in self._training], self.strength).arrays()

    def _embedded(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return self._sentences.embedded([f"{self.prefix}{text}" for text in texts])
