"""The part of a run that judges: scoring, ivr, fairness, verdict and report, from stored hypotheses."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from callgap.corpus import Attribute, Card
from callgap.errors import InputError, one_of
from callgap.fairness import membership
from callgap.fairness.compare import Compared, Comparison, Row
from callgap.fairness.endpoints import CONTRASTED, ENDPOINTS
from callgap.fairness.evidence import Evidence
from callgap.fairness.groups import rejection_counts
from callgap.fairness.standing import DESCRIBED, EXPLORATORY, JUDGED, MARGIN
from callgap.ivr import NoService, Service, walk
from callgap.records import CONTRASTS, GROUPS, table
from callgap.report import Findings, render_html, render_markdown, summarize
from callgap.run_directory import RunDirectory
from callgap.verdict import Policy, decide, grade


def evaluate(directory: RunDirectory, unit: Mapping[str, Any]) -> dict[str, Any]:
    """Score, compare, judge and report the hypotheses of a run directory.

    Args:
        directory: with `utterances`, `hypotheses` and `covariates`.
        unit: by stage, the objects of the configuration.

    Returns:
        The report, as in `report.json`.
    """
    utterances, hypotheses, covariates = (
        directory.read_table(f"{name}.parquet") for name in ("utterances", "hypotheses", "covariates")
    )
    service: Service | NoService = unit["ivr"]
    attributes = examined(unit)
    check_references(unit, utterances)
    members = {name: membership(utterances, name) for name in attributes}
    begin = time.perf_counter()
    heard, probes = split_probes(service, utterances, hypotheses)
    scores = _scored(unit["scoring"], utterances, heard)
    directory.write_table("scores.parquet", scores)
    outcomes = walk(service, utterances, hypotheses, covariates)
    directory.write_table("outcomes.parquet", outcomes)
    scored = time.perf_counter()

    notes = directory.provenance()
    evidence = Evidence(
        utterances=utterances,
        heard=heard,
        probes=probes,
        scores=scores,
        outcomes=outcomes,
        covariates=covariates,
        normalizer=unit["scoring"].primary,
        human="" if isinstance(service, NoService) else service.human,
        phrases=_phrases(service),
        system=notes["recognizer"]["id"],
        condition=condition(notes["choices"]),
        membership=members,
    )
    compared = unit["fairness"].compare(evidence, {name: a.reference for name, a in attributes.items()})
    groups = table(compared.groups, GROUPS)
    contrasts = table(judged(compared, unit["verdict"], unit["corpus"].card), CONTRASTS)
    directory.write_table("groups.csv", groups)
    directory.write_table("contrasts.csv", contrasts)
    notes["rejection"] = dict(rejection_counts(evidence)) if evidence.phrases else None
    notes["seconds"] = {
        **notes["seconds"],
        "scoring": round(scored - begin, 1),
        "fairness": round(time.perf_counter() - scored, 1),
    }
    directory.write_json("run.json", notes)

    findings = Findings(
        name=notes["name"],
        utterances=utterances,
        hypotheses=hypotheses,
        scores=scores,
        outcomes=outcomes,
        groups=groups,
        contrasts=contrasts,
        membership=members,
        card=unit["corpus"].card,
        attributes=attributes,
        policy=_policy(unit["fairness"], unit["verdict"], unit["scoring"].primary),
        service=described(service),
        provenance=notes,
    )
    return _reported(directory, findings, unit["report"])


def examined(unit: Mapping[str, Any]) -> dict[str, Attribute]:
    """The attributes that a run compares, each with its reference group.

    Raises:
        InputError: an attribute is not on the corpus's card, or is no attribute of persons; an endpoint has no margin,
            or is of calls and there are none.
    """
    card, comparison, policy = unit["corpus"].card, unit["fairness"], unit["verdict"]
    for name in (*(comparison.attributes or ()), *comparison.references):
        if name not in card.attributes:
            raise InputError(
                f"fairness.attributes: the corpus has no group attribute {name!r}; {one_of(name, card.attributes)}"
            )
    for name in comparison.endpoints:
        if ENDPOINTS[name].of_calls and isinstance(unit["ivr"], NoService):
            spoken = (n for n in CONTRASTED if not ENDPOINTS[n].of_calls)
            raise InputError(
                f"fairness.endpoints: {name!r} is counted in calls and ivr=none makes none; take fairness=speech, or "
                f"{one_of(name, spoken)}"
            )
        if name not in policy.margins:
            raise InputError(f"verdict.margins has no margin for the endpoint {name!r}; {one_of(name, policy.margins)}")
    names = comparison.attributes or tuple(name for name, a in card.attributes.items() if a.of_person)
    return {
        name: card.attributes[name].model_copy(
            update={"reference": comparison.references.get(name, card.attributes[name].reference)}
        )
        for name in names
    }


def check_references(unit: Mapping[str, Any], utterances: pa.Table) -> None:
    """Check that every reference group is there.

    Raises:
        InputError: the reference of an attribute is a group that no speaker belongs to.
    """
    for name, attribute in examined(unit).items():
        groups = set(membership(utterances, name).values())
        if attribute.reference is not None and attribute.reference not in groups:
            raise InputError(
                f"fairness.references.{name}: found {attribute.reference!r}, which no speaker belongs to; "
                f"{one_of(attribute.reference, groups)}"
            )


def judged(compared: Compared, policy: Policy, card: Card) -> list[Row]:
    """Add margin, verdict, grade and reasons to the contrasts."""
    rates = {(row["attribute"], row["group"]): row for row in compared.groups}
    rows = []
    for row in compared.contrasts:
        reference = rates[row["attribute"], row["reference"]]
        judgment = decide(row, {name: reference.get(name) for name in ("wer", "not_completed")}, policy)  # type: ignore[misc]
        level = grade(
            synthetic=card.synthetic,
            transcribed=card.text_source == "transcript",
            group_speakers=int(str(row["group_speakers"])),
            reference_speakers=int(str(row["reference_speakers"])),
        )
        rows.append(
            row
            | {
                "margin": policy.margins[str(row["endpoint"])],
                "verdict": judgment.verdict,
                "evidence_grade": level.value,
                "reason": judgment.reason,
                "what_would_change_it": judgment.what_would_change_it,
            }
        )
    return rows


def split_probes(service: Service | NoService, utterances: pa.Table, hypotheses: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Separate what callers said at their node from what probes the recognizer's rejection.

    Returns:
        Rows of `hypotheses` with the full grammar of the utterance's own node; and all others. Without a service
        nothing is a probe.
    """
    if isinstance(service, NoService):
        return hypotheses, hypotheses.slice(0, 0)
    intents = dict(zip(utterances["utterance_id"].to_pylist(), utterances["intent"].to_pylist(), strict=True))
    nodes = {intent: node for intent, (node, _) in service.places.items()}
    own = [
        nodes.get(intents[utterance]) == grammar
        for utterance, grammar in zip(
            hypotheses["utterance_id"].to_pylist(), hypotheses["grammar_id"].to_pylist(), strict=True
        )
    ]
    mask = pa.array(own, pa.bool_())
    return hypotheses.filter(mask), hypotheses.filter(pa.compute.invert(mask))


def condition(choices: Mapping[str, str]) -> str:
    """Name of what lies between the speaker and the recognizer."""
    altered = choices["alteration"]
    return choices["channel"] if altered == "identity" else f"{altered}+{choices['channel']}"


def policy_hash(config: Mapping[str, Any]) -> str:
    """SHA-256 of what a verdict rests on: scoring, fairness and verdict; written before anything is recognized."""
    kept = {stage: config[stage] for stage in ("scoring", "fairness", "verdict")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def described(service: Service | NoService) -> dict[str, object]:
    """A service as plain values, for the report; empty where there is none."""
    if isinstance(service, NoService):
        return {}
    return {
        "name": service.name,
        "attempts": service.attempts,
        "after_attempts": service.after_attempts,
        "nodes": {
            name: {
                "prompt": node.prompt,
                "prompt_s": node.prompt_s,
                "choices": {c.goto: list(c.phrases) for c in node.choices},
            }
            for name, node in service.nodes.items()
        },
    }


def _phrases(service: Service | NoService) -> dict[str, frozenset[str]]:
    if isinstance(service, NoService):
        return {}
    whole = [(node, None) for node in service.nodes]
    grammars = [service.grammar(node, without) for node, without in [*whole, *service.places.values()]]
    return {grammar.grammar_id: frozenset(grammar.phrases) for grammar in grammars}


def _scored(scorer: Any, utterances: pa.Table, heard: pa.Table) -> pa.Table:
    hypotheses = {row["utterance_id"]: row for row in heard.to_pylist()}
    texts = zip(utterances["utterance_id"].to_pylist(), utterances["text"].to_pylist(), strict=True)
    scores: pa.Table = scorer.score([(u, text) for u, text in texts if u in hypotheses], hypotheses)
    return scores


def _policy(comparison: Comparison, policy: Policy, primary: str) -> dict[str, object]:
    return {
        "endpoints": list(comparison.endpoints),
        "primary_normalizer": primary,
        "alpha": comparison.alpha,
        "margins": {name: policy.margins[name] for name in comparison.endpoints},
        "ratio_flag": policy.ratio_flag,
        "unfit_wer": policy.unfit_wer,
        "unfit_not_completed": policy.unfit_not_completed,
        "speakers_for_rates": DESCRIBED,
        "speakers_for_limits": EXPLORATORY,
        "minimum_speakers": {"disadvantaged": JUDGED, "within margin": MARGIN},
    }


def _reported(directory: RunDirectory, findings: Findings, options: Any) -> dict[str, Any]:
    report: dict[str, Any] = summarize(findings, options)
    directory.write_json("report.json", report)
    directory.write_text("report.md", render_markdown([report], findings.name))
    directory.write_text("report.html", render_html([report], findings.name))
    return report
