"""Arrow schemas of what is found out about calls that were logged, or walked through a graph."""

from __future__ import annotations

import pyarrow as pa

from callgap.records import schema

_TEXT, _REAL, _COUNT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()

CALLS = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    endpoint=_TEXT,
    speakers=_COUNT,
    calls=_COUNT,
    total=_REAL,
    rate=_REAL,
    rate_lower=_REAL,
    rate_upper=_REAL,
    reference_rate=_REAL,
    difference=_REAL,
    difference_lower=_REAL,
    difference_upper=_REAL,
    limits=_TEXT,
)
"""One row per group, or value of a condition, and endpoint of calls that were logged or walked. `total` is the events,
reprompts or seconds of all `calls` together, `rate` the mean of the speakers' own; `limits` as in `contrasts`."""

ODDS = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    destination=_TEXT,
    error=_TEXT,
    speakers=_COUNT,
    calls=_COUNT,
    total=_REAL,
    rate=_REAL,
    rate_lower=_REAL,
    rate_upper=_REAL,
    reference_rate=_REAL,
    difference=_REAL,
    difference_lower=_REAL,
    difference_upper=_REAL,
    limits=_TEXT,
)
"""One row per group, destination and `error`: `missed` (of calls for the destination, those that end elsewhere) or
`taken_for_it` (of calls for something else, those that end there). The other columns as in `CALLS`."""

SHARES = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    endpoint=_TEXT,
    rate=_REAL,
    rate_understanding=_REAL,
    rate_recognition=_REAL,
    difference=_REAL,
    understanding=_REAL,
    recognition=_REAL,
)
"""One row per group and endpoint of walked calls: the rate with what was really said (`rate_understanding`) and what
the recognition adds, and the same split of the difference to the reference."""

WATERFALL = schema(
    attribute=_TEXT,
    group=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    speakers=_COUNT,
    calls=_COUNT,
    asked=_REAL,
    understood=_REAL,
    routed=_REAL,
    reached=_REAL,
)
"""One row per group: of the calls that were made, the shares that came so far; each stage holds the next."""

CALIBRATION = schema(
    attribute=_TEXT,
    group=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    confidence_from=_REAL,
    confidence_to=_REAL,
    speakers=_COUNT,
    answers=_COUNT,
    right=_COUNT,
    mean_confidence=_REAL,
)
"""One row per group and bin of confidence: recordings that a service took for something, and how many of them rightly.
Absent where the confidence does not separate right from wrong."""

WHAT_IF = schema(
    attribute=_TEXT,
    group=_TEXT,
    reference=_TEXT,
    system=_TEXT,
    condition=_TEXT,
    change=_TEXT,
    value=_TEXT,
    is_base=_FLAG,
    endpoint=_TEXT,
    speakers=_COUNT,
    rate=_REAL,
    reference_speakers=_COUNT,
    reference_rate=_REAL,
    difference=_REAL,
    others_speakers=_COUNT,
    others_rate=_REAL,
    left_out=_TEXT,
)
"""One row per group, changed service and endpoint of calls that were walked again. `is_base` is the service as it is.
Rates are means of the speakers' own, from two speakers on; `others` are all other callers whose group is known. A
change of which the stored texts cannot tell has one row without an endpoint: `left_out` says why."""
