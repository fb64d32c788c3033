"""The loop over batches: filled by padded length, prepared ahead, halved where memory runs out."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import torch

from callgap.recognizer.base import Hypothesis, Sound
from callgap.recognizer.neural.adapter import Adapter, Inputs, Reading
from callgap.recognizer.neural.ahead import Ahead, Clock
from callgap.recognizer.neural.filling import Filling
from callgap.recognizer.neural.foreign import fitting, foreign
from callgap.recognizer.neural.pieces import NOT_UNDERSTOOD, Piece, joined, pieces_of
from callgap.recognizer.neural.resampling import Resampler
from callgap.recognizer.neural.sampling import Batched, chosen
from callgap.recognizer.neural.tally import Tally
from callgap.records import OK, ItemStatus, Status

Result = TypeVar("Result")

_OUT_OF_MEMORY = ItemStatus(Status.FAILED, "out_of_memory")


class Loop:
    """Recognizes windows with one adapter.

    Attributes:
        tally: of the work so far.
    """

    def __init__(self, adapter: Adapter, *, batch_s: float, longest_s: float, alone: bool) -> None:
        """Make a loop.

        Args:
            adapter: of the model.
            batch_s: most seconds of audio in a batch, padding included.
            longest_s: most seconds of a piece.
            alone: whether each utterance is a batch of its own.
        """
        self.tally = Tally()
        self._adapter = adapter
        self._limit_s = batch_s
        self._longest_s = min(longest_s, adapter.longest_s)
        self._alone = alone
        self._device = adapter.loaded.options.device
        self._resample = Resampler(adapter.sample_rate, self._device)

    def try_out(self, language: str) -> None:
        """Recognize a second of silence, which no count remembers.

        Raises:
            InputError: the model cannot be told the language, or cannot recognize.
        """
        rate, name = self._adapter.sample_rate, self._adapter.loaded.name
        problem = (
            f"recognizer.checkpoint={name} recognizes nothing as family {self._adapter.family}, with the files and "
            "options that it has"
        )
        with fitting(name, self._device), foreign(problem):
            told = self._adapter.told(language)
            self._adapter.read(self._prepare([Piece(0, 0, torch.zeros(rate), rate)], told), told)

    def notes(self) -> dict[str, object]:
        """Device, precision, family, and the counts."""
        options, tally = self._adapter.loaded.options, self.tally
        name = torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else "cpu"
        return {
            "device": name,
            "dtype": str(options.dtype).removeprefix("torch."),
            "family": self._adapter.family,
            "attention": getattr(self._adapter.loaded.model.config, "_attn_implementation", None),
            "deterministic": self._alone,
            "batches": tally.batches,
            "halved": tally.halved,
            "audio_seconds": tally.audio_seconds,
            "padded_seconds": tally.padded_seconds,
            "model_seconds": tally.model_seconds,
            "seconds": tally.seconds,
            "batch_effect": {"sampled": tally.sampled, "changed": tally.changed},
            "batch_effect_seconds": tally.check_seconds,
        }

    def recognize(self, sounds: Sequence[Sound], language: str) -> Iterator[tuple[int, Hypothesis]]:
        """Recognize a window.

        Args:
            sounds: what is to be recognized.
            language: BCP 47 tag.

        Yields:
            Each place once, as soon as all of its pieces are read.
        """
        begin = time.perf_counter()
        told = self._adapter.told(language)
        pieces = pieces_of(sounds, self._longest_s)
        counts: dict[int, int] = defaultdict(int)
        for piece in pieces:
            counts[piece.place] += 1
        heard: dict[int, dict[int, Hypothesis]] = defaultdict(dict)
        batched: list[Batched] = []
        for batch, hypotheses in self._batches(pieces, told):
            done = []
            longest_s = max(self._adapter.padded_s(piece.duration_s) for piece in batch)
            for piece, hypothesis in zip(batch, hypotheses, strict=True):
                heard[piece.place][piece.part] = hypothesis
                if len(heard[piece.place]) == counts[piece.place]:
                    done.append(piece.place)
                if len(batch) > 1 and hypothesis.text is not None:
                    batched.append(Batched(piece, hypothesis.text, longest_s - piece.duration_s))
            self.tally.seconds += time.perf_counter() - begin
            for place in done:
                parts = heard.pop(place)
                yield place, joined([parts[part] for part in sorted(parts)])
            begin = time.perf_counter()
        self._compare_alone(batched, told)

    def _batches(self, pieces: list[Piece], told: str | None) -> Iterator[tuple[list[Piece], list[Hypothesis]]]:
        filling = Filling(pieces, self._adapter.padded_s, alone=self._alone)
        with Ahead(self._device) as ahead:
            coming = self._begin(filling, ahead, told)
            while coming:
                begin = time.perf_counter()
                batch, prepared = coming
                inputs = _unless_out_of_memory(prepared)
                # Prepared beside the model's work on this batch.
                coming = self._begin(filling, ahead, told)
                readings = None if inputs is None else _unless_out_of_memory(partial(self._read, inputs, told))
                del inputs, prepared
                if readings is not None:
                    self._count(batch, filling)
                    yield batch, _hypotheses(readings, time.perf_counter() - begin)
                elif len(batch) == 1:
                    yield batch, [Hypothesis(None, _OUT_OF_MEMORY, latency_s=time.perf_counter() - begin)]
                else:
                    self._halve(batch, filling)
                coming = coming or self._begin(filling, ahead, told)

    def _begin(
        self, filling: Filling, ahead: Ahead, told: str | None
    ) -> tuple[list[Piece], Callable[[], Inputs]] | None:
        if not filling:
            return None
        batch = filling.take(self._limit_s)
        return batch, ahead.begin(partial(self._prepare, batch, told))

    def _prepare(self, batch: Sequence[Piece], told: str | None) -> Inputs:
        signals = self._resample([piece.signal for piece in batch], [piece.sample_rate for piece in batch])
        return self._adapter.prepare(signals, told)

    def _read(self, inputs: Inputs, told: str | None) -> list[Reading]:
        with Clock(self._device) as clock:
            readings = self._adapter.read(inputs, told)
        self.tally.model_seconds += clock.seconds
        return readings

    def _read_alone(self, piece: Piece, told: str | None) -> list[Reading]:
        return self._read(self._prepare([piece], told), told)

    def _count(self, batch: Sequence[Piece], filling: Filling) -> None:
        self.tally.batches += 1
        self.tally.audio_seconds += sum(piece.duration_s for piece in batch)
        self.tally.padded_seconds += filling.size_s(batch)

    def _halve(self, batch: list[Piece], filling: Filling) -> None:
        self.tally.halved += 1
        self._limit_s = min(self._limit_s, filling.size_s(batch) / 2)
        filling.halve(batch)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _compare_alone(self, batched: Sequence[Batched], told: str | None) -> None:
        """Recognize some utterances of batches again, alone; the results keep the text of the batch."""
        begin, before = time.perf_counter(), self.tally.model_seconds
        for item in chosen(batched, self.tally.sampled):
            readings = _unless_out_of_memory(partial(self._read_alone, item.piece, told))
            if readings is not None:
                self.tally.sampled += 1
                self.tally.changed += readings[0].text != item.text
        self.tally.model_seconds = before
        self.tally.check_seconds += time.perf_counter() - begin


def _hypotheses(readings: Sequence[Reading], latency_s: float) -> list[Hypothesis]:
    return [
        Hypothesis(reading.text, OK, reading.confidence, reading.n_best, latency_s)
        if reading.text
        else Hypothesis("", NOT_UNDERSTOOD, reading.confidence, latency_s=latency_s)
        for reading in readings
    ]


def _unless_out_of_memory(work: Callable[[], Result]) -> Result | None:
    try:
        return work()
    except torch.OutOfMemoryError:
        return None
    except RuntimeError as error:
        # The allocator of the processor's memory has no exception of its own.
        if "not enough memory" in str(error):
            return None
        raise
