"""Several channels one after the other."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch
from callgap.channel.base import Overhears, Voices


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Chain:
    """Carries speech through its links in their order.

    Attributes:
        links: channels, each with its `_target_`.
    """

    links: tuple[Any, ...] = Field(min_length=1)

    @field_validator("links")
    @classmethod
    def _are_channels(cls, links: tuple[Any, ...]) -> tuple[Any, ...]:
        for place, link in enumerate(links):
            if not callable(getattr(link, "transmit", None)):
                kind = type(link).__name__
                raise ValueError(f"link {place} is a {kind} and no channel; each link needs the _target_ of one")
        return links

    def among(self, voices: Voices) -> Chain:
        """The chain with others' voices at hand in the links that overhear.

        Raises:
            InputError: the corpus has too few speakers for one of them.
        """
        return Chain(tuple(link.among(voices) if isinstance(link, Overhears) else link for link in self.links))

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch through every link; the result has the rate of the last one."""
        for link in self.links:
            batch = link.transmit(batch)
        return batch
