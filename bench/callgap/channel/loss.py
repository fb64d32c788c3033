"""Lost packets: which are lost, and what is played in their place."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import torch
from jaxtyping import Bool
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal, utterance_seed
from callgap.channel.carry import carry
from callgap.channel.concealment import conceal

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Bernoulli:
    """Loses each packet alone.

    Attributes:
        rate: share of the packets that are lost.
    """

    rate: Share

    def lost(self, packets: int, generator: np.random.Generator) -> Bool[np.ndarray, " packet"]:
        """Draw which packets are lost."""
        return generator.random(packets) < self.rate


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GilbertElliott:
    """Loses packets in bursts: a hidden state is good or bad (Gilbert 1960, Elliott 1963).

    In the long run the state is bad for `p / (p + r)` of the packets, for `1 / r` packets at a time. It starts as it
    is in the long run.

    Attributes:
        p: probability, from packet to packet, that a good state turns bad.
        r: probability that a bad state turns good.
        loss_good: share of the packets that are lost in the good state.
        loss_bad: share of the packets that are lost in the bad state.
    """

    p: Share
    r: Share
    loss_good: Share
    loss_bad: Share

    @model_validator(mode="after")
    def _state_can_change(self) -> Self:
        if self.p + self.r == 0:
            raise ValueError("p and r: found 0 and 0; one must be above 0, or the state never changes")
        return self

    def lost(self, packets: int, generator: np.random.Generator) -> Bool[np.ndarray, " packet"]:
        """Draw which packets are lost."""
        changes, losses = generator.random((2, packets))
        bad = np.zeros(packets, bool)
        state = bool(generator.random() < self.p / (self.p + self.r))
        for packet in range(packets):
            bad[packet] = state
            state = bool(changes[packet] >= self.r) if state else bool(changes[packet] < self.p)
        lost: Bool[np.ndarray, " packet"] = losses < np.where(bad, self.loss_bad, self.loss_good)
        return lost


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class PacketLoss:
    """Cuts decoded speech into packets, loses some and conceals the gaps.

    The packets hold speech that was decoded before: what a lost packet does to a decoder's memory is not part of this.

    Attributes:
        packet_ms: milliseconds of speech in a packet; the first begins with the item.
        model: which packets are lost, a `Bernoulli` or a `GilbertElliott`.
        concealment: `silence`, `repeat` (the last packet that arrived, as often as needed) or `waveform` (pitch
            waveform replication, ITU-T G.711 Appendix I).
        seed: of the losses.
    """

    packet_ms: Literal[10, 20, 30]
    model: Bernoulli | GilbertElliott
    concealment: Literal["silence", "repeat", "waveform"]
    seed: Annotated[int, Field(ge=0)]

    def transmit(self, batch: AudioBatch) -> AudioBatch:
        """Carry a batch; its rate stays."""
        return carry(batch, lambda signal, item: self._received(signal, batch.sample_rate, item))

    def _received(self, signal: Signal, sample_rate: int, item: str) -> Signal:
        # A packet is made of frames of 10 ms, so that the concealment's frames fit into it.
        packet = self.packet_ms // 10 * round(sample_rate / 100)
        generator = np.random.default_rng(utterance_seed(self.seed, "packet-loss", item))
        lost = self.model.lost(-(-len(signal) // packet), generator)
        heard = conceal(signal.cpu().double().numpy(), lost, packet, sample_rate, self.concealment)
        return torch.from_numpy(heard).float().clamp(-1, 1).to(signal.device)
