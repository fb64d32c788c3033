"""The command `compare`: systems that heard the same utterances, against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callgap.errors import InputError, one_of
from callgap.fairness.endpoints import CONTRASTED, ENDPOINTS, capped, per_speaker
from callgap.fairness.ranking import OPEN, OVERALL, WORST, Limited, Pair, Ranks, Systems
from callgap.fairness.standing import MARGIN
from callgap.fairness.systems import compare_systems
from callgap.finished import Finished
from callgap.report.figures import ABSENT, percent, points, span
from callgap.run_directory import runs_in


@dataclass(frozen=True)
class Compared:
    """Systems on one attribute and endpoint.

    Attributes:
        attribute: of persons.
        reference: group from which gaps are measured; None where there is none.
        endpoint: that was compared.
        condition: of all runs; None where they differ.
        systems: on the utterances for which every system gave a text.
        charged: the same with lost utterances counted as wrong; None where nothing was lost.
        utterances: compared.
        left_out: utterances that some system, but not every one, gave a text for.
    """

    attribute: str
    reference: str | None
    endpoint: str
    condition: str | None
    systems: Systems
    charged: Systems | None
    utterances: int
    left_out: int

    def finding(self, place: int) -> str:
        """What pair number `place` comes to; with lost utterances it must hold both ways."""
        finding = self.systems.pairs[place].finding
        if self.charged is not None and self.charged.pairs[place].finding != finding:
            return OPEN
        return finding

    def rows(self) -> Iterator[dict[str, object]]:
        """One row per question and pair of systems."""
        for place, pair in enumerate(self.systems.pairs):
            lost = self.charged.pairs[place].difference if self.charged else None
            yield {
                "condition": self.condition,
                "attribute": self.attribute,
                "endpoint": self.endpoint,
                "estimand": pair.estimand,
                "group": pair.group,
                "reference": self.reference if pair.estimand == "gap" else None,
                "first": pair.first,
                "second": pair.second,
                "first_value": pair.first_value,
                "second_value": pair.second_value,
                **_flat("difference", pair.difference),
                **_flat("difference_lost_deleted", lost),
                "finding": self.finding(place),
                "speakers": self.systems.speakers,
                "utterances": self.utterances,
                "utterances_left_out": self.left_out,
            }


def _flat(name: str, limited: Limited | None) -> dict[str, float | None]:
    if limited is None:
        return dict.fromkeys((name, f"{name}_lower", f"{name}_upper"))
    return {name: limited.value, f"{name}_lower": limited.lower, f"{name}_upper": limited.upper}


def compare_command(runs: Sequence[Path], attribute: str | None, endpoint: str, console: Console) -> None:
    """Print how systems compare: ranks with their uncertainty, and pair by pair.

    Args:
        runs: run directories; the directory of a sweep or of an audit stands for its runs.
        attribute: whose groups are compared; None takes all attributes of persons.
        endpoint: what is compared.
        console: for the tables.

    Raises:
        InputError: fewer than two runs, or runs that cannot be compared.
    """
    finished = [Finished.open(run) for given in runs for run in runs_in(given)]
    if len(finished) < 2:
        raise InputError(f"compare: found {len(finished)} run; accepted: two or more of the same utterances")
    known = finished[0].attributes
    if attribute is not None and attribute not in known:
        raise InputError(f"--attribute: found {attribute!r}; {one_of(attribute, known)}")
    for name in [attribute] if attribute else known:
        compared = compare_runs(finished, name, endpoint)
        console.print(_ranking(compared))
        for line in _told(compared):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def compare_runs(runs: Sequence[Finished], attribute: str, endpoint: str = "wer") -> Compared:
    """Compare systems on the utterances that every one of them gave a text for.

    Args:
        runs: one or more.
        attribute: of persons.
        endpoint: of those that can be compared.

    Returns:
        The comparison.

    Raises:
        InputError: the runs are not of the same utterances, groups, normalizer and error rate, or have nothing in
            common.
    """
    if endpoint not in CONTRASTED:
        raise InputError(f"--endpoint: found {endpoint!r}; {one_of(endpoint, CONTRASTED)}")
    first = runs[0]
    names = _names(runs)
    for name, run in zip(names[1:], runs[1:], strict=True):
        _require_alike(first, run, attribute, names[0], name)
    plain = [run.observed(charged=False)[endpoint] for run in runs]
    common, left_out = _common(plain)
    if not common:
        raise InputError(f"compare: no utterance counts for {endpoint!r} in all of {', '.join(names)}")
    charged = [run.observed(charged=True).get(endpoint) for run in runs]
    complete = [frame for frame in charged if frame is not None]
    lost = any(len(frame) > len(own) for frame, own in zip(complete, plain, strict=False))
    conditions = {run.condition for run in runs}
    return Compared(
        attribute=attribute,
        reference=first.attributes[attribute],
        endpoint=endpoint,
        condition=conditions.pop() if len(conditions) == 1 else None,
        systems=_systems(first, names, plain, common, attribute, endpoint),
        charged=_systems(first, names, complete, _common(complete)[0], attribute, endpoint) if lost else None,
        utterances=len(common),
        left_out=left_out,
    )


def _systems(
    first: Finished, names: Sequence[str], frames: Sequence[pd.DataFrame], ids: set[str], attribute: str, endpoint: str
) -> Systems:
    pooled, cap, plan = ENDPOINTS[endpoint].pooled, first.plan.get("speaker_cap"), first.plan
    sums = {
        name: capped(per_speaker(frame[frame["utterance_id"].isin(ids)], pooled), cap if pooled else None)
        for name, frame in zip(names, frames, strict=True)
    }
    return compare_systems(
        sums,
        first.groups(attribute),
        first.attributes[attribute],
        alpha=plan["alpha"],
        resamples=plan["resamples"],
        seed=plan["seed"],
    )


def _common(frames: Sequence[pd.DataFrame]) -> tuple[set[str], int]:
    ids = [set(frame["utterance_id"]) for frame in frames]
    common = set.intersection(*ids)
    return common, len(reduce(set.union, ids)) - len(common)


def _names(runs: Sequence[Finished]) -> list[str]:
    systems, conditions = ([getattr(run, part) for run in runs] for part in ("system", "condition"))
    both = [f"{system}, {place}" for system, place in zip(systems, conditions, strict=True)]
    for names in (systems, conditions, both):
        if len(set(names)) == len(names):
            return names
    twice = next(name for name in both if both.count(name) > 1)
    raise InputError(f"compare: two runs are of {twice!r}; accepted: different systems or conditions")


def _require_alike(one: Finished, other: Finished, attribute: str, name: str, named: str) -> None:
    """Refuse runs whose numbers do not answer the same question."""
    for what, mine, theirs in (
        ("primary normalizer", one.normalizer, other.normalizer),
        ("alpha", one.plan["alpha"], other.plan["alpha"]),
        (f"reference group of {attribute}", one.attributes.get(attribute), other.attributes.get(attribute)),
    ):
        if mine != theirs:
            raise InputError(f"compare: {what} is {mine!r} in {name} and {theirs!r} in {named}; accepted: the same")
    columns = ["utterance_id", "speaker_id", "text"]
    tables = [run.utterances.select(columns).to_pandas().set_index("utterance_id") for run in (one, other)]
    for table, run in zip(tables, (one, other), strict=True):
        table[attribute] = table["speaker_id"].map(run.groups(attribute))
    shared = tables[0].index.intersection(tables[1].index)
    differing = (tables[0].loc[shared].fillna("") != tables[1].loc[shared].fillna("")).any(axis=1)
    if differing.any():
        raise InputError(
            f"compare: utterance {differing.idxmax()!r} has another speaker, text or {attribute} in {named} than in "
            f"{name}; accepted: runs on the same corpus"
        )


def _ranking(compared: Compared) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left", title_style="bold")
    table.title = Text(f"{compared.attribute}, {compared.endpoint}: {compared.utterances:,} utterances of all systems")
    for name in ("system", "overall", "limits", "rank", "worst group", "rate", "limits", "rank"):
        table.add_column(name, justify="left" if name in ("system", "worst group") else "right", overflow="fold")
    for row in sorted(compared.systems.systems, key=lambda row: row.overall.value):
        worst = (percent(row.worst.value), _span(row.worst)) if row.worst else (ABSENT, ABSENT)
        cells = (row.system, percent(row.overall.value), _span(row.overall), told_ranks(row.overall_ranks))
        table.add_row(*map(Text, (*cells, row.worst_group or ABSENT, *worst, told_ranks(row.worst_ranks))))
    return table


def told_ranks(ranks: Ranks | None) -> str:
    """Write the ranks that a system may have, such as `1 to 3`."""
    if ranks is None:
        return ABSENT
    return str(ranks.best) if ranks.best == ranks.worst else f"{ranks.best} to {ranks.worst}"


def _span(limited: Limited) -> str:
    return span(limited.lower, limited.upper) or ABSENT


def _told(compared: Compared) -> Iterator[str]:
    for estimand, words in ((OVERALL, "over all speakers"), (WORST, "in the worst group")):
        found = [(p, compared.finding(n)) for n, p in enumerate(compared.systems.pairs) if p.estimand == estimand]
        for pair, finding in found:
            if finding != OPEN:
                yield _line(pair, words)
        open_ = sum(finding == OPEN for _, finding in found)
        if open_:
            yield f"{words}: it cannot be told which of two is lower for {open_} of {len(found)} pairs"
    if len(compared.systems.weighed) < len(compared.systems.judged):
        yield f"the worst group is sought among those with {MARGIN} speakers: {', '.join(compared.systems.weighed)}"
    if compared.left_out:
        yield f"{compared.left_out:,} utterances were left out: not every system gave a text for them"


def _line(pair: Pair, words: str) -> str:
    low, high = (pair.first, pair.second) if pair.difference.value < 0 else (pair.second, pair.first)
    ends = sorted(abs(limit) for limit in (pair.difference.lower, pair.difference.upper) if limit is not None)
    limits = f" ({span(ends[0], ends[1])})" if len(ends) == 2 else ""
    return f"{words}: {low} is lower than {high} by {points(abs(pair.difference.value)).lstrip('+')} points{limits}"
