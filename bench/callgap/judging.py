"""What is judged and under which policy: the attributes, their references, and the verdicts on contrasts."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from callgap.corpus import Attribute, Card
from callgap.errors import InputError, one_of
from callgap.fairness import CONTRADICTORY, UNKNOWN, membership
from callgap.fairness.compare import Comparison
from callgap.fairness.contrasts import Row
from callgap.fairness.endpoints import CONTRASTED, ENDPOINTS
from callgap.fairness.grouping import CROSS, EVERYONE_ELSE, crossed, crossed_name, pooled
from callgap.fairness.groups import EVERYONE
from callgap.ivr import Logged, NoService
from callgap.verdict import Policy, decide, grade
from callgap.verdict.doubts import Doubts
from callgap.verdict.words import DISADVANTAGED

_UNFIT_BY = ("wer", "not_completed")


def examined(unit: Mapping[str, Any]) -> dict[str, Attribute]:
    """The attributes that a run compares, each with its reference group.

    Raises:
        InputError: an attribute is not on the corpus's card, or is no attribute of persons; an endpoint has no margin,
            or is of calls and there are none.
    """
    card, comparison = unit["corpus"].card, unit["fairness"]
    _check_endpoints(unit)
    crossings = {CROSS.join(names): names for names in comparison.intersections}
    _check_names(comparison, card, crossings)
    names = comparison.attributes or tuple(name for name, a in card.attributes.items() if a.of_person)
    found = {
        name: card.attributes[name].model_copy(
            update={"reference": comparison.references.get(name, card.attributes[name].reference)}
        )
        for name in names
    }
    return found | {name: _crossing(comparison, card, name, of) for name, of in crossings.items()}


def memberships(
    utterances: pa.Table, comparison: Comparison, attributes: Mapping[str, Attribute]
) -> dict[str, dict[str, str]]:
    """Sort speakers into groups, small ones pooled and attributes crossed as the comparison declares.

    Args:
        utterances: table `utterances`.
        comparison: of the run.
        attributes: as `examined` gave them.

    Returns:
        By attribute and speaker, the group.
    """
    crossings = {CROSS.join(names): names for names in comparison.intersections}
    single = {name for name in attributes if name not in crossings} | {n for of in crossings.values() for n in of}
    sorted_in = {
        name: pooled(membership(utterances, name), comparison.parents.get(name, {}), comparison.pooling)
        for name in sorted(single)
    }
    return {
        name: crossed([sorted_in[one] for one in crossings[name]]) if name in crossings else sorted_in[name]
        for name in attributes
    }


def check_references(unit: Mapping[str, Any], utterances: pa.Table, option: str | None = None) -> None:
    """Check that every reference group is there.

    Args:
        unit: by stage, the objects of the configuration.
        utterances: table `utterances`.
        option: by which the user named the references; None for keys of the configuration.

    Raises:
        InputError: the reference of an attribute is a group that no speaker belongs to.
    """
    attributes, comparison = examined(unit), unit["fairness"]
    found = memberships(utterances, comparison, attributes)
    for name, attribute in attributes.items():
        groups = set(found[name].values())
        if not attribute.of_person and name in utterances.column_names:
            # Speakers are in several values of a condition: what counts is what utterances state.
            groups |= {value for value in utterances[name].to_pylist() if value is not None}
        if attribute.reference is not None and attribute.reference not in groups | {EVERYONE_ELSE}:
            key = f"{option}, {name}" if option else f"fairness.references.{name}"
            raise InputError(
                f"{key}: found {attribute.reference!r}, which no speaker belongs to; "
                f"{one_of(attribute.reference, groups - {UNKNOWN, CONTRADICTORY})}, or {EVERYONE_ELSE}"
            )
    for name, column in comparison.standardize.items():
        if name not in attributes:
            raise InputError(f"fairness.standardize: {name!r} is not compared; {one_of(name, attributes)}")
        if column not in utterances.column_names:
            raise InputError(
                f"fairness.standardize.{name}: there is no column {column!r}; {one_of(column, utterances.column_names)}"
            )


def judged(groups: Sequence[Row], contrasts: Sequence[Row], policy: Policy, card: Card) -> list[Row]:
    """Add margin, verdict, grade and reasons to the contrasts.

    Args:
        groups: rows of `groups`.
        contrasts: rows of `contrasts`, under every normalizer.
        policy: margins and thresholds.
        card: of the corpus.

    Returns:
        The rows, each judged with what the other normalizers say of the same contrast.
    """
    rates = {(row["attribute"], row["group"]): row for row in groups}
    same: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in contrasts:
        same[_key(row)].append(row)
    # The primary normalizer's row comes first.
    own = {key: rows[0].get("reference_rate") for key, rows in same.items()}
    return [
        row
        | _judgment(
            row,
            {e: own.get((row["attribute"], row["group"], e)) or _of_group(rates, row, e) for e in _UNFIT_BY},
            policy,
            [other for other in same[_key(row)] if other is not row],
        )
        | {"evidence_grade": _graded(row, card), "smallest_detectable_gap": _detectable(row)}
        for row in contrasts
    ]


def _detectable(row: Row) -> Any:
    # With these speakers no gap would be called a disadvantage, however large it is.
    return None if Doubts(row, 0.0, []).of_proof(DISADVANTAGED) else row.get("smallest_detectable_gap")


def _key(row: Row) -> tuple[object, ...]:
    return row["attribute"], row["group"], row["endpoint"]


def _of_group(rates: Mapping[tuple[object, object], Row], row: Row, endpoint: str) -> Any:
    everyone = row["reference"] == EVERYONE_ELSE
    place = (EVERYONE, EVERYONE) if everyone else (row["attribute"], row["reference"])
    return rates.get(place, {}).get(endpoint)


def _judgment(row: Row, reference: Mapping[str, Any], policy: Policy, others: Sequence[Row]) -> Row:
    judgment = decide(row, reference, policy, others)
    return {
        "margin": policy.margins[str(row["endpoint"])],
        "verdict": judgment.verdict,
        "reason": judgment.reason,
        "what_would_change_it": judgment.what_would_change_it,
    }


def _graded(row: Row, card: Card) -> str:
    return grade(
        synthetic=card.synthetic,
        transcribed=card.text_source == "transcript",
        group_speakers=int(str(row["group_speakers"])),
        reference_speakers=int(str(row["reference_speakers"])),
    ).value


def _check_endpoints(unit: Mapping[str, Any]) -> None:
    margins = unit["verdict"].margins
    for name in unit["fairness"].endpoints:
        silent = isinstance(unit["ivr"], NoService) and not isinstance(unit["ivr"], Logged)
        if ENDPOINTS[name].of_calls and silent:
            spoken = (n for n in CONTRASTED if not ENDPOINTS[n].of_calls)
            raise InputError(
                f"fairness.endpoints: {name!r} is counted in calls and ivr=none makes none; take fairness=speech, or "
                f"{one_of(name, spoken)}"
            )
        if name not in margins:
            raise InputError(f"verdict.margins has no margin for the endpoint {name!r}; {one_of(name, margins)}")


def _check_names(comparison: Comparison, card: Card, crossings: Mapping[str, Sequence[str]]) -> None:
    given = {
        "attributes": comparison.attributes or (),
        "intersections": [name for names in crossings.values() for name in names],
        "parents": comparison.parents,
    }
    for field, names in given.items():
        for name in names:
            if name not in card.attributes:
                raise InputError(
                    f"fairness.{field}: the corpus has no group attribute {name!r}; {one_of(name, card.attributes)}"
                )
    for name in comparison.references:
        if name not in card.attributes and name not in crossings:
            known = one_of(name, [*card.attributes, *crossings])
            raise InputError(f"fairness.references: there is no group attribute {name!r}; {known}")


def _crossing(comparison: Comparison, card: Card, name: str, of: Sequence[str]) -> Attribute:
    parts = [card.attributes[one] for one in of]
    references = [comparison.references.get(one, part.reference) for one, part in zip(of, parts, strict=True)]
    named = [reference for reference in references if reference is not None and reference != EVERYONE_ELSE]
    crossing = crossed_name(named) if len(named) == len(of) else EVERYONE_ELSE if any(references) else None
    order = ("not stated", "inferred", "assigned", "simulated", "self-declared")
    return Attribute(
        label_source=min((part.label_source for part in parts), key=order.index),
        reference=comparison.references.get(name, crossing),
        description=f"Speakers alike in {' and '.join(of)}",
        of_person=all(part.of_person for part in parts),
    )


def policy_hash(config: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> str:
    """SHA-256 of what a verdict rests on; written before anything is recognized.

    Args:
        config: of the run, of which scoring, fairness and verdict count.
        attributes: as `examined` gave them: a reference group may be declared by the corpus's card alone.

    Returns:
        64 hexadecimal digits.
    """
    kept = {stage: config[stage] for stage in ("scoring", "fairness", "verdict")}
    kept["references"] = {name: attribute.reference for name, attribute in attributes.items()}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
