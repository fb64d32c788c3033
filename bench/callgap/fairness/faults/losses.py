"""Faults in what came back: texts lost more often for a group, and empty texts that look like a failed interface."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from callgap.fairness.faults.material import Consequence, Fault, Material, Part, percent
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.records import LOST, Status

UNEVEN_P = 0.01
"""Of the permutation test of losses: a few attributes are tested twice each, and nothing but a line hangs on it."""

FEWEST_LOST = 5
"""Fewer lost texts than this show nothing about groups."""

PERMUTATIONS = 2000
"""Of speakers over groups: the smallest p is 0.0005."""

WINDOW = 50
"""Consecutive utterances looked at together: an interface fails for a while, whoever speaks."""

BURST_P = 1e-6
"""Binomial tail of a window, before it is multiplied by the number of windows."""

BURST_SPEAKERS = 3
"""In a window: with fewer, it is these speakers that were not heard."""

MOSTLY = 0.5
"""Of a speaker's texts empty, while others' are not: a failure of that speaker's batch, or of their recordings."""

FINE = 0.05
"""Share of empty texts of all other speakers up to which they count as heard."""

SILENT_SPEAKERS = 0.5
"""Of a group's speakers with mostly empty texts: nothing can be said of the group. Fewer are shown."""


def uneven_losses(material: Material) -> Iterator[Fault]:
    """Attributes whose groups lost texts, or had input excluded, at shares that differ between speakers' groups."""
    frame = material.frame
    kinds = {
        "missing_by_group": (frame["status"].isin(LOST), "have no text from the recognizer"),
        "excluded_by_group": (frame["status"] == Status.EXCLUDED, "were excluded for a fault of the input"),
    }
    for fault, (lost, what) in kinds.items():
        if lost.sum() < FEWEST_LOST:
            continue
        by_speaker = pd.DataFrame({"lost": lost, "all": 1}).groupby(frame["speaker_id"]).sum()
        for attribute, members in material.evidence.membership.items():
            yield from _uneven(fault, what, attribute, by_speaker, by_speaker.index.map(members))


def _uneven(fault: str, what: str, attribute: str, counts: pd.DataFrame, groups: pd.Index) -> Iterator[Fault]:
    known = ~groups.isin([UNKNOWN, CONTRADICTORY]) & groups.notna()
    counts, groups = counts[known], groups[known]
    if groups.nunique() < 2 or counts["lost"].sum() < FEWEST_LOST:
        return
    p = permutation_p(counts["lost"].to_numpy(), counts["all"].to_numpy(), pd.factorize(groups)[0])
    if p > UNEVEN_P:
        return
    sums = counts.groupby(groups).sum()
    overall = float(sums["lost"].sum() / sums["all"].sum())
    # The group that adds most to the statistic: in a group of three utterances one loss is a high share and no news.
    worst = ((sums["lost"] - overall * sums["all"]) / np.sqrt(sums["all"])).idxmax()
    share = float(sums.loc[worst, "lost"] / sums.loc[worst, "all"])
    yield Fault(
        fault,
        Consequence.SHOWN,
        f"{percent(share)} of the utterances of {attribute} {worst} {what}, {percent(overall)} of all (speakers "
        f"permuted over groups, p = {p:.2g}): leaving them out favors some groups.",
        int((groups == worst).sum()),
        int(sums.loc[worst, "lost"]),
        share,
        attribute,
        str(worst),
    )


def permutation_p(lost: np.ndarray, total: np.ndarray, group: np.ndarray) -> float:
    """Whether the share of lost utterances depends on the group, the speaker being the unit.

    Args:
        lost: utterances lost, integer [speaker].
        total: utterances, integer [speaker].
        group: from 0, integer [speaker].

    Returns:
        p of a permutation test of speakers over groups (Phipson & Smyth 2010: the arrangement found counts too).
        The statistic is the score test's: per group, (lost - expected)² / utterances, summed.
    """
    random = np.random.default_rng(0)
    residual = lost - total * (lost.sum() / total.sum())
    order = np.stack([np.arange(len(lost)), *(random.permutation(len(lost)) for _ in range(PERMUTATIONS))])
    groups = int(group.max()) + 1
    cells = (group[None, :] + groups * np.arange(len(order))[:, None]).ravel()
    sums = (
        np.bincount(cells, weights=values[order].ravel(), minlength=groups * len(order)).reshape(-1, groups)
        for values in (residual, total)
    )
    above, below = sums
    statistic = (above**2 / below).sum(axis=1)
    # Ties differ by rounding only.
    return float((statistic >= statistic[0] * (1 - 1e-9)).mean())


def silent_groups(material: Material) -> Iterator[Fault]:
    """Groups in which the texts of half of the speakers are empty, while those that they are compared with were heard.

    How bad a recognizer is shows in what it writes; one that writes nothing for a whole group was not reached.
    """
    spoken, empty = _spoken(material)
    if empty.sum() < FEWEST_LOST:
        return
    texts = empty.groupby(spoken["speaker_id"]).agg(["sum", "size"])
    for group, others in material.groups:
        if material.references.get(str(group.attribute)) is not None:
            yield from _silent(group, *(texts[texts.index.isin(part.rows["speaker_id"])] for part in (group, others)))


def _silent(group: Part, mine: pd.DataFrame, theirs: pd.DataFrame) -> Iterator[Fault]:
    silent = mine[mine["sum"] >= MOSTLY * mine["size"]]
    heard = theirs[theirs["sum"] < MOSTLY * theirs["size"]].sum()
    if silent["sum"].sum() < FEWEST_LOST or len(silent) < SILENT_SPEAKERS * len(mine):
        return
    if heard["size"] == 0 or heard["sum"] > FINE * heard["size"]:
        return
    share = float(mine["sum"].sum() / mine["size"].sum())
    yield Fault(
        "silent_group",
        Consequence.NOT_JUDGED,
        f"The texts of {len(silent):,} of the {len(mine):,} speakers of {group.name} are mostly empty, and "
        f"{percent(float(heard['sum'] / heard['size']))} of the texts of those it is compared with: as when an "
        "interface fails, so it is described and not judged; declare these texts as lost (status missing; in an "
        "audit, leave their rows out), or repeat the run.",
        len(silent),
        int(silent["sum"].sum()),
        share,
        group.attribute,
        group.group,
    )


def empty_bursts(material: Material) -> Iterator[Fault]:
    """Runs of empty texts in the order of the table, or of one speaker, while all others were heard."""
    spoken, empty = _spoken(material)
    if empty.sum() < FEWEST_LOST:
        return
    yield from _windows(spoken, empty)
    yield from _silent_speakers(spoken, empty)


def _spoken(material: Material) -> tuple[pd.DataFrame, pd.Series]:
    """Utterances in which something was said and for which a text came back, and whether it is empty."""
    spoken = material.frame[(material.frame["status"] == Status.OK) & material.frame["heard"].notna()]
    spoken = spoken[spoken["text"].str.strip() != ""]
    return spoken, spoken["heard"].str.strip() == ""


def _windows(spoken: pd.DataFrame, empty: pd.Series) -> Iterator[Fault]:
    window = np.arange(len(spoken)) // WINDOW
    found = empty.groupby(window).agg(["sum", "size"])
    # Against the others: a burst must not hide in the rate that it raises.
    rest = (empty.sum() - found["sum"] + 1) / (len(empty) - found["size"] + 2)
    unlikely = stats.binom.sf(found["sum"] - 1, found["size"], rest) * len(found) < BURST_P
    voices = spoken["speaker_id"][empty].groupby(window[empty]).nunique().reindex(found.index, fill_value=0)
    burst = found[unlikely & (voices >= BURST_SPEAKERS)]
    if len(burst):
        share = float(burst["sum"].sum() / burst["size"].sum())
        within = empty & np.isin(window, burst.index)
        yield Fault(
            "empty_burst",
            Consequence.SHOWN,
            f"{int(within.sum()):,} of the {int(empty.sum()):,} empty texts lie in {len(burst):,} of {len(found):,} "
            f"stretches of {WINDOW} utterances, where {percent(share)} are empty: this looks like an interface that "
            "failed for a while, scored as silence.",
            int(spoken["speaker_id"][within].nunique()),
            int(within.sum()),
            share,
        )


def _silent_speakers(spoken: pd.DataFrame, empty: pd.Series) -> Iterator[Fault]:
    found = empty.groupby(spoken["speaker_id"]).agg(["sum", "size"])
    silent = found[(found["sum"] >= FEWEST_LOST) & (found["sum"] >= MOSTLY * found["size"])]
    others = found.drop(silent.index).sum()
    if len(silent) and others["size"] and others["sum"] <= FINE * others["size"]:
        share, usual = (float(side["sum"] / side["size"]) for side in (silent.sum(), others))
        yield Fault(
            "empty_speakers",
            Consequence.SHOWN,
            f"{percent(share)} of the texts of {len(silent):,} speakers are empty, {percent(usual)} of all "
            "others': this looks like a failure of the interface or of their recordings, scored as silence.",
            len(silent),
            int(silent["sum"].sum()),
            share,
        )
