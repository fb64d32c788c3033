"""The part of a run that judges: scoring, ivr, fairness, verdict and report, from stored hypotheses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from callgap.analyses import (
    compared_within,
    explained,
    lost_words,
    tables,
    with_reasons,
    with_reference_errors,
)
from callgap.calling import Calls
from callgap.corpus import KnowsFaults
from callgap.fairness.compare import Comparison
from callgap.fairness.evidence import BatchEffect, Evidence
from callgap.fairness.faults import find_faults, unjudged
from callgap.fairness.groups import rejection_counts
from callgap.fairness.standing import DESCRIBED, EXPLORATORY, JUDGED, MARGIN
from callgap.group_records import CONTRASTS, GROUPS
from callgap.ivr import (
    Graph,
    Logged,
    NoService,
    Service,
    own_rows,
    router_accuracies,
    router_identities,
    without_repetitions,
)
from callgap.judging import check_references, examined, judged, memberships
from callgap.provenance import provenance
from callgap.records import table
from callgap.reference_error import differential_reference_error
from callgap.report import Findings, render_html, render_markdown, summarize
from callgap.run_directory import RunDirectory
from callgap.sittings import BATCH_EFFECT
from callgap.verdict import Policy
from callgap.what_if import what_if_rows


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
    service: Service | Graph | NoService = unit["ivr"]
    calls = Calls(service, utterances, hypotheses, covariates)
    # Repetitions are there for the calls; everything else looks at each recording once.
    utterances, hypotheses, covariates = (
        without_repetitions(content) for content in (utterances, hypotheses, covariates)
    )
    attributes = examined(unit)
    check_references(unit, utterances)
    members = memberships(utterances, unit["fairness"], attributes)
    if isinstance(service, Logged):
        # Of the values of a condition `calls` and `conditions` tell; as groups, callers would be in several of them.
        members = {name: of for name, of in members.items() if attributes[name].of_person}
    begin = time.perf_counter()
    heard, probes = split_probes(service, utterances, hypotheses)
    scores = _scored(unit["scoring"], utterances, heard)
    directory.write_table("scores.parquet", scores)
    directory.write_table("outcomes.parquet", calls.outcomes)
    scored = time.perf_counter()

    notes = directory.provenance()
    notes["condition"] = _condition(service, notes["choices"])
    evidence = Evidence(
        utterances=utterances,
        heard=heard,
        probes=probes,
        scores=scores,
        outcomes=calls.outcomes,
        covariates=covariates,
        normalizer=unit["scoring"].primary,
        human=_human(service),
        phrases=_phrases(service),
        system=notes["recognizer"]["id"],
        condition=notes["condition"],
        membership=members,
        speaker_cap=unit["fairness"].speaker_cap,
        batch_effect=_batch_effect(notes),
    )
    # A condition that persons are in, and not a group of persons, is compared within speakers.
    references = {name: a.reference if a.of_person else None for name, a in attributes.items()}
    faults = find_faults(evidence, {name: references[name] for name, a in attributes.items() if a.of_person})
    if isinstance(unit["corpus"], KnowsFaults):
        faults = [*unit["corpus"].faults(), *faults]
    compared = unit["fairness"].compare(evidence, references, unit["verdict"].margins)
    with_reasons(compared.contrasts, unjudged(faults))
    with_reference_errors(compared.contrasts, differential_reference_error(directory.path))
    beside = tables(
        {
            "faults": faults,
            "omnibus": compared.omnibus,
            "conditions": compared_within(evidence, attributes, unit["fairness"]),
            "confusions": lost_words(evidence, references, unit["scoring"].normalizers[evidence.normalizer]),
            "attributions": explained(evidence, compared.contrasts),
            **calls.told(evidence, attributes, unit["fairness"]),
            "what_if": what_if_rows(
                evidence, attributes, service, (calls.utterances, calls.hypotheses, calls.covariates)
            ),
        }
    )
    groups = table(compared.groups, GROUPS)
    rows = judged(compared.groups, compared.contrasts, unit["verdict"], unit["corpus"].card)
    contrasts = table(rows, CONTRASTS)
    for name, content in {"groups": groups, "contrasts": contrasts, **beside}.items():
        directory.write_table(f"{name}.csv", content)
    notes["rejection"] = dict(rejection_counts(evidence)) if evidence.phrases else None
    notes["confidence"] = calls.confidence()
    notes["seconds"] = {
        **notes["seconds"],
        "scoring": round(scored - begin, 1),
        "fairness": round(time.perf_counter() - scored, 1),
    }
    if isinstance(service, Graph) and (routers := router_identities(service)):
        notes["routers"] = routers
    # Stored hypotheses may be judged by a later version than the one that heard them.
    notes["judged_by"] = {key: value for key, value in provenance().items() if key in ("callgap", "commit")}
    directory.write_json("run.json", notes)

    findings = Findings(
        name=notes["name"],
        utterances=utterances,
        hypotheses=hypotheses,
        scores=scores,
        outcomes=calls.outcomes,
        groups=groups,
        contrasts=contrasts,
        beside=beside,
        membership=members,
        card=unit["corpus"].card,
        attributes=attributes,
        policy=_policy(unit["fairness"], unit["verdict"], unit["scoring"].primary),
        service=described(service),
        provenance=notes,
    )
    return _reported(directory, findings, unit["report"])


def split_probes(
    service: Service | Graph | NoService, utterances: pa.Table, hypotheses: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """Separate what callers said at their node from what probes the recognizer's rejection.

    Returns:
        Rows of `hypotheses` with the full grammar of the utterance's own node; and those that probe. Without a service
        nothing is a probe.
    """
    own = pa.array(own_rows(service, utterances, hypotheses), pa.bool_())
    # What is neither is null, and left out of both.
    return hypotheses.filter(own), hypotheses.filter(pa.compute.invert(own))


def condition(choices: Mapping[str, str]) -> str:
    """Name of what lies between the speaker and the recognizer."""
    altered = choices["alteration"]
    return choices["channel"] if altered == "identity" else f"{altered}+{choices['channel']}"


def _condition(service: Service | Graph | NoService, choices: Mapping[str, str]) -> str:
    if isinstance(service, Logged):
        return service.label
    line = condition(choices)
    # Calls to several services stand in one publication, and what becomes of them is the service's doing too.
    return f"{service.name} over {line}" if isinstance(service, Graph) else line


def described(service: Service | Graph | NoService) -> dict[str, object]:
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
        "routers": router_accuracies(service) if isinstance(service, Graph) else [],
    }


def _human(service: Service | Graph | NoService) -> str:
    if isinstance(service, NoService) and not isinstance(service, Logged):
        return ""
    return service.human


def _batch_effect(notes: Mapping[str, Any]) -> BatchEffect | None:
    found = notes.get("recognition", {}).get("notes", {}).get(BATCH_EFFECT)
    return BatchEffect(**found) if found else None


def _phrases(service: Service | Graph | NoService) -> dict[str, frozenset[str]]:
    if isinstance(service, NoService):
        return {}
    whole = [(node, None) for node in service.nodes]
    grammars = [service.grammar(node, without) for node, without in [*whole, *service.places.values()]]
    return {grammar.grammar_id: frozenset(grammar.phrases) for grammar in grammars if grammar.phrases}


def _scored(scorer: Any, utterances: pa.Table, heard: pa.Table) -> pa.Table:
    hypotheses = {row["utterance_id"]: row for row in heard.to_pylist()}
    columns = ("utterance_id", "text", "words", "language")
    ids, texts, words, languages = (utterances[name].to_pylist() for name in columns)
    counted = dict(zip(ids, words, strict=True))
    # Of calls that were only logged nobody says what was spoken, nor how much: there is nothing to score.
    known = (u for u, text in zip(ids, texts, strict=True) if text is not None or counted[u] is not None)
    spoken = dict(zip(ids, texts, strict=True))
    references = [(u, spoken[u]) for u in known if u in hypotheses]
    scores: pa.Table = scorer.score(references, hypotheses, counted, dict(zip(ids, languages, strict=True)))
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
