"""Work beside the model's work, and the model's time on its device's own clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import torch

from callgap.recognizer.neural.adapter import Inputs


class Ahead:
    """Prepares inputs beside the model: on a CUDA device by a thread, on a stream of its own.

    On a processor the model has all cores already, and inputs are prepared when they are asked for.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream: Any = _cuda().Stream(device) if device.type == "cuda" else None
        self._thread = ThreadPoolExecutor(1) if device.type == "cuda" else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._thread:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def begin(self, prepare: Callable[[], Inputs]) -> Callable[[], Inputs]:
        """Begin to prepare inputs.

        Args:
            prepare: makes them.

        Returns:
            What waits for them and hands them over, ready for the stream that asks.
        """
        if self._thread is None:
            return prepare
        future = self._thread.submit(self._on_stream, prepare)

        def ready() -> Inputs:
            inputs, event = future.result()
            stream = torch.cuda.current_stream(self._stream.device)
            stream.wait_event(event)
            for value in inputs.values():
                # Else the allocator of the side stream may hand the memory out while the model still reads it.
                value.record_stream(stream)
            return inputs

        return ready

    def _on_stream(self, prepare: Callable[[], Inputs]) -> tuple[Inputs, Any]:
        with torch.cuda.stream(self._stream):
            inputs = prepare()
            return inputs, self._stream.record_event()


class Clock:
    """Measures seconds between two points, by events of the device where it is CUDA.

    Attributes:
        seconds: 0 before the end.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._begin = self._now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        end = self._now()
        if self._device.type == "cuda":
            end.synchronize()
            self.seconds = self._begin.elapsed_time(end) / 1000
        else:
            self.seconds = end - self._begin

    def _now(self) -> Any:
        if self._device.type != "cuda":
            return time.perf_counter()
        event = _cuda().Event(enable_timing=True)
        event.record(torch.cuda.current_stream(self._device))
        return event


def _cuda() -> Any:
    # Its classes have no types.
    return torch.cuda
