"""Changed services and what became of their calls, by group: which narrows a gap most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from callgap.report.comparisons import Row

NOT_COMPLETED = "not_completed"

NOTHING = 1e-9
"""Differences below this are rounding errors of none."""

TITLES = {
    "attempts": ("Attempts", "attempts at every node"),
    "reject_below": ("Rejection", "confidence below which nothing is taken"),
    "confirm_below": ("Confirmation", "confidence below which it is asked for"),
    "keys": ("Telephone keys", "failed attempts until they are offered"),
    "grammar": ("Grammar", "word edits that menus allow"),
}
"""By change: its name, and what its values are."""

_WORDS = {
    "reject_below": ("taking whatever is understood, however unsure", "taking nothing below a confidence of {}"),
    "keys": ("offering no telephone keys", "offering telephone keys after {} failed attempts"),
    "grammar": ("taking phrases at menus word for word", "taking phrases at menus with up to {} word edits"),
}
_SPECIAL = {
    ("attempts", "1"): "allowing one attempt at every node",
    ("confirm_below", "never"): "never asking for confirmation",
    ("confirm_below", "always"): "always asking for confirmation",
    ("keys", "0"): "offering telephone keys at once",
    ("keys", "1"): "offering telephone keys after one failed attempt",
    ("grammar", "1"): "taking phrases at menus with one word edit",
    ("grammar", "spotted"): "taking a phrase wherever in the text it stands",
}


@dataclass(frozen=True)
class Trial:
    """One changed service.

    Attributes:
        change: what was changed.
        value: that it has.
        is_base: whether it is the service as it is.
        rows: by group and endpoint, rows of `what_if`.
    """

    change: str
    value: str
    is_base: bool
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    @property
    def phrase(self) -> str:
        """The change in words."""
        return phrase(self.change, self.value)

    def gap(self, group: str) -> float | None:
        """How much more often a group misses what it asked for than its reference."""
        found: float | None = self.rows.get((group, NOT_COMPLETED), {}).get("difference")
        return found

    def cost(self, group: str) -> tuple[float, ...]:
        """What happens to all others: the first that differs decides between two changes."""
        names = (NOT_COMPLETED, "misrouted", "wrong_number", "seconds_per_call")
        return tuple(self.rows[group, name]["others_rate"] or 0.0 for name in names)


def phrase(change: str, value: str) -> str:
    """Say a change.

    Args:
        change: what was changed.
        value: that it has.

    Returns:
        Such as `allowing 5 attempts at every node`.
    """
    if value == "as it is":
        return value
    if (change, value) in _SPECIAL:
        return _SPECIAL[change, value]
    if change == "attempts":
        return f"allowing {value} attempts at every node"
    if change == "confirm_below":
        return f"asking for confirmation below a confidence of {value}"
    nothing, something = _WORDS[change]
    return nothing if value in ("none", "0") else something.format(value)


def narrowest(trials: Sequence[Trial], base: Trial, group: str) -> Trial | None:
    """The change that leaves the smallest gap of a group, of several the one that costs all others least.

    Args:
        trials: changed services.
        base: the service as it is.
        group: whose gap.

    Returns:
        The change; None where none narrows the gap.
    """
    before = base.gap(group)
    known = [trial for trial in trials if not trial.is_base and trial.gap(group) is not None]
    nearer = [trial for trial in known if abs(trial.gap(group) or 0.0) < abs(before or 0.0) - NOTHING]
    return min(nearer, key=lambda t: (round(abs(t.gap(group) or 0.0), 9), t.cost(group)), default=None)
