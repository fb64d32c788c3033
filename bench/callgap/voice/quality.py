"""How natural speech sounds and how noisy it is, by a network that predicts listeners' ratings: DNSMOS P.835."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from jaxtyping import Float32
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from callgap.audio import AudioBatch, Signal
from callgap.errors import InputError, first_line
from callgap.voice.base import REASON, NotMeasuredError, Values, each, packaged

Samples = Float32[np.ndarray, " _"]

_RATE = 16000
_WINDOW = 144160
_LEAST_S = 0.25
# From the network's scale to that of the ratings, highest power first (Reddy et al. 2022, the authors' own fits).
_FITS = {
    "dnsmos_speech": (-0.08397278, 1.22083953, 0.0052439),
    "dnsmos_background": (-0.13166888, 1.60915514, -0.39604546),
    "dnsmos_overall": (-0.06766283, 1.11546468, 0.04602535),
}


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Quality:
    """Predicts ratings of speech, background and the whole, from 1 to 5 (Reddy, Gopal and Cutler 2022).

    The network and its fits come from the package speechmos, which is not imported. It hears 9.01 s at a time; what is
    shorter is repeated.

    Attributes:
        most_windows: of an utterance, evenly spaced; the mean of their ratings is taken. None takes one per second
            and repeats short utterances by doubling, which gives the figures of speechmos and takes up to nine times
            as long.
    """

    most_windows: Annotated[int, Field(ge=1, le=1000)] | None = 1

    def __getstate__(self) -> dict[str, Any]:
        # The network is loaded again in another process, not sent there.
        return {"most_windows": self.most_windows}

    def measure(self, batch: AudioBatch) -> Values:
        """Rate each item.

        Returns:
            `dnsmos_overall`, `dnsmos_speech` and `dnsmos_background`.

        Raises:
            InputError: speechmos or onnxruntime is not installed.
        """
        session = self._session
        found, reasons = each(batch.resampled(_RATE), lambda signal, _: self._rated(session, signal))
        columns = {name: [None if item is None else item[name] for item in found] for name in _FITS}
        return {**columns, REASON: reasons}

    @cached_property
    def _session(self) -> Any:
        path = packaged("speechmos", "dnsmos_models/sig_bak_ovr.onnx", "voice=quality")
        try:
            onnxruntime = importlib.import_module("onnxruntime")
        except ModuleNotFoundError:
            raise InputError(
                "voice=quality needs the package 'onnxruntime', which is not installed: pip install 'callgap[voice]'"
            ) from None
        except ImportError as error:
            raise InputError(
                f"voice=quality needs the package 'onnxruntime', which cannot be loaded: {first_line(error)}"
            ) from None
        options = onnxruntime.SessionOptions()
        # Processes share the cores already; and sums of several threads need not come out the same twice.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def _rated(self, session: Any, signal: Signal) -> dict[str, float]:
        if len(signal) < _LEAST_S * _RATE:
            raise NotMeasuredError("too_short")
        # One window at a time: the last bits of a larger batch depend on what else is in it.
        parts = windows(signal.clamp(-1, 1).cpu().numpy(), self.most_windows)
        raw = np.array([session.run(None, {"input_1": part[None]})[0][0] for part in parts], dtype=np.float64)
        return {name: float(np.polyval(fit, raw[:, k]).mean()) for k, (name, fit) in enumerate(_FITS.items())}


def windows(samples: Samples, most: int | None) -> list[Samples]:
    """Cut an utterance into what the network hears at a time.

    Args:
        samples: at 16 kHz, at least one.
        most: as `Quality.most_windows`.

    Returns:
        Windows of 9.01 s, at least one.
    """
    if most is not None:
        samples = np.resize(samples, max(len(samples), _WINDOW))
        count = min(most, -(-len(samples) // _WINDOW))
        # A single window of a long utterance is its middle.
        places = np.linspace(0, len(samples) - _WINDOW, count + 2 if count == 1 else count)
        starts = [int(places[1])] if count == 1 else [int(place) for place in places]
    else:
        while len(samples) < _WINDOW:
            samples = np.tile(samples, 2)
        seconds = int(len(samples) // _RATE - _WINDOW / _RATE) + 1
        starts = [second * _RATE for second in range(seconds) if second * _RATE + _WINDOW <= len(samples)]
    return [samples[start : start + _WINDOW] for start in starts]
