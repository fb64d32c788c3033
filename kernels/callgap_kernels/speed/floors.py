"""What a GPU could reach: bytes at the speed of a copy, integers at the speed of arithmetic alone, both measured."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from callgap_kernels.speed.cases import Shape
from callgap_kernels.speed.measure import Timed

COPIED_BYTES: Final = 1 << 30
LANES: Final = 1 << 22
ROUNDS: Final = 4_096
BLOCK: Final = 256
REPEATS: Final = 9

# Per pair: two tokens of 4 bytes per word read, four counts of 8 bytes written.
BYTES_PER_WORD: Final = 8
BYTES_PER_PAIR: Final = 32
# Bit-parallel with 64-bit words, as counted from the machine code of the leanest design: instructions of a warp per
# hypothesis token and 32 pairs, for up to 64 reference tokens.
INSTRUCTIONS_PER_TOKEN: Final = 104 / 32


@dataclass(frozen=True)
class Rates:
    """What was measured.

    Attributes:
        bytes_per_s: Read and written by a copy within the device's memory.
        operations_per_s: 32-bit integer operations of all lanes.
    """

    bytes_per_s: float
    operations_per_s: float


def measure_rates(device: str) -> Rates:
    """Measure a CUDA device.

    Args:
        device: "cuda" or "cuda:N".

    Returns:
        Medians.
    """
    from callgap_kernels.speed.triton_kernel import OPERATIONS_PER_ROUND, shift_and_mix

    source = torch.zeros(COPIED_BYTES, dtype=torch.uint8, device=device)
    target, out = torch.empty_like(source), torch.empty(LANES, dtype=torch.int32, device=device)
    copy_s = _median_s(lambda: target.copy_(source))
    mix_s = _median_s(lambda: shift_and_mix[(LANES // BLOCK,)](out, ROUNDS, BLOCK=BLOCK))
    return Rates(2 * COPIED_BYTES / copy_s, LANES * ROUNDS * OPERATIONS_PER_ROUND / mix_s)


def floor_rows(rates: Rates, case: str, shape: Shape, pairs: int, device: str) -> Iterator[Timed]:
    """Compute the least time that counting the errors of token ids could take.

    Args:
        rates: Of the device.
        case: Name of the case.
        shape: Kind of the pairs.
        pairs: How many.
        device: Where.

    Yields:
        A row for the bytes and one for the arithmetic.
    """
    moved = (shape.words * BYTES_PER_WORD + BYTES_PER_PAIR) / rates.bytes_per_s
    reckoned = shape.words * INSTRUCTIONS_PER_TOKEN * -(-shape.words // 64) / rates.operations_per_s
    for name, seconds in (("floor: memory copy", moved), ("floor: integers", reckoned)):
        us = seconds * 1e6
        yield Timed(case, name, device, pairs, (us, us, us), {})


def _median_s(run: Callable[[], object]) -> float:
    run()
    seconds = []
    for _ in range(REPEATS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        begin.record()
        run()
        end.record()
        end.synchronize()
        seconds.append(begin.elapsed_time(end) / 1e3)
    return float(np.median(seconds))
