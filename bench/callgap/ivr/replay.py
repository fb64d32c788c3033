"""The same calls heard by a recognizer that errs never: what then still goes wrong is the service's own doing."""

from __future__ import annotations

import pyarrow as pa

from callgap.ivr.graph import Graph
from callgap.ivr.plan import make_plan
from callgap.ivr.service import NoService, Service
from callgap.ivr.walk import walk
from callgap.records import HYPOTHESES, Status, table


def reference_hypotheses(service: Service | Graph | NoService, utterances: pa.Table, seed: int) -> pa.Table:
    """What a recognizer would write that writes what was said.

    Args:
        service: the menus.
        utterances: table `utterances`.
        seed: of the run, as the plan takes it.

    Returns:
        Table `hypotheses`, without confidences; an utterance whose text is not known is missing.
    """
    texts = dict(zip(utterances["utterance_id"].to_pylist(), utterances["text"].to_pylist(), strict=True))
    rows: list[dict[str, object]] = [
        {
            "utterance_id": name,
            "grammar_id": grammar,
            "text": texts[name],
            "n_best": [],
            "status": (Status.OK if texts[name] is not None else Status.MISSING).value,
        }
        for grammar, name in make_plan(service, utterances, seed).work()
    ]
    return table(rows, HYPOTHESES)


def replay(
    service: Service | Graph | NoService, utterances: pa.Table, hypotheses: pa.Table, covariates: pa.Table, seed: int
) -> pa.Table:
    """Simulate the same calls with the texts that were really said.

    A group's rate here is its understanding share: the service would fail it whatever the recognizer. What the rate of
    the real calls has beyond it is the recognition share; the two add up to the rate, and so do those of a gap.

    Args:
        service: the menus.
        utterances: table `utterances`, as the real calls had it.
        hypotheses: table `hypotheses` of the real calls: recordings excluded there are excluded here.
        covariates: table `covariates`.
        seed: of the run.

    Returns:
        Table `outcomes`, the same calls in the same order.
    """
    excluded = {
        name
        for name, status in zip(hypotheses["utterance_id"].to_pylist(), hypotheses["status"].to_pylist(), strict=True)
        if status == Status.EXCLUDED
    }
    rows = reference_hypotheses(service, utterances, seed).to_pylist()
    bad = {"text": None, "status": Status.EXCLUDED.value}
    said = table([row | bad if row["utterance_id"] in excluded else row for row in rows], HYPOTHESES)
    return walk(service, utterances, said, covariates)
