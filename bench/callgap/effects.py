"""What an alteration does, by group: rows of the table `effects` from finished runs, and the command that tells it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rich.console import Console

from callgap.effect_levels import has_voices, levels, voice_reasons
from callgap.effect_losses import losses
from callgap.effect_measures import LEVEL, RATE, Frames, Observations, Runs, lost_or_excluded, rates
from callgap.effect_pairs import Pair, pairs
from callgap.effects_told import sentences, tables
from callgap.errors import InputError, one_of
from callgap.fairness.before_after import BeforeAfter
from callgap.fairness.effect_findings import Found, OwnGaps, both_ways, found
from callgap.fairness.effects import Changed, Effect, effects
from callgap.fairness.gaps import Resampling
from callgap.fairness.membership import CONTRADICTORY, UNKNOWN
from callgap.fairness.ranking import Limited
from callgap.finished import Finished
from callgap.run_directory import runs_in
from callgap.verdict.words import WITHIN

Row = dict[str, Any]

ALL = "all"
"""Attribute and group of the row for everyone."""


def effects_command(
    runs: Sequence[Path], before: str | None, attribute: str | None, measure: str | None, console: Console
) -> None:
    """Print what alterations did, by group.

    Args:
        runs: run directories; the directory of a sweep stands for its runs.
        before: the alteration that the others are compared with; None takes `identity`.
        attribute: whose groups are shown; None takes all.
        measure: what is shown; None takes all.
        console: for the tables.

    Raises:
        InputError: the runs cannot be compared, or have no such attribute or measure.
    """
    finished = [Finished.open(run) for given in runs for run in runs_in(given)]
    lost = losses(finished, before)
    rows = effect_rows(finished, before)
    for line in lost:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if not rows:
        return
    shown = _chosen(_chosen(rows, "--measure", "measure", measure), "--attribute", "attribute", attribute)
    for table in tables(shown):
        console.print(table)
    for line in sentences(shown):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def effect_rows(runs: Sequence[Finished], before: str | None = None) -> list[Row]:
    """Compare runs before and after an alteration, by group.

    Args:
        runs: finished, of one corpus or several, channel and recognizer each; those that are alike in all but the
            alteration are compared.
        before: the alteration that the others are compared with; None takes `identity`.

    Returns:
        Rows of the table `effects`: for each pair of runs its endpoints, then, once for each pair of alterations, what
        was measured of the voices.

    Raises:
        InputError: the runs cannot be compared.
    """
    read = Runs()
    rows: list[Row] = []
    voices: dict[tuple[object, ...], Pair] = {}
    for pair in pairs(runs, before):
        rows += _Told(pair, RATE, rates(pair, read), _reasons_of_texts(pair, read)).rows()
        if has_voices(pair):
            # Voices depend on neither the recognizer nor the channel.
            voices.setdefault(_voice(pair), pair)
    for pair in voices.values():
        rows += _Told(pair, LEVEL, levels(pair), _reasons_of_voices(pair)).rows()
    return rows


def _voice(pair: Pair) -> tuple[object, ...]:
    notes = pair.after.report["provenance"]["corpus"]
    return notes["name"], notes.get("fingerprint"), pair.before_name, pair.after_name


Reasons = Callable[[Collection[str]], Mapping[str, int]]
"""From speakers to how many of their utterances have nothing after the alteration, by status and reason."""


def _reasons_of_texts(pair: Pair, read: Runs) -> Reasons:
    return lambda speakers: lost_or_excluded(read.heard(pair.after), pair.after.speakers, speakers)


def _reasons_of_voices(pair: Pair) -> Reasons:
    found = voice_reasons(pair)
    return lambda speakers: dict(sorted(Counter(why for who, why in found if who in speakers).items()))


@dataclass(frozen=True, eq=False)
class _Told:
    """One pair of runs and what was measured in both."""

    pair: Pair
    kind: str
    observations: Sequence[Observations]
    reasons: Reasons

    def rows(self) -> list[Row]:
        everyone = dict.fromkeys(self.pair.after.speakers.values(), ALL)
        wanted: list[tuple[str, Mapping[str, str], str | None]] = [(ALL, everyone, None)]
        for attribute, reference in self.pair.after.attributes.items():
            wanted.append((attribute, self.pair.after.groups(attribute), reference))
        found = [row for beside in (False, True) for of in wanted for row in self._of(*of, beside=beside)]
        return sorted(found, key=lambda row: self._order[str(row["measure"])])

    @cached_property
    def _order(self) -> dict[str, int]:
        return {each.name: place for place, each in enumerate(self.observations)}

    def _of(self, attribute: str, groups: Mapping[str, str], reference: str | None, *, beside: bool) -> list[Row]:
        told = [each for each in self.observations if each.attribute in (None, attribute) and each.is_beside == beside]
        if not told:
            return []
        drawing = Resampling(*(self.pair.after.plan[name] for name in ("alpha", "resamples", "seed")))
        plain = {each.name: self._both(each, each.by_speaker, groups, reference) for each in told}
        charged = {
            each.name: self._both(each, each.charged_by_speaker, groups, reference)
            for each in told
            if each.charged_by_speaker is not None
        }
        found = effects(plain, drawing)
        # What was lost changes some rates: the others stay in the family whose limits hold together.
        owed = effects(plain | charged, drawing) if charged else {}
        people = {name: {speaker for speaker, of in groups.items() if of == name} for name in set(groups.values())}
        rows = []
        for each in told:
            lost = {effect.group: effect for effect in owed[each.name]} if each.name in charged else {}
            rows += [
                self._row(each, attribute, reference, effect, lost.get(effect.group), people[effect.group])
                for effect in found[each.name]
            ]
            there = {effect.group for effect in found[each.name]} | {UNKNOWN, CONTRADICTORY}
            rows += self._lost(each, attribute, reference, {n: of for n, of in people.items() if n not in there})
        return rows

    def _lost(
        self, each: Observations, attribute: str, reference: str | None, people: Mapping[str, set[str]]
    ) -> list[Row]:
        """Rows of groups that were measured before or after, and of whom nothing is left in both."""
        rows = []
        for group, members in sorted(people.items()):
            if each.counted(members)[1]:
                effect = Effect(group, Changed(0), None if group == reference else Changed(0))
                row = self._row(each, attribute, reference, effect, None, members)
                rows.append(row | {"reason": "nothing of this group is left to compare"})
        return rows

    @staticmethod
    def _both(each: Observations, sums: Frames, groups: Mapping[str, str], reference: str | None) -> BeforeAfter:
        return BeforeAfter.of(*sums, groups, reference, each.measured)

    def _row(
        self,
        each: Observations,
        attribute: str,
        reference: str | None,
        effect: Effect,
        charged: Effect | None,
        people: set[str],
    ) -> Row:
        margin = each.measured.margin
        gaps = {lost: _own_gaps(self.pair, attribute, effect.group, reference, each, lost) for lost in (False, True)}
        said = found(effect, each.measured, margin, gaps[False])
        if charged is not None:
            said = both_ways(said, found(charged, each.measured, margin, gaps[True]))
        common, left_out = each.counted(people)
        reasons = self.reasons(people)
        is_rate = self.kind == RATE
        return {
            "attribute": attribute,
            "group": effect.group,
            "reference": reference,
            "system": self.pair.after.system if is_rate else None,
            "condition": self.pair.condition if is_rate else None,
            "before": self.pair.before_name,
            "after": self.pair.after_name,
            "measure": each.name,
            "kind": self.kind,
            "normalizer": each.normalizer,
            "speakers": effect.own.speakers,
            "utterances": common,
            "left_out": left_out,
            "left_out_reasons": json.dumps(dict(reasons)) if reasons else None,
            **_own(effect.own),
            **_gap(effect, gaps[False]),
            "margin": margin,
            **_said(said),
        }


def _own(own: Changed) -> Row:
    return {
        "speakers_better": own.better,
        "speakers_worse": own.worse,
        "value_before": own.before,
        "value_after": own.after,
        **_limited("change", own.change),
        **_limited("ratio", own.ratio),
    }


def _gap(effect: Effect, own_gaps: OwnGaps) -> Row:
    return {
        "gap_before": effect.gap_before,
        **_ends("gap_before", own_gaps.before),
        "gap_after": effect.gap_after,
        **_ends("gap_after", own_gaps.after),
        **_limited("gap_change", effect.gap_change),
        "gap_ratio_before": effect.gap_ratio_before,
        "gap_ratio_after": effect.gap_ratio_after,
        **_limited("gap_ratio_change", effect.gap_ratio_change),
    }


def _said(said: Found) -> Row:
    return {
        "change_finding": said.change,
        "finding": said.gap,
        "ratio_finding": said.ratio,
        "reason": said.reason,
    }


def _limited(name: str, limited: Limited | None) -> Row:
    if limited is None:
        return dict.fromkeys((name, f"{name}_lower", f"{name}_upper"))
    return {name: limited.value, f"{name}_lower": limited.lower, f"{name}_upper": limited.upper}


def _ends(name: str, limits: tuple[float, float] | None) -> Row:
    lower, upper = limits or (None, None)
    return {f"{name}_lower": lower, f"{name}_upper": upper}


def _own_gaps(pair: Pair, attribute: str, group: str, reference: str | None, each: Observations, lost: bool) -> OwnGaps:
    """What both runs' own contrasts say of a gap; of gaps that were standardized, which are others, nothing."""
    before, after = (_contrast(run, attribute, group, reference, each) for run in (pair.before, pair.after))
    return OwnGaps(_limits(before, lost), _limits(after, lost), after.get("verdict") == WITHIN)


def _contrast(
    run: Finished, attribute: str, group: str, reference: str | None, each: Observations
) -> Mapping[str, Any]:
    wanted = {
        "attribute": attribute,
        "group": group,
        "reference": reference,
        "endpoint": each.name,
        "normalizer": each.normalizer,
        "standardized_by": None,
    }
    rows = run.report["contrasts"]
    return next((row for row in rows if all(row.get(name) == value for name, value in wanted.items())), {})


def _limits(contrast: Mapping[str, Any], lost: bool) -> tuple[float, float] | None:
    names = ["difference_lost_charged", "difference"] if lost else ["difference"]
    for name in names:
        lower, upper = contrast.get(f"{name}_lower"), contrast.get(f"{name}_upper")
        if lower is not None and upper is not None:
            return lower, upper
    return None


def _chosen(rows: Sequence[Row], option: str, column: str, wanted: str | None) -> list[Row]:
    known = dict.fromkeys(row[column] for row in rows)
    if wanted is not None and wanted not in known:
        raise InputError(f"{option}: found {wanted!r}; {one_of(wanted, known)}")
    return [row for row in rows if wanted in (None, row[column])]
