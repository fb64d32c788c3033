"""Several alterations one after the other, such as noise where somebody speaks and then a tool that removes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from callgap.alteration.base import BySpeaker, Checked
from callgap.audio import AudioBatch


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Chain:
    """Alters speech by its links in their order.

    Attributes:
        links: alterations, each with its `_target_`.
    """

    links: tuple[Any, ...] = Field(min_length=1)

    @field_validator("links")
    @classmethod
    def _are_alterations(cls, links: tuple[Any, ...]) -> tuple[Any, ...]:
        for place, link in enumerate(links):
            if not callable(getattr(link, "alter", None)):
                kind = type(link).__name__
                raise ValueError(f"link {place} is a {kind} and no alteration; each link needs the _target_ of one")
        return links

    @property
    def look_ahead_s(self) -> float | None:
        """Of all links together; None where one of them says nothing, unless another needs the whole utterance."""
        told = [link.look_ahead_s for link in self.links]
        if math.inf in told:
            return math.inf
        return None if None in told else sum(told)

    def told(self, speaker_of: Mapping[str, str]) -> Chain:
        """The chain with the speakers at hand in the links that have to be told of them."""
        return Chain(tuple(link.told(speaker_of) if isinstance(link, BySpeaker) else link for link in self.links))

    def among(self, voices: Any) -> Chain:
        """The chain with others' voices at hand in the links that overhear.

        Raises:
            InputError: the corpus has too few speakers for one of them.
        """
        return Chain(tuple(link.among(voices) if hasattr(link, "among") else link for link in self.links))

    def check(self) -> None:
        """Check what the links rest on.

        Raises:
            InputError: one of them cannot be used.
        """
        for link in self.links:
            if isinstance(link, Checked):
                link.check()

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch by every link; what one link cannot alter, the next ones leave as it is."""
        for link in self.links:
            batch = link.alter(batch)
        return batch
