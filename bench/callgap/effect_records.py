"""Arrow schemas of what an alteration changes: groups before and after it, voices, and what the measures are worth."""

from __future__ import annotations

import pyarrow as pa

from callgap.records import schema

_TEXT, _REAL, _COUNT = pa.string(), pa.float64(), pa.int64()

EFFECTS = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    before=_TEXT,
    after=_TEXT,
    measure=_TEXT,
    kind=_TEXT,
    normalizer=_TEXT,
    speakers=_COUNT,
    utterances=_COUNT,
    left_out=_COUNT,
    left_out_reasons=_TEXT,
    speakers_better=_COUNT,
    speakers_worse=_COUNT,
    value_before=_REAL,
    value_after=_REAL,
    change=_REAL,
    change_lower=_REAL,
    change_upper=_REAL,
    ratio=_REAL,
    ratio_lower=_REAL,
    ratio_upper=_REAL,
    gap_before=_REAL,
    gap_before_lower=_REAL,
    gap_before_upper=_REAL,
    gap_after=_REAL,
    gap_after_lower=_REAL,
    gap_after_upper=_REAL,
    gap_change=_REAL,
    gap_change_lower=_REAL,
    gap_change_upper=_REAL,
    gap_ratio_before=_REAL,
    gap_ratio_after=_REAL,
    gap_ratio_change=_REAL,
    gap_ratio_change_lower=_REAL,
    gap_ratio_change_upper=_REAL,
    margin=_REAL,
    change_finding=_TEXT,
    finding=_TEXT,
    ratio_finding=_TEXT,
    reason=_TEXT,
)
"""One row per pair of runs that differ in nothing but the alteration, attribute, group and measure, the reference group
and everyone (attribute and group `all`) too, whose gaps are null.

`kind` is `rate` (an endpoint: shares of words or calls, higher is worse) or `level` (a measure of the voice, of which
neither direction is worse; ratios are null). `change` is after less before of the same speakers, `ratio` after over
before; `gap_change` is the gap after less the gap before (difference in differences), `gap_ratio_change` the ratio of
rates after over the ratio before. Their limits hold together over all groups and all measures of one kind,
attribute by attribute; those of `not_completed`, `wer`, `cer` and `unusable`, where these are not declared, apart
from the declared endpoints. `gap_before` and `gap_after` have the limits of `contrasts` where these are given.
`speakers_better` and `speakers_worse` changed by more than the margin. `change_finding` is `helped`, `harmed` or
`cannot tell`; of levels, and of `content_changed`, which may be corrections, `higher`, `lower` or `cannot tell`.
`finding` is what became of the gap (`closes`, `narrows`, `reverses`, `widens`, `stays`, `harms the reference`,
`moves to the reference`, `cannot tell`), of levels whether the group's rose or fell against the reference's (`higher`,
`lower`); `ratio_finding` is `narrows`, `widens` or `cannot tell`, null where ratios have no limits. `reason` says
why."""

IDENTITIES = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    before=_TEXT,
    after=_TEXT,
    speakers=_COUNT,
    utterances=_COUNT,
    left_out=_COUNT,
    similarity=_REAL,
    similarity_to_others=_REAL,
    threshold=_REAL,
    still_themselves_before=_REAL,
    still_themselves=_REAL,
    taken_for_another_before=_REAL,
    taken_for_another=_REAL,
    error_rate_before=_REAL,
    error_rate_after=_REAL,
    distance_ratio=_REAL,
    distance_to_reference_before=_REAL,
    distance_to_reference_after=_REAL,
)
"""One row per alteration and group, and one for everyone (attribute and group `all`): who is still known as the own
speaker at the threshold of this corpus's unaltered speech, and whether its speakers are told apart from each other.

`similarity` is the mean over speakers of the cosine of an utterance before and after, `similarity_to_others` the mean
cosine of two speakers before; error rates are equal error rates of the group's speakers among themselves;
`distance_ratio` is after over before of the mean distance between two of them; distances to the reference group are
distances, and shorter is no success. The reference group's own row has distances of each speaker to its others."""

VALIDATIONS = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    measure=_TEXT,
    speakers=_COUNT,
    reference_speakers=_COUNT,
    value=_REAL,
    reference_value=_REAL,
    difference=_REAL,
    lower=_REAL,
    upper=_REAL,
    equal_error_rate=_REAL,
    finding=_TEXT,
)
"""One row per group and measure of unaltered voices, as `callgap.voice.Validated`: whether it is fit to be compared."""

LATENCIES = schema(
    alteration=_TEXT,
    look_ahead_s=_REAL,
    compute_s_per_s=_REAL,
    device=_TEXT,
)
"""One row per alteration: seconds of the future that it needs (infinite: the whole utterance; null: nobody said), and
of computing per second of audio in the run itself, one process, on its machine."""
