"""When compiling pays: numba takes seconds in every process, and small work is done sooner without it."""

from dataclasses import dataclass
from typing import Final

_tiers: Final[list["Tier"]] = []


@dataclass(eq=False)
class Tier:
    """Work that a process has asked for so far, as the plain path's time; the path changes, the results do not.

    Attributes:
        worth_s: Time of plain work after which the compiled path takes over, about what compiling costs, in seconds.
        asked_s: Time that the plain path takes for all that was asked so far, in seconds.
    """

    worth_s: float
    asked_s: float = 0.0

    def __post_init__(self) -> None:
        _tiers.append(self)

    def compiled(self, plain_s: float) -> bool:
        """Choose the path for a piece of work.

        Args:
            plain_s: Estimate of what the plain path takes for it, in seconds.

        Returns:
            Whether to compile: this piece, together with those before, costs more than compiling does.
        """
        self.asked_s += plain_s
        return self.asked_s > self.worth_s


def compile_at_once() -> None:
    """Take the compiled path from now on in this process, however small the work: for servers and benchmarks."""
    for tier in _tiers:
        tier.asked_s = float("inf")
