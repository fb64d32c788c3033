"""Arrow schemas of what is found out about groups: their rates, their differences, and what stands beside these."""

from __future__ import annotations

import pyarrow as pa

from callgap.records import schema

_TEXT, _REAL, _COUNT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()

GROUPS = schema(
    attribute=_TEXT,
    group=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    standing=_TEXT,
    speakers=_COUNT,
    utterances=_COUNT,
    words=_COUNT,
    ok=_COUNT,
    failed=_COUNT,
    refused=_COUNT,
    missing=_COUNT,
    excluded=_COUNT,
    excluded_reasons=_TEXT,
    wer=_REAL,
    wer_lower=_REAL,
    wer_upper=_REAL,
    wer_speaker_mean=_REAL,
    wer_lost_deleted=_REAL,
    cer=_REAL,
    unusable=_REAL,
    unusable_lower=_REAL,
    unusable_upper=_REAL,
    command_error=_REAL,
    empty=_REAL,
    hallucinated=_REAL,
    wrong_language=_REAL,
    text_failed=_REAL,
    text_refused=_REAL,
    text_missing=_REAL,
    calls=_COUNT,
    routed=_REAL,
    misrouted=_REAL,
    misrouted_lower=_REAL,
    misrouted_upper=_REAL,
    not_understood=_REAL,
    human=_REAL,
    not_completed=_REAL,
    human_requests=_COUNT,
    human_not_reached=_REAL,
    reprompts_per_call=_REAL,
    false_reject=_REAL,
    false_accept_probes=_COUNT,
    false_accept=_REAL,
    duration_s=_REAL,
    snr_db=_REAL,
    speaking_rate=_REAL,
    f0=_REAL,
    bandwidth_hz=_REAL,
    clipping=_REAL,
)
CONTRASTS = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    endpoint=_TEXT,
    normalizer=_TEXT,
    standardized_by=_TEXT,
    group_speakers=_COUNT,
    reference_speakers=_COUNT,
    group_effective_speakers=_REAL,
    reference_effective_speakers=_REAL,
    group_events=_REAL,
    reference_events=_REAL,
    group_rate=_REAL,
    reference_rate=_REAL,
    difference=_REAL,
    difference_lower=_REAL,
    difference_upper=_REAL,
    ratio=_REAL,
    ratio_lower=_REAL,
    ratio_upper=_REAL,
    limits=_TEXT,
    method=_TEXT,
    difference_speaker_mean=_REAL,
    difference_leave_one_out=_REAL,
    difference_lost_charged=_REAL,
    difference_lost_charged_lower=_REAL,
    difference_lost_charged_upper=_REAL,
    reference_error=_REAL,
    p=_REAL,
    p_adjusted=_REAL,
    smallest_detectable_gap=_REAL,
    attribution=_TEXT,
    not_judged=_TEXT,
    margin=_REAL,
    verdict=_TEXT,
    evidence_grade=_TEXT,
    reason=_TEXT,
    what_would_change_it=_TEXT,
)
"""One row per declared endpoint and normalizer.

`p`, `smallest_detectable_gap` and `attribution` stand under the primary normalizer alone, the second only where
`disadvantaged` may be said of so many speakers. `limits` says whether limits are `simultaneous` or, of groups too small
to be judged, `pointwise`; `method` how they were found. Effective speakers are as many of equal weight as these are
worth. What can shake a verdict follows: the gap in speaker means, the gap
nearest to none with any one speaker left out, the gap with lost texts charged to the recognizer (null where none was
lost) and how much of a gap errors of the references may make (null where that was not measured). `not_judged` says why
a contrast is described and no more.
"""

ATTRIBUTIONS = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    endpoint=_TEXT,
    normalizer=_TEXT,
    group_speakers=_COUNT,
    reference_speakers=_COUNT,
    covariates=_TEXT,
    left_out=_TEXT,
    coverage=_REAL,
    total_log_ratio=_REAL,
    total_lower=_REAL,
    total_upper=_REAL,
    total_df=_REAL,
    adjusted_log_ratio=_REAL,
    adjusted_lower=_REAL,
    adjusted_upper=_REAL,
    adjusted_df=_REAL,
    total_points=_REAL,
    adjusted_points=_REAL,
    share=_REAL,
    reason=_TEXT,
    line=_TEXT,
)
"""One row per contrast of a primary endpoint: how much of its gap moves with covariates. `_lower` and `_upper` are of
the log ratio, each by itself; `share` is null where there may be no gap."""

CONDITIONS = schema(
    attribute=_TEXT,
    value=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    endpoint=_TEXT,
    normalizer=_TEXT,
    speakers=_COUNT,
    left_out=_COUNT,
    rate=_REAL,
    reference_rate=_REAL,
    difference=_REAL,
    difference_lower=_REAL,
    difference_upper=_REAL,
)
"""One row per value of a condition beside another, on the `speakers` who are in both; those `left_out` are in one."""

FAULTS = schema(
    attribute=_TEXT,
    group=_TEXT,
    fault=_TEXT,
    speakers=_COUNT,
    utterances=_COUNT,
    share=_REAL,
    detail=_TEXT,
    consequence=_TEXT,
)
"""Faults of the data. `attribute` and `group` are null where it is of neither, `share` where there is none;
`consequence` is `shown`, `not judged` or `not published`; `detail` names no speaker."""

CONFUSIONS = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    normalizer=_TEXT,
    word=_TEXT,
    lost=_COUNT,
    said=_COUNT,
    per_1000=_REAL,
    reference_lost=_COUNT,
    reference_said=_COUNT,
    reference_per_1000=_REAL,
    heard_as=_TEXT,
    log_odds=_REAL,
    z=_REAL,
    speakers=_COUNT,
)
"""One row per group and word; `per_1000` is times lost per 1,000 words of the group, `speakers` who of it lost it."""

OMNIBUS = schema(
    attribute=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    endpoint=_TEXT,
    normalizer=_TEXT,
    groups=_COUNT,
    speakers=_COUNT,
    statistic=_REAL,
    p=_REAL,
    arrangements=_COUNT,
    exact=_FLAG,
)
"""One row per attribute and endpoint: any difference between the groups that are large enough to take part.

`arrangements` is null where there are more than an integer of 64 bits holds.
"""
