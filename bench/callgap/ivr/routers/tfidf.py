"""A router that weighs words and pairs of words: TF-IDF and logistic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from callgap.errors import InputError
from callgap.ivr.routers.base import STAGE
from callgap.ivr.routers.cache import Arrays, kept
from callgap.ivr.routers.linear import Linear, trained
from callgap.ivr.routers.texts import normalized
from callgap.ivr.routers.trained import STRICT, TrainedRouter


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TfidfRouter(TrainedRouter):
    """Learns in seconds on a processor.

    Attributes:
        longest_phrase: words of the longest phrase that is a feature of its own.
        least_texts: training texts in which a phrase has to stand.
    """

    longest_phrase: Annotated[int, Field(ge=1, le=5)] = 2
    least_texts: Annotated[int, Field(ge=1)] = 2

    def identity(self) -> Mapping[str, str]:
        """Data, settings and threshold."""
        return {"router": "tfidf", **super().identity(), "scikit-learn": version("scikit-learn")}

    def _settings(self) -> Mapping[str, object]:
        # Another version may count or optimize otherwise.
        return {
            "features": "tfidf",
            "longest_phrase": self.longest_phrase,
            "least_texts": self.least_texts,
            "scikit-learn": version("scikit-learn"),
        }

    def _probabilities(self, texts: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        vectorizer, model = self._model
        return model.labels, model.probabilities(vectorizer.transform(texts))

    @cached_property
    def _model(self) -> tuple[Any, Linear]:
        arrays = kept(self._folder, self._key, self._trained)
        vectorizer = self._vectorizer(vocabulary={str(word): i for i, word in enumerate(arrays["vocabulary"])})
        vectorizer.idf_ = arrays["idf"]
        return vectorizer, Linear.of(arrays)

    def _trained(self) -> Arrays:
        vectorizer = self._vectorizer(min_df=self.least_texts)
        texts = [normalized(text.text) for text in self._training]
        try:
            features = vectorizer.fit_transform(texts)
        except ValueError:
            raise InputError(
                f"{STAGE}.texts: no word stands in {self.least_texts} of the {len(texts)} training texts; accepted: "
                f"more texts, or a smaller {STAGE}.least_texts"
            ) from None
        model = trained(features, [str(text.intent) for text in self._training], self.strength)
        return {
            "vocabulary": np.array(vectorizer.get_feature_names_out(), dtype=str),
            "idf": vectorizer.idf_,
            **model.arrays(),
        }

    def _vectorizer(self, **options: Any) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        return TfidfVectorizer(
            ngram_range=(1, self.longest_phrase), sublinear_tf=True, lowercase=False, token_pattern=r"\S+", **options
        )
