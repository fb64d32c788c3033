"""What the calls of a run tell: where they end, whose doing that is, and how sure the recognizer was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from callgap.corpus import Attribute
from callgap.fairness.calls import call_rows
from callgap.fairness.contrasts import Row
from callgap.fairness.evidence import Evidence
from callgap.fairness.gaps import Resampling
from callgap.fairness.groups import EVERYONE
from callgap.fairness.odds import odds_rows
from callgap.fairness.shares import share_rows
from callgap.fairness.standing import DESCRIBED
from callgap.fairness.waterfall import waterfall_rows
from callgap.ivr import Graph, Logged, NoService, Service, replay, walk
from callgap.ivr.calibration import SEPARATES, Understood, understood
from callgap.records import OUTCOMES


@dataclass(frozen=True)
class Calls:
    """The calls of a run.

    Attributes:
        service: where they were made.
        utterances: table `utterances`, repetitions among them where callers may repeat themselves.
        hypotheses: table `hypotheses`, likewise.
        covariates: table `covariates`, likewise.
    """

    service: Service | Graph | NoService
    utterances: pa.Table
    hypotheses: pa.Table
    covariates: pa.Table

    @cached_property
    def outcomes(self) -> pa.Table:
        """Table `outcomes`. Nobody's error is a confident one where the confidence says nothing of errors."""
        if isinstance(self.service, Logged):
            return self.service.outcomes(self.utterances, self.hypotheses)
        found = walk(self.service, self.utterances, self.hypotheses, self.covariates)
        if self.understood is None or self.understood.separates():
            return found
        field = OUTCOMES.field("confident_error")
        place = OUTCOMES.get_field_index(field.name)
        return found.set_column(place, field, pa.nulls(len(found), field.type))

    @cached_property
    def understood(self) -> Understood | None:
        """What a graph took the recordings for; None where nobody gives a confidence."""
        if not isinstance(self.service, Graph):
            return None
        found = understood(self.service, self.utterances, self.hypotheses)
        return found if len(found.right) else None

    def confidence(self) -> dict[str, object] | None:
        """Whether the confidence separates right from wrong, for the report; None where nobody gives one."""
        if self.understood is None:
            return None
        area = self.understood.separation()
        return {"area": area, "asked": SEPARATES, "separates": self.understood.separates()}

    def told(self, evidence: Evidence, attributes: Mapping[str, Attribute], comparison: Any) -> dict[str, list[Row]]:
        """Tell of the calls of everyone, of groups, and of values of a condition.

        Args:
            evidence: of the run.
            attributes: groups and conditions, by name.
            comparison: its plan of resampling and its declared endpoints count.

        Returns:
            Rows by table: of logged calls `calls`, of those walked through a graph also `waterfall`, `odds`, `shares`
            and `calibration`, of single menus none.
        """
        if not isinstance(self.service, Logged | Graph) or not evidence.outcomes.num_rows:
            return {}
        persons = {name: a.reference for name, a in attributes.items() if a.of_person}
        others = [name for name, a in attributes.items() if not a.of_person]
        plan = Resampling(comparison.alpha, comparison.resamples, comparison.seed)
        found = {"calls": call_rows(evidence, persons, others, comparison.endpoints, plan)}
        if isinstance(self.service, Graph):
            found["waterfall"] = waterfall_rows(evidence, persons)
            found["odds"] = odds_rows(evidence, persons, plan)
            found["shares"] = self._shares(evidence, persons)
            found["calibration"] = self._calibration(evidence, list(persons))
        return found

    def _shares(self, evidence: Evidence, references: Mapping[str, str | None]) -> list[Row]:
        # No seed: it draws probes, and no call is made of them.
        outcomes = replay(self.service, self.utterances, self.hypotheses, self.covariates, 0)
        return share_rows(evidence, replace(evidence, outcomes=outcomes), references)

    def _calibration(self, evidence: Evidence, attributes: Sequence[str]) -> list[Row]:
        if self.understood is None or not self.understood.separates():
            return []
        groups = [(EVERYONE, EVERYONE)]
        groups += [(name, group) for name in attributes for group in sorted(set(evidence.membership[name].values()))]
        return [
            {
                "attribute": attribute,
                "group": group,
                "system": evidence.system,
                "condition": evidence.condition,
                "confidence_from": bin.begin,
                "confidence_to": bin.end,
                "speakers": len(set(mine.speaker_ids)),
                "answers": bin.answers,
                "right": bin.right,
                "mean_confidence": bin.mean_confidence,
            }
            for attribute, group in groups
            if len(set((mine := self.understood.of(evidence.members(attribute, group))).speaker_ids)) >= DESCRIBED
            for bin in mine.curve()
        ]
