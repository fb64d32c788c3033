"""Spectral gating: what is not louder than the noise of its band is turned down (the package noisereduce)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

import numpy as np
import torch
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from callgap.alteration import packages
from callgap.alteration.base import WHOLE_UTTERANCE
from callgap.alteration.items import NotAlteredError, each
from callgap.audio import AudioBatch, Signal

_FFT_S = 0.064


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Denoise:
    """Estimates each band's noise in the recording itself and gates the spectrogram by it.

    T. Sainburg and A. Zorea (2024), "Noisereduce: domain general noise reduction for time series signals"; the spectral
    gate is that of Boll (1979) with a smoothed mask. Noise estimated from the whole recording takes speech for noise
    where nobody pauses.

    Attributes:
        stationary: one threshold per band for the whole recording; false lets it follow over `follows_s`.
        reduction: share of the gated sound that is taken away, 0 to 1.
        follows_s: seconds over which the estimate of changing noise is smoothed.
        look_ahead_s: the whole utterance.
    """

    stationary: bool
    reduction: Annotated[float, Field(ge=0, le=1)]
    follows_s: Annotated[float, Field(gt=0, le=60)]
    look_ahead_s: ClassVar[float] = WHOLE_UTTERANCE

    @model_validator(mode="after")
    def _is_installed(self) -> Self:
        packages.found("alteration=denoise", "noisereduce", "denoise")
        return self

    def alter(self, batch: AudioBatch) -> AudioBatch:
        """Alter a batch on the processor; rate and lengths stay, and silence stays silent."""
        return each(batch, lambda signal, _: self._gated(signal, batch.sample_rate))

    def _gated(self, signal: Signal, sample_rate: int) -> Signal:
        samples = signal.cpu().double().numpy()
        if not samples.any():
            return signal
        gate = packages.require("alteration=denoise", "noisereduce", "denoise")
        window = 2 ** round(np.log2(_FFT_S * sample_rate))
        # Windows longer than the recording have no spectrogram.
        padded = np.pad(samples, (0, max(0, window - len(samples))))
        with np.errstate(all="ignore"):
            try:
                kept = gate.reduce_noise(
                    y=padded,
                    sr=sample_rate,
                    stationary=self.stationary,
                    prop_decrease=self.reduction,
                    time_constant_s=self.follows_s,
                    n_fft=window,
                )
            except ValueError:
                # Recordings that are too short for the smoothing that was asked for.
                raise NotAlteredError("too_short") from None
        return torch.from_numpy(np.asarray(kept)[: len(samples)]).float().to(signal.device)
