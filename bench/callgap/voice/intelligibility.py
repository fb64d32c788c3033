"""How much of a clean recording is left in what came of it: PESQ and STOI, where the clean one is given."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float32
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal, batch_of
from callgap.errors import InputError, first_line
from callgap.records import Status
from callgap.voice.base import REASON, NotMeasuredError, Values, each

Samples = Float32[np.ndarray, " _"]

_NARROW, _WIDE = 8000, 16000
_LEAST_S = 0.4
# STOI compares frame with frame: what is longer or shorter than this lies elsewhere in time.
_LENGTHS_DIFFER = 0.02


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Intelligibility:
    """Compares each item with its clean recording.

    PESQ is ITU-T P.862 (narrowband, below 16 kHz) or P.862.2 (wideband) by the package pesq, STOI that of Taal et al.
    2011 by pystoi. Scores of the two bands of PESQ may not be compared with each other. Both ask whether a recording
    was damaged: of a voice that was meant to change they say nothing.

    Attributes:
        clean: the recordings, any rate; an item without one is not measured.
    """

    clean: AudioBatch

    def measure(self, batch: AudioBatch) -> Values:
        """Compare each item.

        Returns:
            `pesq` and `stoi`.

        Raises:
            InputError: pesq or pystoi is not installed.
        """
        pesq, stoi = _package("pesq"), _package("pystoi")
        rate = _WIDE if batch.sample_rate >= _WIDE else _NARROW

        def compare(signal: Signal, item: str) -> tuple[float, float]:
            clean, heard = aligned(self._reference(item, rate), signal.cpu().numpy(), rate)
            return _pesq(pesq, clean, heard, rate), _stoi(pystoi=stoi, clean=clean, heard=heard, rate=rate)

        found, reasons = each(batch.resampled(rate), compare)
        pesqs, stois = ([None if pair is None else pair[place] for pair in found] for place in (0, 1))
        return {"pesq": pesqs, "stoi": stois, REASON: reasons}

    @cached_property
    def _places(self) -> Mapping[str, int]:
        statuses = self.clean.statuses
        return {item: i for i, item in enumerate(self.clean.item_ids) if statuses[i].status is Status.OK}

    def _reference(self, item: str, rate: int) -> Samples:
        if item not in self._places:
            raise NotMeasuredError("no_clean_recording")
        signal = self.clean.signal(self._places[item])
        reference: Samples = batch_of([signal], self.clean.sample_rate, [item]).resampled(rate).signal(0).cpu().numpy()
        return reference


def aligned(clean: Samples, heard: Samples, sample_rate: int) -> tuple[Samples, Samples]:
    """The two recordings at one length.

    Raises:
        NotMeasuredError: they are too short, the clean one is silent, or their lengths differ by more than 2 %.
    """
    shorter = min(len(clean), len(heard))
    if shorter < _LEAST_S * sample_rate:
        raise NotMeasuredError("too_short")
    if abs(len(clean) - len(heard)) > _LENGTHS_DIFFER * len(clean):
        raise NotMeasuredError("lengths_differ")
    if not np.any(clean[:shorter]) or not np.any(heard[:shorter]):
        raise NotMeasuredError("silent")
    return clean[:shorter], heard[:shorter]


def _pesq(package: Any, clean: Samples, heard: Samples, rate: int) -> float:
    try:
        score = package.pesq(rate, clean, heard, "wb" if rate == _WIDE else "nb")
    except package.PesqError as error:
        raise NotMeasuredError(f"pesq_{type(error).__name__}") from None
    if not np.isfinite(score):
        raise NotMeasuredError("pesq_not_finite")
    return float(score)


def _stoi(*, pystoi: Any, clean: Samples, heard: Samples, rate: int) -> float:
    # Of too little speech pystoi warns and answers 1e-5, which would be taken for a score.
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(pystoi.stoi(clean, heard, rate, extended=False))
        except RuntimeWarning:
            raise NotMeasuredError("stoi_too_little_speech") from None


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise InputError(
            f"voice=intelligibility needs the package {name!r}, which is not installed: pip install 'callgap[voice]'"
        ) from None
    except ImportError as error:
        raise InputError(
            f"voice=intelligibility needs the package {name!r}, which cannot be loaded: {first_line(error)}"
        ) from None
