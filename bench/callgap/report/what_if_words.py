"""The words for changed services: what was changed, what it does to the largest gap, and what it costs the others."""

from __future__ import annotations

from collections.abc import Mapping

from callgap.report.comparisons import Row
from callgap.report.figures import number, percent
from callgap.report.trials import NOTHING, Trial
from callgap.report.wording import callers

CAUTION = (
    "Described, not judged: the best of many changes on the same calls flatters itself, and has to be confirmed on "
    "other callers."
)
KEYS = "Keys are simulated as if whoever is offered them used them, and typed what was meant."

COSTS = (
    ("not_completed", "do not reach what they asked for"),
    ("misrouted", "end in the wrong place"),
    ("wrong_number", "have a wrong number taken, of the calls with a number"),
    ("seconds_per_call", "seconds per call"),
)


def answer(
    base: Trial, best: Trial | None, harmless: Trial | None, group: str, *, trials: int, needed: int | None
) -> tuple[str, ...]:
    """Say which single change narrows the largest gap most, and what it costs everyone else.

    Args:
        base: the service as it is.
        best: the change; None where none narrows the gap.
        harmless: the best of the changes that let nobody reach less; None where there is none.
        group: with the largest gap.
        trials: how many changes were tried.
        needed: speakers that a side needs, where no group has them; None where some has.

    Returns:
        The sentences.
    """
    before = base.rows[group, "not_completed"]
    others = callers(before["reference"])
    if needed is not None:
        return (
            f"No group has {needed} speakers beside {needed} of its reference: too few to say which change would "
            "narrow a gap.",
        )
    if before["difference"] < NOTHING:
        return (f"No group misses what it asked for more often than {others}: there is no gap for a change to narrow.",)
    gap = (
        f"The largest gap: {callers(group)} do not reach what they asked for in {percent(before['rate'])} of their "
        f"calls, {others} in {percent(before['reference_rate'])} ({_points(before['difference'])} points)."
    )
    if best is None:
        return (gap, f"None of {trials} single changes narrows it.", CAUTION)
    after = best.rows[group, "not_completed"]
    narrowed = (
        f"Of {trials} single changes, {best.phrase} narrows it most: {_left(after)}, {_why(before, after, others)}."
    )
    keys = KEYS if any(trial.change == "keys" for trial in (best, harmless) if trial) else ""
    told = (gap, narrowed, _price(base, best, group), _without_harm(best, harmless, group), keys, CAUTION)
    return tuple(sentence for sentence in told if sentence)


def _points(difference: float) -> str:
    return number(100 * abs(difference), 1)


def _left(after: Row) -> str:
    # A gap that rounds to nothing has no side.
    if round(abs(100 * after["difference"]), 1) == 0:
        return "no gap is left"
    way = " the other way around" if after["difference"] < 0 else ""
    return f"{_points(after['difference'])} points are left{way}"


def _why(before: Row, after: Row, others: str) -> str:
    group, reference = (_moved(before, after, side) for side in ("rate", "reference_rate"))
    own, theirs = (f"({_arrow(before, after, side)})" for side in ("rate", "reference_rate"))
    if group >= 0:
        return f"only because {others} do worse {theirs}; the group does not do better {own}"
    if reference > 0:
        return f"because the group does better {own} and {others} do worse {theirs}"
    also = f"; {others} do better too {theirs}" if reference < 0 else f"; {others} do as before {theirs}"
    return f"because the group does better {own}{also}"


def _moved(before: Row, after: Row, side: str) -> int:
    difference = after[side] - before[side]
    return 0 if abs(difference) < NOTHING else 1 if difference > 0 else -1


def _arrow(before: Mapping[str, float | None], after: Mapping[str, float | None], side: str) -> str:
    return f"{percent(before[side])} \N{RIGHTWARDS ARROW} {percent(after[side])}"


def _price(base: Trial, best: Trial, group: str) -> str:
    told = []
    for endpoint, what in COSTS:
        before, after = (t.rows[group, endpoint] for t in (base, best))
        if before["others_rate"] is None and after["others_rate"] is None:
            continue
        if endpoint == "seconds_per_call":
            seconds = [number(row["others_rate"], 1) for row in (before, after)]
            told.append(f"{seconds[0]} \N{RIGHTWARDS ARROW} {seconds[1]} {what}")
        else:
            told.append(f"{_arrow(before, after, 'others_rate')} {what}")
    return f"Everyone else, before and after: {'; '.join(told)}."


def _without_harm(best: Trial, harmless: Trial | None, group: str) -> str:
    if best is harmless:
        return ""
    if harmless is None:
        return "No change narrows it without the group or everyone else missing more often what they asked for."
    after = harmless.rows[group, "not_completed"]
    return (
        "Of the changes after which neither the group nor everyone else misses more often what was asked for, "
        f"{harmless.phrase} narrows it most: {_left(after)}."
    )
