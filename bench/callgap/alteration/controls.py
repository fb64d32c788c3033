"""Controls beside every alteration: what conversion and coding do by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from callgap.alteration.items import each
from callgap.audio import AudioBatch, Signal, batch_of

_ZERO_CROSSINGS, _ROLLOFF, _LOWEST_RATE = 32, 0.99, 8000


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Resampled:
    """Converts to another rate and back, as a tool does that works at a rate of its own.

    Attributes:
        sample_rate: Hz in between.
    """

    sample_rate: Annotated[int, Field(ge=4000, le=192_000)]

    @property
    def look_ahead_s(self) -> float:
        """Half the length of both interpolation filters, for recordings of 8 kHz; less at higher rates."""
        return 2 * _ZERO_CROSSINGS / (_ROLLOFF * min(self.sample_rate, _LOWEST_RATE))

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch; rate and lengths stay."""

        def there_and_back(signal: Signal, item: str) -> Signal:
            # Its own batch of one: what comes back may be a sample longer.
            back = (
                batch_of([signal], batch.sample_rate, [item]).resampled(self.sample_rate).resampled(batch.sample_rate)
            )
            kept = back.signal(0)[: len(signal)]
            return torch.nn.functional.pad(kept, (0, len(signal) - len(kept)))

        return each(batch, there_and_back)


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Transmitted:
    """What a telephone line does, in the place of an alteration: the same bytes as the channel, with `channel=clean`.

    Attributes:
        line: a channel, with its `_target_`.
    """

    line: Any

    @field_validator("line")
    @classmethod
    def _is_a_channel(cls, line: Any) -> Any:
        if not callable(getattr(line, "transmit", None)):
            found = "a mapping without _target_" if isinstance(line, Mapping) else f"a {type(line).__name__}"
            raise ValueError(f"{found} is no channel; accepted: the _target_ of one, such as callgap.channel.G711")
        return line

    @property
    def look_ahead_s(self) -> float | None:
        """As the line states it; no channel of callgap does."""
        return getattr(self.line, "look_ahead_s", None)

    def among(self, voices: Any) -> Transmitted:
        """The line with others' voices at hand, if it overhears.

        Raises:
            InputError: the corpus has too few speakers.
        """
        return Transmitted(self.line.among(voices)) if hasattr(self.line, "among") else self

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; the result has the rate of the line."""
        carried: AudioBatch = self.line.transmit(batch)
        return carried
