"""What would become of the calls if the service were another: the change that narrows the largest gap most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.groups import EVERYONE
from callgap.report.comparisons import UNJUDGED, Row, speakers_to_judge
from callgap.report.curves import OTHER, REFERENCE, WORST, Curve, CurvePanel, tradeoffs
from callgap.report.data_faults import is_withheld
from callgap.report.plots import NARROW, WIDE
from callgap.report.trials import NOT_COMPLETED, NOTHING, TITLES, Trial, narrowest, phrase
from callgap.report.what_if_words import answer


@dataclass(frozen=True)
class WhatIfView:
    """The changed services of one attribute.

    Attributes:
        group: with the largest gap.
        reference: that it is compared with.
        sentences: the answer.
        trials: in the order of the table; the service as it is comes first, once.
        best: the change that narrows the gap most; None where none does, or too few speakers are there.
        left_out: changes of which the stored texts cannot tell, and why.
        wide: drawing for wide screens.
        narrow: drawing for narrow screens.
        others: how many groups are drawn thin.
    """

    group: str
    reference: str
    sentences: tuple[str, ...]
    trials: tuple[Trial, ...]
    best: Trial | None
    left_out: tuple[str, ...]
    wide: str
    narrow: str
    others: int


def what_if_view(report: Row, name: str, prefix: str, *, plots: bool) -> WhatIfView | None:
    """Arrange the changed services of one attribute.

    Args:
        report: as `summarize` made it.
        name: of the attribute.
        prefix: of the ids in its drawings.
        plots: whether to draw.

    Returns:
        The view; None where nothing was changed, or no group has a gap that can be described.
    """
    trials = _trials(report, name)
    base = next((trial for trial in trials if trial.is_base), None)
    if base is None:
        return None
    gaps = {group: gap for group, _ in base.rows if (gap := base.gap(group)) is not None}
    if not gaps:
        return None
    needed = speakers_to_judge(report["policy"])
    judged = [group for group in gaps if _smaller_side(base, group) >= needed]
    worst = max(judged or gaps, key=lambda group: gaps[group])
    best = narrowest(trials, base, worst) if judged and gaps[worst] > NOTHING else None
    harmless = narrowest([t for t in trials if not _harms(t, base, worst)], base, worst) if best else None
    panels = _panels(trials, worst, base.rows[worst, NOT_COMPLETED]["reference"]) if plots else ()
    shown = (base, *(trial for trial in trials if not trial.is_base))
    return WhatIfView(
        group=worst,
        reference=base.rows[worst, NOT_COMPLETED]["reference"],
        sentences=answer(base, best, harmless, worst, trials=len(shown) - 1, needed=None if judged else needed),
        trials=shown,
        best=best,
        left_out=tuple(
            f"{phrase(row['change'], row['value'])} ({row['left_out']})"
            for row in report["what_if"]
            if row["attribute"] == EVERYONE and row["left_out"]
        ),
        wide=tradeoffs(panels, WIDE, f"{prefix}v-") if panels else "",
        narrow=tradeoffs(panels, NARROW, f"{prefix}u-") if panels else "",
        others=sum(curve.role == OTHER for curve in panels[0].curves) if panels else 0,
    )


def _trials(report: Row, name: str) -> list[Trial]:
    """Those of one attribute, without groups whose figures may not be published."""
    faults = report.get("faults", ())
    found: dict[tuple[str, str], Trial] = {}
    for row in report.get("what_if", ()):
        sides = [side for side in (row["group"], row["reference"]) if side not in (None, EVERYONE_ELSE)]
        if row["attribute"] != name or any(is_withheld(faults, name, side) for side in sides):
            continue
        trial = found.setdefault(
            (row["change"], row["value"]), Trial(row["change"], row["value"], bool(row["is_base"]))
        )
        trial.rows[row["group"], row["endpoint"]] = row
    return list(found.values())


def _smaller_side(base: Trial, group: str) -> int:
    row = base.rows[group, NOT_COMPLETED]
    return min(int(row["speakers"]), int(row["reference_speakers"]))


def _harms(trial: Trial, base: Trial, group: str) -> bool:
    """Whether after a change a group, or all others, miss what they asked for more often."""
    after, before = (t.rows[group, NOT_COMPLETED] for t in (trial, base))
    return any((after[side] or 0.0) > (before[side] or 0.0) + NOTHING for side in ("rate", "others_rate"))


def _panels(trials: Sequence[Trial], worst: str, reference: str) -> tuple[CurvePanel, ...]:
    groups = dict.fromkeys(group for group, _ in trials[0].rows if group not in UNJUDGED)
    panels = []
    for name in dict.fromkeys(trial.change for trial in trials):
        mine = [trial for trial in trials if trial.change == name]
        curves = [
            Curve(
                tuple(trial.rows[group, NOT_COMPLETED]["rate"] for trial in mine),
                WORST if group == worst else REFERENCE if group == reference else OTHER,
            )
            for group in groups
        ]
        if reference == EVERYONE_ELSE:
            rates = tuple(trial.rows[worst, NOT_COMPLETED]["reference_rate"] for trial in mine)
            curves.append(Curve(rates, REFERENCE))
        base = next(place for place, trial in enumerate(mine) if trial.is_base)
        title, axis = TITLES[name]
        panels.append(CurvePanel(title, axis, tuple(trial.value for trial in mine), base, tuple(curves)))
    return tuple(panels)
