"""What a run hands to its report, and what the user may choose of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as validated

from callgap.corpus.card import Attribute, Card


@validated(frozen=True, config=ConfigDict(extra="forbid"))
class ReportOptions:
    """What the user may choose of a report.

    Attributes:
        worst: utterances listed per group, those with the most errors per word first.
    """

    worst: Annotated[int, Field(ge=0, le=100)] = 5


@dataclass(frozen=True)
class Findings:
    """Everything that one run found out.

    Attributes:
        name: of the run.
        utterances: one row per utterance.
        hypotheses: what was recognized, probes of grammars that lack the phrase included.
        scores: counts of errors.
        outcomes: one row per simulated call; its `call_id` is the id of the utterance that it begins with.
        groups: rates per group.
        contrasts: each group against its reference.
        beside: by name, the other tables: faults, omnibus, conditions, confusions, attributions.
        membership: group of each speaker by attribute, `unknown` and `contradictory` included.
        card: of the corpus.
        attributes: those that were examined.
        policy: `endpoints` (names of the primary ones), `primary_normalizer` and `minimum_speakers` (to be judged) are
            read by name; everything is shown.
        service: the simulated telephone service; empty where there was none.
        provenance: content of run.json; `recognizer` and `rejection` (`in_grammar`, of which `rejected`;
            `out_of_grammar`, of which `accepted`) are read by name; everything is shown.
    """

    name: str
    utterances: pa.Table
    hypotheses: pa.Table
    scores: pa.Table
    outcomes: pa.Table
    groups: pa.Table
    contrasts: pa.Table
    beside: Mapping[str, pa.Table]
    membership: Mapping[str, Mapping[str, str]]
    card: Card
    attributes: Mapping[str, Attribute]
    policy: Mapping[str, object]
    service: Mapping[str, object]
    provenance: Mapping[str, object]
