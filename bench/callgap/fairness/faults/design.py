"""Faults in how the speech was gathered: where a group is a corpus, a session or a set of sentences of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from callgap.fairness.faults.material import Consequence, Fault, Material, Part, percent
from callgap.fairness.standing import EXPLORATORY

SHARED = 0.01
"""Share of utterances in common up to which two sides count as apart: a few stray rows make no overlap."""

FEW_SESSIONS = 2
"""Recording sessions of a whole group: what happened in one or two of them cannot be told from the people."""

REPEATED = 0.5
"""Share of a group's utterances whose sentence another of its speakers says too: then the corpus has set sentences."""


def group_is_corpus(material: Material) -> Iterator[Fault]:
    """Groups that come from other collections, or speak another language, than those they are compared with."""
    # A region (en-IN) names the accent itself; only another language is another corpus.
    primary = material.frame["language"].str.split("-").str[0].str.lower()
    columns = {"language": primary, **{name: material.frame[name] for name in material.sources}}
    for name, values in columns.items():
        codes = pd.factorize(values)[0]
        for group, others in material.groups:
            if (common := _common(codes, group, others)) is not None and common <= SHARED:
                yield _not_judged("group_is_corpus", group, others, common, f"the {name} of its utterances")


def group_is_session(material: Material) -> Iterator[Fault]:
    """Groups recorded in one or two sessions that have nobody in common with those they are compared with."""
    # Without sessions, people who were cut out of one recording were recorded together.
    codes = pd.factorize(material.frame["session_id"].fillna(material.frame["audio"]))[0]
    for group, others in _both_large(material):
        if min(len(np.unique(codes[part.places])) for part in (group, others)) > FEW_SESSIONS:
            continue
        if (common := _common(codes, group, others)) is not None and common <= SHARED:
            yield _not_judged("group_is_session", group, others, common, "the recording session")


def disjoint_prompts(material: Material) -> Iterator[Fault]:
    """Groups that say set sentences which those they are compared with never say."""
    codes = pd.factorize(material.frame["prompt_id"].fillna(material.frame["text"]))[0]
    for group, others in _both_large(material):
        mine = codes[group.places]
        common = float(np.isin(mine, codes[others.places]).mean())
        if common > SHARED:
            continue
        prompts = group.rows["speaker_id"].groupby(mine)
        if float((prompts.transform("nunique") > 1).mean()) >= REPEATED:
            yield Fault(
                "disjoint_prompts",
                Consequence.SHOWN,
                f"{group.name} says {prompts.ngroups:,} set sentences that those it is compared with do not say: a gap "
                "may be the sentences'.",
                group.speakers,
                len(mine),
                common,
                group.attribute,
                group.group,
            )


def _both_large(material: Material) -> Iterator[tuple[Part, Part]]:
    """Groups of which limits are shown: in a smaller one, a session or sentences of its own are no surprise."""
    return (pair for pair in material.groups if min(part.speakers for part in pair) >= EXPLORATORY)


def _common(codes: NDArray[np.intp], group: Part, others: Part) -> float | None:
    """Overlap of two distributions over utterances, in [0, 1]; None where a side is empty or not described."""
    sides = [codes[part.places] for part in (group, others)]
    if any(len(side) == 0 or side.min() < 0 for side in sides):
        return None
    shares = [np.bincount(side, minlength=codes.max() + 1) / len(side) for side in sides]
    return float(np.minimum(*shares).sum())


def _not_judged(fault: str, group: Part, others: Part, common: float, what: str) -> Fault:
    overlap = "never" if common == 0 else f"for {percent(common)} of the utterances"
    return Fault(
        fault,
        Consequence.NOT_JUDGED,
        f"{group.name} and the {others.speakers:,} speakers it is compared with {overlap} share {what}: a gap cannot "
        "be told from it, so it is described and not judged.",
        group.speakers,
        len(group.places),
        common,
        group.attribute,
        group.group,
    )
