"""One comparison with an outside implementation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Oracle:
    """How often, and how far, a result differs from another implementation's.

    Attributes:
        what: is compared.
        oracle: the other implementation.
        data: on which.
        cases: compared.
        differ: cases in which whole numbers differ, or others by more than the tolerance; must be none.
        apart: largest difference of other numbers.
        tolerance: of these, decided before.
        note: what else there is to say.
    """

    what: str
    oracle: str
    data: str
    cases: int
    differ: int
    apart: float
    tolerance: float
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return self.cases > 0 and not self.differ and self.apart <= self.tolerance
