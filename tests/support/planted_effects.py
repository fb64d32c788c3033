"""Rows of `effects`, `identities` and what stands beside them, planted."""

from callgap.effect_records import EFFECTS, IDENTITIES

LINE = {"system": "alpha en", "condition": "g711u", "before": "identity", "after": "mcadams"}
NOTHING = dict.fromkeys(EFFECTS.names)


def limits(name, value, half):
    if value is None:
        return {name: None}
    return {name: value, f"{name}_lower": value - half, f"{name}_upper": value + half}


def effect(group, before, after, reference=(0.1, 0.1), *, finding=None, changed="cannot tell", half=0.02, **other):
    """A rate of one group, against a reference group `us` whose own rates are given."""
    row = NOTHING | LINE | {"attribute": "accent", "group": group, "reference": "us", "measure": "wer", "kind": "rate"}
    row |= {"normalizer": "whisper-english", "speakers": 12, "utterances": 240, "left_out": 0, "margin": 0.02}
    row |= {"speakers_better": 7, "speakers_worse": 3, "value_before": before, "value_after": after}
    row |= limits("change", after - before, half) | {"change_finding": changed, "ratio": after / before}
    if group != "us" and row["attribute"] == "accent":
        gaps = before - reference[0], after - reference[1]
        row |= limits("gap_before", gaps[0], half) | limits("gap_after", gaps[1], half)
        row |= limits("gap_change", gaps[1] - gaps[0], half) | {"finding": finding, "ratio_finding": finding}
        row |= {"gap_ratio_before": before / reference[0], "gap_ratio_after": after / reference[1]}
    return row | other


def of_everyone(row, **other):
    """The row of everyone beside those of groups."""
    gaps = {name: None for name in row if name.startswith("gap_") or name in ("finding", "ratio_finding")}
    return row | gaps | {"attribute": "all", "group": "all", "reference": None} | other


def level(group, measure, change=0.1, after=None, **other):
    """A measure of the voices of one group."""
    row = NOTHING | LINE | {"attribute": "accent", "group": group, "reference": "us", "measure": measure}
    row |= {"kind": "level", "speakers": 12, "utterances": 240, "left_out": 0, "change_finding": "higher"}
    row |= {"value_before": None if after is not None else 3.1, "value_after": 3.1 + change if after is None else after}
    if group == "all":
        row |= {"attribute": "all", "reference": None}
    return row | limits("change", None if after is not None else change, 0.04) | other


def identity(group="all", **other):
    """Who speaks after an alteration that leaves most as they were."""
    row = dict.fromkeys(IDENTITIES.names) | {"attribute": "accent", "group": group, "reference": "us", "left_out": 0}
    row |= {"before": "identity", "after": "mcadams", "speakers": 24, "utterances": 480, "threshold": 0.7}
    row |= {"similarity": 0.82, "similarity_to_others": 0.55, "still_themselves_before": 0.97}
    row |= {"still_themselves": 0.61, "taken_for_another_before": 0.01, "taken_for_another": 0.12}
    row |= {"error_rate_before": 0.03, "error_rate_after": 0.09, "distance_ratio": 0.7}
    if group == "all":
        row |= {"attribute": "all", "reference": None}
    else:
        row |= {"distance_to_reference_before": 0.31, "distance_to_reference_after": 0.22}
    return row | other
