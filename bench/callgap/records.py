"""What travels between the stages: the Arrow schemas of every table, statuses, and grammars.

This is the only definition of the tables. Ratios stand in `groups` and `contrasts` alone; everything before them is
counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from callgap.errors import InputError


class Status(StrEnum):
    """What became of one utterance."""

    OK = "ok"
    FAILED = "failed"
    REFUSED = "refused"
    MISSING = "missing"
    EXCLUDED = "excluded"


LOST = (Status.FAILED, Status.REFUSED, Status.MISSING)
"""The statuses under which the recognizer owed a text and gave none."""


@dataclass(frozen=True)
class ItemStatus:
    """Status of one item of a batch, with a reason code where it is not `ok`."""

    status: Status
    reason: str | None = None


OK = ItemStatus(Status.OK)


OPEN = "open"
"""Grammar id of speech that no grammar restricts."""


@dataclass(frozen=True)
class Grammar:
    """What may be said at one point of a service.

    Attributes:
        grammar_id: name that travels into the hypotheses.
        phrases: the literal phrases, lower case, words separated by one space.
    """

    grammar_id: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Context:
    """What a recognizer is told besides the audio.

    Attributes:
        language: BCP 47 tag of what is spoken.
        grammar: what may be said; None leaves the recognizer to its language model.
    """

    language: str
    grammar: Grammar | None = None

    @property
    def grammar_id(self) -> str:
        """Name of the grammar, or `open` where there is none."""
        return self.grammar.grammar_id if self.grammar else OPEN


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


_TEXT, _REAL, _COUNT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()

UTTERANCES = _schema(
    utterance_id=_TEXT,
    speaker_id=_TEXT,
    role=_TEXT,
    prompt_id=_TEXT,
    text=_TEXT,
    words=_COUNT,
    text_source=_TEXT,
    language=_TEXT,
    duration_s=_REAL,
    sample_rate=pa.int32(),
    audio=_TEXT,
    intent=_TEXT,
    slots=pa.map_(_TEXT, _TEXT),
    take=pa.int32(),
    session_id=_TEXT,
    audio_channel=pa.int32(),
    audio_begin_s=_REAL,
    audio_end_s=_REAL,
    fault=_TEXT,
)
"""One row per utterance; the group attributes that the corpus's card declares follow as string columns.

`audio_channel` (from 0), `audio_begin_s` and `audio_end_s` say where in the file the utterance is; null is all of it.
`fault` is why the row itself cannot be used (a reason code): its utterance is `excluded` unheard.
Where what was said is not published, `text` is null and `words` says how many words it has; else `words` is null.
"""

COVARIATES = _schema(
    utterance_id=_TEXT,
    duration_s=_REAL,
    snr_db=_REAL,
    speaking_rate=_REAL,
    f0=_REAL,
    bandwidth_hz=_REAL,
    clipping=_REAL,
    speech_condition=_TEXT,
)
HYPOTHESES = _schema(
    utterance_id=_TEXT,
    grammar_id=_TEXT,
    text=_TEXT,
    error_rate=_REAL,
    confidence=_REAL,
    n_best=pa.list_(_TEXT),
    status=_TEXT,
    reason=_TEXT,
)
"""`text` is null unless `status` is ok; an empty text is something the recognizer said.

Where only the word errors per word are published, `error_rate` holds them and `text` is null although `status` is ok.
"""

TIMINGS = _schema(utterance_id=_TEXT, grammar_id=_TEXT, latency_s=_REAL, attempt=pa.int32(), worker=_TEXT)
SCORES = _schema(
    utterance_id=_TEXT,
    normalizer=_TEXT,
    unit=_TEXT,
    hits=_COUNT,
    substitutions=_COUNT,
    deletions=_COUNT,
    insertions=_COUNT,
    errors=_REAL,
    reference_tokens=_COUNT,
    empty=_FLAG,
    hallucinated=_FLAG,
    wrong_language=_FLAG,
)
"""Counts are null where the recognizer owed a text and gave none; a flag is null where nothing determines it.

`errors` is substitutions + deletions + insertions, a whole number. Where only a rate is published it is that rate times
the number of words, and the four counts are null.
"""

OUTCOMES = _schema(
    call_id=_TEXT,
    speaker_id=_TEXT,
    nodes=pa.list_(_TEXT),
    turns=_COUNT,
    reprompts=_COUNT,
    outcome=_TEXT,
    reached=_TEXT,
    expected=_TEXT,
    seconds=_REAL,
)
GROUPS = _schema(
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
CONTRASTS = _schema(
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

ATTRIBUTIONS = _schema(
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

CONDITIONS = _schema(
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

FAULTS = _schema(
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

CONFUSIONS = _schema(
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

OMNIBUS = _schema(
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


def utterances_schema(attributes: Iterable[str]) -> pa.Schema:
    """Schema of `utterances` with one string column per group attribute.

    Args:
        attributes: names that the corpus's card declares.

    Returns:
        The schema.

    Raises:
        InputError: an attribute has the name of a fixed column.
    """
    schema = UTTERANCES
    for name in attributes:
        if name in schema.names:
            raise InputError(f"group attribute {name!r} has the name of a column of the table `utterances`")
        schema = schema.append(pa.field(name, _TEXT))
    return schema


def table(rows: Sequence[dict[str, object]], schema: pa.Schema) -> pa.Table:
    """Build a table from rows, refusing a column that the schema does not know.

    Args:
        rows: one mapping per row; an absent column is null.
        schema: one of this module's schemas.

    Returns:
        The table, in the order of `rows`.

    Raises:
        KeyError: a row carries a column that the schema lacks.
    """
    known = set(schema.names)
    for row in rows:
        if unknown := row.keys() - known:
            raise KeyError(f"columns {sorted(unknown)} are not in the schema {schema.names}")
    return pa.Table.from_pylist(list(rows), schema=schema)
