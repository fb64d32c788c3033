"""A finished run, as whatever looks at several of them reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from callgap.assembly import units
from callgap.evaluation import condition
from callgap.fairness.endpoints import observe
from callgap.judging import examined, memberships
from callgap.run_directory import RunDirectory


@dataclass(frozen=True)
class Finished:
    """A finished run as a comparison reads it; `report` is the content of its report.json."""

    directory: RunDirectory
    report: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path) -> Finished:
        """Open a run.

        Raises:
            InputError: it is no run, or was not finished.
        """
        directory = RunDirectory.open(path)
        return cls(directory, directory.report())

    @property
    def system(self) -> str:
        """Name of the recognizer."""
        return str(self.report["provenance"]["recognizer"]["id"])

    @property
    def condition(self) -> str:
        """Name of what lies between speaker and recognizer."""
        notes = self.report["provenance"]
        return str(notes.get("condition") or condition(notes["choices"]))

    @property
    def normalizer(self) -> str:
        """The primary one."""
        return str(self.report["policy"]["primary_normalizer"])

    @cached_property
    def plan(self) -> Mapping[str, Any]:
        """The configuration of the comparison of groups."""
        plan: Mapping[str, Any] = self.directory.config()["fairness"]
        return plan

    @cached_property
    def attributes(self) -> dict[str, str | None]:
        """Attributes of persons that were examined, with their reference groups."""
        examined = self.report["attributes"]
        return {name: a["reference"] for name, a in examined.items() if a["of_person"]}

    @cached_property
    def utterances(self) -> pa.Table:
        """Table `utterances`."""
        return self.directory.read_table("utterances.parquet")

    @cached_property
    def _tables(self) -> tuple[pa.Table, pa.Table]:
        scores = self.directory.read_table("scores.parquet")
        return scores.filter(pc.equal(scores["normalizer"], self.normalizer)), self.directory.read_table(
            "outcomes.parquet"
        )

    @cached_property
    def speakers(self) -> dict[str, str]:
        """By utterance id, who speaks."""
        ids, speakers = self.utterances["utterance_id"].to_pylist(), self.utterances["speaker_id"].to_pylist()
        return dict(zip(ids, speakers, strict=True))

    @cached_property
    def said(self) -> dict[str, str]:
        """By utterance id, the words that were said, else the prompt; without utterances of unknown words."""
        columns = (self.utterances[name].to_pylist() for name in ("utterance_id", "text", "prompt_id"))
        found = zip(*columns, strict=True)
        return {utterance: words for utterance, text, prompt in found if (words := (text or prompt or "").casefold())}

    def observed(self, *, charged: bool) -> dict[str, pd.DataFrame]:
        """By endpoint one row per utterance; with `charged`, what was lost counts as wrong."""
        human = str(self.directory.config()["ivr"].get("human") or "")
        return observe(*self._tables, self.speakers, human, charged=charged)

    def groups(self, attribute: str) -> dict[str, str]:
        """The group of each speaker, small ones pooled and attributes crossed as the run did."""
        return self._memberships[attribute]

    @cached_property
    def _memberships(self) -> dict[str, dict[str, str]]:
        unit = units(self.directory.config())
        return memberships(self.utterances, unit["fairness"], examined(unit))
