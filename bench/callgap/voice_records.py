"""Arrow schema of what is measured of voices, each utterance as an alteration left it."""

from __future__ import annotations

import pyarrow as pa

from callgap.records import schema

_TEXT, _REAL, _COUNT = pa.string(), pa.float64(), pa.int64()

VOICES = schema(
    utterance_id=_TEXT,
    status=_TEXT,
    reason=_TEXT,
    embedding=pa.list_(pa.float32()),
    dnsmos_overall=_REAL,
    dnsmos_speech=_REAL,
    dnsmos_background=_REAL,
    f0_mean_hz=_REAL,
    f0_range_semitones=_REAL,
    f0_sd_semitones=_REAL,
    energy_dbfs=_REAL,
    energy_range_db=_REAL,
    speaking_rate=_REAL,
    pause_share=_REAL,
    pauses_per_s=_REAL,
    duration_s=_REAL,
    pesq=_REAL,
    stoi=_REAL,
    f0_correlation=_REAL,
    f0_scale=_REAL,
    energy_correlation=_REAL,
    energy_scale=_REAL,
)
"""One row per utterance and condition. Null is what was not measured; `reason` then says why (codes of the measures,
`measure:code`, separated by `; `), while `status` stays that of the audio. `embedding` has norm 1.
The last six compare the utterance with itself before the alteration."""

ACCENTS = schema(
    corpus=_TEXT,
    alteration=_TEXT,
    attribute=_TEXT,
    group=_TEXT,
    speakers=_COUNT,
    label=_TEXT,
    mean_probability=_REAL,
)
"""One row per group and label of an accent classifier; no person has a row, and a group of few persons neither.

`mean_probability` is the mean of the speakers' means, each over all that was heard of the speaker as the alteration
left it, weighted by seconds. The difference of two alterations is how far speech moved towards a label: a distance."""
