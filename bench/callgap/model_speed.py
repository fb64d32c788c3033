"""Our loop over batches beside the `pipeline` of transformers: the same model, the same sounds, the same device."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch

from callgap.random_models import Architecture
from callgap.recognizer import Central, Sound
from callgap.records import Context
from callgap_kernels import count_errors
from callgap_kernels.speed.measure import Timed, WrongResultError

SIZES = (1, 4, 8, 16, 32, 64, 128)
"""Batches that the pipeline is tried with on a part of the sounds; it is timed with the best."""

_TRIED = 0.1
_COMPARED = 16
_SAME = 0.9
"""Share of words that must be the same in float32. A model with random weights chooses between tokens that are nearly
equal, so the last bits of two ways to sum decide some of them."""

_CONTEXT = Context("en-US")
Texts = Sequence[str]


@dataclass(frozen=True)
class Work:
    """What is timed.

    Attributes:
        architecture: of the model.
        folder: of its checkpoint.
        sounds: that it hears.
        device: "cuda", "cuda:N", or "cpu" to try it out.
        dtype: "bf16", "fp16" or "fp32".
        options: further ones of our recognizer.
    """

    architecture: Architecture
    folder: Path
    sounds: Sequence[Sound]
    device: str
    dtype: str
    options: Mapping[str, Any]

    @property
    def audio_s(self) -> float:
        """Of all sounds."""
        return sum(sound.duration_s for sound in self.sounds)


def beside_pipeline(work: Work, rounds: int, sizes: Sequence[int] = SIZES) -> list[Timed]:
    """Time one model in both ways.

    Args:
        work: what is timed.
        rounds: timed runs of each.
        sizes: batches that the pipeline is tried with.

    Returns:
        Microseconds per second of sound: ours, of that in the model and with the device busy, and the pipeline's.

    Raises:
        WrongResultError: too many words differ, or a text is missing.
    """
    same = _require_same(work)
    ours, pipe = _ours(work, work.dtype), _Pipeline(work, work.dtype)
    # Each compiles and fills its caches on a part of the sounds.
    tried = work.sounds[: max(2, round(_TRIED * len(work.sounds)))]
    _texts(ours, tried)
    pipe.size = pipe.best(tried, sizes)
    seconds = np.zeros((3, rounds))
    for number in range(rounds):
        before = _model_seconds(ours)
        seconds[0, number] = _timed(work, lambda: _texts(ours, work.sounds))
        seconds[1, number] = _model_seconds(ours) - before
        seconds[2, number] = _timed(work, lambda: pipe(work.sounds))
    name = f"pipeline, batches of {pipe.size}"
    case = f"{work.architecture.name}, {work.dtype}, {work.audio_s / 3600:.2g} h, {same:.0%} of words the same in fp32"
    rows = {"callgap": seconds[0], "callgap, in the model": seconds[1]}
    if work.device.startswith("cuda"):
        rows["callgap, device busy"] = np.full(rounds, busy_s(lambda: _texts(ours, work.sounds)))
    rows[name] = seconds[2]
    return [
        Timed(
            case,
            contender,
            work.device,
            round(work.audio_s),
            _quantiles(1e6 * taken / work.audio_s),
            {"transformers pipeline": _quantiles(seconds[2] / taken)} if contender == "callgap" else {},
        )
        for contender, taken in rows.items()
    ]


def sentence(rows: Sequence[Timed]) -> str:
    """What the rows of one model say, in words: times real time, shares of the model and of a busy device."""
    us = {row.contender: row.us[1] for row in rows}
    whole = us["callgap"]
    words = [f"callgap {1e6 / whole:,.0f} times real time"]
    words += [f"{name} {1e6 / value:,.0f}" for name, value in us.items() if not name.startswith("callgap")]
    words.append(f"all but the model {1 - us['callgap, in the model'] / whole:.1%} of our time")
    if "callgap, device busy" in us:
        words.append(f"device busy {us['callgap, device busy'] / whole:.1%} of it")
    return f"{rows[0].case}: {', '.join(words)}."


def made(architecture: Architecture, folder: Path) -> Path:
    """Write the checkpoint of an architecture into a new folder."""
    place = Path(tempfile.mkdtemp(dir=folder))
    architecture.make(place)
    return place


def busy_s(run: Callable[[], object]) -> float:
    """Seconds in which at least one kernel ran on the CUDA device, as torch's profiler saw them."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        run()
        torch.cuda.synchronize()
    events = (event for event in profiler.events() or () if event.device_type.name == "CUDA")
    return union_us((event.time_range.start, event.time_range.end) for event in events) / 1e6


def union_us(spans: Iterator[tuple[float, float]]) -> float:
    """How long at least one of some spans lasts.

    Args:
        spans: begin and end, in any unit.

    Returns:
        In the same unit.
    """
    total, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


class _Pipeline:
    """transformers' own, on a checkpoint."""

    def __init__(self, work: Work, dtype: str) -> None:
        import transformers

        kind = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[dtype]
        self._pipeline: Any = transformers.pipeline(
            "automatic-speech-recognition", model=str(work.folder), device=work.device, dtype=kind
        )
        self._writes = {"generate_kwargs": dict(work.architecture.writes)} if work.architecture.writes else {}
        self._device = work.device
        self.size = 1

    def __call__(self, sounds: Sequence[Sound]) -> list[str]:
        given = ({"raw": sound.signal.numpy(), "sampling_rate": sound.sample_rate} for sound in sounds)
        return [str(found["text"]).strip() for found in self._pipeline(given, batch_size=self.size, **self._writes)]

    def best(self, sounds: Sequence[Sound], sizes: Sequence[int]) -> int:
        """The size of batch with which it is fastest; one that does not fit into memory ends the search."""
        seconds: dict[int, float] = {}
        for size in (size for size in sizes if size <= max(1, len(sounds))):
            self.size = size
            try:
                self(sounds[: 2 * size])
                begin = perf_counter()
                self(sounds)
                _wait(self._device)
            except torch.cuda.OutOfMemoryError:
                break
            seconds[size] = perf_counter() - begin
        return min(seconds, key=lambda size: seconds[size])


def _ours(work: Work, dtype: str, **options: Any) -> Central:
    from callgap.recognizer.transformers import Transformers

    writes = work.architecture.writes
    tokens = {"max_new_tokens": writes["max_new_tokens"]} if writes else {}
    given: dict[str, Any] = {"window": 8192, "dtype": dtype, **work.options, **tokens, **options}
    recognizer: Central = Transformers(checkpoint=str(work.folder), device=work.device, **given)
    recognizer.warm(_CONTEXT)
    return recognizer


def _texts(recognizer: Central, sounds: Sequence[Sound]) -> list[str]:
    found = dict(recognizer.recognize(sounds, _CONTEXT))
    texts = [found[place].text for place in range(len(sounds))]
    if any(text is None for text in texts):
        raise WrongResultError("callgap: an utterance has no text")
    return [str(text) for text in texts]


def _require_same(work: Work) -> float:
    sample = work.sounds[:_COMPARED]
    expected = _Pipeline(work, "fp32")(sample)
    found = _texts(_ours(work, "fp32", deterministic=True), sample)
    counts = count_errors(expected, found)
    hits, wrong, added = (int(kind.sum()) for kind in (counts.hits, counts.substitutions, counts.insertions))
    words = hits + wrong + int(counts.deletions.sum())
    same = max(0, hits - added) / words if words else 0.0
    if same < _SAME:
        raise WrongResultError(f"{work.architecture.name}: {same:.0%} of the words are the pipeline's, not {_SAME:.0%}")
    return same


def _model_seconds(recognizer: Central) -> float:
    return float(str(recognizer.notes()["model_seconds"]))


def _timed(work: Work, run: Callable[[], list[str]]) -> float:
    _wait(work.device)
    begin = perf_counter()
    texts = run()
    _wait(work.device)
    taken = perf_counter() - begin
    if len(texts) != len(work.sounds):
        raise WrongResultError(f"{len(texts)} texts for {len(work.sounds)} sounds")
    return taken


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _quantiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return float(low), float(middle), float(high)
