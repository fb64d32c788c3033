"""The policy under which verdicts are drawn, declared and hashed before anything is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field, field_validator
from pydantic.dataclasses import dataclass

from callgap.errors import one_of
from callgap.fairness.endpoints import CONTRASTED

Margin = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Policy:
    """What counts as a disadvantage.

    Attributes:
        margins: by endpoint, the gap in rates up to which groups count as served alike.
        ratio_flag: ratios from here on are marked; absolute margins hide gaps where errors are rare.
        unfit_wer: a reference group with more word errors than this is not served itself.
        unfit_not_completed: likewise, the share of its calls that do not reach what was asked for.
    """

    margins: Mapping[str, Margin]
    ratio_flag: Annotated[float, Field(gt=1)]
    unfit_wer: Annotated[float, Field(gt=0)]
    unfit_not_completed: Annotated[float, Field(gt=0, le=1)]

    @field_validator("margins")
    @classmethod
    def _endpoints_exist(cls, margins: Mapping[str, float]) -> Mapping[str, float]:
        for name in margins:
            if name not in CONTRASTED:
                raise ValueError(f"found {name!r}; {one_of(name, CONTRASTED)}")
        return margins
