"""What travels between the stages: the Arrow schemas of every table, statuses, and grammars.

This is the only definition of the tables that have rows of utterances or calls, and they hold counts; what has rows of
groups, ratios among them, is in `group_records`, of calls in `call_records`.
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


def schema(**columns: pa.DataType) -> pa.Schema:
    """A schema from its columns, in their order."""
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


_TEXT, _REAL, _COUNT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()

UTTERANCES = schema(
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

COVARIATES = schema(
    utterance_id=_TEXT,
    duration_s=_REAL,
    snr_db=_REAL,
    speaking_rate=_REAL,
    f0=_REAL,
    bandwidth_hz=_REAL,
    clipping=_REAL,
    speech_condition=_TEXT,
)
HYPOTHESES = schema(
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

TIMINGS = schema(
    utterance_id=_TEXT, grammar_id=_TEXT, latency_s=_REAL, altered_s=_REAL, attempt=pa.int32(), worker=_TEXT
)
SCORES = schema(
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

OUTCOMES = schema(
    call_id=_TEXT,
    speaker_id=_TEXT,
    nodes=pa.list_(_TEXT),
    turns=_COUNT,
    reprompts=_COUNT,
    outcome=_TEXT,
    reached=_TEXT,
    expected=_TEXT,
    seconds=_REAL,
    service=_TEXT,
    goal=_TEXT,
    completed=_FLAG,
    wrong_priority=_FLAG,
    no_matches=_COUNT,
    gave_up=_FLAG,
    keys=_FLAG,
    confirmations=_COUNT,
    repetitions=_COUNT,
    asked_for_human=_FLAG,
    human_turns=_COUNT,
    human_seconds=_REAL,
    contained=_FLAG,
    digits_exact_1=_FLAG,
    digits_exact_2=_FLAG,
    digits_exact_3=_FLAG,
    wrong_number_accepted=_FLAG,
    critical_heard=_FLAG,
    confident_error=_FLAG,
)
"""One row per simulated call. From `service` on, null is what cannot be said of the call: a service of single menus
says none of it, and of a call whose text was owed nothing is known.

`completed`: reached what was expected, and no wrong number was taken on the way. `wrong_priority`, of calls that belong
in a queue: reached none of that priority, or nobody. `no_matches`: turns in which nothing was understood. `gave_up`:
all attempts at a node were used up, wherever the call went then. `keys`: the telephone keys were used. `repetitions`:
turns in which a recording was heard again for want of another take. `human_turns` and `human_seconds`, of calls that
reached a queue: until a person answered. `contained`: ended with the machine, rightly or wrongly. `digits_exact_N`, of
calls in which a number was said: understood exactly at one of the first N attempts. `critical_heard`, of critical
calls: a critical answer was understood. `confident_error`, where the recognizer gives a confidence: something wrong was
understood with a confidence from the service's `confident_from` on.
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
        schema: as this module or `group_records` has it.

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
