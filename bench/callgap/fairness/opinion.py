"""The second opinion on an attribute's contrasts, and on whether its groups differ at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from callgap.fairness.grouping import EVERYONE_ELSE
from callgap.fairness.permutation import EVERYONE_ELSE as REST
from callgap.fairness.permutation import NOBODY, Omnibus, PairTests, second_opinion
from callgap.fairness.sides import Side
from callgap.fairness.standing import EXPLORATORY
from callgap.fairness.treatment import Treatment, known


@dataclass(frozen=True)
class Opinion:
    """What permuting speakers says.

    Attributes:
        groups: those that were tested against the reference, in the order of `pairs`.
        endpoints: in the order of the columns.
        pairs: each group with its reference.
        omnibus: any difference between the groups.
    """

    groups: Sequence[str]
    endpoints: Sequence[str]
    pairs: PairTests
    omnibus: Omnibus

    def of(self, group: str, endpoint: str) -> Mapping[str, float | None]:
        """The columns `p` and `p_adjusted` of a contrast; null where nothing could be tested."""
        if group not in self.groups:
            return {}
        place = self.groups.index(group), self.endpoints.index(endpoint)
        values = float(self.pairs.p[place]), float(self.pairs.p_adjusted[place])
        p, adjusted = (value if math.isfinite(value) else None for value in values)
        return {"p": p, "p_adjusted": adjusted}


def opinion(treatment: Treatment, endpoints: Sequence[str], permutations: int, seed: int) -> Opinion:
    """Permute the groups of the speakers.

    Args:
        treatment: of the attribute; a standardized comparison is permuted as it was observed.
        endpoints: observed ones.
        permutations: how many.
        seed: of the draws.

    Returns:
        Tests of every group of five speakers or more, and of any difference between such groups.
    """
    names = known(treatment.members)
    number = {name: place for place, name in enumerate(names)}
    speakers = sorted(treatment.groups)
    index = np.array([number.get(treatment.groups[speaker], NOBODY) for speaker in speakers], dtype=np.int64)
    sides = [treatment.everyone(endpoint) for endpoint in endpoints]
    numerator, denominator = (
        np.stack([_column(side, speakers, column) for side in sides], axis=1) for column in ("numerator", "denominator")
    )
    tested = [name for name in names if _is_tested(treatment, name)]
    reference = REST if treatment.reference == EVERYONE_ELSE else number.get(treatment.reference, REST)
    found = second_opinion(
        numerator,
        denominator,
        index,
        [(number[name], reference) for name in tested],
        seed=seed,
        permutations=permutations,
    )
    return Opinion(tested, endpoints, found.pairs, found.omnibus)


def _is_tested(treatment: Treatment, name: str) -> bool:
    fewest = min(len(treatment.members[name]), len(treatment.others(name)))
    return name != treatment.reference and fewest >= EXPLORATORY


def _column(side: Side, speakers: Sequence[str], column: str) -> np.ndarray:
    values = dict(zip(side.names, getattr(side, column), strict=True))
    return np.array([values.get(name, 0.0) for name in speakers])
