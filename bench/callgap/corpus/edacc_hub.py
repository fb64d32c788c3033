"""EdAcc as its makers share it on Hugging Face: a clip per turn, with accents that linguists assigned."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pyarrow as pa
from pydantic.dataclasses import dataclass

from callgap.corpus.described import STRICT
from callgap.corpus.edacc import IGNORED, IGNORED_FAULT, spoken
from callgap.corpus.huggingface import HuggingFaceCorpus
from callgap.corpus.rows import Source


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EdaccHubCorpus(HuggingFaceCorpus):
    """Turns of conversations, cut apart."""

    @cached_property
    def source(self) -> Source:
        """The columns that are no audio: texts without tags, and segments that are not scored with a fault.

        Raises:
            InputError: the data set cannot be read, or lacks a column.
        """
        found = super().source
        texts = found.cells["text"].to_pylist()
        words = pa.array([text if text is None else spoken(text) for text in texts], pa.string())
        cells = found.cells.set_column(found.cells.column_names.index("text"), "text", words)
        return replace(
            found, cells=cells, faults=[IGNORED_FAULT if IGNORED in (text or "") else None for text in texts]
        )
