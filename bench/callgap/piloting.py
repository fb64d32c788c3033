"""What a finished run shows of its speakers, for planning a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from callgap.errors import InputError, one_of
from callgap.fairness.callers import Callers, spread_of
from callgap.fairness.endpoints import ENDPOINTS
from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.standing import EXPLORATORY
from callgap.fairness.treatment import known
from callgap.finished import Finished
from callgap.verdict import Policy


@dataclass(frozen=True, eq=False)
class Pilot:
    """One attribute and endpoint of a finished run.

    Attributes:
        run: the run.
        attribute: of persons.
        endpoint: by name.
    """

    run: Finished
    attribute: str
    endpoint: str

    @classmethod
    def open(cls, path: Path, attribute: str | None, endpoint: str) -> Pilot:
        """Open a run.

        Args:
            path: of the run.
            attribute: whose groups are planned; None takes the only one.
            endpoint: that is planned for.

        Returns:
            The pilot.

        Raises:
            InputError: it is no finished run, it has no such attribute or several to choose from, or it observed
                nothing of the endpoint.
        """
        run = Finished.open(path)
        names = list(run.attributes)
        if attribute is None and len(names) != 1:
            raise InputError(f"--attribute: {path} has {len(names)} attributes of persons; name {one_of('', names)}")
        chosen = attribute if attribute is not None else names[0]
        if chosen not in names:
            raise InputError(f"--attribute: found {chosen!r}; {one_of(chosen, names)}")
        pilot = cls(run, chosen, endpoint)
        if not len(pilot._speakers):
            raise InputError(f"--from: {path} observed nothing of the endpoint {endpoint!r}; accepted: a run that did")
        return pilot

    @property
    def endpoints(self) -> int:
        """How many endpoints the run declared."""
        return len(self.run.plan["endpoints"])

    @property
    def alpha(self) -> float:
        """Two-sided error rate of all limits of an attribute together."""
        return float(self.run.plan["alpha"])

    @property
    def policy(self) -> Policy:
        """Under which the run was judged."""
        declared = self.run.report["policy"]
        return Policy(
            **{name: declared[name] for name in ("margins", "ratio_flag", "unfit_wer", "unfit_not_completed")}
        )

    def sides(self, groups: Sequence[str], reference: str | None) -> tuple[str, list[str]]:
        """The reference group and the others.

        Args:
            groups: that were asked for; none takes all.
            reference: that was asked for; None takes the run's.

        Returns:
            Names of groups of the run.

        Raises:
            InputError: the run lacks one of them, or has too few of its speakers to show how they differ.
        """
        found = known(self._speakers["group"].tolist())
        declared = self.run.attributes[self.attribute]
        chosen = reference or (None if declared == EVERYONE_ELSE else declared)
        if chosen is None:
            raise InputError(f"--reference: the run compares with no single group; name one, {one_of('', found)}")
        others = [name for name in dict.fromkeys(groups or found) if name != chosen]
        for option, name in (("--reference", chosen), *(("--groups", name) for name in others)):
            if name not in found:
                raise InputError(f"{option}: found {name!r}; {one_of(name, found)}")
            if (size := len(self._of(name))) < EXPLORATORY:
                raise InputError(
                    f"{option}: {name} has {size} speakers in the run; accepted: groups of at least {EXPLORATORY}, for "
                    "fewer do not show how much speakers differ"
                )
        if not others:
            raise InputError(f"--groups: found no group beside the reference {chosen}; {one_of(chosen, found)}")
        return chosen, others

    def rate(self, group: str) -> float:
        """The rate of a group, as contrasts have it."""
        speakers = self._of(group)
        if ENDPOINTS[self.endpoint].pooled:
            return float(speakers["events"].sum() / speakers["trials"].sum())
        return float((speakers["events"] / speakers["trials"]).mean())

    def callers(self, group: str, *, spread: float | None, utterances: int | None, words: int | None) -> Callers:
        """What the run shows of one group's speakers.

        Args:
            group: of the run.
            spread: to assume instead of the group's.
            utterances: that every speaker is to say, instead of as many as in the run.
            words: of every utterance, instead of as many as in the run.

        Returns:
            The callers.

        Raises:
            InputError: the run shows nothing of their spread.
        """
        speakers, pooled = self._of(group), ENDPOINTS[self.endpoint].pooled
        events, trials, said = (speakers[name].to_numpy(np.float64) for name in ("events", "trials", "utterances"))
        shown = spread if spread is not None else spread_of(events, trials, pooled=pooled)
        if shown is None:
            raise InputError(f"--spread: the speakers of {group} in the run do not show it; give one, such as 0.4")
        each = trials / said if words is None else np.full(len(said), float(words))
        return Callers(shown, each * (said if utterances is None else float(utterances)), pooled)

    def _of(self, group: str) -> pd.DataFrame:
        return self._speakers[self._speakers["group"] == group]

    @cached_property
    def _speakers(self) -> pd.DataFrame:
        """Columns group, events, trials and utterances by speaker; those without trials are left out."""
        observed = self.run.observed(charged=False)[self.endpoint]
        by_speaker = observed[observed["denominator"] > 0].groupby("speaker_id", sort=True)
        speakers = pd.DataFrame(
            {
                "events": by_speaker["numerator"].sum().astype("float64"),
                "trials": by_speaker["denominator"].sum().astype("float64"),
                "utterances": by_speaker.size(),
            }
        )
        return speakers.assign(group=speakers.index.map(self.run.groups(self.attribute)))
