"""Times of several contenders in the same run, round by round, so that a busy machine slows them alike."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch

Run = Callable[[], object]


@dataclass(frozen=True)
class Contender:
    """Something to time.

    Attributes:
        name: What it is called in the table.
        run: Does the work once and gives its result.
        pairs: Items of work in a run; contenders of one case may get fewer when they are slow.
        agree: Raises WrongResultError if a result is wrong.
    """

    name: str
    run: Run
    pairs: int
    agree: Callable[[object], None]


class WrongResultError(Exception):
    """A contender gave another result than the others; no time of it is printed."""


@dataclass(frozen=True)
class Timed:
    """Times of a contender in a case.

    Attributes:
        case: What was timed.
        contender: Who was timed.
        device: Where it ran.
        pairs: Items of work in a run.
        us: Microseconds per item: quantiles 0.1, 0.5 and 0.9 over the rounds.
        ratio: By name of another contender, how many times faster this one is: the same quantiles of the ratios of the
            times within a round.
    """

    case: str
    contender: str
    device: str
    pairs: int
    us: tuple[float, float, float]
    ratio: Mapping[str, tuple[float, float, float]]


def time_case(case: str, contenders: list[Contender], *, rounds: int, device: str = "cpu") -> list[Timed]:
    """Check every contender, then time them in turn.

    Args:
        case: Name of the case.
        contenders: Who takes part; the first run of each is checked and not timed.
        rounds: Timed runs of each.
        device: Where they run; on CUDA the clock stops when the device is done.

    Returns:
        Times in the order of the contenders.

    Raises:
        WrongResultError: If a result is wrong.
    """
    for contender in contenders:
        contender.agree(contender.run())
    seconds = np.empty((rounds, len(contenders)))
    for number in range(rounds):
        for position, contender in enumerate(contenders):
            seconds[number, position] = _seconds(contender.run, device)
    each = seconds / [contender.pairs for contender in contenders]
    return [
        Timed(
            case=case,
            contender=contender.name,
            device=device,
            pairs=contender.pairs,
            us=_quantiles(each[:, position] * 1e6),
            ratio={
                other.name: _quantiles(each[:, place] / each[:, position])
                for place, other in enumerate(contenders)
                if other is not contender
            },
        )
        for position, contender in enumerate(contenders)
    ]


def _seconds(run: Run, device: str) -> float:
    gc.collect()
    gc.disable()
    try:
        _wait(device)
        begin = perf_counter()
        result = run()
        _wait(device)
        taken = perf_counter() - begin
    finally:
        gc.enable()
    # Giving the result back is not part of the work of the next one.
    del result
    return taken


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def _quantiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return float(low), float(middle), float(high)
