"""Runs that are alike in everything but the alteration, two by two: one before it and one after."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callgap.assembly import units
from callgap.errors import InputError, one_of
from callgap.evaluation import condition
from callgap.finished import Finished

BASELINE = "identity"
"""The alteration that changes nothing: what the others are compared with unless something else is named."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One run before an alteration and one after it.

    Attributes:
        before: the run that the other is compared with.
        after: the run with the alteration.
        before_name: of the first one's alteration.
        after_name: of the second one's.
        condition: what lies between speaker and recognizer beside the alteration.
    """

    before: Finished
    after: Finished
    before_name: str
    after_name: str
    condition: str


@dataclass(frozen=True, eq=False)
class _Named:
    run: Finished
    name: str
    condition: str
    parts: Mapping[str, str]

    @property
    def choice(self) -> str:
        return str(self.run.report["provenance"]["choices"]["alteration"])

    @property
    def told(self) -> str:
        return f"{self.name!r} of {self.run.system} over {self.condition}"


def pairs(runs: Sequence[Finished], before: str | None = None) -> list[Pair]:
    """Put runs side by side that differ in nothing but the alteration.

    Args:
        runs: finished.
        before: the alteration that the others are compared with; None takes `identity`.

    Returns:
        For every set of runs that are alike, each alteration beside the baseline.

    Raises:
        InputError: there are fewer than two runs; a set has no baseline, or two; two of its runs are of one alteration;
            or runs are of other utterances, speakers or groups.
    """
    if len(runs) < 2:
        raise InputError(f"effects: found {len(runs)} run; accepted: two or more that differ in their alteration")
    baseline = before or BASELINE
    named = _named(runs)
    first = [each for each in named if each.name == baseline] or [each for each in named if each.choice == baseline]
    if not first:
        option = "--before" if before else "effects"
        hint = "" if before else f" has alteration={BASELINE}; name another with --before"
        raise InputError(f"{option}: none of {len(runs)} runs{hint or f' is {baseline!r}'}; {_known(baseline, named)}")
    alike: dict[str, list[_Named]] = defaultdict(list)
    for each in named:
        alike[json.dumps(each.parts)].append(each)
    found = [pair for of in alike.values() for pair in _beside(_only_baseline(of, first), of)]
    if not found:
        raise InputError(f"effects: every one of {len(runs)} runs is {baseline!r}; {_wanted()}")
    return found


def labels(choices: Sequence[str], configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name units by their choices, and where one was chosen with different values by these too.

    Args:
        choices: name of each unit.
        configs: of each unit.

    Returns:
        For example `denoise`, `pitch-shift semitones=2.0`, `pitch-shift semitones=4.0`. Of paths and commands, which
        may hold what is nobody's business, only how many different ones came before.
    """
    values = [dict(_flat(config)) for config in configs]
    names = list(choices)
    for choice in dict.fromkeys(choices):
        own = [place for place, name in enumerate(choices) if name == choice]
        for key in dict.fromkeys(key for place in own for key in values[place]):
            different = list(dict.fromkeys(values[place].get(key, "") for place in own))
            for place in own if len(different) > 1 else ():
                names[place] += f" {key}={_shown(key, values[place].get(key, ''), different)}"
    return names


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Values by dotted names; of seeds, in which whole runs differ, nothing."""
    if isinstance(value, Mapping | list):
        inner = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
        for key, item in inner:
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    elif name.rpartition(".")[2] != "seed":
        yield name, str(value)


def _shown(key: str, value: str, different: Sequence[str]) -> str:
    private = "command" in key.split(".") or any("/" in each or "\\" in each for each in different)
    return str(1 + different.index(value)) if private else value


def _named(runs: Sequence[Finished]) -> list[_Named]:
    configs = [run.directory.config() for run in runs]
    choices = [run.report["provenance"]["choices"] for run in runs]
    names, lines = (
        labels([of[stage] for of in choices], [config[stage] for config in configs])
        for stage in ("alteration", "channel")
    )
    return [
        _Named(run, name, _condition(run, of, line), _parts(run, config, of))
        for run, name, line, config, of in zip(runs, names, lines, configs, choices, strict=True)
    ]


def _condition(run: Finished, choices: Mapping[str, str], line: str) -> str:
    whole, altered = run.condition, condition(choices)
    # A service stands before the line; of calls that were logged there is no line.
    return whole.removesuffix(altered) + line if whole.endswith(altered) else whole


def _parts(run: Finished, config: Mapping[str, Any], choices: Mapping[str, str]) -> dict[str, str]:
    """What has to be the same for two runs to be compared, by what it is called."""
    notes = run.report["provenance"]
    recognizer = notes["recognizer"]
    revision = str(recognizer.get("revision"))
    if not units(config)["recognizer"].hears:
        # Of texts that are looked up, the file is what the alteration changes.
        revision = revision.partition("sha256:")[0]
    parts: dict[str, Any] = {
        "corpus": [notes["corpus"]["name"], notes["corpus"].get("fingerprint")],
        "recognizer": [recognizer["id"], revision],
        **{stage: config[stage] for stage in ("channel", "ivr", "scoring", "fairness", "verdict", "seed")},
    }
    return {name: json.dumps(value, sort_keys=True) for name, value in parts.items()}


def _only_baseline(alike: Sequence[_Named], baselines: Sequence[_Named]) -> _Named:
    found = [each for each in alike if each in baselines]
    if len(found) > 1:
        both = " and ".join(str(each.run.directory.path) for each in found[:2])
        raise InputError(f"effects: two runs are {found[0].told}: {both}; accepted: one")
    if not found:
        odd = alike[0]
        differing = [_first_difference(odd, each) for each in baselines]
        nearest = max(differing, key=lambda name: list(odd.parts).index(name))
        raise InputError(
            f"effects: {odd.told} has no run of {baselines[0].name!r} that is alike in all else; the nearest has "
            f"another {nearest}"
        )
    return found[0]


def _first_difference(one: _Named, other: _Named) -> str:
    return next(name for name, value in one.parts.items() if other.parts[name] != value)


def _beside(baseline: _Named, alike: Sequence[_Named]) -> list[Pair]:
    found: dict[str, Pair] = {}
    for each in alike:
        if each is baseline:
            continue
        if each.name in found:
            raise InputError(f"effects: two runs are {each.told}; accepted: one of each alteration")
        _require_same_people(baseline, each)
        found[each.name] = Pair(baseline.run, each.run, baseline.name, each.name, each.condition)
    return list(found.values())


def _require_same_people(one: _Named, other: _Named) -> None:
    columns = ["utterance_id", "speaker_id", "text"]
    mine, theirs = (
        {row["utterance_id"]: tuple(row.values()) for row in each.run.utterances.select(columns).to_pylist()}
        for each in (one, other)
    )
    if odd := next((u for u in [*mine, *theirs] if mine.get(u) != theirs.get(u)), None):
        what = f"utterance {odd!r} is not the same"
    elif one.run.attributes != other.run.attributes:
        what = "the reference groups are not the same"
    elif odd := next((a for a in one.run.attributes if one.run.groups(a) != other.run.groups(a)), None):
        what = f"the groups of {odd} are not the same"
    else:
        return
    raise InputError(f"effects: {what} in {one.told} and {other.told}; accepted: runs of one corpus and its groups")


def _known(baseline: str, named: Sequence[_Named]) -> str:
    return one_of(baseline, {each.name for each in named})


def _wanted() -> str:
    return "accepted: two or more that differ in their alteration"
